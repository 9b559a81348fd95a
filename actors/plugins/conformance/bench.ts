import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResourceLimits } from 'node:worker_threads';
import { type Clock, SystemClock } from '../../../engine/clock.js';
import { entryUrl } from '../../../engine/entry.js';
import { EngineError } from '../../../engine/errors.js';
import type { Link } from '../../../engine/link.types.js';
import type { ThreadRow } from '../../../engine/thread.types.js';
import type { DeviceEdge, InternAnswer } from '../../device/protocol.js';
import type { Claim } from '../../device/registrar.js';
import { ShardPool } from '../../shard-pool.js';
import type {
  ConnectionFacts,
  ConnectionSettings,
  FromPluginThread,
  IdentityFacts,
  InstanceLimits,
  PluginDevice,
  PluginThreadOptions,
  ToPluginThread,
} from '../protocol.js';
import type { FoundDevice } from '../sdk/plugin.types.js';

export interface PluginBenchOptions {
  /** `file:` URL of the module. */
  readonly module: string;
  readonly resourceLimits?: ResourceLimits;
  readonly hangMs?: number;
  readonly heartbeatMs?: number;
  readonly changeTickMs?: number;
}

type Pool = ShardPool<PluginThreadOptions, ToPluginThread, FromPluginThread>;

export const BENCH_SETTINGS: ConnectionSettings = {
  connectTimeoutMs: 10_000,
  backoffFirstMs: 1_000,
  backoffMaxMs: 60_000,
  maxAttempts: 5,
  staleAfterMs: 600_000,
  holdDownMs: 15_000,
  meterFastMs: 100,
  meterSlowMs: 5_000,
};

export const BENCH_LIMITS: InstanceLimits = {
  maxConnections: 4_096,
  maxConnecting: 64,
  rotationMs: 300_000,
  maxReadsPerS: 2_000,
};

const POLL_MS = 10;

/**
 * A plugin in a real plugin thread, with somebody who plays the engine's main thread: for the conformance suite and
 * for tests. Samples go into a spool in a temporary folder, as if the store were away.
 */
export class PluginBench {
  readonly clock: Clock = new SystemClock();
  readonly facts = new Map<string, ConnectionFacts>();
  /** States a connection went through, by device. */
  readonly states = new Map<string, string[]>();
  readonly edges: DeviceEdge[] = [];
  readonly identities = new Map<string, IdentityFacts>();
  /** Latest values by device and parameter. */
  readonly values = new Map<string, Map<string, number | string>>();
  /** Changes told of each parameter, by device and parameter. */
  readonly changes = new Map<string, Map<string, number>>();
  readonly found: FoundDevice[] = [];
  readonly logged: FromPluginThread['posts']['logged'][number][] = [];
  readonly faults: EngineError[] = [];
  readonly failed: FromPluginThread['posts']['instance.failed'][] = [];
  hostsAsked = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), 'earshot-plugin-'));
  readonly #pool: Pool;
  readonly #channels = new Map<
    string,
    { id: number; name: string; kind: 'number' | 'text' | 'boolean' }
  >();
  readonly #byId = new Map<number, { deviceId: string; name: string }>();
  readonly #devices = new Map<string, PluginDevice>();

  private constructor(options: PluginBenchOptions) {
    this.#pool = new ShardPool<PluginThreadOptions, ToPluginThread, FromPluginThread>({
      kind: 'plugin-bench',
      size: 1,
      entry: entryUrl('actors/plugins/host/thread.worker'),
      options: (_slot, name) => ({
        shard: name,
        module: options.module,
        // Nobody listens there: the writer keeps everything in its spool.
        series: { url: 'http://127.0.0.1:9', database: 'none' },
        spoolFolder: join(this.#folder, 'spool'),
        spoolLimitBytes: 268_435_456,
        whenSpoolFull: 'drop-oldest-segment',
        rawDays: 1,
        changeTickMs: options.changeTickMs ?? 50,
      }),
      wire: ({ link }) => this.#wire(link),
      adopt: async () => undefined,
      onFault: (error) => this.faults.push(error),
      clock: this.clock,
      faults: true,
      ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
      ...(options.hangMs === undefined ? {} : { hangMs: options.hangMs }),
      ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
    });
  }

  /** The caller closes it. @throws EngineError when the thread does not start. */
  static async open(options: PluginBenchOptions): Promise<PluginBench> {
    const bench = new PluginBench(options);
    try {
      await bench.#pool.start();
    } catch (thrown) {
      await bench.close();
      throw thrown;
    }
    return bench;
  }

  /** @throws EngineError `thread.lost` while the thread is being replaced. */
  get link(): Link<ToPluginThread, FromPluginThread> {
    return this.#pool.linkTo('');
  }

  /** The thread: how often it was replaced, and why. */
  get thread(): ThreadRow | undefined {
    return this.#pool.shards()[0];
  }

  /** Counters of its last heartbeat. */
  get counters(): Readonly<Record<string, number>> {
    return this.#pool.counters().values().next().value ?? {};
  }

  openInstance(
    config: Readonly<Record<string, unknown>> = {},
    limits: Partial<InstanceLimits> = {},
    instanceId = 1,
  ): Promise<Record<string, never>> {
    return this.link.call(
      'instance.open',
      {
        instanceId,
        name: `instance ${instanceId}`,
        config,
        limits: { ...BENCH_LIMITS, ...limits },
        net: { timeoutMs: 10_000, retries: 3, requestsPerS: 1_000 },
      },
      { deadlineMs: 30_000 },
    );
  }

  /** A device of instance 1 unless it says otherwise. */
  device(
    externalId: string,
    options: Partial<Omit<PluginDevice, 'settings'>> & {
      readonly settings?: Partial<ConnectionSettings>;
    } = {},
  ): PluginDevice {
    const instanceId = options.instanceId ?? 1;
    return {
      id: `bench:${instanceId}:${externalId}`,
      name: externalId,
      instanceId,
      externalId,
      address: undefined,
      port: undefined,
      config: {},
      enabled: true,
      channels: [],
      ...options,
      settings: { ...BENCH_SETTINGS, ...options.settings },
    };
  }

  async adopt(devices: readonly PluginDevice[]): Promise<number> {
    for (const device of devices) this.#devices.set(device.id, device);
    const params = { devices, snapshots: {}, latest: [] };
    return (await this.link.call('devices.adopt', params, { deadlineMs: 30_000 })).adopted;
  }

  /** Resolves when `check` is true. @throws EngineError `link.deadline` naming `what`. */
  async until(what: string, check: () => boolean, limitMs = 15_000): Promise<void> {
    const untilMonoMs = this.clock.monoMs() + limitMs;
    while (!check()) {
      if (this.clock.monoMs() > untilMonoMs) {
        throw new EngineError('link.deadline', `${what}: not within ${limitMs} ms`);
      }
      await new Promise<void>((resolve) => {
        this.clock.setTimeout(resolve, POLL_MS);
      });
    }
  }

  state(deviceId: string): string | undefined {
    return this.facts.get(deviceId)?.state;
  }

  value(deviceId: string, name: string): number | string | undefined {
    return this.values.get(deviceId)?.get(name);
  }

  async close(): Promise<void> {
    await this.#pool.stop(5_000);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #wire(link: Link<ToPluginThread, FromPluginThread>): void {
    link.handle('devices.intern', (claims) => this.#intern(claims));
    link.on('changes', ({ channel, value, text }) => {
      for (let i = 0; i < channel.length; i += 1) this.#changed(channel[i] ?? 0, value[i] ?? 0);
      for (const row of text) this.#changed(row.channel, row.value);
    });
    link.on('edges', (edges) => {
      this.edges.push(...edges);
      for (const { deviceId, state } of edges) {
        const list = this.states.get(deviceId) ?? [];
        this.states.set(deviceId, list);
        list.push(state);
      }
    });
    link.on('connections', (facts) => {
      for (const fact of facts) this.facts.set(fact.deviceId, fact);
    });
    link.on('identities', (facts) => {
      for (const fact of facts) this.identities.set(fact.deviceId, fact);
    });
    link.on('discover.found', ({ devices }) => {
      this.found.push(...devices);
    });
    link.on('discover.asked', ({ hosts }) => {
      this.hostsAsked += hosts;
    });
    link.on('instance.failed', (post) => {
      this.failed.push(post);
    });
    link.on('logged', (lines) => {
      this.logged.push(...lines);
    });
  }

  #intern(claims: readonly Claim[]): InternAnswer {
    const devices = claims.map(({ id, protocol, channels }) => ({
      id,
      name: this.#devices.get(id)?.name ?? id,
      protocol,
      channels: channels.map(({ name, kind }) => {
        const key = `${id}\n${name}`;
        const channel = this.#channels.get(key) ?? { id: this.#channels.size + 1, name, kind };
        this.#channels.set(key, channel);
        this.#byId.set(channel.id, { deviceId: id, name });
        return { ...channel, deviceId: id, unit: undefined };
      }),
    }));
    return { devices, refused: [] };
  }

  #changed(channel: number, value: number | string): void {
    const place = this.#byId.get(channel);
    if (place === undefined) return;
    const values = this.values.get(place.deviceId) ?? new Map<string, number | string>();
    this.values.set(place.deviceId, values);
    values.set(place.name, value);
    const counts = this.changes.get(place.deviceId) ?? new Map<string, number>();
    this.changes.set(place.deviceId, counts);
    counts.set(place.name, (counts.get(place.name) ?? 0) + 1);
  }
}
