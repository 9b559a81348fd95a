import type {
  Connection,
  FromNotify,
  Outcome,
  Sending,
  ToNotify,
} from '../../actors/notify/protocol.js';
import type { Clock } from '../../engine/clock.js';
import { entryUrl } from '../../engine/entry.js';
import type { EngineError } from '../../engine/errors.js';
import { ThreadPool } from '../../engine/pool.js';
import type { ThreadRow } from '../../engine/thread.types.js';

export type Sent = Outcome | 'lost';

interface Waiting {
  readonly settle: (sent: Sent) => void;
}

/** Sendings gathered for the thread leave together after this. */
const GATHER_MS = 1;
const HANG_MS = 15_000;

/** The thread that talks to the world, seen from the main thread. Ended by `stop`. */
export class Outbox {
  readonly #pool: ThreadPool<ToNotify, FromNotify>;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  /** Connection → version that the present thread knows. */
  #known = new Map<string, number>();
  #sendings: Sending[] = [];
  #connections = new Map<string, Connection>();
  #flushing = false;
  readonly #watchers = new Set<(row: ThreadRow) => void>();

  constructor(options: {
    readonly clock: Clock;
    readonly onFault: (error: EngineError) => void;
    readonly onUp: () => void;
  }) {
    this.#clock = options.clock;
    this.#pool = new ThreadPool<ToNotify, FromNotify>({
      kind: 'notify',
      size: 1,
      entry: entryUrl('actors/notify/notify.worker'),
      workerData: () => ({}),
      hangMs: HANG_MS,
      clock: options.clock,
      wire: (link) => {
        link.on('notify.outcomes', (outcomes) => {
          for (const outcome of outcomes) this.#settle(outcome.ticket, outcome);
        });
      },
      onUp: () => options.onUp(),
      onLost: (_slot, error) => {
        this.#known = new Map();
        this.#sendings = [];
        for (const ticket of [...this.#waiting.keys()]) this.#settle(ticket, 'lost');
        options.onFault(error);
      },
      onFault: options.onFault,
      onChange: (row) => {
        for (const watcher of this.#watchers) watcher(row);
      },
    });
  }

  get pool(): ThreadPool<ToNotify, FromNotify> {
    return this.#pool;
  }

  /** The thread as the health page shows it, and each change of it. @returns what ends the watch. */
  watch(watcher: (row: ThreadRow) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async start(): Promise<void> {
    await this.#pool.start();
  }

  /** Under way or handed over. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Settles with what came of it; `lost` when the thread was, or is being replaced. */
  async send(connection: Connection, sending: Sending): Promise<Sent> {
    if (this.#pool.link(0) === undefined || this.#waiting.has(sending.ticket)) return 'lost';
    return await new Promise((settle) => {
      this.#waiting.set(sending.ticket, { settle });
      if (this.#known.get(connection.id) !== connection.version) {
        this.#connections.set(connection.id, connection);
        this.#known.set(connection.id, connection.version);
      }
      this.#sendings.push(sending);
      this.#flushSoon();
    });
  }

  forget(id: string): void {
    if (this.#known.delete(id)) this.#pool.link(0)?.post('notify.forget', [id]);
  }

  async stop(deadlineMs: number): Promise<void> {
    await this.#pool.stop(deadlineMs);
    for (const ticket of [...this.#waiting.keys()]) this.#settle(ticket, 'lost');
  }

  #settle(ticket: number, sent: Sent): void {
    const waiting = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    waiting?.settle(sent);
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#clock.setTimeout(() => this.#flush(), GATHER_MS);
  }

  #flush(): void {
    this.#flushing = false;
    const link = this.#pool.link(0);
    const sendings = this.#sendings;
    const connections = [...this.#connections.values()];
    this.#sendings = [];
    this.#connections = new Map();
    const told =
      link !== undefined &&
      (connections.length === 0 || link.post('notify.connections', connections)) &&
      link.post('notify.send', sendings);
    if (told) return;
    for (const { id } of connections) this.#known.delete(id);
    for (const { ticket } of sendings) this.#settle(ticket, 'lost');
  }
}
