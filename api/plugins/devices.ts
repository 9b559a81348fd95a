// A little over 300 lines: one place that knows what the main thread holds of a plugin device.
import type { DeviceClaim, Devices } from '../../actors/control/devices.js';
import type { DeviceDefinition, InternAnswer } from '../../actors/device/protocol.js';
import { healthOf } from '../../actors/inventory/derived.js';
import type { DeviceRecord, Lifecycle } from '../../actors/inventory/inventory.types.js';
import { movesAfter } from '../../actors/inventory/lifecycle.js';
import { deviceName } from '../../actors/inventory/naming.js';
import type { SettingsBook } from '../../actors/inventory/settings.js';
import type {
  ConnectionFacts,
  IdentityFacts,
  LinkState,
  PluginDevice,
} from '../../actors/plugins/protocol.js';
import type { ChannelSpec } from '../../actors/plugins/sdk/plugin.types.js';
import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { ConnectionRow } from '../contract/rows.js';
import type { DeviceTables } from '../devices/tables.js';
import type { LiveTable } from '../live/table.types.js';
import type { Instances } from './instances.js';
import type { RecordBook } from './record-book.js';
import { Troubles } from './troubles.js';
import { UnitLearner } from './unit-learner.js';

export interface PluginDevicesOptions {
  readonly clock: Clock;
  readonly store: Devices;
  readonly book: RecordBook;
  readonly settings: () => SettingsBook;
  readonly instances: Instances;
  readonly tables: DeviceTables;
  readonly live: { readonly devices: LiveTable; readonly connections: LiveTable };
  /** `site / building / room` of a location. */
  readonly placeOf: (locationId: number) => string | undefined;
  readonly onFault: (error: EngineError) => void;
}

/** Where another device than the registered one answers. */
export interface Stranger {
  readonly deviceId: string;
  readonly facts: IdentityFacts;
}

type Listener<T> = (value: T) => void;

/** Personalities whose devices choose their ids themselves. */
const NOT_PLUGINS: ReadonlySet<string> = new Set(['smartos', 'native']);
const PLUGIN_ID = /^\d{1,15}:./;

/** Whether a plugin drives the device: its id is `<plugin code>:<instance>:<external id>`. */
export function isPluginDevice({
  id,
  protocol,
}: Pick<DeviceDefinition, 'id' | 'protocol'>): boolean {
  if (NOT_PLUGINS.has(protocol) || !id.startsWith(`${protocol}:`)) return false;
  return PLUGIN_ID.test(id.slice(protocol.length + 1));
}

/** What the main thread knows of plugin devices, and shows of them in `devices` and `connections`. */
export class PluginDevices {
  readonly #options: PluginDevicesOptions;
  readonly #specs = new Map<string, ReadonlyMap<string, ChannelSpec>>();
  readonly #identities = new Map<string, IdentityFacts>();
  readonly #facts = new Map<string, ConnectionFacts>();
  readonly #identityListeners = new Set<Listener<string>>();
  readonly #connectionListeners = new Set<Listener<ConnectionFacts>>();
  readonly #strangers = new Map<string, string>();
  readonly #troubles: Troubles;
  readonly #units: UnitLearner;

  constructor(options: PluginDevicesOptions) {
    this.#options = options;
    const { clock, book, settings } = options;
    this.#units = new UnitLearner(options);
    this.#troubles = new Troubles(clock, (deviceId) => {
      const instanceId = book.get(deviceId)?.instanceId;
      return settings().connection({ deviceId, instanceId }).holdDownMs;
    });
  }

  specs(deviceId: string): ReadonlyMap<string, ChannelSpec> | undefined {
    return this.#specs.get(deviceId);
  }

  identity(deviceId: string): IdentityFacts | undefined {
    return this.#identities.get(deviceId);
  }

  connection(deviceId: string): ConnectionFacts | undefined {
    return this.#facts.get(deviceId);
  }

  connections(): IterableIterator<ConnectionFacts> {
    return this.#facts.values();
  }

  /** Of another device that answers in its place; undefined: none does. */
  strangerAt(deviceId: string): string | undefined {
    return this.#strangers.get(deviceId);
  }

  onIdentity(listener: Listener<string>): () => void {
    this.#identityListeners.add(listener);
    for (const id of this.#specs.keys()) listener(id);
    return () => this.#identityListeners.delete(listener);
  }

  onConnection(listener: Listener<ConnectionFacts>): () => void {
    this.#connectionListeners.add(listener);
    return () => this.#connectionListeners.delete(listener);
  }

  /** A device as its thread gets it; undefined: it is not known, or has no record. */
  forThread(id: string): PluginDevice | undefined {
    const definition = this.#options.tables.definition(id);
    const record = this.#options.book.get(id);
    if (definition === undefined || record === undefined) return undefined;
    const { instanceId, externalId, config } = record;
    return {
      id,
      name: deviceName(record),
      instanceId,
      externalId,
      address: record.address ?? undefined,
      port: record.port ?? undefined,
      config,
      enabled: record.enabled && record.lifecycle !== 'retired',
      settings: this.#options.settings().connection({ deviceId: id, instanceId }),
      channels: definition.channels,
    };
  }

  /** The device is new, or its record or definition changed. */
  show(id: string): void {
    const { book, tables, live, instances } = this.#options;
    const record = book.get(id);
    if (record === undefined) return;
    const { role, instanceId, model, serial, firmware, lifecycle, locationId } = record;
    const vendor = instances.get(instanceId)?.plugin ?? null;
    const location = locationId === null ? null : (this.#options.placeOf(locationId) ?? null);
    live.devices.patch(id, {
      ...{ name: deviceName(record), role, instanceId, vendor, model, serial, firmware },
      ...{ lifecycle, locationId, location, health: this.#health(id) },
      address: record.address,
    });
    const specs = this.#specs.get(id);
    if (specs !== undefined) tables.markMeters(id, metersOf(specs));
    this.#showConnection(this.#facts.get(id) ?? this.#notYet(record));
  }

  /** Health follows the time: to be called now and then. */
  refreshHealth(): void {
    const { book, live } = this.#options;
    for (const { deviceId } of book.all()) {
      live.devices.set(deviceId, 'health', this.#health(deviceId));
    }
  }

  /** What is wrong on the air, by device. */
  onAir(troubles: ReadonlyMap<string, string>): void {
    this.#troubles.onAir(troubles);
  }

  /** Devices whose trouble has lasted for the hold-down, or has been gone as long, move. Once a second. */
  sweep(): void {
    for (const id of this.#troubles.settled()) {
      const record = this.#options.book.get(id);
      const facts = this.#facts.get(id);
      if (record === undefined || facts === undefined || this.#strangers.has(id)) continue;
      this.#follow(record, facts);
    }
  }

  /** Writes what is due. */
  async close(): Promise<void> {
    await this.#units.close();
  }

  /** Rows of the control store are gone with the device. */
  forget(ids: readonly string[]): void {
    for (const id of ids) {
      this.#specs.delete(id);
      this.#identities.delete(id);
      this.#facts.delete(id);
      this.#strangers.delete(id);
      this.#troubles.forget(id);
      this.#options.book.forget(id);
      this.#options.live.connections.remove(id);
    }
  }

  /** Registers parameters that devices declared. Devices themselves are made by the operator only. */
  async intern(claims: readonly DeviceClaim[]): Promise<InternAnswer> {
    const { book, store, tables } = this.#options;
    const known = claims.filter(({ id }) => book.get(id) !== undefined);
    const { devices, refused } = await store.intern(
      known.map((claim) => ({
        ...claim,
        channels: claim.channels.map((channel) => ({
          ...channel,
          // A count has no unit.
          unit: channel.unit || this.#specs.get(claim.id)?.get(channel.name)?.unit || undefined,
        })),
      })),
    );
    for (const definition of devices) {
      tables.put(definition);
      this.show(definition.id);
    }
    const strangers = claims.filter(({ id }) => book.get(id) === undefined);
    return {
      devices,
      refused: [
        ...refused.map(({ deviceId, error }) => ({ deviceId, reason: error.message })),
        ...strangers.map(({ id }) => ({ deviceId: id, reason: `there is no device ${id}` })),
      ],
    };
  }

  /**
   * What devices said of themselves. One whose serial number is not the registered one is another device at that
   * address: nothing of it is taken over.
   * @returns those
   */
  identities(all: readonly IdentityFacts[]): readonly Stranger[] {
    const { book, tables } = this.#options;
    const strangers: Stranger[] = [];
    for (const facts of all) {
      const { deviceId } = facts;
      const record = book.get(deviceId);
      if (record === undefined) continue;
      this.#identities.set(deviceId, facts);
      this.#specs.set(deviceId, new Map(facts.channels.map((spec) => [spec.id, spec])));
      if (differs(record.serial, facts.serial)) {
        const words = `device ${String(facts.serial)} answers in place of ${String(record.serial)}`;
        this.#strangers.set(deviceId, words);
        strangers.push({ deviceId, facts });
        this.#move(record, 'degraded', words);
      } else {
        this.#strangers.delete(deviceId);
        const changes = changesOf(record, facts);
        if (changes !== undefined) book.change(deviceId, changes);
      }
      this.#units.learn(tables.definition(deviceId), this.#specs.get(deviceId));
      this.show(deviceId);
      for (const listener of this.#identityListeners) listener(deviceId);
    }
    return strangers;
  }

  /** @returns those that just became connected. */
  connected(all: readonly ConnectionFacts[]): readonly string[] {
    const { book } = this.#options;
    const back: string[] = [];
    for (const facts of all) {
      const record = book.get(facts.deviceId);
      if (record === undefined) continue;
      const before = this.#facts.get(facts.deviceId);
      this.#facts.set(facts.deviceId, facts);
      this.#troubles.heard(before, facts);
      if (facts.state === 'connected' && before?.state !== 'connected') back.push(facts.deviceId);
      const stranger = this.#strangers.get(facts.deviceId);
      if (stranger === undefined || facts.state !== 'connected') this.#follow(record, facts);
      this.#showConnection(facts);
      this.#options.live.devices.set(facts.deviceId, 'health', this.#health(facts.deviceId));
      for (const listener of this.#connectionListeners) listener(facts);
    }
    return back;
  }

  /** Nothing drives these devices now: their thread is lost, or their instance is closed or failed. */
  unattended(ids: readonly string[], state: LinkState, reason: string | undefined): void {
    const nowUnixMs = this.#options.clock.nowMs();
    const facts = ids.flatMap((id) => {
      const record = this.#options.book.get(id);
      if (record === undefined) return [];
      const known = this.#facts.get(id) ?? this.#notYet(record);
      if (known.state === state && known.errorMessage === reason) return [];
      return [
        {
          ...known,
          ...{ state, sinceUnixMs: nowUnixMs, held: false, waiting: false },
          errorMessage: reason,
          lastErrorAtUnixMs: reason === undefined ? known.lastErrorAtUnixMs : nowUnixMs,
          nextAttemptAtUnixMs: undefined,
        },
      ];
    });
    this.connected(facts);
    for (const { deviceId, sinceUnixMs } of facts) {
      this.#options.live.devices.patch(deviceId, { state, sinceUnixMs, lastError: reason ?? null });
    }
  }

  #follow(record: DeviceRecord, facts: ConnectionFacts): void {
    const { state, held } = facts;
    const trouble = this.#troubles.of(record.deviceId);
    const to = movesAfter(record.lifecycle, { state, held, impaired: trouble !== undefined }).at(
      -1,
    );
    if (to === undefined) return;
    this.#move(record, to, facts.errorMessage ?? (to === 'degraded' ? (trouble ?? null) : null));
  }

  #move({ deviceId, lifecycle }: DeviceRecord, to: Lifecycle, reason: string | null): void {
    if (lifecycle === to || lifecycle === 'retired' || lifecycle === 'maintenance') return;
    const lifecycleSinceUnixMs = this.#options.clock.nowMs();
    this.#options.book.change(deviceId, {
      lifecycle: to,
      lifecycleSinceUnixMs,
      lifecycleReason: reason,
    });
    this.#options.live.devices.set(deviceId, 'lifecycle', to);
  }

  #health(deviceId: string): ReturnType<typeof healthOf> {
    const active = this.#facts.get(deviceId)?.state === 'connected';
    const seen = this.#options.live.devices.get(deviceId)?.['lastSeenUnixMs'];
    const lastSeen = typeof seen === 'number' ? seen : null;
    return healthOf(active, lastSeen, this.#options.clock.nowMs());
  }

  #notYet({ deviceId, instanceId, enabled }: DeviceRecord): ConnectionFacts {
    return {
      ...{ deviceId, instanceId, state: enabled ? 'disconnected' : 'stopped' },
      sinceUnixMs: this.#options.clock.nowMs(),
      ...{ held: false, waiting: false, attempts: 0, reconnects: 0, errorCount: 0 },
      ...{ readsDropped: 0, connectedAtUnixMs: undefined, disconnectedAtUnixMs: undefined },
      ...{ lastMessageAtUnixMs: undefined, nextAttemptAtUnixMs: undefined },
      ...{ errorMessage: undefined, lastErrorAtUnixMs: undefined },
    };
  }

  #showConnection(facts: ConnectionFacts): void {
    const { book, instances, live } = this.#options;
    const record = book.get(facts.deviceId);
    if (record === undefined) return;
    const instance = instances.get(facts.instanceId);
    const row: ConnectionRow = {
      id: facts.deviceId,
      deviceName: deviceName(record),
      instanceId: facts.instanceId,
      instanceName: instance?.name ?? '',
      vendor: instance?.plugin ?? '',
      address: record.address,
      ...{ state: facts.state, held: facts.held, waiting: facts.waiting },
      sinceUnixMs: facts.sinceUnixMs,
      connectedAtUnixMs: facts.connectedAtUnixMs ?? null,
      disconnectedAtUnixMs: facts.disconnectedAtUnixMs ?? null,
      lastMessageAtUnixMs: facts.lastMessageAtUnixMs ?? null,
      attempts: facts.attempts,
      nextAttemptAtUnixMs: facts.nextAttemptAtUnixMs ?? null,
      reconnects: facts.reconnects,
      errorCount: facts.errorCount,
      errorMessage: this.#strangers.get(facts.deviceId) ?? facts.errorMessage ?? null,
      lastErrorAtUnixMs: facts.lastErrorAtUnixMs ?? null,
      readsDropped: facts.readsDropped,
    };
    live.connections.put({ ...row });
  }
}

const metersOf = (specs: ReadonlyMap<string, ChannelSpec>): ReadonlySet<string> =>
  new Set([...specs.values()].flatMap(({ id, meter }) => (meter === true ? [id] : [])));

/** Both are known and not the same. */
function differs(known: string | null, told: string | undefined): boolean {
  return known !== null && told !== undefined && known.toLowerCase() !== told.toLowerCase();
}

function changesOf(
  record: DeviceRecord,
  facts: IdentityFacts,
): Partial<Omit<DeviceRecord, 'id'>> | undefined {
  const told = {
    role: facts.role,
    reportedName: facts.name,
    model: facts.model,
    serial: facts.serial,
    mac: facts.mac,
    firmware: facts.firmware,
  };
  const changed = Object.entries(told).filter(
    ([field, value]) => value !== undefined && record[field as keyof typeof told] !== value,
  );
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}
