import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { LiveSource } from '../mixer/live-source.js';
import type { LiveRing } from '../ports.js';

/** Who uses a source asks for it again sooner than this; else it is let go of. */
const KEEP_MS = 2_000;
/** Nothing was written for this long: it is away. */
const AWAY_MS = 2_500;
/** It wrote for this long without a break: it is back. */
const BACK_MS = 1_000;
const RETRY_MS = 5_000;

export interface LiveAccess {
  /** The shared decoder's ring of a URL. Rejects when it cannot be had. */
  acquire(url: string): Promise<LiveRing>;
  release(url: string): void;
}

interface Entry {
  readonly source: LiveSource;
  ring: LiveRing | undefined;
  acquiring: boolean;
  usedMs: number;
  retryMs: number;
  failure: string | undefined;
  written: bigint;
  /** When it last wrote, and since when it does without a break; monotonic ms. */
  wroteMs: number;
  sinceMs: number;
}

export type SourceCondition = 'good' | 'loading' | 'away';

/** The live sources one engine reads, and how they are. */
export class LiveLibrary {
  readonly #access: LiveAccess;
  readonly #clock: Clock;
  readonly #nextNo: () => number;
  readonly #entries = new Map<string, Entry>();
  #closed = false;

  constructor(access: LiveAccess, clock: Clock, nextNo: () => number) {
    this.#access = access;
    this.#clock = clock;
    this.#nextNo = nextNo;
  }

  /** Sources held or on their way. */
  get size(): number {
    return this.#entries.size;
  }

  /** Source of a URL; its sound arrives later. Call it again while it is used. */
  sourceOf(url: string): LiveSource {
    let entry = this.#entries.get(url);
    const nowMs = this.#clock.monoMs();
    if (entry === undefined) {
      entry = {
        source: new LiveSource(url, this.#nextNo()),
        ring: undefined,
        acquiring: false,
        usedMs: nowMs,
        retryMs: 0,
        failure: undefined,
        written: 0n,
        wroteMs: nowMs,
        sinceMs: Number.NaN,
      };
      this.#entries.set(url, entry);
      this.#acquire(entry);
    }
    entry.usedMs = nowMs;
    return entry.source;
  }

  condition(url: string): SourceCondition {
    const entry = this.#entries.get(url);
    if (entry === undefined) return 'loading';
    const nowMs = this.#clock.monoMs();
    if (entry.failure !== undefined || nowMs - entry.wroteMs > AWAY_MS) return 'away';
    // A good one stays so through short silences; one that comes back must last a while.
    return nowMs - entry.sinceMs >= BACK_MS ? 'good' : 'loading';
  }

  failureOf(url: string): string {
    return this.#entries.get(url)?.failure ?? `no sound comes from ${url}`;
  }

  /** Looks at every ring; acquires again what failed; lets go of what nobody used. */
  sweep(): void {
    const nowMs = this.#clock.monoMs();
    for (const [url, entry] of this.#entries) {
      if (nowMs - entry.usedMs >= KEEP_MS) {
        this.#entries.delete(url);
        this.#letGo(entry);
        continue;
      }
      this.#acquire(entry);
      if (entry.ring === undefined) continue;
      const written = Atomics.load(new BigInt64Array(entry.ring.written), 0);
      if (written === entry.written) {
        if (nowMs - entry.wroteMs > AWAY_MS) entry.sinceMs = Number.NaN;
        continue;
      }
      entry.written = written;
      entry.wroteMs = nowMs;
      if (Number.isNaN(entry.sinceMs)) entry.sinceMs = nowMs;
    }
  }

  close(): void {
    this.#closed = true;
    for (const entry of this.#entries.values()) this.#letGo(entry);
    this.#entries.clear();
  }

  #letGo(entry: Entry): void {
    entry.source.attach(undefined);
    if (entry.ring !== undefined) this.#access.release(entry.source.url);
    entry.ring = undefined;
  }

  #acquire(entry: Entry): void {
    const { source } = entry;
    const nowMs = this.#clock.monoMs();
    if (entry.acquiring || entry.ring !== undefined || nowMs < entry.retryMs) return;
    entry.acquiring = true;
    this.#access.acquire(source.url).then(
      (ring) => {
        entry.acquiring = false;
        if (this.#closed || this.#entries.get(source.url) !== entry) {
          this.#access.release(source.url);
          return;
        }
        entry.ring = ring;
        entry.failure = undefined;
        entry.written = Atomics.load(new BigInt64Array(ring.written), 0);
        entry.wroteMs = this.#clock.monoMs();
        source.attach(ring);
      },
      (error: unknown) => {
        entry.acquiring = false;
        entry.retryMs = this.#clock.monoMs() + RETRY_MS;
        entry.failure = EngineError.from(error, 'media.unreadable').message;
      },
    );
  }
}
