import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JitterBuffer } from './jitter-buffer.js';
import { PacketReader, unwrap } from './packets.js';

const RATE_HZ = 48_000;
const BLOCK = 960;
const CALL = 128;
/** As large as real ones: the stream's clock counts since 2026. */
const ORIGIN = 28_000_000 * RATE_HZ - ((28_000_000 * RATE_HZ) % BLOCK);

const sine = (frame: number): number => Math.sin((2 * Math.PI * 440 * (frame % RATE_HZ)) / RATE_HZ);

/** Plays a stream of blocks; `arrivals` says when each comes (ms, Infinity: never). */
class Play {
  readonly buffer = new JitterBuffer();
  readonly heard: number[] = [];
  readonly #waiting: { readonly at: number; readonly block: number }[] = [];
  #next = 0;
  #frames = 0;

  run(seconds: number, arrivalMs: (block: number) => number, drift = 1): void {
    const until = this.#frames + seconds * RATE_HZ;
    const [left, right] = [new Float32Array(CALL), new Float32Array(CALL)];
    for (; this.#frames < until; this.#frames += CALL) {
      const nowMs = (this.#frames / RATE_HZ) * 1_000 * drift;
      while (this.#next * 20 <= nowMs + 20) {
        this.#waiting.push({ at: arrivalMs(this.#next), block: this.#next });
        this.#next += 1;
      }
      for (const one of this.#waiting.splice(0)) {
        if (one.at === Number.POSITIVE_INFINITY) continue;
        if (one.at > nowMs) {
          this.#waiting.push(one);
          continue;
        }
        const frame = ORIGIN + one.block * BLOCK;
        const sound = Float32Array.from({ length: BLOCK }, (_, i) => sine(frame + i));
        this.buffer.push(frame, sound, sound, nowMs);
      }
      this.buffer.pull(left, right);
      this.heard.push(...left);
    }
  }

  /** Largest step between neighbours from a second on: a sine of 440 Hz has 0.058. */
  get roughest(): number {
    let most = 0;
    for (let i = RATE_HZ; i < this.heard.length; i += 1) {
      most = Math.max(most, Math.abs((this.heard[i] ?? 0) - (this.heard[i - 1] ?? 0)));
    }
    return most;
  }
}

const level = (samples: readonly number[]): number =>
  Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);

describe('the jitter buffer', () => {
  it('plays an even stream as it is, 60 ms behind', () => {
    const play = new Play();
    play.run(4, (block) => (block + 1) * 20);
    const { concealedFrames, depthMs, jumps } = play.buffer.stats;
    expect(concealedFrames).toBe(0);
    expect(jumps).toBe(0);
    expect(depthMs).toBeGreaterThan(35);
    expect(depthMs).toBeLessThan(85);
    expect(play.roughest).toBeLessThan(0.06);
    expect(level(play.heard.slice(RATE_HZ))).toBeCloseTo(Math.SQRT1_2, 2);
  });

  it('grows its depth with the jitter, and then has no gap', () => {
    const play = new Play();
    // Up to 60 ms late, from block to block.
    play.run(8, (block) => (block + 1) * 20 + ((block * 7) % 4) * 20);
    const settled = play.buffer.stats.concealedFrames;
    expect(play.buffer.stats.targetMs).toBeGreaterThan(80);
    play.run(8, (block) => (block + 1) * 20 + ((block * 7) % 4) * 20);
    expect(play.buffer.stats.concealedFrames).toBe(settled);
    expect(play.buffer.stats.targetMs).toBeLessThanOrEqual(120);
  });

  it.each([0.999, 1.001])('follows a sender whose clock runs at %s of ours', (drift) => {
    const play = new Play();
    play.run(60, (block) => (block + 1) * 20, drift);
    const { concealedFrames, jumps, depthMs } = play.buffer.stats;
    expect(concealedFrames).toBe(0);
    expect(jumps).toBe(0);
    expect(depthMs).toBeGreaterThan(30);
    expect(depthMs).toBeLessThan(130);
    expect(play.roughest).toBeLessThan(0.065);
  });

  it('bridges a lost block without a click', () => {
    const play = new Play();
    play.run(4, (block) => (block % 60 === 59 ? Number.POSITIVE_INFINITY : (block + 1) * 20));
    expect(play.buffer.stats.concealedFrames).toBeGreaterThan(BLOCK);
    expect(play.roughest).toBeLessThan(0.12);
  });

  it('falls silent when nothing comes, and begins again with its depth', () => {
    const play = new Play();
    play.run(2, (block) => (block + 1) * 20);
    const before = play.heard.length;
    play.run(2, () => Number.POSITIVE_INFINITY);
    const silence = play.heard.slice(before + RATE_HZ);
    expect(level(silence)).toBeLessThan(0.001);
    play.run(2, (block) => (block + 1) * 20);
    expect(level(play.heard.slice(-RATE_HZ))).toBeCloseTo(Math.SQRT1_2, 1);
    expect(play.buffer.stats.depthMs).toBeLessThan(130);
    expect(play.roughest).toBeLessThan(0.12);
  });

  it('jumps to now when it was held up for long', () => {
    const play = new Play();
    // A second of packets at once.
    play.run(6, (block) => (block >= 100 && block < 150 ? 3_000 : (block + 1) * 20));
    expect(play.buffer.stats.depthMs).toBeLessThan(200);
    expect(level(play.heard.slice(-RATE_HZ))).toBeCloseTo(Math.SQRT1_2, 1);
  });

  it('hands out finite sound within bounds whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ skip: fc.integer({ min: -50, max: 90_000 }), late: fc.nat(400) }), {
          maxLength: 60,
        }),
        (steps) => {
          const buffer = new JitterBuffer();
          const block = new Float32Array(BLOCK).fill(0.5);
          const [left, right] = [new Float32Array(CALL), new Float32Array(CALL)];
          let [place, nowMs] = [1_000_000, 0];
          for (const { skip, late } of steps) {
            place += skip > 100 ? skip : 1 + (skip % 3);
            nowMs += late;
            buffer.push(place * BLOCK, block, block, nowMs);
            for (let i = 0; i < 8; i += 1) {
              buffer.pull(left, right);
              for (const value of left) {
                if (!(Math.abs(value) <= 0.7)) throw new Error(`${value}`);
              }
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('packets', () => {
  it('are read with numbers that go on after 2³²', () => {
    const reader = new PacketReader();
    const message = (sequence: number, place: number): ArrayBuffer => {
      const view = new DataView(new ArrayBuffer(9));
      view.setUint32(0, sequence, true);
      view.setUint32(4, place, true);
      return view.buffer;
    };
    expect(reader.read(message(2 ** 32 - 1, 7))?.sequence).toBe(2 ** 32 - 1);
    expect(reader.read(message(0, 8))).toMatchObject({ sequence: 2 ** 32, place: 8 });
    expect(reader.read(new ArrayBuffer(3))).toBeUndefined();
  });

  it('unwrap to the nearest number, forwards and back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        (last, step) => {
          fc.pre(last + step >= 0);
          expect(unwrap((last + step) % 2 ** 32, last)).toBe(last + step);
        },
      ),
    );
  });
});
