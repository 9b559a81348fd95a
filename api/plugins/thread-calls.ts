import type { HealthReport } from '../../actors/plugins/sdk/plugin.types.js';
import { EngineError } from '../../engine/errors.js';
import { InvalidRequest } from '../http/problem.js';
import type { PluginHosts } from './hosts.js';
import type { Instances } from './instances.js';
import type { PluginPort } from './plugins.types.js';
import type { RecordBook } from './record-book.js';
import { planScan } from './scan-plan.js';
import type { Scans } from './scans.js';
import type { ThreadCare } from './thread-care.js';

interface ThreadCallsOptions {
  readonly instances: Instances;
  readonly book: RecordBook;
  readonly hosts: PluginHosts;
  readonly care: ThreadCare;
  readonly scans: Scans;
  readonly onFault: (error: EngineError) => void;
}

const ACT_MS = 30_000;
const CHECK_MS = 20_000;
const SCAN_STEP_MS = 120_000;
/** A thread that works settles a command by so much before the main thread gives up on it. */
const HUNG_MARGIN_MS = 500;

/** What plugin threads are asked to do: check, search, connect, obey, let go. Each call has a deadline. */
export class ThreadCalls {
  readonly #of: ThreadCallsOptions;

  constructor(options: ThreadCallsOptions) {
    this.#of = options;
  }

  /** Never rejects for what the instance is like: that is in the report. @throws EngineError `not-found` */
  async check(instanceId: number): Promise<HealthReport> {
    const { plugin, enabled } = this.#of.instances.require(instanceId);
    const host = this.#of.hosts.require(plugin);
    let report: HealthReport;
    try {
      if (!enabled) throw new EngineError('conflict', 'the instance is not enabled');
      const { link } = await this.#of.care.running(host);
      await this.#of.care.openAgain(host, instanceId);
      if (!(await this.#of.care.openings.isOpen(host, link, instanceId))) {
        throw new EngineError(
          'conflict',
          this.#of.care.openings.reason(instanceId) ?? 'it is not open',
        );
      }
      report = await link.call('instance.check', { instanceId }, { deadlineMs: CHECK_MS });
    } catch (thrown) {
      const message = EngineError.from(thrown).message;
      report = { status: 'error', message, detail: {} };
    }
    this.#of.instances.checked(instanceId, report);
    return report;
  }

  /** @throws EngineError `not-found`, `server.busy`; InvalidRequest naming what the plugin cannot */
  async scan(wish: Parameters<PluginPort['scan']>[0]): Promise<{ readonly scanId: string }> {
    const { instanceId } = wish;
    const { plugin, enabled } = this.#of.instances.require(instanceId);
    if (!enabled)
      throw new InvalidRequest([
        { field: 'body.instanceId', message: `instance ${instanceId} is not enabled` },
      ]);
    const host = this.#of.hosts.require(plugin);
    const { manifest } = await this.#of.hosts.describe(plugin);
    const { hosts, multicast, server } = planScan(plugin, manifest.discovers, wish);
    const scanId = this.#of.scans.start({
      ...{ instanceId, hosts, multicast, server },
      run: async (step) => {
        const { link } = await this.#of.care.running(host);
        await this.#of.care.openings.requireOpen(host, link, instanceId);
        await link.call('discover.run', { instanceId, ...step }, { deadlineMs: SCAN_STEP_MS });
      },
      cancel: (id) => {
        host.link?.call('discover.cancel', { scanId: id }).catch((thrown: unknown) => {
          this.#of.onFault(EngineError.from(thrown));
        });
      },
    });
    return { scanId };
  }

  /** @returns how many are known; `start` and `stop` are remembered in the record book. */
  async act(ids: readonly string[], action: 'start' | 'stop' | 'reconnect'): Promise<number> {
    const known = ids.filter((id) => this.#of.book.get(id) !== undefined);
    const byHost = this.#of.care.byHost(known);
    if (action !== 'reconnect') {
      for (const id of known) this.#of.book.change(id, { enabled: action === 'start' });
      await this.#of.care.again(known);
    }
    await Promise.all(
      [...byHost].map(([host, list]) =>
        host.link?.call('connections.act', { ids: list, action }, { deadlineMs: ACT_MS }),
      ),
    );
    return known.length;
  }

  /** Closes the connections of these devices. Their records may be gone as soon as this was called. */
  async release(ids: readonly string[]): Promise<void> {
    await Promise.all(
      [...this.#of.care.byHost(ids)].map(([host, list]) =>
        host.link?.call('devices.release', { ids: list }, { deadlineMs: ACT_MS }),
      ),
    );
  }

  /** @throws EngineError what the device or its plugin refused, `link.deadline` */
  async send(
    deviceId: string,
    name: string,
    value: number | string | boolean,
    deadlineMs: number,
  ): Promise<'confirmed' | 'unanswered' | 'offline'> {
    const [host] = this.#of.care.byHost([deviceId]).keys();
    if (host?.link === undefined) return 'offline';
    // The thread gives up first, as long as it does anything at all.
    const params = { deviceId, name, value, deadlineMs: deadlineMs - HUNG_MARGIN_MS };
    try {
      return (await host.link.call('device.command', params, { deadlineMs })).state;
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code !== 'link.deadline') throw error;
      const message = `plugin ${this.#of.care.codeOf(host)} hangs: it gave no answer within ${deadlineMs} ms, so nobody knows whether the device has the value. Its thread is replaced if it stays so; send the value again then`;
      throw new EngineError('link.deadline', message, { cause: error });
    }
  }

  /** Each thread meters these of its devices fast. */
  watch(watched: ReadonlySet<string>): void {
    const byHost = this.#of.care.byHost([...watched]);
    for (const host of this.#of.hosts.all()) {
      host.link?.post('meters.watched', { deviceIds: byHost.get(host) ?? [] });
    }
  }
}
