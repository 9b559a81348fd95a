// A little over 400 lines: one door to everything a device touches; its parts are in files of their own.
import type { Command, Commands } from '../../actors/control/commands.js';
import type { DeviceClaim, Devices } from '../../actors/control/devices.js';
import type { ActorSnapshots } from '../../actors/control/snapshots.js';
import {
  type DeviceDefinition,
  type DeviceShardOptions,
  type FromDeviceShard,
  type InternAnswer,
  OBSERVERS,
  type ReplyBatch,
  type SampleColumns,
  type ToDeviceShard,
} from '../../actors/device/protocol.js';
import { decodeFrame, errorReply } from '../../actors/device/smartos.codec.js';
import { type Shard, ShardPool } from '../../actors/shard-pool.js';
import type { Clock } from '../../engine/clock.js';
import type { ChangeFeed } from '../../engine/control/feed.js';
import { entryUrl } from '../../engine/entry.js';
import { EngineError } from '../../engine/errors.js';
import type { LiveTable } from '../live/table.types.js';
import { type Connection, Connections, type DeviceSocket } from './connections.js';
import type { DeviceDriver } from './device-driver.types.js';
import { DeviceFeed } from './device-feed.js';
import { buffersOf, FrameGatherer } from './frame-gatherer.js';
import { Settings } from './settings.js';
import { SnapshotKeeper } from './snapshot-keeper.js';
import { DeviceTables, type LatestValue } from './tables.js';

export interface DeviceServiceOptions {
  readonly clock: Clock;
  readonly devices: Devices;
  readonly commands: Commands;
  readonly snapshots: ActorSnapshots;
  readonly feed: ChangeFeed;
  /** `SeriesReader.latest`; a rejection only means that old values are not shown until they change. */
  readonly latest: () => Promise<readonly LatestValue[]>;
  readonly tables: { readonly devices: LiveTable; readonly channels: LiveTable };
  readonly shards: number;
  readonly hangMs?: number;
  readonly shardOptions: Omit<DeviceShardOptions, 'shard' | 'writers'>;
  /** Every device connection must present its token. */
  readonly requireToken: boolean;
  /** Ids of devices that have a token. */
  readonly tokenHolders?: () => Promise<readonly string[]>;
  /** How long a device has to answer a setting. Default 5,000. */
  readonly setDeadlineMs?: number;
  readonly onFault: (error: EngineError) => void;
  /** Tests only: threads obey `pool.breakShard`. */
  readonly faults?: boolean;
}

export type DevicePool = ShardPool<DeviceShardOptions, ToDeviceShard, FromDeviceShard>;
type DeviceShardEnd = Shard<ToDeviceShard, FromDeviceShard>;

/** Called with frames as devices sent them, while `observe` counts somebody. */
export type VerbatimListener = (frames: readonly Uint8Array[]) => void;

const PROTOCOL = 'smartos';
const ADOPT_DEADLINE_MS = 30_000;
const APPEND_DEADLINE_MS = 20_000;

/**
 * The main thread's side of all devices: shards, sockets, registration, live tables. Personalities hand it
 * sockets and frames; routes ask it for settings and samples. Made by `start`, ended by `stop`.
 */
export class DeviceService {
  readonly pool: DevicePool;
  readonly tables: DeviceTables;
  readonly #options: DeviceServiceOptions;
  readonly #gatherer: FrameGatherer;
  readonly #connections: Connections;
  readonly #keeper: SnapshotKeeper;
  readonly #feed: DeviceFeed;
  readonly #settings: Settings;
  readonly #verbatim = new Set<VerbatimListener>();
  #driver: DeviceDriver | undefined;
  #observers = 0;
  #started = false;

  constructor(options: DeviceServiceOptions) {
    this.#options = options;
    const { clock, shards } = options;
    this.tables = new DeviceTables(options.tables.devices, options.tables.channels);
    this.#keeper = new SnapshotKeeper(options.snapshots, clock, options.onFault);
    this.#gatherer = new FrameGatherer({
      protocol: PROTOCOL,
      shards,
      clock,
      post: (slot, batch) => this.#link(slot)?.post('frames', batch, buffersOf(batch)) ?? false,
    });
    this.#connections = new Connections({
      ownerOf: (id) => this.pool.ownerOf(id),
      opened: (slot, connection, deviceId) => {
        this.#tellOpened(slot, connection, deviceId, false);
      },
      closed: (slot, { number }, error) => {
        // What the socket sent before is taken first.
        this.#gatherer.flush();
        this.#link(slot)?.post('connection.closed', { connection: number, error });
      },
      needsToken: (id) => options.requireToken || this.#feed.hasToken(id),
    });
    this.#settings = new Settings({
      clock,
      commands: options.commands,
      linkTo: (id) => this.pool.linkTo(id),
      deadlineMs: options.setDeadlineMs ?? 5_000,
      onFault: options.onFault,
    });
    this.#feed = new DeviceFeed({
      feed: options.feed,
      devices: options.devices,
      tokenHolders: options.tokenHolders ?? (() => Promise.resolve([])),
      put: (definitions) => this.#changed(definitions),
      remove: (ids) => this.#removed(ids),
      guarded: (id) => this.#connections.guard(id),
      present: () => this.tables.ids(),
      onFault: options.onFault,
      clock,
    });
    this.pool = new ShardPool<DeviceShardOptions, ToDeviceShard, FromDeviceShard>({
      kind: 'device',
      size: shards,
      entry: entryUrl('actors/device/shard.worker'),
      clock,
      maxPosts: 100_000,
      ...(options.hangMs === undefined ? {} : { hangMs: options.hangMs }),
      ...(options.faults === undefined ? {} : { faults: options.faults }),
      options: (slot, shard) => ({
        ...options.shardOptions,
        shard,
        writers: slot === 0 ? shardNames(shards) : undefined,
      }),
      wire: (shard) => this.#wire(shard),
      adopt: (shard, ids, snapshots) => this.#adopt(shard, ids, snapshots),
      onSnapshots: (rows) => this.#keeper.note(rows),
      onRecovered: (slot) => this.#recovered(slot),
      onFault: options.onFault,
    });
  }

  /** Open device sockets. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Frames that are not answered yet. */
  get framesOpen(): number {
    return this.#gatherer.open;
  }

  /** Leaves the devices that `driver` drives to it; before `start`. */
  delegate(driver: DeviceDriver): void {
    this.#driver = driver;
  }

  /** Starts the threads and gives them all devices with their snapshots and last values. */
  async start(): Promise<void> {
    const { devices, commands, snapshots, clock } = this.#options;
    await this.pool.start();
    const [known, kept, latest] = await Promise.all([
      this.#feed.start().then(() => devices.list()),
      snapshots.load('device'),
      this.#options.latest().catch((thrown: unknown) => {
        this.#options.onFault(EngineError.from(thrown));
        return [];
      }),
      commands.settleLost(clock.nowMs()),
    ]);
    for (const definition of known) this.tables.put(definition);
    this.tables.restore(latest);
    const own = known.filter((definition) => this.#driverOf(definition) === undefined);
    await this.pool.place(
      own.map((definition) => definition.id),
      kept,
    );
    this.#started = true;
    for (let slot = 0; slot < this.pool.size; slot++) this.#recovered(slot);
  }

  /** Stops the threads after they stored and answered what they hold. Sockets belong to the gateway. */
  async stop(deadlineMs: number): Promise<void> {
    this.#feed.stop();
    this.#gatherer.flush();
    await this.pool.stop(deadlineMs);
    this.#gatherer.close();
    await this.#keeper.close();
  }

  connect(socket: DeviceSocket): Connection {
    return this.#connections.open(socket);
  }

  /** A frame of a device socket; it is answered on that socket, once. */
  frame(connection: Connection, frame: Buffer): void {
    let reason: string;
    try {
      const { slot, deviceId } = this.#connections.route(connection, frame);
      if (this.#gatherer.push(slot, connection.number, deviceId, frame)) return;
      reason = 'the server is busy, send again later';
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code === 'auth.required' || error.code === 'auth.denied') {
        connection.socket.close(error);
        return;
      }
      reason = error.message;
    }
    const { number, serial } = decodeFrame(frame);
    connection.socket.send([Buffer.from(errorReply(number, serial, reason))]);
  }

  /** @param error why the socket was closed for a fault. */
  disconnected(connection: Connection, error: string | undefined): void {
    this.#connections.close(connection, error);
  }

  /** Verbatim frames go to `listener` until the returned function is called. */
  observe(listener: VerbatimListener): () => void {
    this.#verbatim.add(listener);
    this.#tellObservers(this.#verbatim.size);
    return () => {
      this.#verbatim.delete(listener);
      this.#tellObservers(this.#verbatim.size);
    };
  }

  /** @throws EngineError `not-found`, `conflict`, `input.invalid`, `store.refused`. */
  async create(claim: DeviceClaim): Promise<DeviceDefinition> {
    if (this.#driverOf(claim) !== undefined) {
      throw new EngineError(
        'input.invalid',
        `id: "${claim.protocol}:…" is for devices of plugins, give an instanceId to make one`,
      );
    }
    const definition = await this.#options.devices.create(claim);
    await this.#changed([definition]);
    return definition;
  }

  /** @throws EngineError `not-found`, `input.invalid`. */
  async rename(id: string, name: string): Promise<DeviceDefinition> {
    const definition = await this.#options.devices.rename(id, name);
    this.tables.put(definition);
    await this.#driverOf(definition)?.renamed(id, name);
    return definition;
  }

  /** @throws EngineError `not-found`. */
  async remove(id: string): Promise<void> {
    const removed = await this.#options.devices.remove([id]);
    if (removed === 0) throw new EngineError('not-found', `there is no device ${id}`);
    await this.#removed([id]);
  }

  /**
   * Asks a device to set a parameter. The command is answered as soon as it is noted; it is settled in the
   * background. @throws EngineError `not-found`.
   */
  async setParameter(
    deviceId: string,
    name: string,
    value: number | string | boolean,
    by: string,
  ): Promise<Command> {
    const driver = this.#driverOf(this.#known(deviceId));
    if (driver !== undefined) return await driver.setParameter(deviceId, name, value, by);
    return await this.#settings.ask(deviceId, name, value, by);
  }

  /**
   * Stores samples of a known device; resolves when they are stored.
   * @throws EngineError `not-found`, `input.invalid` naming the field, `spool.full`, `thread.lost`.
   */
  async append(
    columns: SampleColumns,
  ): Promise<{ stored: number; repeated: number; where: 'store' | 'spool' }> {
    if (this.#driverOf(this.#known(columns.deviceId)) !== undefined) {
      throw new EngineError(
        'input.invalid',
        `deviceId: the values of ${columns.deviceId} come from its plugin only`,
      );
    }
    const { name, atUnixMs, kind, value } = columns;
    const transfer = [name, atUnixMs, kind, value].map((array) => array.buffer as ArrayBuffer);
    const link = this.pool.linkTo(columns.deviceId);
    return await link.call('samples.append', columns, { deadlineMs: APPEND_DEADLINE_MS, transfer });
  }

  /** Whether a device must present its token. */
  needsToken(deviceId: string): boolean {
    return this.#options.requireToken || this.#feed.hasToken(deviceId);
  }

  #known(deviceId: string): DeviceDefinition {
    const definition = this.tables.definition(deviceId);
    if (definition !== undefined) return definition;
    throw new EngineError('not-found', `there is no device ${deviceId}`);
  }

  #driverOf(device: Pick<DeviceDefinition, 'id' | 'protocol'>): DeviceDriver | undefined {
    return this.#driver?.drives(device) === true ? this.#driver : undefined;
  }

  #link(slot: number): DeviceShardEnd['link'] | undefined {
    return this.pool.linkAt(slot);
  }

  #wire(shard: DeviceShardEnd): void {
    const { link, slot } = shard;
    this.#gatherer.hold(slot);
    link.on('replies', (batch) => this.#replies(slot, batch));
    link.on('changes', (batch) => this.tables.changes(batch));
    link.on('edges', (edges) => this.tables.edges(edges));
    link.handle('devices.intern', (claims) => this.#intern(claims));
  }

  async #intern(
    claims: readonly {
      readonly id: string;
      readonly protocol: string;
      readonly channels: DeviceClaim['channels'];
    }[],
  ): Promise<InternAnswer> {
    const { own, others } = this.#split(claims);
    const { devices, refused } = await this.#options.devices.intern(own);
    for (const definition of devices) {
      this.tables.put(definition);
      this.pool.registry.own(definition.id, undefined);
    }
    return {
      devices,
      refused: [
        ...refused.map(({ deviceId, error }) => ({ deviceId, reason: error.message })),
        ...others.map(({ id }) => ({ deviceId: id, reason: `device ${id} belongs to a plugin` })),
      ],
    };
  }

  #split<T extends { readonly id: string; readonly protocol: string }>(
    devices: readonly T[],
  ): { readonly own: readonly T[]; readonly others: readonly T[] } {
    const others = devices.filter(
      (device) => this.#driverOf(this.tables.definition(device.id) ?? device) !== undefined,
    );
    const own = others.length === 0 ? devices : devices.filter((one) => !others.includes(one));
    return { own, others };
  }

  async #adopt(
    shard: DeviceShardEnd,
    ids: readonly string[],
    snapshots: Readonly<Record<string, string>>,
  ): Promise<void> {
    const devices = ids.flatMap((id) => this.tables.definition(id) ?? []);
    const latest = this.tables.latestOf(ids);
    await shard.link.call(
      'devices.adopt',
      { devices, snapshots, latest },
      { deadlineMs: ADOPT_DEADLINE_MS },
    );
  }

  /** A thread has its devices: it is told the open sockets, then gets what waits for it. */
  #recovered(slot: number): void {
    if (!this.#started) return;
    for (const connection of this.#connections.all()) {
      for (const [deviceId, owner] of connection.devices) {
        if (owner === slot) this.#tellOpened(slot, connection, deviceId, true);
      }
    }
    const link = this.#link(slot);
    link?.post('connections.told', { protocol: PROTOCOL });
    link?.post('observers', { protocol: PROTOCOL, count: this.#observers });
    this.#gatherer.resume(slot);
  }

  #replies(slot: number, batch: ReplyBatch): void {
    const bySocket = new Map<number, Uint8Array[]>();
    const verbatim: Uint8Array[] = [];
    for (let i = 0; i < batch.count; i++) {
      const bytes = batch.bytes.subarray(batch.offset[i], batch.offset[i + 1]);
      const connection = batch.connection[i] ?? 0;
      if (connection === OBSERVERS) {
        verbatim.push(bytes);
        continue;
      }
      const frame = batch.frame[i] ?? -1;
      if (frame >= 0 && !this.#gatherer.answered(slot, frame)) continue;
      const texts = bySocket.get(connection);
      if (texts === undefined) bySocket.set(connection, [bytes]);
      else texts.push(bytes);
    }
    for (const [connection, texts] of bySocket) {
      this.#connections.get(connection)?.socket.send(texts);
    }
    if (verbatim.length > 0) for (const listener of this.#verbatim) listener(verbatim);
  }

  #tellOpened(slot: number, connection: Connection, deviceId: string, resumed: boolean): void {
    const { number, socket } = connection;
    const { address } = socket;
    this.#link(slot)?.post('connection.opened', { connection: number, deviceId, address, resumed });
  }

  #tellObservers(count: number): void {
    this.#observers = count;
    for (const link of this.pool.links()) link.post('observers', { protocol: PROTOCOL, count });
  }

  /** Definitions that are new or changed here or elsewhere. */
  async #changed(all: readonly DeviceDefinition[]): Promise<void> {
    const { own: definitions, others } = this.#split(all);
    for (const definition of others) this.tables.put(definition);
    if (others.length > 0) await this.#driver?.changed(others);
    const fresh: string[] = [];
    const known: DeviceDefinition[] = [];
    for (const definition of definitions) {
      if (this.tables.definition(definition.id) === undefined) fresh.push(definition.id);
      else known.push(definition);
      this.tables.put(definition);
    }
    for (let slot = 0; slot < this.pool.size; slot++) {
      const list = known.filter((definition) => this.pool.ownerOf(definition.id) === slot);
      if (list.length > 0) this.#link(slot)?.post('devices.changed', list);
    }
    if (fresh.length > 0) await this.pool.place(fresh);
  }

  async #removed(ids: readonly string[]): Promise<void> {
    const bySlot = new Map<number, string[]>();
    const others: string[] = [];
    for (const id of ids) {
      const definition = this.tables.definition(id);
      if (definition === undefined || !this.tables.remove(id)) continue;
      if (this.#driverOf(definition) !== undefined) {
        others.push(id);
        continue;
      }
      const slot = this.pool.ownerOf(id);
      bySlot.set(slot, [...(bySlot.get(slot) ?? []), id]);
    }
    if (others.length > 0) await this.#driver?.removed(others);
    await Promise.all(
      [...bySlot].map(([slot, list]) =>
        this.#link(slot)?.call('devices.release', { ids: list }, { deadlineMs: ADOPT_DEADLINE_MS }),
      ),
    );
  }
}

function shardNames(count: number): string[] {
  return Array.from({ length: count }, (_, slot) => `device-${slot}`);
}
