/** Hours a full battery lasts, and how long one is left in when it is empty, s. */
const BATTERY_S = 8 * 3_600;
const EMPTY_S = 20;
const NAMES = ['Host', 'Guest', 'Choir', 'Pastor', 'Lead', 'Drums', 'Guitar', 'Keys'] as const;
const FIRST_MHZ = 470.125;
const STEP_MHZ = 0.825;

const clamp = (value: number): number => Math.min(100, Math.max(0, value));

/** Somebody with a transmitter: speaks in sentences, walks about, and changes the battery when it is empty. */
export class Speaker {
  name: string;
  muted = false;
  on = true;
  readonly frequencyMhz: number;
  batteryPercent: number;
  rfAPercent = 80;
  rfBPercent = 70;
  audioPercent = 0;
  readonly #random: () => number;
  #distance = 0.3;
  #speaking = false;
  #turnLeftS = 0;
  #emptyForS = 0;

  constructor(number: number, random: () => number) {
    this.#random = random;
    this.name = `${NAMES[(number - 1) % NAMES.length] ?? 'Guest'} ${number}`;
    this.frequencyMhz = Math.round((FIRST_MHZ + number * STEP_MHZ) * 1_000) / 1_000;
    this.batteryPercent = 40 + 60 * random();
  }

  get minutesLeft(): number {
    return Math.round((this.batteryPercent / 100) * (BATTERY_S / 60));
  }

  get qualityPercent(): number {
    if (!this.on) return 0;
    return 20 * Math.ceil(Math.max(this.rfAPercent, this.rfBPercent) / 20);
  }

  get antenna(): string {
    const a = this.rfAPercent > 15 ? 'A' : 'X';
    const b = this.rfBPercent > 15 ? 'B' : 'X';
    return a === 'X' && b === 'B' ? 'XB' : `${a}${b}`;
  }

  /** Lives on for `seconds`. */
  pass(seconds: number): void {
    this.#drain(seconds);
    if (!this.on) {
      this.rfAPercent = 0;
      this.rfBPercent = 0;
      this.audioPercent = 0;
      return;
    }
    const random = this.#random;
    this.#distance = Math.min(1, Math.max(0, this.#distance + (random() - 0.5) * 0.1));
    // Each antenna fades for itself: that is what there are two for.
    const fade = (): number => (random() < 0.03 ? 45 * random() : 8 * random());
    this.rfAPercent = clamp(95 - 50 * this.#distance - fade());
    this.rfBPercent = clamp(90 - 50 * this.#distance - fade());
    this.#speak(seconds);
  }

  #drain(seconds: number): void {
    this.batteryPercent = Math.max(0, this.batteryPercent - (100 * seconds) / BATTERY_S);
    if (this.batteryPercent > 0) return;
    this.on = false;
    this.#emptyForS += seconds;
    if (this.#emptyForS < EMPTY_S) return;
    this.#emptyForS = 0;
    this.batteryPercent = 100;
    this.on = true;
  }

  #speak(seconds: number): void {
    const random = this.#random;
    this.#turnLeftS -= seconds;
    if (this.#turnLeftS <= 0) {
      this.#speaking = !this.#speaking;
      this.#turnLeftS = this.#speaking ? 1 + 5 * random() : 0.5 + 3 * random();
    }
    const target = this.#speaking && !this.muted ? 30 + 70 * random() ** 2 : 2 * random();
    this.audioPercent = clamp(this.audioPercent + (target - this.audioPercent) * 0.7);
  }
}
