import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Envelope } from '../mixer/envelope.js';
import { PcmSource } from '../mixer/source.js';
import { BLOCK_FRAMES, RATE_HZ } from '../ports.js';
import { assetOf, trackOf } from '../testing/definitions.js';
import { levelGain } from './level.js';
import { PanWalk } from './pan-walk.js';
import { Piece } from './piece.js';
import { Random, seedOf } from './random.js';

const range = (min: number, max: number) =>
  fc
    .tuple(fc.double({ min, max, noNaN: true }), fc.double({ min, max, noNaN: true }))
    .map(([a, b]) => (a < b ? [a, b] : [b, a]) as [number, number]);

describe('Random', () => {
  it('is even, repeatable, and can be put away and taken up', () => {
    const random = new Random(seedOf('a session'));
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const slot = Math.floor(random.next() * 10);
      counts[slot] = (counts[slot] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
    const other = new Random(0);
    other.state = random.state;
    expect(other.next()).toBe(random.next());
    expect(seedOf('a')).not.toBe(seedOf('b'));
  });
});

describe('Piece', () => {
  it('lies within its asset, its length and gain within the track’s ranges, whatever they are', () => {
    fc.assert(
      fc.property(
        range(0, 40),
        range(0, 60),
        range(0, 20),
        range(0, 20),
        range(0, 1),
        fc.integer(),
        ([startS, endS], durationS, fadeInS, fadeOutS, volume, seed) => {
          fc.pre(endS - startS > 0.1);
          const asset = assetOf({ id: 1, startS, endS, volume: 0.8 });
          const track = trackOf({ durationS, fadeInS, fadeOutS, volume });
          const piece = new Piece(asset, new PcmSource('m', 1));
          piece.draw(asset, track, 1, Number.POSITIVE_INFINITY, new Random(seed));
          expect(piece.start / RATE_HZ).toBeGreaterThan(startS - 1e-4);
          expect((piece.start + piece.length) / RATE_HZ).toBeLessThan(endS + 1e-4);
          const longest = Math.min(endS - startS, Math.max(1, durationS[1]));
          const shortest = Math.min(endS - startS, Math.max(1, durationS[0]));
          expect(piece.length / RATE_HZ).toBeLessThan(longest + 1e-4);
          expect(piece.length / RATE_HZ).toBeGreaterThan(shortest - 1e-4);
          expect(piece.peak).toBeLessThanOrEqual(0.8 * volume[1] + 1e-9);
          expect(piece.peak).toBeGreaterThanOrEqual(0.8 * volume[0] - 1e-9);
          let most = 0;
          for (let at = 0; at <= piece.length; at += Math.max(1, piece.length >> 6)) {
            most = Math.max(most, piece.envelope.at(at));
          }
          expect(most).toBeLessThanOrEqual(piece.peak + 1e-9);
          expect(piece.envelope.at(0)).toBe(0);
          expect(piece.envelope.at(piece.length)).toBe(0);
        },
      ),
    );
  });

  it('halves fades that are longer than it is', () => {
    const asset = assetOf({ id: 1, endS: 2 });
    const track = trackOf({ durationS: [2, 2], fadeInS: [5, 5], fadeOutS: [1, 1] });
    const piece = new Piece(asset, new PcmSource('m', 1));
    piece.draw(asset, track, 1, Number.POSITIVE_INFINITY, new Random(1));
    expect(piece.envelope.at(RATE_HZ)).toBe(1);
    expect(piece.envelope.at(RATE_HZ / 2)).toBeCloseTo(0.5, 9);
    expect(piece.envelope.at(1.5 * RATE_HZ)).toBeCloseTo(0.5, 9);
  });

  it('is the same after it was saved and restored', () => {
    const asset = assetOf({ id: 1 });
    const piece = new Piece(asset, new PcmSource('m', 1));
    piece.draw(asset, trackOf(), 1, Number.POSITIVE_INFINITY, new Random(5));
    piece.began = true;
    piece.advance(0, BLOCK_FRAMES * 7);
    piece.cut(9_000, 'hold');
    const other = new Piece(asset, new PcmSource('m', 1));
    other.restore(JSON.parse(JSON.stringify(piece.save())) as ReturnType<Piece['save']>);
    expect(other.save()).toEqual(piece.save());
    expect(other.envelope.at(other.place + 1_000)).toBe(piece.envelope.at(piece.place + 1_000));
  });
});

describe('PanWalk', () => {
  it('never leaves its range nor jumps, and reaches its targets in the drawn time', () => {
    fc.assert(
      fc.property(range(-1, 1), range(0, 3), fc.integer(), (pan, durationS, seed) => {
        const walk = new PanWalk();
        const random = new Random(seed);
        let before: number | undefined;
        for (let block = 0; block < 500; block++) {
          walk.step(pan, durationS, random);
          if (before !== undefined) expect(walk.from).toBe(before);
          expect(walk.to).toBeGreaterThanOrEqual(pan[0] - 1e-9);
          expect(walk.to).toBeLessThanOrEqual(pan[1] + 1e-9);
          const fastest = (pan[1] - pan[0]) / Math.max(1, Math.floor(durationS[0] * 50));
          expect(Math.abs(walk.to - walk.from)).toBeLessThanOrEqual(fastest + 1e-9);
          before = walk.to;
        }
      }),
      { numRuns: 50 },
    );
  });

  it('goes over the whole range in 200 steps, and stays where it was between assets', () => {
    const walk = new PanWalk();
    const random = new Random(3);
    const targets: number[] = [];
    for (let i = 0; i < 2_000; i++) {
      walk.step([-1, 1], [0, 0], random);
      targets.push(walk.to);
    }
    expect(Math.min(...targets)).toBeLessThan(-0.95);
    expect(Math.max(...targets)).toBeGreaterThan(0.95);
    for (const target of targets)
      expect(Math.abs(target * 100 - Math.round(target * 100))).toBeLessThan(1e-6);
    const stayed = walk.to;
    walk.rest();
    expect([walk.from, walk.to]).toEqual([stayed, stayed]);
  });
});

describe('Envelope', () => {
  it('weighs blocks exactly as it says sample by sample, wherever they are cut', () => {
    const corner = fc.integer({ min: 0, max: 3_000 });
    const gain = fc.double({ min: 0, max: 2, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(corner, gain), { minLength: 2, maxLength: 4 }),
        fc.integer({ min: -1_000, max: 3_500 }),
        (corners, from) => {
          const sorted = [...corners].sort((a, b) => a[0] - b[0]);
          const envelope = new Envelope();
          for (const [i, [frame, value]] of sorted.entries()) {
            if (i === 0) envelope.begin(frame, value);
            else envelope.to(frame, value);
          }
          const left = new Float32Array(BLOCK_FRAMES).fill(1);
          const right = new Float32Array(BLOCK_FRAMES).fill(-1);
          envelope.weigh(from, left, right);
          for (let i = 0; i < BLOCK_FRAMES; i += 7) {
            expect(left[i]).toBeCloseTo(envelope.at(from + i), 5);
            expect(right[i]).toBeCloseTo(-envelope.at(from + i), 5);
          }
          if (!envelope.straight(from, from + BLOCK_FRAMES)) return;
          const [start, end] = [envelope.at(from), envelope.upTo(from + BLOCK_FRAMES)];
          for (let i = 0; i < BLOCK_FRAMES; i += 7) {
            const straight = start + ((end - start) * i) / BLOCK_FRAMES;
            expect(envelope.at(from + i)).toBeCloseTo(straight, 5);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('levelGain', () => {
  it('is bounded, and 1 where nothing is known', () => {
    expect(levelGain(-23, -23)).toBe(1);
    expect(levelGain(undefined, -10)).toBe(1);
    expect(levelGain(-23, undefined)).toBe(1);
    expect(levelGain(-23, Number.NEGATIVE_INFINITY)).toBe(1);
    expect(levelGain(-14, -60)).toBeCloseTo(10 ** (18 / 20), 9);
    expect(levelGain(-60, 0)).toBeCloseTo(10 ** (-24 / 20), 9);
  });
});
