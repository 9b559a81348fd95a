import type { DeviceRecord } from '../../actors/inventory/inventory.types.js';
import type { InstanceLimits, InstanceNet } from '../../actors/plugins/protocol.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { DeviceTables } from '../devices/tables.js';
import type { PluginDevices } from './devices.js';
import type { PluginHosts } from './hosts.js';
import type { Instances } from './instances.js';
import { Openings } from './openings.js';
import type { PluginHost, PluginLink } from './plugin-host.js';
import type { RecordBook } from './record-book.js';

export interface ThreadCareOptions {
  readonly clock: Clock;
  readonly instances: Instances;
  readonly devices: Pick<PluginDevices, 'forThread' | 'show' | 'unattended'>;
  readonly book: RecordBook;
  readonly tables: Pick<DeviceTables, 'latestOf'>;
  readonly hosts: Pick<PluginHosts, 'get'>;
  /** As they are set now. */
  readonly limits: (instanceId: number) => {
    readonly limits: InstanceLimits;
    readonly net: InstanceNet;
  };
  /** States of devices as they are stored now. */
  readonly snapshots: () => Promise<Readonly<Record<string, string>>>;
  readonly onFault: (error: EngineError) => void;
  /** A thread has all its devices. */
  readonly settled: () => void;
}

const ADOPT_MS = 30_000;

/**
 * Gives plugin threads what they need: open instances and their devices, as they are now. What is done to one
 * plugin is done in turn.
 */
export class ThreadCare {
  readonly openings: Openings;
  readonly #options: ThreadCareOptions;
  readonly #turns = new WeakMap<PluginHost, Promise<void>>();

  constructor(options: ThreadCareOptions) {
    this.#options = options;
    this.openings = new Openings({
      clock: options.clock,
      instances: options.instances,
      limits: options.limits,
      failed: (id, reason) => this.failed(id, reason),
      retry: (host) => {
        this.inTurn(host, () => this.bringUp(host)).catch((thrown: unknown) =>
          options.onFault(EngineError.from(thrown)),
        );
      },
    });
  }

  /** Starts the plugin's thread when an instance needs it, opens those, and gives it their devices. */
  async bringUp(host: PluginHost): Promise<void> {
    const code = this.codeOf(host);
    const open = this.#options.instances.of(code).filter(({ enabled }) => enabled);
    if (open.length === 0) {
      host.release();
      return;
    }
    const pool = await host.hold();
    const link = pool.linkAt(0);
    if (link === undefined) return;
    await host.describe();
    await Promise.all(open.map(({ id }) => this.openings.isOpen(host, link, id)));
    const ids = open.flatMap(({ id }) =>
      this.#options.book.ofInstance(id).map((one) => one.deviceId),
    );
    const fresh = ids.filter((id) => !this.openings.has(link, id));
    if (fresh.length > 0) await pool.place(fresh, await this.#options.snapshots());
    this.#options.settled();
  }

  /** One that failed is opened once more, with its devices. */
  async openAgain(host: PluginHost, instanceId: number): Promise<void> {
    await this.inTurn(host, async () => {
      if (this.openings.reason(instanceId) === undefined) return;
      this.openings.forget(instanceId, []);
      await this.bringUp(host);
    });
  }

  async running(host: PluginHost): Promise<{ readonly link: PluginLink }> {
    const link = (await host.hold()).linkAt(0);
    if (link !== undefined) return { link };
    throw new EngineError('thread.lost', `plugin ${host.source.name} is being replaced: try again`);
  }

  async adopt(
    host: PluginHost,
    link: PluginLink,
    ids: readonly string[],
    snapshots: Readonly<Record<string, string>>,
  ): Promise<void> {
    const devices = ids.flatMap((id) => this.#options.devices.forThread(id) ?? []);
    const needed = new Set(devices.map(({ instanceId }) => instanceId));
    const open = new Set<number>();
    for (const id of needed) if (await this.openings.isOpen(host, link, id)) open.add(id);
    const taken = devices.filter(({ instanceId }) => open.has(instanceId));
    if (taken.length === 0) return;
    const latest = this.#options.tables.latestOf(taken.map(({ id }) => id));
    const params = { devices: taken, snapshots, latest };
    await link.call('devices.adopt', params, { deadlineMs: ADOPT_MS });
    for (const { id } of taken) this.openings.adopted(link, id);
  }

  /** Devices whose record changed: their thread gets them as they are now. */
  async again(ids: readonly string[]): Promise<void> {
    await Promise.all(
      [...this.byHost(ids)].map(([host, list]) =>
        this.inTurn(host, async () => {
          if (host.pool === undefined) await this.bringUp(host);
          else await host.pool.place(list);
        }),
      ),
    );
  }

  /** Openings, closings and adoptions of a plugin, one after the other. */
  inTurn(host: PluginHost, work: () => Promise<void>): Promise<void> {
    const done = (this.#turns.get(host) ?? Promise.resolve()).then(work);
    this.#turns.set(
      host,
      done.catch(() => undefined),
    );
    return done;
  }

  /** @param reopens false: nothing changed that its connections depend on */
  async instanceChanged(id: number, reopens = true): Promise<void> {
    const row = this.#options.instances.get(id);
    const host = row === undefined ? undefined : this.#options.hosts.get(row.plugin);
    if (row === undefined || host === undefined) return;
    const ids = this.#options.book.ofInstance(id).map(({ deviceId }) => deviceId);
    for (const deviceId of ids) this.#options.devices.show(deviceId);
    if (!reopens && this.openings.reason(id) === undefined) return;
    await this.inTurn(host, async () => {
      await this.closeInstance(host, id);
      if (!row.enabled) this.#options.devices.unattended(ids, 'stopped', undefined);
      else await this.bringUp(host);
    }).catch((thrown: unknown) => this.failed(id, EngineError.from(thrown).message));
  }

  async closeInstance(host: PluginHost, id: number): Promise<void> {
    const { link } = host;
    const ids = this.#options.book.ofInstance(id).map(({ deviceId }) => deviceId);
    this.openings.forget(id, ids);
    if (link !== undefined) {
      await link.call('devices.release', { ids }, { deadlineMs: ADOPT_MS });
      await link.call('instance.close', { instanceId: id }, { deadlineMs: ADOPT_MS });
    }
    this.#options.instances.state(id, 'closed');
    if (!this.#options.instances.of(this.codeOf(host)).some(({ enabled }) => enabled))
      host.release();
  }

  failed(instanceId: number, reason: string): void {
    this.#options.instances.state(instanceId, 'failed', reason);
    const ids = this.#options.book.ofInstance(instanceId).map(({ deviceId }) => deviceId);
    this.#options.devices.unattended(ids, 'error', reason);
  }

  byHost(ids: readonly string[]): ReadonlyMap<PluginHost, string[]> {
    const found = new Map<PluginHost, string[]>();
    for (const id of ids) {
      const host = this.#hostOf(this.#options.book.get(id));
      if (host === undefined) continue;
      const list = found.get(host);
      if (list === undefined) found.set(host, [id]);
      else list.push(id);
    }
    return found;
  }

  #hostOf(record: DeviceRecord | undefined): PluginHost | undefined {
    const instance =
      record === undefined ? undefined : this.#options.instances.get(record.instanceId);
    return instance === undefined ? undefined : this.#options.hosts.get(instance.plugin);
  }

  devicesOf(host: PluginHost): readonly string[] {
    return this.#options.instances
      .of(this.codeOf(host))
      .flatMap(({ id }) => this.#options.book.ofInstance(id).map(({ deviceId }) => deviceId));
  }

  codeOf(host: PluginHost): string {
    return host.code ?? host.source.name;
  }
}
