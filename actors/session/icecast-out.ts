import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { readListeners, updateTitle } from '../../media/icecast/admin.js';
import { ConnectGate, MAX_CONNECTS } from '../../media/icecast/gate.js';
import { IcecastSource } from '../../media/icecast/source.js';
import { type IcecastTarget, parseIcecastUrl } from '../../media/icecast/target.js';
import type { IcecastShardState, SessionDefinition } from './protocol.js';
import { SteadyCount } from './steady-count.js';

/** Titles are for humans: one a mount in this time is plenty for Icecast. */
const TITLE_EVERY_MS = 2_000;
const COUNT_EVERY_MS = 2_000;
/** Title updates under way at once, over all mounts of a shard. */
const MAX_TITLES = 4;

interface Feed {
  readonly source: IcecastSource;
  readonly mount: string;
  readonly takesTitles: boolean;
  title: string;
  sentTitle: string;
  readonly listeners: SteadyCount;
}

export interface IcecastOutOptions {
  readonly url: string;
  readonly clock: Clock;
  /** Threads that connect to the same server. */
  readonly shards: number;
  /** Only when it changed. */
  readonly onListeners: (sessionId: string, count: number) => void;
  readonly onError: (what: string, error: EngineError) => void;
}

/** The sources of one media shard's sessions on a real Icecast: bytes, titles, and who listens there. */
export class IcecastOut {
  readonly #options: IcecastOutOptions;
  readonly #target: IcecastTarget;
  readonly #gate: ConnectGate;
  readonly #feeds = new Map<string, Feed>();
  readonly #timers = new Set<TimerHandle>();
  #titlesUnderWay = 0;
  #lastError: string | undefined;
  #closed = false;

  constructor(options: IcecastOutOptions) {
    this.#options = options;
    this.#target = parseIcecastUrl(options.url);
    this.#gate = new ConnectGate(options.clock, Math.floor(MAX_CONNECTS / options.shards));
    this.#every(COUNT_EVERY_MS, () => this.#count());
    this.#every(TITLE_EVERY_MS, () => this.#titles());
  }

  get state(): IcecastShardState {
    if (this.#gate.refused !== undefined) return 'refused';
    let connecting = 0;
    for (const { source } of this.#feeds.values()) {
      if (source.state === 'connected') return 'connected';
      if (source.state === 'connecting') connecting += 1;
    }
    return this.#feeds.size === 0 || connecting > 0 ? 'connecting' : 'away';
  }

  get lastError(): string | undefined {
    return this.#gate.refused ?? (this.state === 'away' ? this.#lastError : undefined);
  }

  open(session: SessionDefinition, name: string): void {
    if (this.#closed || this.#feeds.has(session.id)) return;
    const mp3 = session.format === 'mp3';
    const source = new IcecastSource({
      target: this.#target,
      gate: this.#gate,
      clock: this.#options.clock,
      mount: session.mount,
      name,
      contentType: mp3 ? 'audio/mpeg' : 'application/ogg',
      bitrateKbps: session.bitrateKbps,
      onState: (_state, error) => {
        if (error === undefined) return;
        this.#lastError = error.message;
        this.#options.onError(session.mount, error);
      },
    });
    const feed = { source, mount: session.mount, takesTitles: mp3, listeners: new SteadyCount() };
    this.#feeds.set(session.id, { ...feed, title: '', sentTitle: '' });
  }

  write(sessionId: string, bytes: Uint8Array): void {
    // The engine's buffer is transferred to the main thread: a socket must have its own copy.
    this.#feeds.get(sessionId)?.source.write(Uint8Array.from(bytes));
  }

  setHeader(sessionId: string, header: Uint8Array): void {
    if (header.length > 0) this.#feeds.get(sessionId)?.source.setHeader(Uint8Array.from(header));
  }

  setTitle(sessionId: string, title: string): void {
    const feed = this.#feeds.get(sessionId);
    if (feed !== undefined) feed.title = title;
  }

  closeSession(sessionId: string): void {
    const feed = this.#feeds.get(sessionId);
    if (feed === undefined) return;
    feed.source.close();
    this.#feeds.delete(sessionId);
    if (feed.listeners.count > 0 && !this.#closed) this.#options.onListeners(sessionId, 0);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) this.#options.clock.clearTimeout(timer);
    for (const id of [...this.#feeds.keys()]) this.closeSession(id);
    this.#gate.close();
  }

  async #count(): Promise<void> {
    if (this.#feeds.size === 0) return;
    let counts: ReadonlyMap<string, number> | undefined;
    try {
      if (this.state === 'connected') counts = await readListeners(this.#target);
    } finally {
      // Who cannot be counted is not there: else a session would outlive a lost server for ever.
      for (const [sessionId, { source, mount, listeners }] of this.#feeds) {
        const there = source.state === 'connected';
        if (!listeners.read(there ? counts?.get(mount) : undefined)) continue;
        this.#options.onListeners(sessionId, listeners.count);
      }
    }
  }

  async #titles(): Promise<void> {
    const due = [...this.#feeds.values()].filter(
      (feed) =>
        feed.takesTitles && feed.source.state === 'connected' && feed.title !== feed.sentTitle,
    );
    await Promise.all(
      due.map(async (feed) => {
        if (this.#titlesUnderWay >= MAX_TITLES) return;
        this.#titlesUnderWay += 1;
        const { title } = feed;
        try {
          await updateTitle(this.#target, feed.mount, title);
        } finally {
          feed.sentTitle = title;
          this.#titlesUnderWay -= 1;
        }
      }),
    );
  }

  #every(delayMs: number, work: () => Promise<void>): void {
    const { clock, onError } = this.#options;
    const timer = clock.setTimeout(() => {
      this.#timers.delete(timer);
      work()
        .catch((thrown: unknown) => {
          if (!this.#closed) onError('icecast', EngineError.from(thrown, 'icecast.refused'));
        })
        .finally(() => {
          if (!this.#closed) this.#every(delayMs, work);
        });
    }, delayMs);
    this.#timers.add(timer);
  }
}
