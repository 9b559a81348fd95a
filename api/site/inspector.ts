import { EngineError } from '../../engine/errors.js';
import type { ActorInfo } from '../../engine/supervisor.types.js';
import type { ActorRow } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';

/** Something that keeps actors: a pool of shards, or the main thread itself. */
export interface ActorSource {
  rows(): Iterable<ActorInfo>;
  row(id: string): ActorInfo | undefined;
  /** Calls back with rows that changed and ids that are gone; answers how to end that. */
  onActors(
    listener: (changed: readonly ActorInfo[], removed: readonly string[]) => void,
  ): () => void;
  park(id: string): Promise<boolean>;
  restart(id: string): Promise<boolean>;
  stop(id: string): Promise<boolean>;
}

/** The actor inspector: all actors of the process in one live table, and the three things done by hand. */
export class Inspector {
  readonly #table: LiveTable;
  readonly #sources: ActorSource[] = [];
  readonly #ends: (() => void)[] = [];

  constructor(table: LiveTable) {
    this.#table = table;
  }

  add(source: ActorSource): void {
    this.#sources.push(source);
    for (const info of source.rows()) this.#table.put({ ...toRow(info) });
    this.#ends.push(
      source.onActors((changed, removed) => {
        for (const info of changed) this.#table.put({ ...toRow(info) });
        for (const id of removed) this.#table.remove(id);
      }),
    );
  }

  *list(): IterableIterator<ActorRow> {
    for (const source of this.#sources) {
      for (const info of source.rows()) yield toRow(info);
    }
  }

  /** @throws EngineError `not-found` naming the id. */
  park(id: string): Promise<boolean> {
    return this.#holder(id).park(id);
  }

  restart(id: string): Promise<boolean> {
    return this.#holder(id).restart(id);
  }

  stop(id: string): Promise<boolean> {
    return this.#holder(id).stop(id);
  }

  close(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #holder(id: string): ActorSource {
    const holder = this.#sources.find((source) => source.row(id) !== undefined);
    if (holder !== undefined) return holder;
    throw new EngineError('not-found', `there is no actor "${id}"; GET /v1/actors lists them`);
  }
}

function toRow(info: ActorInfo): ActorRow {
  return { ...info, lastError: info.lastError ?? null };
}
