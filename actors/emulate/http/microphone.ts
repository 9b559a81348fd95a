import type { Random } from './random.js';

const NAMES = ['Anna', 'Ben', 'Chor', 'Dora', 'Emil', 'Gäste', 'Host', 'Pult'] as const;

/** What a wireless channel is like at a moment, in plain units; each vendor's emulator brings it to its own scale. */
export interface MicrophoneState {
  readonly name: string;
  readonly on: boolean;
  readonly muted: boolean;
  /** 0..100 */
  readonly batteryPercent: number;
  readonly batteryMinutes: number;
  readonly audioDbfs: number;
  readonly rssiADbm: number;
  readonly rssiBDbm: number;
  /** 0..100 */
  readonly qualityPercent: number;
  readonly frequencyKhz: number;
}

/** A channel over time: a battery that drains and is changed, a radio that fades as people walk, and talk with pauses. */
export class Microphone {
  readonly #random: Random;
  name: string;
  muted = false;
  frequencyKhz: number;
  #battery: number;
  readonly #hours: number;
  #distance: number;
  #walk = 0;
  #talking = false;
  #level = -90;
  #atMs = 0;

  constructor(random: Random, number: number) {
    this.#random = random;
    this.name = `${random.pick(NAMES)} ${number}`;
    // Steps of 25 kHz, from 470.2 MHz.
    this.frequencyKhz = 470_200 + 25 * random.whole(0, 3_000);
    this.#battery = random.between(20, 100);
    this.#hours = random.between(5, 12);
    this.#distance = random.between(5, 40);
  }

  /** Moves on to `atMs` of the emulator's own time. */
  at(atMs: number): MicrophoneState {
    const passedS = Math.max(0, atMs - this.#atMs) / 1_000;
    this.#atMs = Math.max(atMs, this.#atMs);
    const random = this.#random;
    this.#battery -= (passedS / (this.#hours * 3_600)) * 100;
    if (this.#battery < 2) this.#battery = random.between(90, 100);
    this.#walk = Math.max(-2, Math.min(2, this.#walk + random.between(-0.5, 0.5)));
    this.#distance = Math.max(2, Math.min(80, this.#distance + this.#walk * Math.min(passedS, 5)));
    if (random.next() < Math.min(1, passedS * 0.3)) this.#talking = !this.#talking;
    const goal = this.#talking ? random.between(-24, -6) : random.between(-80, -60);
    this.#level += (goal - this.#level) * Math.min(1, passedS * 4 + 0.05);
    const received = -38 - 20 * Math.log10(this.#distance);
    const fadeA = random.next() < 0.03 ? random.between(10, 35) : random.between(0, 6);
    const fadeB = random.next() < 0.03 ? random.between(10, 35) : random.between(0, 6);
    const best = received - Math.min(fadeA, fadeB);
    return {
      name: this.name,
      on: true,
      muted: this.muted,
      batteryPercent: Math.round(this.#battery),
      batteryMinutes: Math.round((this.#battery / 100) * this.#hours * 60),
      audioDbfs: this.muted ? -90 : Math.round(this.#level * 2) / 2,
      rssiADbm: Math.round(received - fadeA),
      rssiBDbm: Math.round(received - fadeB),
      qualityPercent: Math.max(0, Math.min(100, Math.round((best + 100) * 2.5))),
      frequencyKhz: this.frequencyKhz,
    };
  }
}
