import type { EngineError } from '../engine/errors.js';
import type { ActorInfo } from '../engine/supervisor.types.js';

export interface SnapshotRow {
  readonly id: string;
  readonly kind: string;
  readonly snapshot: string | undefined;
}

export type ActorsListener = (changed: readonly ActorInfo[], removed: readonly string[]) => void;

/**
 * What the main thread knows of the actors of one pool: which ids are owned, their latest inspector row
 * and their latest snapshot. Bounded by the number of actors; a stopped one is forgotten.
 */
export class ShardRegistry {
  readonly #owned = new Set<string>();
  readonly #rows = new Map<string, ActorInfo>();
  readonly #snapshots = new Map<string, string>();
  readonly #parked = new Set<string>();
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
      if (row.state === 'parked') this.#parked.add(row.id);
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

  /** Ids of `shard` that were parked when it was lost; told once. */
  takeParked(shard: string): readonly string[] {
    const ids = [...this.#parked].filter((id) => this.#shardOf(id) === shard);
    for (const id of ids) this.#parked.delete(id);
    return ids;
  }

  #tell(changed: readonly ActorInfo[], removed: readonly string[]): void {
    for (const listener of this.#listeners) listener(changed, removed);
  }
}
