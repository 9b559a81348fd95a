import type { SessionDefinition, SessionState } from '../../actors/session/protocol.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Mount, MountTable } from '../../media/mounts/mount.js';
import type { Row } from '../contract/live.js';
import type { SessionRow } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';
import type { EndReason } from './visits.js';

/** As the engine knows a session. The row that people see has its number as id. */
export interface OpenSession extends Omit<SessionRow, 'id'> {
  /** Secret: who has it steers the session. */
  readonly id: string;
}

export interface SessionEntry {
  definition: SessionDefinition;
  readonly mount: Mount;
  readonly address: string | undefined;
  icecastListeners: number;
  /** Where its tracks and queue are, to go on elsewhere. */
  place: string | undefined;
  /** Why it is ending, until it has ended. */
  endReason: EndReason | undefined;
}

/** Sessions that ended lately, of which it is known why. */
const MAX_ENDED = 2_000;

const WHY: Readonly<Record<EndReason, string>> = {
  idle: 'because nobody listened and nothing was heard of its client for a while',
  stopped: 'because its client ended it',
  killed: 'because somebody who watches the site ended it',
  failed: 'because its sound could not be made',
};

/** The open sessions: definition, mount and live row of each, and how many an address has. */
export class SessionEntries {
  readonly #table: LiveTable;
  readonly #mounts: MountTable;
  readonly #clock: Clock;
  readonly #entries = new Map<string, SessionEntry>();
  readonly #byNumber = new Map<number, string>();
  readonly #byMount = new Map<Mount, string>();
  readonly #perAddress = new Map<string, number>();
  readonly #ended = new Map<string, EndReason>();
  #expected = 0;

  constructor(table: LiveTable, mounts: MountTable, clock: Clock) {
    this.#table = table;
    this.#mounts = mounts;
    this.#clock = clock;
  }

  /** Open ones, and those that are being opened. */
  get size(): number {
    return this.#entries.size + this.#expected;
  }

  /** Counts one that is being opened, so that a burst cannot slip past the limits. @returns ends that. */
  expect(address: string | undefined): () => void {
    this.#expected += 1;
    this.#count(address, 1);
    return () => {
      this.#expected -= 1;
      this.#count(address, -1);
    };
  }

  get(id: string): SessionEntry | undefined {
    return this.#entries.get(id);
  }

  idOf(mount: Mount): string | undefined {
    return this.#byMount.get(mount);
  }

  ofNumber(number: number): string | undefined {
    return this.#byNumber.get(number);
  }

  ids(): IterableIterator<string> {
    return this.#entries.keys();
  }

  all(): IterableIterator<SessionEntry> {
    return this.#entries.values();
  }

  ofAddress(address: string): number {
    return this.#perAddress.get(address) ?? 0;
  }

  /** Makes mount and row. `name` is shown by players, `shard` by the inspector. @throws `conflict`. */
  add(
    definition: SessionDefinition,
    about: {
      readonly address: string | undefined;
      readonly name: string;
      readonly shard: string;
    },
  ): SessionEntry {
    const { id, format, bitrateKbps } = definition;
    const { address, name, shard } = about;
    const mount = this.#mounts.add({
      path: definition.mount,
      name,
      contentType: format === 'mp3' ? 'audio/mpeg' : 'application/ogg',
      bitrateKbps,
      startedUnixMs: definition.createdAtUnixMs,
      hidden: definition.output === 'icecast',
      personal: true,
    });
    const entry: SessionEntry = {
      definition,
      mount,
      address,
      icecastListeners: 0,
      place: undefined,
      endReason: undefined,
    };
    this.#entries.set(id, entry);
    this.#byNumber.set(definition.number, id);
    this.#byMount.set(mount, id);
    this.#count(address, 1);
    const row: SessionRow = {
      id: String(definition.number),
      ...shownOf(definition),
      state: 'starting',
      sinceUnixMs: this.#clock.nowMs(),
      listeners: 0,
      shard,
      hears: [],
      tracks: [],
      lastError: null,
    };
    this.#table.put({ ...row });
    return entry;
  }

  /** Takes over a session's new choices and shows them. */
  update(id: string, definition: SessionDefinition): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.definition = definition;
    this.show(id, shownOf(definition));
  }

  /** Ends its listeners. False when there was none. */
  remove(id: string, reason: EndReason | undefined): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#entries.delete(id);
    this.#byNumber.delete(entry.definition.number);
    this.#byMount.delete(entry.mount);
    this.#mounts.remove(entry.definition.mount);
    this.#count(entry.address, -1);
    this.#table.remove(keyOf(entry));
    if (reason !== undefined) this.#ended.set(id, reason);
    if (this.#ended.size > MAX_ENDED) {
      for (const oldest of this.#ended.keys()) {
        this.#ended.delete(oldest);
        break;
      }
    }
    return true;
  }

  /** @throws EngineError `not-found` when it ended (and why, if that is known) or never was. */
  row(id: string): OpenSession {
    const row = this.#shown(id);
    if (row === undefined) {
      const why = this.#ended.get(id);
      throw new EngineError(
        'not-found',
        why === undefined
          ? 'there is no such session: it has ended, open a new one'
          : `the session has ended ${WHY[why]}: open a new one`,
      );
    }
    return { ...(row as unknown as SessionRow), id };
  }

  setState(id: string, state: SessionState, lastError: string | undefined): void {
    const row = this.#shown(id);
    if (row === undefined) return;
    const changed = row['state'] !== state;
    this.show(id, {
      ...(changed ? { state, sinceUnixMs: this.#clock.nowMs() } : {}),
      ...(lastError === undefined ? {} : { lastError }),
    });
  }

  #count(address: string | undefined, by: number): void {
    if (address === undefined) return;
    const left = this.ofAddress(address) + by;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }

  /** Shows how many listen, here and on a real Icecast. */
  showListeners(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.show(id, { listeners: listenersOf(entry) });
  }

  /** Changes fields of its row; nothing when it ended. */
  show(id: string, fields: Partial<Omit<SessionRow, 'id'>>): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#table.patch(keyOf(entry), fields);
  }

  #shown(id: string): Row | undefined {
    const entry = this.#entries.get(id);
    return entry === undefined ? undefined : this.#table.get(keyOf(entry));
  }
}

const keyOf = ({ definition }: SessionEntry): string => String(definition.number);

export function listenersOf({ mount, icecastListeners }: SessionEntry): number {
  return mount.listeners + icecastListeners;
}

function shownOf(definition: SessionDefinition) {
  return {
    number: definition.number,
    projectId: definition.projectId,
    profile: definition.profile,
    startedUnixMs: definition.createdAtUnixMs,
    latitude: definition.position?.latitude ?? null,
    longitude: definition.position?.longitude ?? null,
    headingDeg: definition.headingDeg ?? null,
    rangeMaxM: definition.rangeMaxM ?? null,
    tagIds: definition.tagIds ?? null,
    languageId: definition.languageId ?? null,
    userId: definition.userId ?? null,
    format: definition.format,
    bitrateKbps: definition.bitrateKbps,
  };
}
