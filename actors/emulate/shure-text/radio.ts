/** Random numbers 0..1 from a seed. */
export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const NAMES = [
  'Pastor',
  'Lead Vox',
  'Choir L',
  'Choir R',
  'Host',
  'Guest',
  'Piano',
  'Guitar',
  'Drums',
  'Reader',
];
const FULL_MIN = 600;

/** A person with a microphone: walks, talks, fades, and uses up a battery. */
export class Radio {
  readonly #random: Random;
  /** Battery drains this many times faster than in life. */
  #speed: number;
  name: string;
  frequencyKhz: number;
  gain = 30;
  muted = false;
  on = true;
  batteryMinutes: number;
  cycles: number;
  /** 0..1 of the receiver's scale. */
  rf: number;
  rfOther: number;
  /** 0..1 of full scale. */
  audio = 0;
  overload = false;
  antennaB = false;
  interference = false;
  #talking = false;
  #distance: number;
  #atMs = 0;
  #nextTalkMs = 0;
  #held: { rf?: number; audio?: number } = {};

  constructor(random: Random, index: number, speed: number) {
    this.#random = random;
    this.#speed = speed;
    this.name = `${NAMES[index % NAMES.length] ?? 'Mic'} ${index + 1}`.slice(0, 8).trim();
    this.frequencyKhz = 470_000 + Math.floor(random() * 5_000) * 25;
    this.batteryMinutes = 30 + random() * (FULL_MIN - 30);
    this.cycles = Math.floor(random() * 300);
    this.#distance = random();
    this.rf = 0.6;
    this.rfOther = 0.5;
  }

  /** Bars 0..5. */
  get bars(): number {
    return Math.max(0, Math.min(5, Math.ceil((5 * this.batteryMinutes) / FULL_MIN)));
  }

  get percent(): number {
    return Math.max(0, Math.min(100, Math.round((100 * this.batteryMinutes) / FULL_MIN)));
  }

  /**
   * What somebody does to it: another battery of so many percent, one that drains so many times faster, a place or a voice
   * that stays as it is (0..1) until `free`.
   */
  adjust(wish: {
    readonly battery?: number;
    readonly speed?: number;
    readonly rf?: number;
    readonly audio?: number;
    readonly free?: boolean;
  }): void {
    const { battery, speed, rf, audio, free } = wish;
    if (free === true) this.#held = {};
    if (rf !== undefined) this.#held.rf = rf;
    if (audio !== undefined) this.#held.audio = audio;
    if (speed !== undefined) this.#speed = speed;
    if (battery === undefined) return;
    this.batteryMinutes = (battery * FULL_MIN) / 100;
    this.on = battery > 0;
    this.cycles += 1;
  }

  /** Brings it to `nowMs`. Cheap: called for each sample. */
  step(nowMs: number): void {
    const passedMs = this.#atMs === 0 ? 0 : Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    const random = this.#random;
    if (this.on) {
      this.batteryMinutes = Math.max(0, this.batteryMinutes - (passedMs * this.#speed) / 60_000);
      if (this.batteryMinutes === 0) this.on = false;
    } else if (random() < 0.002 * this.#speed) this.#newBattery();
    if (!this.on) {
      this.rf = 0.02 * random();
      this.rfOther = 0.02 * random();
      this.audio = 0;
      this.overload = false;
      return;
    }
    this.#distance = Math.max(0, Math.min(1, this.#distance + (random() - 0.5) * 0.04));
    const fade = random() < 0.01 ? 0.5 : 0;
    this.rf = Math.max(
      0.02,
      Math.min(1, 0.95 - 0.6 * this.#distance - fade + (random() - 0.5) * 0.08),
    );
    this.rfOther = Math.max(0.02, Math.min(1, this.rf - 0.15 + (random() - 0.5) * 0.3));
    if (this.rfOther > this.rf && random() < 0.5) this.antennaB = !this.antennaB;
    if (nowMs >= this.#nextTalkMs) {
      this.#talking = !this.#talking;
      this.#nextTalkMs = nowMs + (this.#talking ? 4_000 : 2_000) * (0.3 + random());
    }
    const aim = this.#talking ? 0.45 + 0.45 * random() : 0.04 * random();
    this.audio += (aim - this.audio) * (aim > this.audio ? 0.7 : 0.3);
    const { rf, audio } = this.#held;
    if (rf !== undefined) {
      this.rf = rf;
      this.rfOther = rf;
    }
    if (audio !== undefined) this.audio = audio;
    this.overload = this.audio > 0.88;
    this.interference = random() < (this.interference ? 0.9 : 0.0005);
  }

  #newBattery(): void {
    this.on = true;
    this.batteryMinutes = FULL_MIN;
    this.cycles += 1;
  }
}
