import { spawn } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_FRAMES, RATE_HZ } from '../ports.js';
import { pcmOf, type Stereo } from '../tones.js';
import { CEILING, LATENCY_FRAMES, Limiter } from './limiter.js';
import { Mixer } from './mixer.js';
import { PcmSource } from './source.js';
import { INTERPOLATOR, MOST_GAIN, SMOOTH_BOUND } from './true-peak.js';

const mixer = new Mixer();

/** What the master makes of a sound. */
function mastered(sound: Stereo): Stereo {
  const source = new PcmSource('m', 1);
  source.put(pcmOf('m', sound));
  const limiter = new Limiter();
  const blocks = Math.ceil(sound.left.length / BLOCK_FRAMES);
  const left = new Float32Array(blocks * BLOCK_FRAMES);
  const right = new Float32Array(blocks * BLOCK_FRAMES);
  for (let block = 0; block < blocks; block++) {
    mixer.begin(limiter);
    mixer.add(source, block * BLOCK_FRAMES, false, block, 1, 1, 1, 1);
    mixer.finish(limiter);
    left.set(mixer.left, block * BLOCK_FRAMES);
    right.set(mixer.right, block * BLOCK_FRAMES);
  }
  return { left, right };
}

/** True peak by ffmpeg's EBU R128 meter, which oversamples by a method of its own, dBTP. */
async function measuredDb(sound: Stereo): Promise<number> {
  const args = ['-nostdin', '-hide_banner', '-f', 'f32le', '-ar', String(RATE_HZ), '-ac', '2'];
  const meter = ['-i', 'pipe:0', '-af', 'ebur128=peak=true', '-f', 'null', '-'];
  const child = spawn('ffmpeg', [...args, ...meter]);
  const both = Buffer.alloc(sound.left.length * 8);
  for (let i = 0; i < sound.left.length; i++) {
    both.writeFloatLE(sound.left[i] ?? 0, i * 8);
    both.writeFloatLE(sound.right[i] ?? 0, i * 8 + 4);
  }
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stdin.on('error', () => {
    // A meter that died says so in what it wrote.
  });
  child.stdin.end(both);
  await ended;
  const found = /True peak:\s+Peak:\s+(-?[\d.]+|-inf) dBFS/.exec(said);
  if (found?.[1] === undefined) throw new Error(`ffmpeg says: ${said}`);
  return found[1] === '-inf' ? Number.NEGATIVE_INFINITY : Number(found[1]);
}

function sound(seconds: number, value: (i: number) => number, right = value): Stereo {
  const frames = seconds * RATE_HZ;
  return {
    left: Float32Array.from({ length: frames }, (_, i) => value(i)),
    right: Float32Array.from({ length: frames }, (_, i) => right(i)),
  };
}

const sine = (hz: number, phase: number, i: number): number =>
  Math.sin((2 * Math.PI * hz * i) / RATE_HZ + phase);

/** Noise in the left channel up to a frequency, the same every time. */
function noise(seconds: number, topHz: number): Stereo {
  let state = 7;
  const half = 64;
  const white = Array.from({ length: seconds * RATE_HZ + 2 * half }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  const taps = Array.from({ length: 2 * half + 1 }, (_, k) => {
    const t = k - half;
    const cut = (2 * topHz) / RATE_HZ;
    const sinc = t === 0 ? cut : Math.sin(Math.PI * cut * t) / (Math.PI * t);
    return sinc * (0.5 + 0.5 * Math.cos((Math.PI * t) / (half + 1)));
  });
  const low = (i: number): number =>
    taps.reduce((sum, tap, k) => sum + tap * (white[i + k] ?? 0), 0);
  return sound(
    seconds,
    (i) => 1.5 * low(i),
    () => 0,
  );
}

function highest(plane: Float32Array): number {
  let most = 0;
  for (const value of plane) most = Math.max(most, Math.abs(value));
  return most;
}

const NASTY: readonly (readonly [string, Stereo])[] = [
  // No sample is at its peak: the sound between them is 3 dB higher.
  ['a quarter of the rate at 45 degrees', sound(2, (i) => 1.4 * sine(12_000, Math.PI / 4, i))],
  [
    'the same, its samples just under the ceiling',
    sound(2, (i) => 1.2 * sine(12_000, Math.PI / 4, i)),
  ],
  ['a sixth of the rate', sound(2, (i) => 3 * sine(8_000, Math.PI / 6, i))],
  ['near the top', sound(2, (i) => 2 * sine(19_000, 0.3, i))],
  ['a bass of four times full scale', sound(2, (i) => 4 * sine(55, 0, i))],
  ['bursts', sound(2, (i) => (i % 9_600 < 480 ? 3 : 0.1) * sine(11_000, 0.7, i))],
  ['a square wave', sound(2, (i) => (sine(997, 0, i) > 0 ? 0.95 : -0.95))],
  // Up to 20 kHz: what lies above is heard by nobody, and the standard's interpolator does not see it whole.
  ['noise in one channel', noise(2, 20_000)],
  ['clicks', sound(2, (i) => (i % 4_801 === 0 ? 2 : i % 4_801 === 1 ? -2 : 0))],
];

describe('the master limiter', () => {
  it.each(NASTY)('keeps %s under -1 dBTP by another meter', async (_name, nasty) => {
    const out = mastered(nasty);
    expect(await measuredDb(out)).toBeLessThanOrEqual(-1);
    expect(Math.max(highest(out.left), highest(out.right))).toBeLessThanOrEqual(CEILING);
  });

  it('leaves alone what is under it: the same samples, only later', () => {
    const quiet = sound(1, (i) => 0.85 * sine(1_000, 0, i));
    const out = mastered(quiet);
    for (let i = 0; i < 40_000; i++) {
      expect(out.left[i + LATENCY_FRAMES]).toBe(quiet.left[i]);
    }
  });

  it('holds any mix of tones under the ceiling, oversampled by its own measure', () => {
    const part = fc.record({
      hz: fc.integer({ min: 20, max: 20_000 }),
      peak: fc.double({ min: 0.05, max: 2, noNaN: true }),
      phase: fc.double({ min: 0, max: 6.3, noNaN: true }),
      from: fc.integer({ min: 0, max: 9_600 }),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const made = sound(0.4, (i) => {
          let sum = 0;
          for (const { hz, peak, phase, from } of parts) {
            if (i >= from) sum += peak * sine(hz, phase, i);
          }
          return sum;
        });
        expect(overPeak(mastered(made).left)).toBeLessThanOrEqual(CEILING);
      }),
      { numRuns: 60 },
    );
  });

  it('knows what its interpolator can do: no signs of samples make more, and smooth ones much less', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 14, maxLength: 14 }),
        (samples) => {
          const peak = Math.max(...samples.map(Math.abs));
          let bend = 0;
          for (let i = 1; i < 13; i++) {
            const here = (samples[i - 1] ?? 0) - 2 * (samples[i] ?? 0) + (samples[i + 1] ?? 0);
            bend = Math.max(bend, Math.abs(here));
          }
          for (const phase of INTERPOLATOR) {
            let value = 0;
            for (const [k, tap] of phase.entries()) value += tap * (samples[12 - k] ?? 0);
            expect(Math.abs(value)).toBeLessThanOrEqual(MOST_GAIN * peak + 1e-9);
            const bound = SMOOTH_BOUND.level * peak + SMOOTH_BOUND.bend * bend;
            expect(Math.abs(value)).toBeLessThanOrEqual(bound + 1e-9);
          }
        },
      ),
    );
  });
});

/** Largest magnitude between and at the samples. */
function overPeak(plane: Float32Array): number {
  let most = 0;
  for (let i = 6; i < plane.length - 6; i++) {
    most = Math.max(most, Math.abs(plane[i] ?? 0));
    for (const phase of INTERPOLATOR) {
      let value = 0;
      for (const [k, tap] of phase.entries()) value += tap * (plane[i + 6 - k] ?? 0);
      most = Math.max(most, Math.abs(value));
    }
  }
  return most;
}
