import type { SessionDefinition, SessionState } from '../../actors/session/spine.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Mount, MountTable } from '../../media/mounts/mount.js';
import type { SessionRow } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';

export interface SessionEntry {
  definition: SessionDefinition;
  readonly mount: Mount;
  readonly address: string | undefined;
  icecastListeners: number;
}

/** The open sessions: definition, mount and live row of each, and how many an address has. */
export class SessionEntries {
  readonly #table: LiveTable;
  readonly #mounts: MountTable;
  readonly #clock: Clock;
  readonly #entries = new Map<string, SessionEntry>();
  readonly #byMount = new Map<Mount, string>();
  readonly #perAddress = new Map<string, number>();

  constructor(table: LiveTable, mounts: MountTable, clock: Clock) {
    this.#table = table;
    this.#mounts = mounts;
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): SessionEntry | undefined {
    return this.#entries.get(id);
  }

  idOf(mount: Mount): string | undefined {
    return this.#byMount.get(mount);
  }

  ids(): IterableIterator<string> {
    return this.#entries.keys();
  }

  ofAddress(address: string): number {
    return this.#perAddress.get(address) ?? 0;
  }

  /** Makes mount and row. `name` is shown by players, `shard` by the inspector. */
  add(
    definition: SessionDefinition,
    about: {
      readonly address: string | undefined;
      readonly name: string;
      readonly shard: string;
    },
  ): Mount {
    const { id, projectId, format, bitrateKbps, position, headingDeg, tags } = definition;
    const { address, name, shard } = about;
    const mount = this.#mounts.add({
      path: definition.mount,
      name,
      contentType: format === 'mp3' ? 'audio/mpeg' : 'application/ogg',
      bitrateKbps,
      startedUnixMs: definition.createdAtUnixMs,
    });
    this.#entries.set(id, { definition, mount, address, icecastListeners: 0 });
    this.#byMount.set(mount, id);
    if (address !== undefined) this.#perAddress.set(address, this.ofAddress(address) + 1);
    const row: SessionRow = {
      id,
      projectId,
      state: 'starting',
      sinceUnixMs: this.#clock.nowMs(),
      latitude: position?.latitude ?? null,
      longitude: position?.longitude ?? null,
      headingDeg: headingDeg ?? null,
      tags,
      format,
      bitrateKbps,
      listeners: 0,
      shard,
      hears: [],
      lastError: null,
    };
    this.#table.put({ ...row });
    return mount;
  }

  /** Ends its listeners. False when there was none. */
  remove(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#entries.delete(id);
    this.#byMount.delete(entry.mount);
    this.#mounts.remove(entry.definition.mount);
    if (entry.address !== undefined) {
      const left = this.ofAddress(entry.address) - 1;
      if (left > 0) this.#perAddress.set(entry.address, left);
      else this.#perAddress.delete(entry.address);
    }
    this.#table.remove(id);
    return true;
  }

  /** @throws EngineError `not-found` when it ended or never was. */
  row(id: string): SessionRow {
    const row = this.#table.get(id);
    if (row === undefined || !this.#entries.has(id)) {
      throw new EngineError('not-found', 'there is no such session: it has ended, open a new one');
    }
    return row as unknown as SessionRow;
  }

  setState(id: string, state: SessionState, lastError: string | undefined): void {
    const row = this.#table.get(id);
    if (row === undefined) return;
    const changed = row['state'] !== state;
    this.#table.patch(id, {
      ...(changed ? { state, sinceUnixMs: this.#clock.nowMs() } : {}),
      ...(lastError === undefined ? {} : { lastError }),
    });
  }

  /** Shows how many listen, here and on a real Icecast. */
  showListeners(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#table.patch(id, { listeners: entry.mount.listeners + entry.icecastListeners });
  }
}
