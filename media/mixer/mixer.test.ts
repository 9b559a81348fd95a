import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_FRAMES, CHUNK_FRAMES, RATE_HZ } from '../ports.js';
import { pcmOf, type Stereo, tone, toneLevel } from '../tones.js';
import { CEILING, LATENCY_FRAMES, Limiter } from './limiter.js';
import { Mixer } from './mixer.js';
import { PcmSource } from './source.js';

const mixer = new Mixer();

let nextNo = 1;
function sourceOf(sound: Stereo): PcmSource {
  const source = new PcmSource('m', nextNo++);
  for (let chunk = 0; chunk * CHUNK_FRAMES < sound.left.length; chunk++) {
    source.put(pcmOf('m', sound, chunk));
  }
  return source;
}

interface Voice {
  readonly source: PcmSource;
  /** Gain at the start of block n. */
  readonly gain: (block: number) => number;
  readonly loop?: boolean;
  readonly pan?: number;
}

/** Mixes whole blocks and returns what came out, the lookahead cut off. */
function render(voices: readonly Voice[], blocks: number): Stereo {
  const limiter = new Limiter();
  const left = new Float32Array(blocks * BLOCK_FRAMES);
  const right = new Float32Array(blocks * BLOCK_FRAMES);
  for (let block = 0; block < blocks; block++) {
    mixer.begin(limiter);
    for (const { source, gain, loop = true, pan = 0 } of voices) {
      const [from, to] = [gain(block), gain(block + 1)];
      const [l, r] = [Math.min(1, 1 - pan), Math.min(1, 1 + pan)];
      mixer.add(source, block * BLOCK_FRAMES, loop, block, from * l, to * l, from * r, to * r);
    }
    mixer.finish(limiter);
    left.set(mixer.left, block * BLOCK_FRAMES);
    right.set(mixer.right, block * BLOCK_FRAMES);
  }
  return { left: left.subarray(LATENCY_FRAMES), right: right.subarray(LATENCY_FRAMES) };
}

const one = (): number => 1;

/** Largest distance of a plane from what it should be. */
function farthest(plane: Float32Array, wanted: (i: number) => number): number {
  let most = 0;
  for (let i = 0; i < plane.length; i++) {
    const off = Math.abs((plane[i] ?? Number.NaN) - wanted(i));
    if (!(off <= most)) most = off;
  }
  return most;
}

describe('Mixer', () => {
  it('adds voices sample by sample and changes nothing below the ceiling', () => {
    const [a, b] = [tone(440, RATE_HZ, 0.3), tone(1000, RATE_HZ, 0.4)];
    const out = render(
      [
        { source: sourceOf(a), gain: one },
        { source: sourceOf(b), gain: () => 0.5 },
      ],
      40,
    );
    const wanted = (i: number): number => (a.left[i] ?? 0) + 0.5 * (b.left[i] ?? 0);
    expect(farthest(out.left, wanted)).toBeLessThan(2e-6);
  });

  it('moves gains in a straight line that meets the next block', () => {
    const dc = new Float32Array(RATE_HZ).fill(0.5);
    const source = sourceOf({ left: dc, right: dc });
    const out = render([{ source, gain: (block) => (block === 0 ? 0 : 1) }], 3);
    for (let i = 0; i < BLOCK_FRAMES; i++) {
      expect(out.left[i]).toBeCloseTo((0.5 * i) / BLOCK_FRAMES, 4);
    }
    expect(out.left[BLOCK_FRAMES + 5]).toBeCloseTo(0.5, 5);
  });

  it('pans', () => {
    const source = sourceOf(tone(440, RATE_HZ, 0.5));
    const out = render([{ source, gain: one, pan: 0.8 }], 40);
    expect(toneLevel(out.left, 440)).toBeCloseTo(0.1, 2);
    expect(toneLevel(out.right, 440)).toBeCloseTo(0.5, 2);
  });

  it('loops without a seam, whatever the length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (frames) => {
        const ramp = Float32Array.from({ length: frames }, (_, i) => ((i * 7) % 101) / 202);
        const out = render([{ source: sourceOf({ left: ramp, right: ramp }), gain: one }], 8);
        expect(farthest(out.left, (i) => ramp[i % frames] ?? 0)).toBeLessThan(1e-6);
      }),
      { numRuns: 60 },
    );
  });

  it('plays a one-shot once, and reads across chunks', () => {
    const dc = new Float32Array(1500).fill(0.5);
    const out = render([{ source: sourceOf({ left: dc, right: dc }), gain: one, loop: false }], 4);
    expect(farthest(out.left.subarray(0, 1500), () => 0.5)).toBeLessThan(1e-6);
    expect(Math.max(...out.left.subarray(1500))).toBe(0);

    const long = tone(500, CHUNK_FRAMES + RATE_HZ, 0.5);
    const source = sourceOf(long);
    const [left, right] = [new Float32Array(BLOCK_FRAMES), new Float32Array(BLOCK_FRAMES)];
    source.read(CHUNK_FRAMES - 100, false, left, right);
    for (let i = 0; i < BLOCK_FRAMES; i++) {
      expect(left[i]).toBe(long.left[CHUNK_FRAMES - 100 + i]);
    }
  });

  it('fades out before sound that is not here, and in where it comes back', () => {
    const dc = new Float32Array(2 * CHUNK_FRAMES).fill(0.5);
    const source = sourceOf({ left: dc, right: dc });
    source.drop(1);
    const [left, right] = [new Float32Array(BLOCK_FRAMES), new Float32Array(BLOCK_FRAMES)];
    const heard: number[] = [];
    const from = CHUNK_FRAMES - 2 * BLOCK_FRAMES - 100;
    for (let block = 0; block < 8; block++) {
      if (block === 5) source.put(pcmOf('m', { left: dc, right: dc }, 1));
      source.read(from + block * BLOCK_FRAMES, false, left, right);
      heard.push(...left);
    }
    expect(source.starvedFrames).toBe(3 * BLOCK_FRAMES);
    expect(heard[100]).toBe(0.5);
    expect(heard[2.5 * BLOCK_FRAMES]).toBe(0);
    expect(heard.at(-1)).toBe(0.5);
    for (let i = 1; i < heard.length; i++) {
      expect(Math.abs((heard[i] ?? 0) - (heard[i - 1] ?? 0))).toBeLessThan(0.5 / 200);
    }
  });

  it('never lets a sample over the ceiling nor a jump through, however loud the voices', () => {
    const loud = fc.record({
      hz: fc.integer({ min: 30, max: 8000 }),
      peak: fc.double({ min: 0.1, max: 3, noNaN: true }),
      from: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(loud, { minLength: 1, maxLength: 6 }), (list) => {
        const voices = list.map(({ hz, peak, from }) => ({
          source: sourceOf(tone(hz, RATE_HZ, peak)),
          gain: (block: number) => (block >= from ? 1 : 0),
        }));
        const out = render(voices, 30);
        for (const plane of [out.left, out.right]) {
          expect(farthest(plane, () => 0)).toBeLessThanOrEqual(CEILING + 1e-5);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('holds a loud tone at the ceiling and gives a later quiet one its full level back', () => {
    const loud = sourceOf(tone(400, RATE_HZ, 3));
    const quiet = sourceOf(tone(1000, RATE_HZ, 0.2));
    const out = render(
      [
        { source: loud, gain: (block) => (block < 20 ? 1 : 0) },
        { source: quiet, gain: one },
      ],
      80,
    );
    expect(toneLevel(out.left, 400, 4800, 14_400)).toBeGreaterThan(0.75);
    expect(toneLevel(out.left, 1000, 60 * BLOCK_FRAMES, 70 * BLOCK_FRAMES)).toBeCloseTo(0.2, 3);
  });

  it('keeps broken samples out of what follows', () => {
    const bad = new Float32Array(RATE_HZ).fill(0.2);
    bad[100] = Number.NaN;
    bad[5000] = Number.POSITIVE_INFINITY;
    const out = render([{ source: sourceOf({ left: bad, right: bad }), gain: one }], 40);
    expect(out.left.every((value) => Number.isFinite(value))).toBe(true);
    expect(out.left[30 * BLOCK_FRAMES]).toBeCloseTo(0.2, 5);
  });
});
