import type { EngineError } from '../engine/errors.js';
import type { ActorInfo } from '../engine/supervisor.types.js';
import type { SnapshotRow } from './host.protocol.js';

export type ActorsListener = (changed: readonly ActorInfo[], removed: readonly string[]) => void;

/**
 * What the main thread knows of the actors of one pool: which ids are owned, their latest inspector row
 * and their latest snapshot. Bounded by the number of actors; a stopped one is forgotten.
 */
export class ShardRegistry {
  readonly #owned = new Set<string>();
  readonly #rows = new Map<string, ActorInfo>();
  readonly #snapshots = new Map<string, string>();
  /** Parked in a thread that is lost → last error, until it is parked again. */
  readonly #parked = new Map<string, string | undefined>();
  readonly #listeners = new Set<ActorsListener>();
  readonly #shardOf: (id: string) => string;
  readonly #onSnapshots: ((rows: readonly SnapshotRow[]) => void) | undefined;

  constructor(
    shardOf: (id: string) => string,
    onSnapshots: ((rows: readonly SnapshotRow[]) => void) | undefined,
  ) {
    this.#shardOf = shardOf;
    this.#onSnapshots = onSnapshots;
  }

  get size(): number {
    return this.#owned.size;
  }

  /** Latest inspector rows of all actors of the pool. */
  rows(): IterableIterator<ActorInfo> {
    return this.#rows.values();
  }

  row(id: string): ActorInfo | undefined {
    return this.#rows.get(id);
  }

  onActors(listener: ActorsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  own(id: string, snapshot: string | undefined): void {
    this.#owned.add(id);
    if (snapshot !== undefined) this.#snapshots.set(id, snapshot);
  }

  changed(changed: readonly ActorInfo[], removed: readonly string[]): void {
    for (const row of changed) {
      this.#owned.add(row.id);
      this.#rows.set(row.id, row);
    }
    for (const id of removed) {
      this.#owned.delete(id);
      this.#rows.delete(id);
    }
    this.#tell(changed, removed);
  }

  snapshots(rows: readonly SnapshotRow[]): void {
    for (const { id, snapshot } of rows) {
      if (snapshot === undefined) this.#snapshots.delete(id);
      else this.#snapshots.set(id, snapshot);
    }
    this.#onSnapshots?.(rows);
  }

  /** Snapshots that are stored by whoever tells of them. */
  remember(rows: readonly { readonly id: string; readonly snapshot: string }[]): void {
    for (const { id, snapshot } of rows) this.#snapshots.set(id, snapshot);
  }

  snapshotsOf(ids: readonly string[]): Readonly<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const id of ids) {
      const snapshot = this.#snapshots.get(id);
      if (snapshot !== undefined) found[id] = snapshot;
    }
    return found;
  }

  idsOf(shard: string): readonly string[] {
    const ids: string[] = [];
    for (const id of this.#owned) if (this.#shardOf(id) === shard) ids.push(id);
    return ids;
  }

  /** The thread is gone: its actors are shown as restarting, and who was parked is remembered. */
  lost(shard: string, error: EngineError, nowUnixMs: number): void {
    const changed: ActorInfo[] = [];
    for (const row of this.#rows.values()) {
      if (row.shard !== shard) continue;
      if (row.state === 'parked' || row.state === 'stopped')
        this.#parked.set(row.id, row.lastError);
      changed.push({
        ...row,
        state: 'restarting',
        sinceUnixMs: nowUnixMs,
        lastError: error.message,
        mailboxDepth: 0,
      });
    }
    for (const row of changed) this.#rows.set(row.id, row);
    this.#tell(changed, []);
  }

  /** Ids of `shard` that were parked when it was lost, each with its last error. */
  parkedOf(shard: string): readonly (readonly [id: string, lastError: string | undefined])[] {
    return [...this.#parked].filter(([id]) => this.#shardOf(id) === shard);
  }

  /** Everything that lives in `shard` after its actors were adopted again; what is not there is gone. */
  recovered(shard: string, rows: readonly ActorInfo[]): void {
    const alive = new Set(rows.map(({ id }) => id));
    const removed: string[] = [];
    for (const row of this.#rows.values()) {
      if (row.shard === shard && !alive.has(row.id)) removed.push(row.id);
    }
    for (const id of this.#parked.keys()) if (this.#shardOf(id) === shard) this.#parked.delete(id);
    this.changed(rows, removed);
  }

  #tell(changed: readonly ActorInfo[], removed: readonly string[]): void {
    for (const listener of this.#listeners) listener(changed, removed);
  }
}
