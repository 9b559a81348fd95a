/** How a simulated measurement moves. Times are seconds since the device was connected. */
export type Waveform = 'sine_wave' | 'sawtooth' | 'random_walk' | 'step' | 'constant';

export interface SignalSpec {
  readonly waveform: Waveform;
  readonly min: number;
  readonly max: number;
  /** Of sine, sawtooth and step. */
  readonly periodS: number;
}

/** A generator of numbers 0 ≤ n < 1 that depends on its seed alone. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const STEPS = 5;
const WALK_SHARE = 0.02;

/** A signal within its range. */
export class Signal {
  readonly #spec: SignalSpec;
  readonly #random: () => number;
  #walk: number;

  constructor(spec: SignalSpec, random: () => number) {
    this.#spec = spec;
    this.#random = random;
    this.#walk = 0.3 + 0.4 * random();
  }

  at(seconds: number): number {
    const { min, max } = this.#spec;
    return min + (max - min) * this.#share(seconds);
  }

  /** 0..1 */
  #share(seconds: number): number {
    const turns = seconds / this.#spec.periodS;
    const phase = turns - Math.floor(turns);
    switch (this.#spec.waveform) {
      case 'sine_wave':
        return 0.5 + 0.5 * Math.sin(2 * Math.PI * phase);
      case 'sawtooth':
        return phase;
      case 'step':
        return Math.floor(phase * STEPS) / (STEPS - 1);
      case 'random_walk':
        this.#walk += WALK_SHARE * (2 * this.#random() - 1);
        this.#walk = Math.min(1, Math.max(0, this.#walk));
        return this.#walk;
      case 'constant':
        return 0.5;
    }
  }
}
