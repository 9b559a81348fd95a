import type { ContentTable } from '../../actors/content/store.types.js';
import type { DiscoveryRow } from '../../actors/inventory/inventory.types.js';
import type { FoundDevice } from '../../actors/plugins/sdk/plugin.types.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { DiscoveryLiveRow } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';
import type { Instances } from './instances.js';
import type { RecordBook } from './record-book.js';

export interface DiscoveriesOptions {
  readonly table: ContentTable<DiscoveryRow>;
  readonly live: LiveTable;
  readonly book: RecordBook;
  readonly instances: Instances;
  readonly clock: Clock;
  /** Registers what was found as a device. @throws EngineError */
  readonly register: (row: DiscoveryRow) => Promise<void>;
  /** A known device has another address. */
  readonly moved: (deviceId: string, address: string, port: number | null) => Promise<void>;
  /** Devices of this instance need no decision: it reaches nothing outside. */
  readonly byItself: (instanceId: number) => boolean;
  readonly onFault: (error: EngineError) => void;
}

export interface Acted {
  readonly done: number;
  readonly refused: readonly { readonly id: number; readonly reason: string }[];
}

/** Of the queue; when it is full, what was decided and what is not seen any more leaves, and the rest is told. */
const MAX_ROWS = 10_000;
/** Of one vendor connection, so that one that finds without end leaves room for the others. */
const MAX_ROWS_EACH = 5_000;
/** Not seen for so long, what waits for a decision may leave a full queue; what was rejected after a week. */
const UNSEEN_MS = 86_400_000;
const REJECTED_MS = 7 * UNSEEN_MS;
const TELL_FULL_EVERY_MS = 600_000;
/** Lots of found devices that wait for their turn; further ones are left: who is still there is found again. */
const MAX_WAITING = 50;
/** How often a device that is seen all the time is noted. */
const SEEN_EVERY_MS = 60_000;

/**
 * The queue of devices that were found and wait for a decision. A device that is known already is told by its
 * serial number, then MAC, then address, then external id; one that answers at the address of another is shown as
 * such and never taken for it.
 */
export class Discoveries {
  readonly #options: DiscoveriesOptions;
  readonly #rows = new Map<number, DiscoveryRow>();
  readonly #byExternal = new Map<string, number>();
  readonly #countOf = new Map<number, number>();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #toldFullMonoMs = Number.NEGATIVE_INFINITY;

  constructor(options: DiscoveriesOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    for (const row of await this.#options.table.find()) this.#put(row);
  }

  /** Takes in what was found, in order. Never rejects. */
  found(
    instanceId: number,
    source: DiscoveryRow['source'],
    devices: readonly FoundDevice[],
  ): Promise<void> {
    if (this.#waiting >= MAX_WAITING) {
      this.#tellFull(`vendor connection ${instanceId} finds devices faster than they can be noted`);
      return Promise.resolve();
    }
    this.#waiting += 1;
    return this.#inTurn(() => this.#found(instanceId, source, devices))
      .catch((thrown: unknown) => this.#options.onFault(EngineError.from(thrown)))
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  /** Approving and importing are the same: the device is made and connects. */
  act(ids: readonly number[], action: 'approve' | 'reject' | 'import'): Promise<Acted> {
    return this.#inTurn(async () => {
      const refused: { id: number; reason: string }[] = [];
      let done = 0;
      for (const id of ids) {
        const reason = await this.#decide(id, action);
        if (reason === undefined) done += 1;
        else refused.push({ id, reason });
      }
      return { done, refused };
    });
  }

  /** Rows that were changed elsewhere. */
  async refresh(ids: readonly number[]): Promise<void> {
    const rows = await this.#options.table.many(ids);
    const there = new Set(rows.map(({ id }) => id));
    for (const row of rows) this.#put(row);
    for (const id of ids) if (!there.has(id)) this.#drop(id);
  }

  /** Which device it is, as far as records tell, and what speaks against it. */
  #judge(row: Omit<DiscoveryRow, 'id'>): {
    readonly deviceId: string | undefined;
    readonly conflict: string | undefined;
  } {
    const { book } = this.#options;
    const sure =
      (row.serial === null ? undefined : book.bySerial(row.serial)[0]) ??
      (row.mac === null ? undefined : book.byMac(row.mac)[0]);
    if (sure !== undefined) return { deviceId: sure.deviceId, conflict: undefined };
    const near =
      book.byExternalId(row.instanceId, row.externalId) ??
      (row.address === null ? undefined : book.byAddress(row.address)[0]);
    if (near === undefined) return { deviceId: undefined, conflict: undefined };
    const other =
      (near.serial !== null && row.serial !== null) || (near.mac !== null && row.mac !== null);
    if (!other) return { deviceId: near.deviceId, conflict: undefined };
    const registered = near.serial ?? near.mac ?? '';
    const answers = row.serial ?? row.mac ?? '';
    return {
      deviceId: undefined,
      conflict: `${near.deviceId} with serial ${registered} is registered there, ${answers} answers`,
    };
  }

  async #found(
    instanceId: number,
    source: DiscoveryRow['source'],
    devices: readonly FoundDevice[],
  ): Promise<void> {
    const { clock, table, book, instances } = this.#options;
    if (instances.get(instanceId) === undefined) return;
    const nowUnixMs = clock.nowMs();
    const own = (): number => this.#countOf.get(instanceId) ?? 0;
    if (this.#rows.size + devices.length > MAX_ROWS || own() + devices.length > MAX_ROWS_EACH)
      await this.#makeRoom(nowUnixMs);
    const fresh = new Map<string, Omit<DiscoveryRow, 'id'>>();
    const again: { id: number; values: Partial<Omit<DiscoveryRow, 'id'>> }[] = [];
    for (const device of devices) {
      const key = `${instanceId} ${device.externalId}`;
      const told = toldOf(instanceId, device);
      const id = this.#byExternal.get(key);
      const known = id === undefined ? undefined : this.#rows.get(id);
      const { deviceId, conflict } = this.#judge({ ...EMPTY, ...known, ...told, source });
      const registered = book.byExternalId(instanceId, device.externalId);
      if (known === undefined) {
        // What is registered as just this needs no decision.
        if (registered !== undefined && registered.deviceId === deviceId) continue;
        if (own() + fresh.size >= MAX_ROWS_EACH) {
          this.#tellFull(
            `${MAX_ROWS_EACH} found devices of vendor connection ${instanceId} wait for a decision`,
          );
          continue;
        }
        if (this.#rows.size + fresh.size >= MAX_ROWS) {
          this.#tellFull(`${MAX_ROWS} found devices wait for a decision`);
          continue;
        }
        fresh.set(key, {
          ...EMPTY,
          ...told,
          source,
          state: deviceId === undefined ? 'pending' : 'duplicate',
          duplicateOf: deviceId ?? null,
          firstSeenUnixMs: nowUnixMs,
          lastSeenUnixMs: nowUnixMs,
        });
        continue;
      }
      const state = stateAgain(known, deviceId, conflict);
      const values = { ...told, state, duplicateOf: deviceId ?? null };
      const same = Object.entries(values).every(
        ([field, value]) =>
          JSON.stringify(known[field as keyof DiscoveryRow]) === JSON.stringify(value),
      );
      if (same && nowUnixMs - known.lastSeenUnixMs < SEEN_EVERY_MS) continue;
      again.push({ id: known.id, values: { ...values, lastSeenUnixMs: nowUnixMs } });
    }
    if (again.length > 0) {
      await table.updateMany(again);
      for (const { id, values } of again) {
        const row = this.#rows.get(id);
        if (row !== undefined) this.#put({ ...row, ...values });
      }
    }
    const made = fresh.size === 0 ? [] : await table.createMany([...fresh.values()]);
    for (const row of made) this.#put(row);
    if (!this.#options.byItself(instanceId)) return;
    for (const { id, state } of made) if (state === 'pending') await this.#decide(id, 'import');
  }

  /** @returns why not; undefined: done. */
  async #decide(id: number, action: 'approve' | 'reject' | 'import'): Promise<string | undefined> {
    const row = this.#rows.get(id);
    if (row === undefined) return 'it is not in the queue';
    if (row.state === 'imported') return 'it was imported already';
    if (action === 'reject') {
      await this.#set(row, { state: 'rejected' });
      return undefined;
    }
    const { book, register, moved } = this.#options;
    const { deviceId, conflict } = this.#judge(row);
    const holder = book.byExternalId(row.instanceId, row.externalId);
    if (conflict !== undefined && holder !== undefined) {
      return `${conflict}: remove that device, or give it another address, first`;
    }
    try {
      if (deviceId === undefined) {
        await register(row);
        await this.#set(row, { state: 'imported', duplicateOf: null });
        return undefined;
      }
      const known = book.get(deviceId);
      if (row.address === null || known?.address === row.address) {
        return `it is device ${deviceId} already`;
      }
      await moved(deviceId, row.address, row.port);
      await this.#set(row, { state: 'imported', duplicateOf: deviceId });
      return undefined;
    } catch (thrown) {
      return EngineError.from(thrown).message;
    }
  }

  async #set(row: DiscoveryRow, values: Partial<Omit<DiscoveryRow, 'id'>>): Promise<void> {
    const after = await this.#options.table.update(row.id, values);
    if (after === undefined) this.#drop(row.id);
    else this.#put(after);
  }

  #put(row: DiscoveryRow): void {
    if (!this.#rows.has(row.id)) this.#counted(row, 1);
    this.#rows.set(row.id, row);
    this.#byExternal.set(`${row.instanceId} ${row.externalId}`, row.id);
    const live: DiscoveryLiveRow = {
      id: String(row.id),
      instanceId: row.instanceId,
      instanceName: this.#options.instances.get(row.instanceId)?.name ?? '',
      externalId: row.externalId,
      address: row.address,
      role: row.role,
      name: row.name,
      model: row.model,
      serial: row.serial,
      mac: row.mac,
      channels: row.channels,
      state: row.state,
      duplicateOf: row.duplicateOf,
      conflict: this.#judge(row).conflict ?? null,
      source: row.source,
      firstSeenUnixMs: row.firstSeenUnixMs,
      lastSeenUnixMs: row.lastSeenUnixMs,
    };
    this.#options.live.put({ ...live });
  }

  async #makeRoom(nowUnixMs: number): Promise<void> {
    for (const { id, state, lastSeenUnixMs } of [...this.#rows.values()]) {
      const unseenMs = nowUnixMs - lastSeenUnixMs;
      const stays = state === 'rejected' ? unseenMs < REJECTED_MS : unseenMs < UNSEEN_MS;
      if (state !== 'imported' && stays) continue;
      await this.#options.table.remove(id);
      this.#drop(id);
    }
  }

  #tellFull(why: string): void {
    const nowMonoMs = this.#options.clock.monoMs();
    if (nowMonoMs - this.#toldFullMonoMs < TELL_FULL_EVERY_MS) return;
    this.#toldFullMonoMs = nowMonoMs;
    this.#options.onFault(
      new EngineError('rate.limited', `${why}: approve or reject some on the page Discovery`),
    );
  }

  #drop(id: number): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    this.#rows.delete(id);
    this.#counted(row, -1);
    this.#byExternal.delete(`${row.instanceId} ${row.externalId}`);
    this.#options.live.remove(String(id));
  }

  #counted({ instanceId }: DiscoveryRow, by: number): void {
    const count = (this.#countOf.get(instanceId) ?? 0) + by;
    if (count > 0) this.#countOf.set(instanceId, count);
    else this.#countOf.delete(instanceId);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

const EMPTY: Omit<DiscoveryRow, 'id'> = {
  ...{ instanceId: 0, externalId: '', address: null, port: null, role: 'receiver', name: null },
  ...{ model: null, serial: null, mac: null, firmware: null, channels: null, config: {} },
  ...{ state: 'pending', duplicateOf: null, source: 'scan', firstSeenUnixMs: 0, lastSeenUnixMs: 0 },
};

/** Only what the device said: the rest stays as it is. */
function toldOf(instanceId: number, device: FoundDevice): Partial<Omit<DiscoveryRow, 'id'>> {
  const { externalId, address, port, role, name, model, serial, mac, firmware } = device;
  const told = { instanceId, externalId, address, port, role, name, model, serial, mac, firmware };
  const all = { ...told, channels: device.channels, config: device.config };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** A decision stays, unless another device answers there now or the device it was made is gone. */
function stateAgain(
  known: DiscoveryRow,
  deviceId: string | undefined,
  conflict: string | undefined,
): DiscoveryRow['state'] {
  if (known.state === 'rejected') return 'rejected';
  if (known.state === 'imported') {
    return deviceId === undefined || conflict !== undefined ? 'pending' : 'imported';
  }
  return deviceId === undefined ? 'pending' : 'duplicate';
}
