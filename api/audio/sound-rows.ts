import type { ContentStore } from '../../actors/content/store.types.js';
import type { SoundRows } from './project-sound.js';

/** Tables that a project's definition is made of; its assets, which may be very many, are not among them. */
export const SOUND_TABLES = [
  'projects',
  'speakers',
  'audioTracks',
  'timedAssets',
  'tags',
  'uiGroups',
  'uiItems',
] as const;
export type SoundTable = (typeof SOUND_TABLES)[number];

const KNOWN: ReadonlySet<string> = new Set(SOUND_TABLES);
export const isSoundTable = (name: string): name is SoundTable => KNOWN.has(name);

type RowOf<K extends SoundTable> = NonNullable<Awaited<ReturnType<ContentStore[K]['get']>>>;
type Tables = { readonly [K in SoundTable]: Map<number, RowOf<K>> };

/** The rows of all projects' definitions in memory, and whose each of them is. */
export class SoundRowStore {
  readonly #content: ContentStore;
  readonly #tables: Tables = {
    projects: new Map(),
    speakers: new Map(),
    audioTracks: new Map(),
    timedAssets: new Map(),
    tags: new Map(),
    uiGroups: new Map(),
    uiItems: new Map(),
  };

  constructor(content: ContentStore) {
    this.#content = content;
  }

  projectIds(): IterableIterator<number> {
    return this.#tables.projects.keys();
  }

  /** Reads everything anew. */
  async readAll(): Promise<void> {
    for (const name of SOUND_TABLES) await this.#readTable(name);
  }

  /**
   * Reads rows that changed; those that are gone are forgotten.
   * @returns the projects they belong and belonged to.
   */
  async refresh(name: SoundTable, ids: readonly number[]): Promise<ReadonlySet<number>> {
    const touched = new Set<number>();
    const touch = (id: number): void => {
      const project = this.#projectOf(name, id);
      if (project !== undefined) touched.add(project);
    };
    for (const id of ids) touch(id);
    await this.#read(name, ids);
    for (const id of ids) touch(id);
    return touched;
  }

  /** Projects in which one of these assets has a time; rows of assets that are gone go with them. */
  timedOf(assetIds: ReadonlySet<number>, gone: boolean): ReadonlySet<number> {
    const projects = new Set<number>();
    for (const row of [...this.#tables.timedAssets.values()]) {
      if (!assetIds.has(row.assetId)) continue;
      projects.add(row.projectId);
      if (gone) this.#tables.timedAssets.delete(row.id);
    }
    return projects;
  }

  /** Undefined: there is no such project. */
  of(projectId: number): SoundRows | undefined {
    const project = this.#tables.projects.get(projectId);
    if (project === undefined) return undefined;
    const mine = <T extends { readonly id: number; readonly projectId: number }>(
      rows: ReadonlyMap<number, T>,
    ): T[] => [...rows.values()].filter((row) => row.projectId === projectId).sort(byId);
    const uiGroups = mine(this.#tables.uiGroups);
    const groupIds = new Set(uiGroups.map(({ id }) => id));
    return {
      project,
      speakers: mine(this.#tables.speakers),
      tracks: mine(this.#tables.audioTracks),
      timedAssets: mine(this.#tables.timedAssets),
      tags: mine(this.#tables.tags),
      uiGroups,
      uiItems: [...this.#tables.uiItems.values()].filter((row) => groupIds.has(row.groupId)),
    };
  }

  #projectOf(name: SoundTable, id: number): number | undefined {
    if (name === 'projects') return id;
    if (name === 'uiItems') {
      const item = this.#tables.uiItems.get(id);
      return item === undefined ? undefined : this.#tables.uiGroups.get(item.groupId)?.projectId;
    }
    return this.#tables[name].get(id)?.projectId;
  }

  async #readTable(name: SoundTable): Promise<void> {
    const found = new Map<number, { readonly id: number }>();
    for await (const rows of this.#content[name].each()) {
      for (const row of rows) found.set(row.id, row);
    }
    this.#replace(name, found);
  }

  async #read(name: SoundTable, ids: readonly number[]): Promise<void> {
    const rows: readonly { readonly id: number }[] = await this.#content[name].many(ids);
    const map = this.#tables[name] as unknown as Map<number, unknown>;
    for (const id of ids) map.delete(id);
    for (const row of rows) map.set(row.id, row);
  }

  #replace(name: SoundTable, rows: ReadonlyMap<number, unknown>): void {
    const map = this.#tables[name] as unknown as Map<number, unknown>;
    map.clear();
    for (const [id, row] of rows) map.set(id, row);
  }
}

const byId = (a: { readonly id: number }, b: { readonly id: number }): number => a.id - b.id;
