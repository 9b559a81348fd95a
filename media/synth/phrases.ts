import { RATE_HZ } from '../ports.js';
import { addPluck, level, Noise } from './tools.js';

/** Root mean square of a recording; it stands out of the beds. */
const PHRASE_RMS = 0.11;

/** One note: start in seconds, pitch as a multiple of the signature, length in seconds. */
type Note = readonly [atS: number, ratio: number, lengthS: number];
type Instrument = (
  plane: Float32Array,
  at: number,
  hz: number,
  lengthS: number,
  noise: Noise,
) => void;

/** Ends on its first pitch, which makes up most of it: the signature. */
const RISING: readonly Note[] = [
  [0.1, 1, 0.7],
  [0.6, 1.25, 0.5],
  [1.0, 1.5, 0.5],
  [1.4, 1, 0.8],
  [2.1, 1.5, 0.4],
  [2.4, 1, 1.2],
];
const FALLING: readonly Note[] = [
  [0.1, 1, 0.6],
  [0.5, 1.5, 0.3],
  [0.8, 1.3333, 0.4],
  [1.2, 1, 0.9],
  [2.0, 1, 0.5],
  [2.5, 0.75, 0.3],
  [2.8, 1, 0.9],
];
const CALLS: readonly Note[] = [
  [0.1, 1, 0.25],
  [0.5, 1, 0.25],
  [0.9, 1, 0.5],
  [1.9, 1, 0.25],
  [2.3, 1, 0.6],
];
const WORDS: readonly Note[] = [
  [0.1, 1, 0.5],
  [0.7, 1, 0.35],
  [1.1, 1.12, 0.3],
  [1.5, 1, 0.7],
  [2.4, 0.94, 0.3],
  [2.75, 1, 0.9],
];

const marimba: Instrument = (plane, at, hz) => {
  addPluck(plane, at, { hz, peak: 1, attackMs: 2, decayMs: 260 }, false);
  addPluck(plane, at, { hz: hz * 3.93, peak: 0.25, attackMs: 1, decayMs: 60 }, false);
};

const glass: Instrument = (plane, at, hz) => {
  addPluck(plane, at, { hz, peak: 1, attackMs: 2, decayMs: 500 }, false);
  addPluck(plane, at, { hz: hz * 2.71, peak: 0.3, attackMs: 1, decayMs: 180 }, false);
  addPluck(plane, at, { hz: hz * 5.15, peak: 0.1, attackMs: 1, decayMs: 80 }, false);
};

const flute: Instrument = (plane, at, hz, lengthS) => {
  const decayMs = lengthS * 500;
  addPluck(plane, at, { hz, peak: 1, attackMs: 60, decayMs }, false);
  addPluck(plane, at, { hz: hz * 2, peak: 0.22, attackMs: 80, decayMs }, false);
  addPluck(plane, at, { hz: hz * 3, peak: 0.06, attackMs: 90, decayMs }, false);
};

/** A string: every harmonic, the high ones dying first. */
const string: Instrument = (plane, at, hz) => {
  for (let n = 1; n <= 8 && n * hz < 12_000; n++) {
    const tone = { hz: hz * n, peak: 0.9 / n, attackMs: 2, decayMs: 700 / n };
    addPluck(plane, at, tone, false);
  }
};

/** A bird: short tones that slide through the signature. */
const bird: Instrument = (plane, at, hz, lengthS) => {
  const chirps = Math.max(1, Math.round(lengthS * 8));
  for (let i = 0; i < chirps; i++) {
    const start = at + (i * lengthS * RATE_HZ) / chirps;
    const glideHz = (i % 2 === 0 ? 0.6 : -0.6) * hz;
    addPluck(plane, start, { hz, peak: 1, attackMs: 8, decayMs: 40, glideHz }, false);
  }
};

/** Something like a voice: the signature as its first formant, over a low buzz. */
const voice: Instrument = (plane, at, hz, lengthS, noise) => {
  const pitch = hz / 5;
  const decayMs = lengthS * 450;
  for (let n = 1; n <= 14; n++) {
    const off = Math.abs(Math.log2((n * pitch) / hz));
    const second = Math.abs(Math.log2((n * pitch) / (hz * 2.3)));
    const peak = Math.exp(-off * off * 5) + 0.3 * Math.exp(-second * second * 8);
    const tone = { hz: n * pitch, peak, attackMs: 40 + 10 * noise.next(), decayMs };
    addPluck(plane, at, tone, false);
  }
};

const INSTRUMENTS = { marimba, glass, flute, string, bird, voice } as const;
const MELODIES = { rising: RISING, falling: FALLING, calls: CALLS, words: WORDS } as const;

export interface PhraseRecipe {
  readonly instrument: keyof typeof INSTRUMENTS;
  readonly melody: keyof typeof MELODIES;
}

/** A short mono recording of about four seconds, its ends at rest. */
export function phrase(recipe: PhraseRecipe, signatureHz: number, seed: number): Float32Array {
  const noise = new Noise(seed);
  const plane = new Float32Array(4.5 * RATE_HZ);
  for (const [atS, ratio, lengthS] of MELODIES[recipe.melody]) {
    INSTRUMENTS[recipe.instrument](plane, atS * RATE_HZ, signatureHz * ratio, lengthS, noise);
  }
  const fade = Math.round(0.3 * RATE_HZ);
  for (let i = 0; i < fade; i++) {
    const at = plane.length - 1 - i;
    plane[at] = ((plane[at] as number) * i) / fade;
  }
  level([plane], PHRASE_RMS);
  return plane;
}
