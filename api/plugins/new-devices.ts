import type { Devices } from '../../actors/control/devices.js';
import { RECORD_DEFAULTS } from '../../actors/inventory/defaults.js';
import type { DiscoveryRow } from '../../actors/inventory/inventory.types.js';
import type { Clock } from '../../engine/clock.js';
import { isPlainText } from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import type { DeviceTables } from '../devices/tables.js';
import { InvalidRequest } from '../http/problem.js';
import type { PluginDevices } from './devices.js';
import type { Instances } from './instances.js';
import type { PluginPort } from './plugins.types.js';
import type { RecordBook } from './record-book.js';

/** A device as it is asked for by hand, by the queue or by a file. */
export type DeviceWish = Parameters<PluginPort['addDevice']>[0];

export interface NewDevicesOptions {
  readonly clock: Clock;
  readonly store: Devices;
  readonly tables: DeviceTables;
  readonly book: RecordBook;
  readonly instances: Instances;
  readonly devices: Pick<PluginDevices, 'show'>;
  readonly validate: (
    code: string,
    config: Readonly<Record<string, unknown>>,
  ) => Promise<readonly { readonly field: string; readonly message: string }[]>;
  /** Their threads get them. */
  readonly connect: (deviceIds: readonly string[]) => Promise<void>;
  readonly onFault: (error: EngineError) => void;
}

const MAX_ID = 128;
const MAX_ADDRESS = 253;
const MAX_NAME = 200;

/** Makes devices of plugins: judged, registered with a record, shown, and given to their threads. */
export class NewDevices {
  readonly #options: NewDevicesOptions;

  constructor(options: NewDevicesOptions) {
    this.#options = options;
  }

  /** @throws EngineError `conflict`, `not-found`, `input.invalid` */
  async addDevice(wish: DeviceWish): Promise<{ readonly deviceId: string }> {
    const [made] = await this.addDevices([wish]);
    if (made === undefined) throw new EngineError('internal', 'the new device did not come back');
    if (typeof made !== 'string') throw made;
    return { deviceId: made };
  }

  /** Many at once, in few transactions. @returns for each its id, or why it was not made. */
  async addDevices(wishes: readonly DeviceWish[]): Promise<readonly (string | EngineError)[]> {
    const { store, clock, tables, book, devices: shown, connect, onFault } = this.#options;
    const given = new Set<string>();
    const judged = await Promise.all(wishes.map((wish) => this.#judge(wish, given)));
    const fine = judged.flatMap((one) => (one instanceof EngineError ? [] : [one]));
    const claims = fine.map(({ deviceId, plugin, wish }) => {
      return { id: deviceId, name: wish.name ?? wish.externalId, protocol: plugin, channels: [] };
    });
    const { devices, refused } = await store.intern(claims);
    const refusals = new Map(refused.map(({ deviceId, error }) => [deviceId, error]));
    const nowUnixMs = clock.nowMs();
    const taken = fine.filter(({ deviceId }) => !refusals.has(deviceId));
    await book.createMany(
      taken.map(({ deviceId, wish }) => ({
        ...RECORD_DEFAULTS,
        ...{ deviceId, instanceId: wish.instanceId, externalId: wish.externalId },
        ...{ address: wish.address ?? null, port: wish.port ?? null, config: wish.config ?? {} },
        ...{ givenName: wish.name ?? null, lifecycle: 'provisioning' },
        ...{ lifecycleSinceUnixMs: nowUnixMs },
        ...{ createdAtUnixMs: nowUnixMs, updatedAtUnixMs: nowUnixMs },
      })),
    );
    for (const definition of devices) tables.put(definition);
    const ids = taken.map(({ deviceId }) => deviceId);
    for (const id of ids) shown.show(id);
    // They connect in the background: a plugin that hangs holds up nobody.
    connect(ids).catch((thrown: unknown) => onFault(EngineError.from(thrown)));
    return judged.map((one) =>
      one instanceof EngineError ? one : (refusals.get(one.deviceId) ?? one.deviceId),
    );
  }

  /** One of the queue, with what is known of it. */
  async register(row: DiscoveryRow): Promise<void> {
    const { deviceId } = await this.addDevice({
      instanceId: row.instanceId,
      externalId: row.externalId,
      address: row.address ?? undefined,
      port: row.port ?? undefined,
      config: row.config,
    });
    const { role, name, model, serial, mac, firmware } = row;
    this.#options.book.change(deviceId, { role, reportedName: name, model, serial, mac, firmware });
    this.#options.devices.show(deviceId);
  }

  async #judge(
    wish: DeviceWish,
    given: Set<string>,
  ): Promise<
    EngineError | { readonly deviceId: string; readonly plugin: string; readonly wish: DeviceWish }
  > {
    try {
      const { plugin } = this.#options.instances.require(wish.instanceId);
      const deviceId = `${plugin}:${wish.instanceId}:${wish.externalId}`;
      const wrong = problemOf(wish, deviceId);
      if (wrong !== undefined) return wrong;
      if (given.has(deviceId) || this.#options.book.get(deviceId) !== undefined) {
        return new EngineError('conflict', `externalId: device ${deviceId} exists already`);
      }
      given.add(deviceId);
      if (wish.config !== undefined && Object.keys(wish.config).length > 0) {
        const problems = await this.#options.validate(plugin, wish.config);
        const [first] = problems;
        if (first !== undefined) return invalid(`config.${first.field}`, first.message);
      }
      return { deviceId, plugin, wish };
    } catch (thrown) {
      return EngineError.from(thrown);
    }
  }
}

function invalid(field: string, message: string): InvalidRequest {
  return new InvalidRequest([{ field: `body.${field}`, message }]);
}

function problemOf(wish: DeviceWish, deviceId: string): EngineError | undefined {
  if (!isPlainText(deviceId, MAX_ID)) {
    return invalid('externalId', `must be plain text; "${deviceId}" has more than ${MAX_ID} signs`);
  }
  if (wish.address !== undefined && !isPlainText(wish.address, MAX_ADDRESS)) {
    return invalid('address', `must be an address or a host name of at most ${MAX_ADDRESS} signs`);
  }
  if (wish.name !== undefined && !isPlainText(wish.name, MAX_NAME)) {
    return invalid('name', `must be plain text of 1 to ${MAX_NAME} signs`);
  }
  const { port } = wish;
  if (port !== undefined && (!Number.isInteger(port) || port < 1 || port > 65_535)) {
    return invalid('port', 'must be a whole number from 1 to 65535');
  }
  return undefined;
}
