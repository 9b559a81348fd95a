// Over 400 lines: one door to everything of the plugins; its parts are in files of their own.
import type { Command } from '../../actors/control/commands.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { ChangeBatch, DeviceDefinition } from '../../actors/device/protocol.js';
import { RECORD_DEFAULTS } from '../../actors/inventory/defaults.js';
import type { DeviceRecord, DiscoveryRow } from '../../actors/inventory/inventory.types.js';
import { SettingsBook } from '../../actors/inventory/settings.js';
import type {
  ConnectionFacts,
  IdentityFacts,
  PluginThreadOptions,
} from '../../actors/plugins/protocol.js';
import type { ChannelSpec, HealthReport } from '../../actors/plugins/sdk/plugin.types.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { isPlainText } from '../../engine/control/rows.js';
import { entryUrl } from '../../engine/entry.js';
import { EngineError } from '../../engine/errors.js';
import type { Log } from '../../engine/log.js';
import type { SeriesWriterStatus } from '../../engine/series/series.types.js';
import type { DeviceDriver } from '../devices/device-driver.types.js';
import { SnapshotKeeper } from '../devices/snapshot-keeper.js';
import { type DeviceTables, METER_TURNS } from '../devices/tables.js';
import { InvalidRequest } from '../http/problem.js';
import type { LiveTable } from '../live/table.types.js';
import { PluginCommands } from './commands.js';
import { isPluginDevice, PluginDevices } from './devices.js';
import { Discoveries } from './discoveries.js';
import { PluginHosts } from './hosts.js';
import type { Sealing } from './instance-config.js';
import { Instances, type InstanceWish } from './instances.js';
import { type InventoryChanges, InventoryFeed } from './inventory-feed.js';
import { MeterWatchers } from './meter-watchers.js';
import { Openings } from './openings.js';
import type { PluginHost, PluginLink } from './plugin-host.js';
import type { PluginPort } from './plugins.types.js';
import { RecordBook } from './record-book.js';
import { Scans } from './scans.js';
import { scanTargets } from './targets.js';

type Live = Readonly<
  Record<
    'devices' | 'connections' | 'plugins' | 'instances' | 'discoveries' | 'scans' | 'shards',
    LiveTable
  >
>;

export interface PluginServiceOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: SiteStore;
  readonly tables: DeviceTables;
  readonly live: Live;
  readonly sealing: Sealing;
  readonly environment: (name: string) => string | undefined;
  readonly folder: string;
  readonly packages: readonly string[];
  readonly dataFolder: string;
  readonly threadOptions: Omit<PluginThreadOptions, 'shard' | 'module'>;
  readonly hangMs?: number;
  readonly onFault: (error: EngineError) => void;
  /** Tests only: threads obey `pool.breakShard`. */
  readonly faults?: boolean;
}

/** A device as it is asked for by hand, by the queue or by a file. */
export type DeviceWish = Parameters<PluginPort['addDevice']>[0];

const ADOPT_MS = 30_000;
const CHECK_MS = 20_000;
const SCAN_STEP_MS = 120_000;
const REFRESH_MS = 1_000;
const HEALTH_EVERY = 30;
/** A thread that works settles a command by so much before the main thread gives up on it. */
const HUNG_MARGIN_MS = 500;
const MAX_ID = 128;
const MAX_ADDRESS = 253;
const MAX_NAME = 200;

/**
 * The main thread's side of all plugins: their threads, instances, devices, connections, commands, discovery and
 * scans. Made by the composition root, begun by `start`, ended by `stop`.
 */
export class PluginService implements PluginPort, DeviceDriver {
  readonly hosts: PluginHosts;
  readonly instances: Instances;
  readonly devices: PluginDevices;
  readonly discoveries: Discoveries;
  readonly scans: Scans;
  readonly commands: PluginCommands;
  readonly book: RecordBook;
  readonly #options: PluginServiceOptions;
  readonly #keeper: SnapshotKeeper;
  readonly #feed: InventoryFeed;
  readonly #watchers: MeterWatchers;
  readonly #openings: Openings;
  readonly #changeListeners = new Set<(batch: ChangeBatch) => void>();
  readonly #places = new Map<number, string>();
  #settings = new SettingsBook();
  #snapshots: Readonly<Record<string, string>> = {};
  #timer: TimerHandle | undefined;
  #turn = 0;
  #seconds = 0;
  #started = false;
  #background: Promise<void> = Promise.resolve();
  readonly #turns = new WeakMap<PluginHost, Promise<void>>();

  constructor(options: PluginServiceOptions) {
    this.#options = options;
    const { clock, store, live, onFault, tables } = options;
    const { inventory } = store;
    this.book = new RecordBook({ table: inventory.records, clock, onFault });
    this.#keeper = new SnapshotKeeper(store.snapshots, clock, onFault);
    this.instances = new Instances({
      table: inventory.instances,
      live: live.instances,
      sealing: options.sealing,
      environment: options.environment,
      clock,
      describe: (code) => this.hosts.describe(code),
      validate: (code, config) => this.#validate(code, 'instance', config),
    });
    this.devices = new PluginDevices({
      clock,
      store: store.devices,
      book: this.book,
      settings: () => this.#settings,
      instances: this.instances,
      tables,
      live,
      placeOf: (id) => this.#places.get(id),
      onFault,
    });
    this.commands = new PluginCommands({
      clock,
      store: store.commands,
      spec: (deviceId, name) => {
        const specs = this.devices.specs(deviceId);
        return specs === undefined ? undefined : (specs.get(name) ?? 'unknown');
      },
      isConnected: (id) => this.devices.connection(id)?.state === 'connected',
      send: (deviceId, name, value, deadlineMs) => this.#send(deviceId, name, value, deadlineMs),
      onFault,
    });
    this.discoveries = new Discoveries({
      table: inventory.discoveries,
      live: live.discoveries,
      book: this.book,
      instances: this.instances,
      clock,
      register: (row) => this.#register(row),
      moved: async (deviceId, address, port) => {
        this.book.change(deviceId, { address, port });
        await this.#again([deviceId]);
      },
      byItself: (id) => this.#reachOf(id) === 'none',
      onFault,
    });
    this.scans = new Scans({ clock, live: live.scans });
    this.#watchers = new MeterWatchers(clock, (ids) => this.#tellWatched(ids));
    this.#openings = new Openings({
      instances: this.instances,
      limits: (id) => ({ limits: this.#settings.limits(id), net: this.#settings.net(id) }),
      failed: (id, reason) => this.#failed(id, reason),
    });
    this.hosts = new PluginHosts({
      clock,
      folder: options.folder,
      packages: options.packages,
      dataFolder: options.dataFolder,
      live,
      threadOptions: options.threadOptions,
      pool: {
        entry: pluginEntry(),
        onSnapshots: (rows) => this.#keeper.note(rows),
        onFault,
        ...(options.hangMs === undefined ? {} : { hangMs: options.hangMs }),
        ...(options.faults === undefined ? {} : { faults: options.faults }),
      },
      adopt: (host, link, ids, snapshots) => this.#adopt(host, link, ids, snapshots),
      wire: (host, link) => this.#wire(host, link),
      ready: (host) => this.#inTurn(host, () => this.#bringUp(host)),
      lost: (host, reason) => this.devices.unattended(this.#devicesOf(host), 'error', reason),
      counts: (code) => this.#countsOf(code),
      onFault,
    });
    this.#feed = new InventoryFeed({
      feed: store.control.feed,
      clock,
      work: (changes) => this.#changedElsewhere(changes),
      onFault,
    });
  }

  /**
   * Reads what is known and begins to start threads in the background: a plugin that does not come up holds up
   * nobody. After `DeviceService.start`, which shows the devices and their last values.
   */
  async start(): Promise<void> {
    const { store } = this.#options;
    await this.#feed.start();
    await Promise.all([this.instances.load(), this.book.load(), this.#loadRest()]);
    this.#snapshots = await store.snapshots.load('device');
    await this.discoveries.load();
    await this.commands.start();
    for (const { deviceId } of this.book.all()) this.devices.show(deviceId);
    await this.hosts.start();
    this.#started = true;
    this.#refresh();
    this.#background = this.#startThreads();
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#started = false;
    this.#options.clock.clearTimeout(this.#timer);
    this.commands.stop();
    this.scans.stop();
    this.#watchers.stop();
    await this.#feed.stop();
    await this.hosts.stop(deadlineMs);
    await this.#background;
    await this.#keeper.close();
    await this.devices.close();
    await this.book.close();
  }

  get descriptions(): PluginPort['descriptions'] {
    return this.hosts.descriptions;
  }

  connection(deviceId: string): ConnectionFacts | undefined {
    return this.devices.connection(deviceId);
  }

  identity(deviceId: string): IdentityFacts | undefined {
    return this.devices.identity(deviceId);
  }

  specs(deviceId: string): ReadonlyMap<string, ChannelSpec> | undefined {
    return this.devices.specs(deviceId);
  }

  onIdentity(listener: (deviceId: string) => void): () => void {
    return this.devices.onIdentity(listener);
  }

  onConnection(listener: (facts: ConnectionFacts) => void): () => void {
    return this.devices.onConnection(listener);
  }

  onChanges(listener: (batch: ChangeBatch) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  onAir(troubles: ReadonlyMap<string, string>): void {
    this.devices.onAir(troubles);
  }

  watchMeters(deviceIds: readonly string[]): () => void {
    return this.#watchers.watch(deviceIds);
  }

  async check(instanceId: number): Promise<HealthReport> {
    const { plugin, enabled } = this.instances.require(instanceId);
    const host = this.hosts.require(plugin);
    let report: HealthReport;
    try {
      if (!enabled) throw new EngineError('conflict', 'the instance is not enabled');
      const { link } = await this.#running(host);
      if (!(await this.#openings.isOpen(host, link, instanceId))) {
        throw new EngineError('conflict', this.#openings.reason(instanceId) ?? 'it is not open');
      }
      report = await link.call('instance.check', { instanceId }, { deadlineMs: CHECK_MS });
    } catch (thrown) {
      const message = EngineError.from(thrown).message;
      report = { status: 'error', message, detail: {} };
    }
    this.instances.checked(instanceId, report);
    return report;
  }

  /** @throws EngineError `not-found`, InvalidRequest */
  async createInstance(plugin: string, wish: InstanceWish): Promise<number> {
    const { id } = await this.instances.create(plugin, wish);
    await this.#instanceChanged(id);
    return id;
  }

  /** @throws EngineError `not-found`, InvalidRequest */
  async updateInstance(id: number, wish: Partial<InstanceWish>): Promise<void> {
    await this.instances.update(id, wish);
    await this.#instanceChanged(id);
  }

  /** @throws EngineError `not-found`; `conflict` while it has devices */
  async removeInstance(id: number): Promise<void> {
    const row = this.instances.require(id);
    const devices = this.book.ofInstance(id).length;
    if (devices > 0) {
      throw new EngineError('conflict', `instance ${id} has ${devices} devices: remove them first`);
    }
    const host = this.hosts.get(row.plugin);
    await this.instances.remove(id);
    if (host !== undefined) await this.#inTurn(host, () => this.#closeInstance(host, id));
  }

  async addDevice(wish: DeviceWish): Promise<{ readonly deviceId: string }> {
    const [made] = await this.addDevices([wish]);
    if (made === undefined) throw new EngineError('internal', 'the new device did not come back');
    if (typeof made !== 'string') throw made;
    return { deviceId: made };
  }

  /** Many at once, in few transactions. @returns for each its id, or why it was not made. */
  async addDevices(wishes: readonly DeviceWish[]): Promise<readonly (string | EngineError)[]> {
    const { store, clock, tables } = this.#options;
    const given = new Set<string>();
    const judged = await Promise.all(wishes.map((wish) => this.#judge(wish, given)));
    const fine = judged.flatMap((one) => (one instanceof EngineError ? [] : [one]));
    const claims = fine.map(({ deviceId, plugin, wish }) => {
      return { id: deviceId, name: wish.name ?? wish.externalId, protocol: plugin, channels: [] };
    });
    const { devices, refused } = await store.devices.intern(claims);
    const refusals = new Map(refused.map(({ deviceId, error }) => [deviceId, error]));
    const nowUnixMs = clock.nowMs();
    const taken = fine.filter(({ deviceId }) => !refusals.has(deviceId));
    await this.book.createMany(
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
    for (const id of ids) this.devices.show(id);
    // They connect in the background: a plugin that hangs holds up nobody.
    this.#again(ids).catch((thrown: unknown) => this.#options.onFault(EngineError.from(thrown)));
    return judged.map((one) =>
      one instanceof EngineError ? one : (refusals.get(one.deviceId) ?? one.deviceId),
    );
  }

  async recordsChanged(deviceIds: readonly string[]): Promise<void> {
    const ids = deviceIds.flatMap((id) => this.book.get(id)?.id ?? []);
    await this.book.refresh(ids);
    for (const id of deviceIds) this.devices.show(id);
    await this.#again(deviceIds);
  }

  async scan(wish: Parameters<PluginPort['scan']>[0]): Promise<{ readonly scanId: string }> {
    const { instanceId } = wish;
    const { plugin, enabled } = this.instances.require(instanceId);
    if (!enabled) throw invalid('instanceId', `instance ${instanceId} is not enabled`);
    const host = this.hosts.require(plugin);
    const { manifest } = await this.hosts.describe(plugin);
    const hosts = scanTargets(wish.cidrs ?? [], wish.hosts ?? []);
    const can = new Set<string>(manifest.discovers);
    const nothing = hosts.length === 0 && wish.multicast !== true && wish.server !== true;
    // Nothing named: everything the plugin can do without names.
    const multicast = nothing ? can.has('multicast') : wish.multicast === true;
    const server = nothing ? can.has('server') : wish.server === true;
    if (hosts.length > 0 && !can.has('scan')) throw cannot('cidrs', plugin, 'ask hosts');
    if (multicast && !can.has('multicast')) throw cannot('multicast', plugin, 'listen');
    if (server && !can.has('server')) throw cannot('server', plugin, 'ask a server for a list');
    if (nothing && !multicast && !server) throw invalid('cidrs', 'name ranges or hosts to ask');
    const scanId = this.scans.start({
      ...{ instanceId, hosts, multicast, server },
      run: async (step) => {
        const { link } = await this.#running(host);
        await this.#openings.requireOpen(host, link, instanceId);
        await link.call('discover.run', { instanceId, ...step }, { deadlineMs: SCAN_STEP_MS });
      },
      cancel: (id) => {
        host.link?.call('discover.cancel', { scanId: id }).catch((thrown: unknown) => {
          this.#options.onFault(EngineError.from(thrown));
        });
      },
    });
    return { scanId };
  }

  /** @returns how many are known; `start` and `stop` are remembered. */
  async act(ids: readonly string[], action: 'start' | 'stop' | 'reconnect'): Promise<number> {
    const known = ids.filter((id) => this.book.get(id) !== undefined);
    const byHost = this.#byHost(known);
    if (action !== 'reconnect') {
      for (const id of known) this.book.change(id, { enabled: action === 'start' });
      await this.#again(known);
    }
    await Promise.all(
      [...byHost].map(([host, list]) =>
        host.link?.call('connections.act', { ids: list, action }, { deadlineMs: ADOPT_MS }),
      ),
    );
    return known.length;
  }

  /** @throws EngineError `not-found` */
  async restart(code: string): Promise<void> {
    const host = this.hosts.require(code);
    await host.restart();
    await this.#inTurn(host, () => this.#bringUp(host));
  }

  /** Of all plugin threads. */
  async seriesStatuses(): Promise<readonly SeriesWriterStatus[]> {
    const links = this.hosts.pools().flatMap((pool) => pool.links());
    const all = await Promise.allSettled(
      links.map((link) => link.call('series.status', {}, { deadlineMs: 1_000 })),
    );
    return all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  }

  counters(): ReadonlyMap<string, Readonly<Record<string, number>>> {
    return new Map(this.hosts.pools().flatMap((pool) => [...pool.counters()]));
  }

  drives(device: Pick<DeviceDefinition, 'id' | 'protocol'>): boolean {
    return isPluginDevice(device);
  }

  async changed(definitions: readonly DeviceDefinition[]): Promise<void> {
    if (!this.#started) return;
    for (const { id } of definitions) this.devices.show(id);
    await Promise.resolve();
  }

  async removed(ids: readonly string[]): Promise<void> {
    const byHost = this.#byHost(ids);
    this.devices.forget(ids);
    this.commands.forget(ids);
    await Promise.all(
      [...byHost].map(([host, list]) =>
        host.link?.call('devices.release', { ids: list }, { deadlineMs: ADOPT_MS }),
      ),
    );
  }

  async renamed(id: string, name: string): Promise<void> {
    this.book.change(id, { givenName: name });
    this.devices.show(id);
    await this.book.flush();
  }

  setParameter(
    deviceId: string,
    name: string,
    value: number | string | boolean,
    by: string,
    ttlMs = 0,
  ): Promise<Command> {
    return this.commands.ask(deviceId, name, value, by, ttlMs);
  }

  async #startThreads(): Promise<void> {
    const { onFault } = this.#options;
    const fault = (thrown: unknown): void => onFault(EngineError.from(thrown));
    const hosts = [...this.hosts.all()];
    const up = (host: PluginHost): Promise<void> =>
      this.#inTurn(host, () => this.#bringUp(host)).catch(fault);
    await Promise.all(hosts.map(up));
    if (this.#started) await this.hosts.reload().catch(fault);
    if (this.#started) await this.hosts.describeAll().catch(fault);
    this.#snapshots = {};
  }

  /** Starts the plugin's thread when an instance needs it, opens those, and gives it their devices. */
  async #bringUp(host: PluginHost): Promise<void> {
    const code = this.#codeOf(host);
    const open = this.instances.of(code).filter(({ enabled }) => enabled);
    if (open.length === 0) {
      host.release();
      return;
    }
    const pool = await host.hold();
    const link = pool.linkAt(0);
    if (link === undefined) return;
    await host.describe();
    await Promise.all(open.map(({ id }) => this.#openings.isOpen(host, link, id)));
    const ids = open.flatMap(({ id }) => this.book.ofInstance(id).map((one) => one.deviceId));
    const fresh = ids.filter((id) => !this.#openings.has(link, id));
    if (fresh.length > 0) await pool.place(fresh, this.#snapshots);
    this.#watchers.again();
  }

  async #running(host: PluginHost): Promise<{ readonly link: PluginLink }> {
    const link = (await host.hold()).linkAt(0);
    if (link !== undefined) return { link };
    throw new EngineError('thread.lost', `plugin ${host.source.name} is being replaced: try again`);
  }

  async #adopt(
    host: PluginHost,
    link: PluginLink,
    ids: readonly string[],
    snapshots: Readonly<Record<string, string>>,
  ): Promise<void> {
    const devices = ids.flatMap((id) => this.devices.forThread(id) ?? []);
    const needed = new Set(devices.map(({ instanceId }) => instanceId));
    const open = new Set<number>();
    for (const id of needed) if (await this.#openings.isOpen(host, link, id)) open.add(id);
    const taken = devices.filter(({ instanceId }) => open.has(instanceId));
    if (taken.length === 0) return;
    const latest = this.#options.tables.latestOf(taken.map(({ id }) => id));
    const params = { devices: taken, snapshots, latest };
    await link.call('devices.adopt', params, { deadlineMs: ADOPT_MS });
    for (const { id } of taken) this.#openings.adopted(link, id);
  }

  #wire(_host: PluginHost, link: PluginLink): void {
    const { tables } = this.#options;
    link.on('changes', (batch) => {
      tables.changes(batch);
      for (const listener of this.#changeListeners) listener(batch);
    });
    link.on('edges', (edges) => tables.edges(edges));
    link.on('connections', (facts) => {
      for (const id of this.devices.connected(facts)) this.commands.deviceIsBack(id);
    });
    link.on('identities', (facts) => {
      for (const { deviceId, facts: told } of this.devices.identities(facts)) {
        const record = this.book.get(deviceId);
        if (record === undefined) continue;
        const { instanceId, externalId, address, port, role } = record;
        void this.discoveries.found(instanceId, 'spontaneous', [
          {
            ...{ externalId, role: told.role ?? role, address: address ?? undefined },
            ...(port === null ? {} : { port }),
            ...(told.name === undefined ? {} : { name: told.name }),
            ...(told.model === undefined ? {} : { model: told.model }),
            ...(told.serial === undefined ? {} : { serial: told.serial }),
            ...(told.mac === undefined ? {} : { mac: told.mac }),
          },
        ]);
      }
    });
    link.on('discover.found', ({ scanId, instanceId, devices }) => {
      if (scanId !== undefined) this.scans.found(scanId, devices.length);
      const source: DiscoveryRow['source'] = scanId === undefined ? 'spontaneous' : 'scan';
      void this.discoveries.found(instanceId, source, devices);
    });
    link.on('discover.asked', ({ scanId, hosts }) => this.scans.asked(scanId, hosts));
    link.on('instance.failed', ({ instanceId, message }) => this.#failed(instanceId, message));
    link.on('logged', (lines) => {
      for (const { instanceId, level, text } of lines) {
        this.#options.log[level]({ instanceId }, text);
      }
    });
    link.handle('devices.intern', (claims) => this.devices.intern(claims));
  }

  /** Devices whose record changed: their thread gets them as they are now. */
  async #again(ids: readonly string[]): Promise<void> {
    await Promise.all(
      [...this.#byHost(ids)].map(([host, list]) =>
        this.#inTurn(host, async () => {
          if (host.pool === undefined) await this.#bringUp(host);
          else await host.pool.place(list);
        }),
      ),
    );
  }

  /** Openings, closings and adoptions of a plugin, one after the other. */
  #inTurn(host: PluginHost, work: () => Promise<void>): Promise<void> {
    const done = (this.#turns.get(host) ?? Promise.resolve()).then(work);
    this.#turns.set(
      host,
      done.catch(() => undefined),
    );
    return done;
  }

  async #instanceChanged(id: number): Promise<void> {
    const row = this.instances.get(id);
    const host = row === undefined ? undefined : this.hosts.get(row.plugin);
    if (row === undefined || host === undefined) return;
    const ids = this.book.ofInstance(id).map(({ deviceId }) => deviceId);
    for (const deviceId of ids) this.devices.show(deviceId);
    await this.#inTurn(host, async () => {
      await this.#closeInstance(host, id);
      if (!row.enabled) this.devices.unattended(ids, 'stopped', undefined);
      else await this.#bringUp(host);
    }).catch((thrown: unknown) => this.#failed(id, EngineError.from(thrown).message));
  }

  async #closeInstance(host: PluginHost, id: number): Promise<void> {
    const { link } = host;
    const ids = this.book.ofInstance(id).map(({ deviceId }) => deviceId);
    this.#openings.forget(id, ids);
    if (link !== undefined) {
      await link.call('devices.release', { ids }, { deadlineMs: ADOPT_MS });
      await link.call('instance.close', { instanceId: id }, { deadlineMs: ADOPT_MS });
    }
    this.instances.state(id, 'closed');
    if (!this.instances.of(this.#codeOf(host)).some(({ enabled }) => enabled)) host.release();
  }

  #failed(instanceId: number, reason: string): void {
    this.instances.state(instanceId, 'failed', reason);
    const ids = this.book.ofInstance(instanceId).map(({ deviceId }) => deviceId);
    this.devices.unattended(ids, 'error', reason);
  }

  async #register(row: DiscoveryRow): Promise<void> {
    const { deviceId } = await this.addDevice({
      instanceId: row.instanceId,
      externalId: row.externalId,
      address: row.address ?? undefined,
      port: row.port ?? undefined,
      config: row.config,
    });
    const { role, name, model, serial, mac, firmware } = row;
    this.book.change(deviceId, { role, reportedName: name, model, serial, mac, firmware });
    this.devices.show(deviceId);
  }

  async #judge(
    wish: DeviceWish,
    given: Set<string>,
  ): Promise<
    EngineError | { readonly deviceId: string; readonly plugin: string; readonly wish: DeviceWish }
  > {
    try {
      const { plugin } = this.instances.require(wish.instanceId);
      const deviceId = `${plugin}:${wish.instanceId}:${wish.externalId}`;
      const wrong = problemOf(wish, deviceId);
      if (wrong !== undefined) return wrong;
      if (given.has(deviceId) || this.book.get(deviceId) !== undefined) {
        return new EngineError('conflict', `externalId: device ${deviceId} exists already`);
      }
      given.add(deviceId);
      if (wish.config !== undefined && Object.keys(wish.config).length > 0) {
        const problems = await this.#validate(plugin, 'device', wish.config);
        const [first] = problems;
        if (first !== undefined) return invalid(`config.${first.field}`, first.message);
      }
      return { deviceId, plugin, wish };
    } catch (thrown) {
      return EngineError.from(thrown);
    }
  }

  async #validate(
    code: string,
    of: 'instance' | 'device',
    config: Readonly<Record<string, unknown>>,
  ): Promise<readonly { readonly field: string; readonly message: string }[]> {
    return (await this.hosts.require(code).call('plugin.validate', { of, config })).problems;
  }

  async #send(
    deviceId: string,
    name: string,
    value: number | string | boolean,
    deadlineMs: number,
  ): Promise<'confirmed' | 'unanswered' | 'offline'> {
    const [host] = this.#byHost([deviceId]).keys();
    if (host?.link === undefined) return 'offline';
    // The thread gives up first, as long as it does anything at all.
    const params = { deviceId, name, value, deadlineMs: deadlineMs - HUNG_MARGIN_MS };
    try {
      return (await host.link.call('device.command', params, { deadlineMs })).state;
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code !== 'link.deadline') throw error;
      const message = `plugin ${this.#codeOf(host)} hangs: it gave no answer within ${deadlineMs} ms, so nobody knows whether the device has the value. Its thread is replaced if it stays so; send the value again then`;
      throw new EngineError('link.deadline', message, { cause: error });
    }
  }

  #byHost(ids: readonly string[]): ReadonlyMap<PluginHost, string[]> {
    const found = new Map<PluginHost, string[]>();
    for (const id of ids) {
      const host = this.#hostOf(this.book.get(id));
      if (host === undefined) continue;
      const list = found.get(host);
      if (list === undefined) found.set(host, [id]);
      else list.push(id);
    }
    return found;
  }

  #hostOf(record: DeviceRecord | undefined): PluginHost | undefined {
    const instance = record === undefined ? undefined : this.instances.get(record.instanceId);
    return instance === undefined ? undefined : this.hosts.get(instance.plugin);
  }

  #devicesOf(host: PluginHost): readonly string[] {
    return this.instances
      .of(this.#codeOf(host))
      .flatMap(({ id }) => this.book.ofInstance(id).map(({ deviceId }) => deviceId));
  }

  #codeOf(host: PluginHost): string {
    return host.code ?? host.source.name;
  }

  #reachOf(instanceId: number): string | undefined {
    const plugin = this.instances.get(instanceId)?.plugin ?? '';
    return this.hosts.get(plugin)?.description?.manifest.reach;
  }

  #countsOf(code: string): { readonly instances: number; readonly devices: number } {
    const instances = this.instances.of(code);
    const ids = new Set(instances.map(({ id }) => id));
    let devices = 0;
    for (const { instanceId } of this.book.all()) if (ids.has(instanceId)) devices += 1;
    return { instances: instances.length, devices };
  }

  #tellWatched(watched: ReadonlySet<string>): void {
    const byHost = this.#byHost([...watched]);
    for (const host of this.hosts.all()) {
      host.link?.post('meters.watched', { deviceIds: byHost.get(host) ?? [] });
    }
  }

  #refresh(): void {
    this.#options.tables.refreshMeters(this.#turn);
    this.#turn = (this.#turn + 1) % METER_TURNS;
    if (this.#turn === 0) {
      this.#seconds += 1;
      this.#countInstances();
      this.devices.sweep();
      if (this.#seconds % HEALTH_EVERY === 0) this.devices.refreshHealth();
    }
    this.#timer = this.#options.clock.setTimeout(() => this.#refresh(), REFRESH_MS / METER_TURNS);
  }

  #countInstances(): void {
    const counts = new Map<number, { devices: number; connected: number }>();
    for (const { deviceId, instanceId } of this.book.all()) {
      const count = counts.get(instanceId) ?? { devices: 0, connected: 0 };
      if (count.devices === 0) counts.set(instanceId, count);
      count.devices += 1;
      if (this.devices.connection(deviceId)?.state === 'connected') count.connected += 1;
    }
    for (const { id } of this.instances.all()) {
      const { devices, connected } = counts.get(id) ?? { devices: 0, connected: 0 };
      this.instances.counts(id, devices, connected);
    }
    this.hosts.refresh();
  }

  async #changedElsewhere(changes: InventoryChanges): Promise<void> {
    const { everything, ids } = changes;
    if (everything || ids('overrides').length > 0 || ids('locations').length > 0) {
      await this.#loadRest();
      if (this.#started && (everything || ids('overrides').length > 0)) {
        await this.#openings.tune();
        await this.#again([...this.book.all()].map(({ deviceId }) => deviceId));
      }
    }
    const all = everything ? this.instances.all().map(({ id }) => id) : [];
    for (const id of await this.instances.refresh([...all, ...ids('instances')])) {
      await this.#instanceChanged(id);
    }
    const records = everything ? [...this.book.all()].map(({ id }) => id) : [];
    const touched = await this.book.refresh([...records, ...ids('records')]);
    for (const id of touched) this.devices.show(id);
    if (touched.length > 0) await this.#again(touched);
    if (ids('discoveries').length > 0) await this.discoveries.refresh(ids('discoveries'));
  }

  async #loadRest(): Promise<void> {
    const { inventory } = this.#options.store;
    const [overrides, locations] = await Promise.all([
      inventory.overrides.find(),
      inventory.locations.find(),
    ]);
    this.#settings = new SettingsBook(overrides);
    const byId = new Map(locations.map((one) => [one.id, one]));
    this.#places.clear();
    for (const { id } of locations) {
      const names: string[] = [];
      for (let at = byId.get(id); at !== undefined && names.length < 10; ) {
        names.unshift(at.name);
        at = at.parentId === null ? undefined : byId.get(at.parentId);
      }
      this.#places.set(id, names.join(' / '));
    }
  }
}

function pluginEntry(): URL {
  return entryUrl('actors/plugins/host/thread.worker');
}

function invalid(field: string, message: string): InvalidRequest {
  return new InvalidRequest([{ field: `body.${field}`, message }]);
}

function cannot(field: string, plugin: string, what: string): InvalidRequest {
  return invalid(field, `the plugin ${plugin} cannot ${what}`);
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
