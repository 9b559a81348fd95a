import type { Clock } from '../engine/clock.js';
import { SystemClock } from '../engine/clock.js';
import { EngineError } from '../engine/errors.js';
import type { Link, LinkContract } from '../engine/link.types.js';
import { Supervisor } from '../engine/supervisor.js';
import type { ActorInfo, SupervisorReport } from '../engine/supervisor.types.js';
import { openThread, type ThreadHandle } from '../engine/thread.js';
import { breakThread } from './host.fault.js';
import type { HostPosts, HostRequests, SnapshotRow } from './host.protocol.js';

const CHANGED_EVERY_MS = 100;
/** Rows and snapshots told at once: more would hold up the shard's event loop. The rest follows soon. */
const CHANGED_AT_ONCE = 1_000;
const CHANGED_REST_MS = 5;

interface HostOut extends LinkContract {
  readonly posts: HostPosts;
}

interface HostIn extends LinkContract {
  readonly requests: HostRequests;
}

export interface ShardHostOptions {
  readonly clock?: Clock;
  readonly report?: (report: SupervisorReport) => void;
  /** Snapshot of an actor with what its kind keeps beside the machine. Default: the machine's. */
  readonly persisted?: (id: string) => string | undefined;
  /** Posts in flight to the main thread. Default: the link's. */
  readonly maxPosts?: number;
}

/** `workerData` of a shard thread: the kind's own options, and what every host understands. */
export interface ShardData<TOptions> {
  readonly options: TOptions;
  /** Lets a test break this thread with the `fault` request. */
  readonly faults: boolean;
}

/**
 * The worker side of a shard: link to the main thread, supervisor, inspector rows and snapshots. A shard
 * registers its own handlers on `link`, then calls `ready`.
 *
 * ```ts
 * const host = new ShardHost<DeviceShardOptions, FromDeviceShard, ToDeviceShard>();
 * host.link.handle('devices.adopt', …);
 * host.onStop(async () => { await writer.close(); });
 * host.ready();
 * ```
 */
export class ShardHost<
  TOptions,
  Out extends LinkContract & { readonly posts: HostPosts },
  In extends LinkContract & { readonly requests: HostRequests },
> {
  readonly name: string;
  readonly options: TOptions;
  readonly link: Link<Out, In>;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly #thread: ThreadHandle<Out, In>;
  readonly #posts: Link<HostOut, HostIn>;
  /** Ids to tell of → whether the snapshot is to be told too. */
  readonly #dirty = new Map<string, boolean>();
  readonly #stops: ((deadlineMs: number) => Promise<void>)[] = [];
  readonly #persisted: (id: string) => string | undefined;
  readonly #counters = new Map<string, () => number>();
  #flushDue = false;
  #stopping = false;
  #stopped: Promise<number> | undefined;

  constructor(options: ShardHostOptions = {}) {
    this.clock = options.clock ?? new SystemClock();
    this.#thread = openThread<Out, In>({
      clock: this.clock,
      onStop: (deadlineMs) => this.#stop(deadlineMs),
      actors: () => this.supervisor.size,
      counters: () => Object.fromEntries([...this.#counters].map(([name, read]) => [name, read()])),
      link: { ...(options.maxPosts === undefined ? {} : { maxPosts: options.maxPosts }) },
    });
    const data = this.#thread.data as ShardData<TOptions>;
    this.name = this.#thread.name;
    this.options = data.options;
    this.link = this.#thread.link;
    // The base's own view of the same link: its methods are a part of every shard's contract.
    this.#posts = this.link as unknown as Link<HostOut, HostIn>;
    this.supervisor = new Supervisor({
      shard: this.name,
      clock: this.clock,
      onChange: (id, edge) => {
        this.#noteChange(id, edge);
      },
      ...(options.report === undefined ? {} : { report: options.report }),
    });
    this.#persisted = options.persisted ?? ((id) => this.supervisor.persisted(id));
    this.#wire(data.faults);
  }

  /** Everything is registered: the pool may send work. */
  ready(): void {
    this.#thread.ready();
  }

  /** Runs when the thread is asked to stop, after its actors stopped, in the order of registration. */
  onStop(stop: (deadlineMs: number) => Promise<void>): void {
    this.#stops.push(stop);
  }

  /** A number read at each heartbeat and kept by the main thread under `name`. */
  counter(name: string, read: () => number): void {
    this.#counters.set(name, read);
  }

  #wire(faults: boolean): void {
    const link = this.#posts;
    link.handle('actors.list', () => [...this.supervisor.list()]);
    link.handle('actors.park', ({ id, lastError }) =>
      this.supervisor.park(
        id,
        lastError === undefined ? undefined : new EngineError('internal', lastError),
      ),
    );
    link.handle('actors.restart', ({ id }) => this.supervisor.restart(id));
    link.handle('actors.stop', ({ id }) => this.supervisor.stopByHand(id));
    link.handle('host.stop', async ({ deadlineMs }) => ({
      stopped: await this.#stop(deadlineMs),
    }));
    link.handle('host.fault', ({ how }) => {
      if (!faults) throw new EngineError('auth.denied', 'faults are for tests only');
      return breakThread(how);
    });
  }

  #noteChange(id: string, edge: boolean): void {
    this.#dirty.set(id, edge || this.#dirty.get(id) === true);
    if (!this.#stopping) this.#flushIn(CHANGED_EVERY_MS);
  }

  #flushIn(delayMs: number): void {
    if (this.#flushDue || this.link.closed !== undefined) return;
    this.#flushDue = true;
    this.clock.setTimeout(() => {
      this.#flushDue = false;
      if (this.#stopping) return;
      const told = this.#flush(CHANGED_AT_ONCE);
      if (this.#dirty.size > 0) this.#flushIn(told ? CHANGED_REST_MS : CHANGED_EVERY_MS);
    }, delayMs);
  }

  // A full link keeps the ids dirty: rows are latest state, so nothing is lost by telling them later.
  #flush(limit: number): boolean {
    const changed: ActorInfo[] = [];
    const removed: string[] = [];
    const snapshots: SnapshotRow[] = [];
    const told: string[] = [];
    for (const [id, edge] of this.#dirty) {
      if (told.length === limit) break;
      told.push(id);
      const info = this.supervisor.info(id);
      if (info === undefined) {
        removed.push(id);
        snapshots.push({ id, kind: '', snapshot: undefined });
        continue;
      }
      changed.push(info);
      const snapshot = edge ? this.#persisted(id) : undefined;
      if (snapshot !== undefined) snapshots.push({ id, kind: info.kind, snapshot });
    }
    if (told.length === 0) return true;
    if (!this.#posts.post('actors.changed', { changed, removed })) return false;
    if (snapshots.length > 0 && !this.#posts.post('actors.snapshot', snapshots)) return false;
    for (const id of told) this.#dirty.delete(id);
    return true;
  }

  // A planned stop keeps the snapshots as they were while the actors lived: they come back from them.
  #stop(deadlineMs: number): Promise<number> {
    this.#stopped ??= (async () => {
      this.#flush(this.#dirty.size);
      this.#stopping = true;
      const stopped = this.supervisor.size;
      await this.supervisor.stopAll();
      for (const stop of this.#stops) await stop(deadlineMs);
      return stopped;
    })();
    return this.#stopped;
  }
}
