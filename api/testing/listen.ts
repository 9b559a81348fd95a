import type { z } from 'zod';
import type { session } from '../contract/sessions.js';

export type SessionAnswer = z.infer<typeof session>;

/** A player of bytes: connects to a mount and keeps everything that came. */
export class TestListener {
  readonly headers: Headers;
  readonly status: number;
  readonly #parts: Uint8Array[] = [];
  readonly #abort: AbortController;
  #size = 0;
  #ended = false;
  #lastMonoMs = Number.NaN;
  #longestGapMs = 0;
  #wake: (() => void) | undefined;

  private constructor(answer: Response, abort: AbortController) {
    this.headers = answer.headers;
    this.status = answer.status;
    this.#abort = abort;
    void this.#read(answer);
  }

  static async connect(url: string, headers: Record<string, string> = {}): Promise<TestListener> {
    const abort = new AbortController();
    return new TestListener(await fetch(url, { headers, signal: abort.signal }), abort);
  }

  get size(): number {
    return this.#size;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Everything so far, or from a byte on. */
  bytes(from = 0): Uint8Array {
    return Buffer.concat(this.#parts).subarray(from);
  }

  /** Longest time without a byte since this was last asked, ms. */
  takeLongestGap(): number {
    const gapMs = this.#longestGapMs;
    this.#longestGapMs = 0;
    return gapMs;
  }

  /** Resolves when `count` bytes are there in all, or the stream ended. */
  async reaches(count: number): Promise<void> {
    while (this.#size < count && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Waits for so many more bytes and answers them. */
  async next(count: number): Promise<Uint8Array> {
    const from = this.#size;
    await this.reaches(from + count);
    return this.bytes(from);
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(answer: Response): Promise<void> {
    try {
      for await (const part of answer.body ?? []) {
        const bytes: unknown = part;
        if (!(bytes instanceof Uint8Array)) continue;
        const nowMonoMs = performance.now();
        this.#longestGapMs = Math.max(this.#longestGapMs, nowMonoMs - this.#lastMonoMs || 0);
        this.#lastMonoMs = nowMonoMs;
        this.#parts.push(bytes);
        this.#size += bytes.length;
        this.#wake?.();
      }
    } catch (error) {
      // An abort of ours, or the server cut the connection: the stream has ended either way.
      if (!(error instanceof Error)) throw error;
    }
    this.#ended = true;
    this.#wake?.();
  }
}

/** A client of `/v1/sessions`. */
export async function call<T>(
  method: string,
  url: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: T }> {
  const answer = await fetch(url, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as T };
}

/** MPEG-1 layer III, 128 kbit/s at 48 kHz: every frame has this size. */
export const MP3_FRAME_BYTES = 384;

/** Where the first whole frame begins: Icecast starts a listener anywhere; three in a row are no accident. */
export function firstMp3Frame(bytes: Uint8Array): number {
  const isFrame = (at: number): boolean =>
    bytes[at] === 0xff && bytes[at + 1] === 0xfb && bytes[at + 2] === 0x94;
  for (let at = 0; at < bytes.length; at += 1) {
    if (isFrame(at) && isFrame(at + MP3_FRAME_BYTES) && isFrame(at + 2 * MP3_FRAME_BYTES))
      return at;
  }
  return 0;
}
