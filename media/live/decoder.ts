import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { LiveRing } from '../ports.js';
import { LIVE_LIMITS, LiveFeed, type LiveFeedLimits, type LiveState } from './feed.js';
import { parseLiveUrl } from './open.js';

export interface LiveSourcesOptions extends Partial<LiveFeedLimits> {
  readonly clock: Clock;
  /** 0 … 1, for the jitter of retries. */
  readonly random: () => number;
  /** URLs decoded at once; each is an ffmpeg process and a connection. Default 64. */
  readonly maxSources?: number;
  /** A source that nobody holds is decoded for so long yet, for those who come back. Default 5,000. */
  readonly lingerMs?: number;
  /** Something about a source changed. Must not throw. */
  readonly onState?: (source: LiveSourceState) => void;
}

export interface LiveSourceState {
  readonly url: string;
  readonly state: LiveState;
  readonly sinceUnixMs: number;
  /** Why it is silent, in words. */
  readonly error: string | undefined;
}

interface Entry {
  readonly feed: LiveFeed;
  /** Holder → how often it holds this. */
  readonly holders: Map<string, number>;
  sinceUnixMs: number;
  leaving: TimerHandle | undefined;
}

const DEFAULT_MAX_SOURCES = 64;
const DEFAULT_LINGER_MS = 5_000;

/**
 * The live speakers of the whole process: each URL is decoded once, into a ring in shared memory, however many
 * threads and listeners hear it. A source that is away is tried again for as long as somebody holds it. Lives in the
 * thread that answers `live.acquire`; `close` ends every process and connection.
 */
export class LiveSources {
  readonly #options: LiveSourcesOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #ending = new Set<Promise<void>>();
  #decoders = 0;
  #closed = false;

  constructor(options: LiveSourcesOptions) {
    this.#options = options;
  }

  /** `opened`: decoders since the start; a source that two threads hear has one. */
  get stats(): { readonly sources: number; readonly opened: number } {
    return { sources: this.#entries.size, opened: this.#decoders };
  }

  /** Of all that are held. */
  states(): LiveSourceState[] {
    return [...this.#entries].map(([url, entry]) => stateOf(url, entry));
  }

  state(url: string): LiveSourceState | undefined {
    const entry = this.#entries.get(url);
    return entry === undefined ? undefined : stateOf(url, entry);
  }

  /**
   * The ring of a URL, at once: sound comes when the source answers, or never. Held for `holder` until it releases it as
   * often.
   * @throws EngineError `input.invalid` for what is no http(s) URL, `server.busy` over the limit, `server.stopping`
   */
  acquire(url: string, holder: string): LiveRing {
    if (this.#closed) throw new EngineError('server.stopping', 'live sources are closed');
    const entry = this.#entries.get(url) ?? this.#open(url);
    entry.holders.set(holder, (entry.holders.get(holder) ?? 0) + 1);
    if (entry.leaving !== undefined) this.#options.clock.clearTimeout(entry.leaving);
    entry.leaving = undefined;
    return entry.feed.ring;
  }

  /** Lets go of one hold. False when `holder` had none. */
  release(url: string, holder: string): boolean {
    const entry = this.#entries.get(url);
    const held = entry?.holders.get(holder);
    if (entry === undefined || held === undefined) return false;
    if (held > 1) entry.holders.set(holder, held - 1);
    else entry.holders.delete(holder);
    this.#leaveSoon(url, entry);
    return true;
  }

  /** Lets go of all that a lost thread held. */
  releaseAll(holder: string): void {
    for (const [url, entry] of this.#entries) {
      if (entry.holders.delete(holder)) this.#leaveSoon(url, entry);
    }
  }

  /** Ends everything; resolves when all processes are gone. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const [url, entry] of [...this.#entries]) this.#end(url, entry);
    await Promise.all([...this.#ending]);
  }

  #open(url: string): Entry {
    parseLiveUrl(url);
    const { maxSources = DEFAULT_MAX_SOURCES, clock, random, onState } = this.#options;
    if (this.#entries.size >= maxSources) {
      throw new EngineError(
        'server.busy',
        `${url}: the site decodes its limit of ${maxSources} live sources`,
      );
    }
    this.#decoders += 1;
    const { answerMs, retryFirstMs, retryCapMs } = { ...LIVE_LIMITS, ...this.#options };
    const feed = new LiveFeed({
      url,
      clock,
      random,
      answerMs,
      retryFirstMs,
      retryCapMs,
      onState: () => {
        const entry = this.#entries.get(url);
        if (entry === undefined) return;
        entry.sinceUnixMs = clock.nowMs();
        onState?.(stateOf(url, entry));
      },
    });
    const entry = { feed, holders: new Map(), sinceUnixMs: clock.nowMs(), leaving: undefined };
    this.#entries.set(url, entry);
    return entry;
  }

  #leaveSoon(url: string, entry: Entry): void {
    if (entry.holders.size > 0 || entry.leaving !== undefined) return;
    const { clock, lingerMs = DEFAULT_LINGER_MS } = this.#options;
    entry.leaving = clock.setTimeout(() => this.#end(url, entry), lingerMs);
  }

  #end(url: string, entry: Entry): void {
    if (entry.leaving !== undefined) this.#options.clock.clearTimeout(entry.leaving);
    this.#entries.delete(url);
    const ending = entry.feed.close().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}

const stateOf = (url: string, { feed, sinceUnixMs }: Entry): LiveSourceState => ({
  url,
  state: feed.state,
  sinceUnixMs,
  error: feed.error?.message,
});
