import type { Command } from '../../actors/control/commands.js';
import type { ChangeBatch, DeviceDefinition } from '../../actors/device/protocol.js';
import type { ConnectionFacts, IdentityFacts } from '../../actors/plugins/protocol.js';
import type { ChannelSpec, HealthReport } from '../../actors/plugins/sdk/plugin.types.js';
import { entryUrl } from '../../engine/entry.js';
import { EngineError } from '../../engine/errors.js';
import type { SeriesWriterStatus } from '../../engine/series/series.types.js';
import type { DeviceDriver } from '../devices/device-driver.types.js';
import { SnapshotKeeper } from '../devices/snapshot-keeper.js';
import { Beat } from './beat.js';
import { PluginCommands } from './commands.js';
import { isPluginDevice, PluginDevices } from './devices.js';
import { Discoveries } from './discoveries.js';
import { changedElsewhere } from './elsewhere.js';
import { PluginHosts } from './hosts.js';
import { Instances, type InstanceWish, opensAnew } from './instances.js';
import { InventoryFeed } from './inventory-feed.js';
import { MeterWatchers } from './meter-watchers.js';
import { type DeviceWish, NewDevices } from './new-devices.js';
import type { PluginHost } from './plugin-host.js';
import type { PluginPort } from './plugins.types.js';
import { RecordBook } from './record-book.js';
import { Scans } from './scans.js';
import type { PluginServiceOptions } from './service.types.js';
import { SiteFacts } from './site-facts.js';
import { ThreadCalls } from './thread-calls.js';
import { ThreadCare } from './thread-care.js';
import { wireLink } from './wiring.js';

const DEFAULT_HEAP_MB = 512;

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
  readonly #care: ThreadCare;
  readonly #calls: ThreadCalls;
  readonly #beat: Beat;
  readonly #fresh: NewDevices;
  readonly #changeListeners = new Set<(batch: ChangeBatch) => void>();
  readonly #facts: SiteFacts;
  #started = false;
  #background: Promise<void> = Promise.resolve();

  constructor(options: PluginServiceOptions) {
    this.#options = options;
    const { clock, store, live, onFault, tables } = options;
    const { inventory } = store;
    this.#facts = new SiteFacts(inventory);
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
      settings: () => this.#facts.settings,
      instances: this.instances,
      tables,
      live,
      placeOf: (id) => this.#facts.placeOf(id),
      onFault,
    });
    this.#fresh = new NewDevices({
      ...{ clock, store: store.devices, tables, book: this.book, instances: this.instances },
      devices: this.devices,
      validate: (code, config) => this.#validate(code, 'device', config),
      connect: (ids) => this.#care.again(ids),
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
      send: (deviceId, name, value, deadlineMs) =>
        this.#calls.send(deviceId, name, value, deadlineMs),
      onFault,
    });
    this.discoveries = new Discoveries({
      table: inventory.discoveries,
      live: live.discoveries,
      book: this.book,
      instances: this.instances,
      clock,
      register: (row) => this.#fresh.register(row),
      moved: async (deviceId, address, port) => {
        this.book.change(deviceId, { address, port });
        await this.#care.again([deviceId]);
      },
      byItself: (id) => this.#reachOf(id) === 'none',
      onFault,
    });
    this.scans = new Scans({ clock, live: live.scans });
    this.#watchers = new MeterWatchers(clock, (ids) => this.#calls.watch(ids));
    this.hosts = new PluginHosts({
      clock,
      folder: options.folder,
      packages: options.packages,
      dataFolder: options.dataFolder,
      live,
      threadOptions: options.threadOptions,
      pool: {
        entry: entryUrl('actors/plugins/host/thread.worker'),
        resourceLimits: { maxOldGenerationSizeMb: options.heapMb ?? DEFAULT_HEAP_MB },
        onSnapshots: (rows) => this.#keeper.note(rows),
        onFault,
        ...(options.hangMs === undefined ? {} : { hangMs: options.hangMs }),
        ...(options.faults === undefined ? {} : { faults: options.faults }),
      },
      adopt: (host, link, ids, snapshots) => this.#care.adopt(host, link, ids, snapshots),
      wire: (_, link) =>
        wireLink(link, {
          ...{ tables, devices: this.devices, commands: this.commands, book: this.book },
          ...{ discoveries: this.discoveries, scans: this.scans, log: options.log },
          changed: (batch) => {
            for (const listener of this.#changeListeners) listener(batch);
          },
          failed: (id, message) => this.#care.failed(id, message),
        }),
      ready: (host) => this.#care.inTurn(host, () => this.#care.bringUp(host)),
      lost: (host, reason) => this.devices.unattended(this.#care.devicesOf(host), 'error', reason),
      counts: (code) => this.#countsOf(code),
      onFault,
    });
    this.#care = new ThreadCare({
      ...{ instances: this.instances, devices: this.devices, book: this.book, tables },
      ...{ clock, hosts: this.hosts, onFault },
      snapshots: async () => {
        await this.#keeper.flush();
        return await store.snapshots.load('device');
      },
      limits: (id) => ({
        limits: this.#facts.settings.limits(id),
        net: this.#facts.settings.net(id),
      }),
      settled: () => this.#watchers.again(),
    });
    this.#calls = new ThreadCalls({
      ...{ instances: this.instances, book: this.book, hosts: this.hosts, care: this.#care },
      ...{ scans: this.scans, onFault },
    });
    this.#beat = new Beat({
      ...{ clock, tables, devices: this.devices, instances: this.instances, book: this.book },
      hosts: this.hosts,
    });
    this.#feed = new InventoryFeed({
      feed: store.control.feed,
      clock,
      work: (changes) =>
        changedElsewhere(changes, this.#started, {
          ...{ facts: this.#facts, care: this.#care, book: this.book, instances: this.instances },
          ...{ devices: this.devices, discoveries: this.discoveries },
        }),
      onFault,
    });
  }

  /**
   * Reads what is known and begins to start threads in the background: a plugin that does not come up holds up
   * nobody. After `DeviceService.start`, which shows the devices and their last values.
   */
  async start(): Promise<void> {
    await this.#feed.start();
    await Promise.all([this.instances.load(), this.book.load(), this.#facts.load()]);
    await this.discoveries.load();
    await this.commands.start();
    for (const { deviceId } of this.book.all()) this.devices.show(deviceId);
    await this.hosts.start();
    this.#started = true;
    this.#beat.start();
    this.#background = this.#startThreads();
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#started = false;
    this.#beat.stop();
    this.commands.stop();
    this.#care.openings.stop();
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

  /** @throws EngineError `not-found`, InvalidRequest */
  async createInstance(plugin: string, wish: InstanceWish): Promise<number> {
    const { id } = await this.instances.create(plugin, wish);
    await this.#care.instanceChanged(id);
    return id;
  }

  /** @throws EngineError `not-found`, InvalidRequest */
  async updateInstance(id: number, wish: Partial<InstanceWish>): Promise<void> {
    const before = this.instances.require(id);
    const after = await this.instances.update(id, wish);
    await this.#care.instanceChanged(id, opensAnew(before, after));
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
    if (host !== undefined) await this.#care.inTurn(host, () => this.#care.closeInstance(host, id));
  }

  async addDevice(wish: DeviceWish): Promise<{ readonly deviceId: string }> {
    return await this.#fresh.addDevice(wish);
  }

  /** @throws EngineError `not-found` */
  async check(instanceId: number): Promise<HealthReport> {
    return await this.#calls.check(instanceId);
  }

  async scan(wish: Parameters<PluginPort['scan']>[0]): Promise<{ readonly scanId: string }> {
    return await this.#calls.scan(wish);
  }

  /** @returns how many are known; `start` and `stop` are remembered. */
  async act(ids: readonly string[], action: 'start' | 'stop' | 'reconnect'): Promise<number> {
    return await this.#calls.act(ids, action);
  }

  /** Many at once, in few transactions. @returns for each its id, or why it was not made. */
  async addDevices(wishes: readonly DeviceWish[]): Promise<readonly (string | EngineError)[]> {
    return await this.#fresh.addDevices(wishes);
  }

  async removeDevices(deviceIds: readonly string[]): Promise<void> {
    const ids = deviceIds.filter((id) => this.book.get(id) !== undefined);
    if (ids.length === 0) return;
    await this.#options.store.devices.remove(ids);
    for (const id of ids) this.#options.tables.remove(id);
    await this.removed(ids);
  }

  async recordsChanged(deviceIds: readonly string[]): Promise<void> {
    const ids = deviceIds.flatMap((id) => this.book.get(id)?.id ?? []);
    await this.book.refresh(ids);
    for (const id of deviceIds) this.devices.show(id);
    await this.#care.again(deviceIds);
  }

  /** @throws EngineError `not-found` */
  async restart(code: string): Promise<void> {
    const host = this.hosts.require(code);
    await host.restart();
    await this.#care.inTurn(host, () => this.#care.bringUp(host));
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
    const released = this.#calls.release(ids);
    this.devices.forget(ids);
    this.commands.forget(ids);
    await released;
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
      this.#care.inTurn(host, () => this.#care.bringUp(host)).catch(fault);
    await Promise.all(hosts.map(up));
    if (this.#started) await this.hosts.reload().catch(fault);
    if (this.#started) await this.hosts.describeAll().catch(fault);
  }

  async #validate(
    code: string,
    of: 'instance' | 'device',
    config: Readonly<Record<string, unknown>>,
  ): Promise<readonly { readonly field: string; readonly message: string }[]> {
    return (await this.hosts.require(code).call('plugin.validate', { of, config })).problems;
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
}
