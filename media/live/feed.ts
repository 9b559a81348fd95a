import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { LiveRing } from '../ports.js';
import { decodeBytes } from './decode-stream.js';
import { fault, openLive } from './open.js';
import { Pacer } from './pacer.js';
import { framesOf, RingWriter } from './ring.js';

/** `silent`: nothing comes; it is tried again by itself. */
export type LiveState = 'connecting' | 'sounding' | 'silent';

export interface LiveFeedLimits {
  /** Headers, and then sound, must be there within this; a source that fell silent for as long is opened anew. Default 10,000. */
  readonly answerMs: number;
  /** First pause before a new try; doubles up to `retryCapMs`, each drawn between its half and its whole. Default 500. */
  readonly retryFirstMs: number;
  /** Default 30,000. */
  readonly retryCapMs: number;
}

export const LIVE_LIMITS: LiveFeedLimits = {
  answerMs: 10_000,
  retryFirstMs: 500,
  retryCapMs: 30_000,
};

export interface LiveFeedOptions extends LiveFeedLimits {
  readonly url: string;
  readonly clock: Clock;
  /** 0 … 1, for the jitter of retries. */
  readonly random: () => number;
  readonly onState: (state: LiveState, error: EngineError | undefined) => void;
}

/** A finite sound up to this long is kept decoded and looped from memory (11 MiB); a longer one is fetched for each round. */
const KEEP_FRAMES = framesOf(30_000);
/** A gap shorter than this is not told: the ring stands still, and listeners hear it, but it is not "away". */
const GAP_TOLD_MS = 2_000;

/**
 * One live URL, decoded once, for as long as somebody holds it: opened, paced into its ring, looped when it is a file
 * (an answer with a length), opened anew with jittered pauses when it breaks off or says nothing. While it is
 * away `written` stands still. `close` ends it.
 */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #writer: RingWriter;
  readonly #pacer: Pacer;
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  #attempt: AbortController | undefined;
  #attempts = 0;
  #state: LiveState = 'connecting';
  #error: EngineError | undefined;
  /** Of the last attempt that failed: told when the sound it brought has run out. */
  #lastError: EngineError | undefined;
  #starvedSinceMonoMs: number;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#writer = new RingWriter(options.url);
    this.#starvedSinceMonoMs = options.clock.monoMs();
    this.#pacer = new Pacer(options.clock, this.#writer, (flowing) => this.#flow(flowing));
    this.#done = this.#run();
  }

  get ring(): LiveRing {
    return this.#writer.ring;
  }

  get state(): LiveState {
    return this.#state;
  }

  /** Why nothing comes, while it is silent. */
  get error(): EngineError | undefined {
    return this.#error;
  }

  /** Resolves when its process and connection are gone. Idempotent. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#attempt?.abort();
    this.#pacer.close();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { clock, random, retryFirstMs, retryCapMs } = this.#options;
    while (!this.#abort.signal.aborted) {
      const writtenBefore = this.#writer.written;
      let error: EngineError | undefined;
      try {
        await this.#play();
      } catch (thrown) {
        error = EngineError.from(thrown, 'media.unreadable');
      }
      if (this.#abort.signal.aborted) return;
      if (this.#writer.written > writtenBefore) this.#attempts = 0;
      if (error !== undefined) this.#away(error);
      const capMs = Math.min(retryCapMs, retryFirstMs * 2 ** Math.min(this.#attempts, 16));
      this.#attempts += 1;
      await this.#pause(clock, capMs * (0.5 + random() / 2));
    }
  }

  /** Returns when a round of a file has been read; throws when the source broke off or cannot be played. */
  async #play(): Promise<void> {
    const { url, clock, answerMs } = this.#options;
    const attempt = new AbortController();
    this.#attempt = attempt;
    const watch = this.#watch(attempt);
    try {
      for (;;) {
        const answer = await openLive(url, answerMs, clock, attempt.signal);
        const kept: Float32Array[] = [];
        let frames = 0;
        await decodeBytes(
          answer,
          async (samples) => {
            frames += samples.length / 2;
            if (frames <= KEEP_FRAMES) kept.push(samples);
            else kept.length = 0;
            await this.#pacer.push(samples);
          },
          attempt.signal,
        );
        if (attempt.signal.aborted) throw fault(url, `no sound for ${answerMs} ms`);
        if (frames === 0) throw fault(url, 'it holds no sound');
        const file = answer.headers['content-length'] !== undefined && answer.complete;
        if (!file) {
          this.#pacer.end();
          throw fault(url, 'the connection ended');
        }
        while (kept.length > 0 && !attempt.signal.aborted) {
          for (const samples of kept) await this.#pacer.push(samples);
        }
      }
    } finally {
      watch();
      attempt.abort();
    }
  }

  /** Gives an attempt up that brings nothing. The answer ends the watch. */
  #watch(attempt: AbortController): () => void {
    const { clock, answerMs } = this.#options;
    let timer: unknown;
    this.#starvedSinceMonoMs = clock.monoMs();
    const look = (): void => {
      const silentMs = this.#pacer.flowing ? 0 : clock.monoMs() - this.#starvedSinceMonoMs;
      // Opening has its own limit, and sound begins within another one of the same length.
      if (silentMs > 2 * answerMs) {
        attempt.abort();
        return;
      }
      timer = clock.setTimeout(look, answerMs / 4);
    };
    timer = clock.setTimeout(look, answerMs / 4);
    return () => clock.clearTimeout(timer);
  }

  #flow(flowing: boolean): void {
    const { clock } = this.#options;
    if (flowing) {
      this.#lastError = undefined;
      this.#set('sounding', undefined);
      return;
    }
    this.#starvedSinceMonoMs = clock.monoMs();
    clock.setTimeout(() => {
      if (this.#pacer.flowing || this.#abort.signal.aborted || this.#state !== 'sounding') return;
      const error = this.#lastError ?? fault(this.#options.url, 'nothing comes any more');
      this.#set('silent', error);
    }, GAP_TOLD_MS);
  }

  /** What was sent before the source broke off may still sound for some seconds. */
  #away(error: EngineError): void {
    this.#lastError = error;
    if (!this.#pacer.flowing) this.#set('silent', error);
  }

  #set(state: LiveState, error: EngineError | undefined): void {
    const same = this.#state === state && this.#error?.message === error?.message;
    this.#state = state;
    this.#error = error;
    if (!same && !this.#abort.signal.aborted) this.#options.onState(state, error);
  }

  #pause(clock: Clock, delayMs: number): Promise<void> {
    const { signal } = this.#abort;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clock.clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = clock.setTimeout(done, delayMs);
      signal.addEventListener('abort', done);
    });
  }
}
