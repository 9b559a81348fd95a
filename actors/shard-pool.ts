import { type Clock, SystemClock } from '../engine/clock.js';
import { EngineError } from '../engine/errors.js';
import type { Link, LinkContract } from '../engine/link.types.js';
import { ThreadPool, type ThreadPoolOptions } from '../engine/pool.js';
import { ShardMap } from '../engine/shard-map.js';
import type { ThreadRow } from '../engine/thread.types.js';
import type { ShardData } from './host.js';
import type { FaultKind, HostPosts, HostRequests, SnapshotRow } from './host.protocol.js';
import { ShardRegistry } from './shard-registry.js';

interface HostContract extends LinkContract {
  readonly requests: HostRequests;
}

interface HostContractBack extends LinkContract {
  readonly posts: HostPosts;
}

/** One shard as `adopt` sees it. */
export interface Shard<Out extends LinkContract, In extends LinkContract> {
  readonly slot: number;
  readonly name: string;
  readonly link: Link<Out, In>;
}

export interface ShardPoolOptions<TOptions, Out extends LinkContract, In extends LinkContract>
  extends Pick<
    ThreadPoolOptions<Out, In>,
    | 'kind'
    | 'size'
    | 'entry'
    | 'native'
    | 'resourceLimits'
    | 'heartbeatMs'
    | 'hangMs'
    | 'startMs'
    | 'intensity'
    | 'backoffMs'
    | 'maxPosts'
  > {
  /** What the shard reads as `host.options`. */
  readonly options: (slot: number, name: string) => TOptions;
  /** Registers listeners and handlers of the shard's own contract, once for each incarnation. */
  readonly wire?: (shard: Shard<Out, In>) => void;
  /**
   * Gives actors to a shard: when they are placed, and again when the shard's thread was replaced.
   * A rejection is retried while that thread lives, so ids that are there already must be left as they are.
   * Ids the callback does not know are left out.
   */
  readonly adopt: (
    shard: Shard<Out, In>,
    ids: readonly string[],
    snapshots: Readonly<Record<string, string>>,
  ) => Promise<void>;
  /** Persisted snapshots that changed; `undefined` forgets. For the control store. */
  readonly onSnapshots?: (rows: readonly SnapshotRow[]) => void;
  /** A lost thread's actors are all adopted again. */
  readonly onRecovered?: (slot: number, facts: RecoveryFacts) => void;
  readonly onFault?: (error: EngineError) => void;
  readonly clock?: Clock;
  /** Tests only: the threads obey `breakShard`. */
  readonly faults?: boolean;
}

export interface RecoveryFacts {
  readonly actors: number;
  /** From the moment the loss was noticed to the end of adoption. */
  readonly tookMs: number;
}

const ADOPT_AT_ONCE = 2_000;
const ADOPT_TRIES = 5;
const ADOPT_AGAIN_MS = 200;

/**
 * The main thread's side of all shards of one kind: who owns which id, the way to it, what every actor's
 * latest state and snapshot are, and bringing them back when a thread is lost.
 */
export class ShardPool<TOptions, Out extends LinkContract, In extends LinkContract> {
  readonly registry: ShardRegistry;
  readonly #options: ShardPoolOptions<TOptions, Out, In>;
  readonly #clock: Clock;
  readonly #pool: ThreadPool<Out, In>;
  readonly #map: ShardMap;
  readonly #slots: ReadonlyMap<string, number>;
  readonly #lostAtMonoMs = new Map<number, number>();
  readonly #shardListeners = new Set<(row: ThreadRow) => void>();

  constructor(options: ShardPoolOptions<TOptions, Out, In>) {
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.registry = new ShardRegistry((id) => this.nameOf(id), options.onSnapshots);
    this.#pool = new ThreadPool<Out, In>({
      ...options,
      clock: this.#clock,
      workerData: (slot, name): ShardData<TOptions> => ({
        options: options.options(slot, name),
        faults: options.faults ?? false,
      }),
      wire: (link, slot, name) => {
        this.#wire({ link, slot, name });
      },
      onUp: (slot, thread, replaced) => {
        if (replaced) void this.#readopt({ slot, name: thread.name, link: thread.link });
      },
      onLost: (slot, error) => {
        this.#lostAtMonoMs.set(slot, this.#clock.monoMs());
        this.registry.lost(this.#pool.name(slot), error, this.#clock.nowMs());
        this.#options.onFault?.(error);
      },
      onChange: (row) => {
        for (const listener of this.#shardListeners) listener(row);
      },
    });
    const names = Array.from({ length: options.size }, (_, slot) => this.#pool.name(slot));
    this.#map = new ShardMap(names);
    this.#slots = new Map(names.map((name, slot) => [name, slot]));
  }

  get size(): number {
    return this.#pool.size;
  }

  /** Threads left behind in native code, see `ThreadPool.stuck`. */
  get stuck(): number {
    return this.#pool.stuck;
  }

  /** Resolves when every thread is ready; rejects with the first one's error when one is not. */
  start(): Promise<void> {
    return this.#pool.start();
  }

  /** Cooperative stop of all threads; answers how many had to be left behind. */
  stop(deadlineMs: number): Promise<number> {
    return this.#pool.stop(deadlineMs);
  }

  /** Slot of the shard that owns `id`. */
  ownerOf(id: string): number {
    return this.#slots.get(this.nameOf(id)) ?? 0;
  }

  /** Name of the shard that owns `id`. */
  nameOf(id: string): string {
    return this.#map.ownerOf(id) ?? '';
  }

  /** The way to the owner of `id`; undefined while its thread is being replaced. */
  linkOf(id: string): Link<Out, In> | undefined {
    return this.#pool.link(this.ownerOf(id));
  }

  /** The way to the thread in a slot; undefined while it is being replaced. */
  linkAt(slot: number): Link<Out, In> | undefined {
    return this.#pool.link(slot);
  }

  /** As `linkOf`, for callers that have nobody to ask again. @throws EngineError `thread.lost`. */
  linkTo(id: string): Link<Out, In> {
    const link = this.linkOf(id);
    if (link !== undefined) return link;
    throw new EngineError('thread.lost', `${this.nameOf(id)} is being replaced: try again`);
  }

  links(): readonly Link<Out, In>[] {
    const links: Link<Out, In>[] = [];
    for (let slot = 0; slot < this.#pool.size; slot += 1) {
      const link = this.#pool.link(slot);
      if (link !== undefined) links.push(link);
    }
    return links;
  }

  /**
   * Gives new or stored actors to their owners. Those of a shard that is down right now are adopted when it
   * is back. Rejects with the first refusal of a living shard.
   */
  async place(
    ids: readonly string[],
    snapshots: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const bySlot = new Map<number, string[]>();
    for (const id of ids) {
      this.registry.own(id, snapshots[id]);
      const slot = this.ownerOf(id);
      const list = bySlot.get(slot);
      if (list === undefined) bySlot.set(slot, [id]);
      else list.push(id);
    }
    await Promise.all(
      [...bySlot].map(async ([slot, list]) => {
        const link = this.#pool.link(slot);
        if (link === undefined) return;
        try {
          await this.#adopt({ slot, name: this.#pool.name(slot), link }, list);
        } catch (thrown) {
          // The thread was lost over it: its replacement adopts them with the others.
          if (link.closed === undefined) throw thrown;
        }
      }),
    );
  }

  shards(): readonly ThreadRow[] {
    return this.#pool.rows();
  }

  /** Counters of each thread's last heartbeat, by thread name. */
  counters(): ReadonlyMap<string, Readonly<Record<string, number>>> {
    return this.#pool.counters();
  }

  onShard(listener: (row: ThreadRow) => void): () => void {
    this.#shardListeners.add(listener);
    return () => this.#shardListeners.delete(listener);
  }

  park(id: string): Promise<boolean> {
    return this.#hostOf(id).call('actors.park', { id });
  }

  restart(id: string): Promise<boolean> {
    return this.#hostOf(id).call('actors.restart', { id });
  }

  stopActor(id: string): Promise<boolean> {
    return this.#hostOf(id).call('actors.stop', { id });
  }

  /** Tests only, see `faults`. */
  breakShard(slot: number, how: FaultKind): Promise<boolean> {
    const link = this.#pool.link(slot);
    if (link === undefined) throw new EngineError('thread.lost', `slot ${slot} is down already`);
    return asHost(link).call('host.fault', { how });
  }

  #hostOf(id: string): Link<HostContract, HostContractBack> {
    return asHost(this.linkTo(id));
  }

  #wire(shard: Shard<Out, In>): void {
    const host = asHost(shard.link);
    host.on('actors.changed', ({ changed, removed }) => {
      this.registry.changed(changed, removed);
    });
    host.on('actors.snapshot', (rows) => {
      this.registry.snapshots(rows);
    });
    this.#options.wire?.(shard);
  }

  async #adopt(shard: Shard<Out, In>, ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += ADOPT_AT_ONCE) {
      const chunk = ids.slice(from, from + ADOPT_AT_ONCE);
      await this.#options.adopt(shard, chunk, this.registry.snapshotsOf(chunk));
    }
  }

  async #readopt(shard: Shard<Out, In>): Promise<void> {
    const ids = this.registry.idsOf(shard.name);
    for (let attempt = 1; shard.link.closed === undefined; attempt += 1) {
      try {
        await this.#adopt(shard, ids);
        await this.#settle(shard);
        const lostAtMonoMs = this.#lostAtMonoMs.get(shard.slot) ?? this.#clock.monoMs();
        this.#options.onRecovered?.(shard.slot, {
          actors: ids.length,
          tookMs: this.#clock.monoMs() - lostAtMonoMs,
        });
        return;
      } catch (thrown) {
        this.#options.onFault?.(EngineError.from(thrown));
        if (attempt >= ADOPT_TRIES) return;
        await new Promise<void>((resolve) => {
          this.#clock.setTimeout(resolve, ADOPT_AGAIN_MS * attempt);
        });
      }
    }
  }

  async #settle(shard: Shard<Out, In>): Promise<void> {
    const host = asHost(shard.link);
    for (const [id, lastError] of this.registry.parkedOf(shard.name)) {
      await host.call('actors.park', { id, lastError });
    }
    this.registry.recovered(shard.name, await host.call('actors.list', {}));
  }
}

function asHost<Out extends LinkContract, In extends LinkContract>(
  link: Link<Out, In>,
): Link<HostContract, HostContractBack> {
  return link as unknown as Link<HostContract, HostContractBack>;
}
