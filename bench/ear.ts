import { get, type IncomingMessage } from 'node:http';
import { firstMp3Frame, MP3_FRAME_BYTES } from '../api/testing/listen.js';
import { RATE_HZ } from '../media/ports.js';
import { decodeStream, toneLevel } from '../media/tones.js';

const FRAME_SAMPLES = 1_152;
/** Windows in which a tone is looked for; both tones make whole cycles in one. */
const WINDOW = Math.round(RATE_HZ / 100);
const HOP = WINDOW / 4;

/** Something asked for: when its request was sent, and the tone that must come, or go. */
export interface Change {
  readonly atMs: number;
  readonly hz: number;
  /** True: until it is below a tenth of its level. */
  readonly goes?: boolean;
}

/** Receives an MP3 mount and notes when each byte came. */
export class Ear {
  readonly changes: Change[] = [];
  readonly #parts: Buffer[] = [];
  readonly #ends: number[] = [];
  readonly #timesMs: number[] = [];
  #size = 0;
  #answer: IncomingMessage | undefined;

  get size(): number {
    return this.#size;
  }

  /** Resolves with the first byte. */
  listen(url: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = get(url, { agent: false }, (answer) => {
        this.#answer = answer;
        answer.on('error', () => undefined);
        answer.on('data', (part: Buffer) => {
          this.#parts.push(part);
          this.#size += part.length;
          this.#ends.push(this.#size);
          this.#timesMs.push(performance.now());
          resolve();
        });
        if (answer.statusCode !== 200) reject(new Error(`${url} answered ${answer.statusCode}`));
      });
      call.on('error', reject);
    });
  }

  close(): void {
    this.#answer?.destroy();
  }

  /**
   * For each change: milliseconds from sending the request until the frame was here with which a decoder puts
   * out the new tone at a tenth of its level or more; null when that never came. The delays of encoder and
   * decoder are in it, because place in the decoded sound says which frame it took; a player's buffer is not.
   */
  async delaysMs(fullLevel: number): Promise<(number | null)[]> {
    const bytes = Buffer.concat(this.#parts);
    const start = firstMp3Frame(bytes);
    const frames = Math.floor((bytes.length - start) / MP3_FRAME_BYTES);
    const { left } = await decodeStream(bytes.subarray(start, start + frames * MP3_FRAME_BYTES));
    const frameAtMs = Float64Array.from({ length: frames }, (_, frame) =>
      this.#arrivedMs(start + (frame + 1) * MP3_FRAME_BYTES),
    );
    return this.changes.map(({ atMs, hz, goes = false }) => {
      let frame = frameAtMs.findIndex((time) => time > atMs);
      if (frame < 0) return null;
      frame = Math.max(0, frame - 1);
      for (let from = frame * FRAME_SAMPLES; from + WINDOW <= left.length; from += HOP) {
        const isThere = toneLevel(left, hz, from, from + WINDOW) >= fullLevel / 10;
        if (isThere === goes) continue;
        const arrivedMs = frameAtMs[Math.floor((from + WINDOW - 1) / FRAME_SAMPLES)];
        return arrivedMs === undefined ? null : arrivedMs - atMs;
      }
      return null;
    });
  }

  #arrivedMs(byte: number): number {
    let [low, high] = [0, this.#ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) >= byte) high = middle;
      else low = middle + 1;
    }
    return this.#timesMs[low] ?? Number.NaN;
  }
}
