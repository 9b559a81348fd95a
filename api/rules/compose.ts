import { availableParallelism } from 'node:os';
import type { SiteStore } from '../../actors/control/site.js';
import { openSecretBox, type SecretBoxOptions } from '../../actors/inventory/secrets.js';
import { RulePool } from '../../actors/rule/rule-pool.js';
import { parseWaits } from '../../actors/rule/wait-book.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import type { AlarmPort, DeliveryPort } from '../automation/ports.js';
import type { DeviceService } from '../devices/service.js';
import { SnapshotKeeper } from '../devices/snapshot-keeper.js';
import type { Route } from '../http/route.types.js';
import { Deliveries } from '../notify/deliveries.js';
import { DeliveryTable } from '../notify/delivery-table.js';
import { TargetBook } from '../notify/target-book.js';
import type { PluginService } from '../plugins/service.js';
import type { SiteTablesLive } from '../site/tables.js';
import { Connections } from './connections.js';
import { ensureDefaultRules } from './defaults.js';
import { ruleRoutes } from './routes.js';
import { Schedules } from './schedules.js';
import { RuleService } from './service.js';
import { Variables } from './variables.js';

/** Rules of a running site, with their doors. */
export interface Rules {
  readonly service: RuleService;
  readonly schedules: Schedules;
  readonly variables: Variables;
  /** Who is told that something new is to be delivered. */
  wakes(listener: () => void): void;
  readonly pool: RulePool['pool'];
  readonly routes: readonly Route[];
  stop(deadlineMs: number): Promise<void>;
}

export interface RulesOptions {
  readonly store: SiteStore;
  readonly tables: SiteTablesLive;
  readonly devices: DeviceService;
  readonly plugins: PluginService;
  readonly alarms: AlarmPort;
  readonly secretBox: SecretBoxOptions;
  /** Name of the recording that runs, for webhooks. */
  readonly experiment: () => string | undefined;
  readonly series: SeriesAddress;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
  /** Rule threads; default: one for two cores. */
  readonly threads?: number;
  /** Tests only: threads obey `pool.breakShard`. */
  readonly faults?: boolean;
}

/** Plugin threads start when their first device comes: they are joined within this. */
const JOIN_MS = 250;
/** Channels that come together are looked at together. */
const GATHER_MS = 50;
const TICK_MS = 100;

/** Waits of all rules are one row among the snapshots, written as soon as they are told. */
const WAITS = 'rule-waits';
const ALL = 'all';
const WAITS_AFTER_MS = 20;

/** Starts after devices, plugins and alarms. The caller ends it by `stop`. */
export async function startRules(options: RulesOptions): Promise<Rules> {
  const { store, tables, devices, plugins, alarms, clock, onFault } = options;
  await ensureDefaultRules(store, clock.nowMs());
  const schedules = new Schedules({ store, clock, onFault });
  await schedules.start();
  const variables = new Variables({
    store,
    live: tables.variables,
    channels: tables.channels,
    device: devices,
    clock,
    onFault,
  });
  await variables.start();
  const targets = await TargetBook.open(store, await openSecretBox(options.secretBox), onFault);
  let wake: () => void = () => {};
  const deliveries: DeliveryPort = new Deliveries({
    table: new DeliveryTable(store.control),
    targets,
    clock,
    wake: () => wake(),
    experiment: options.experiment,
  });
  const service = new RuleService({
    store,
    tables,
    schedules,
    variables,
    alarms,
    deliveries,
    clock,
    onFault,
    forget: (ids) => keeper.note(ids.map((id) => ({ id, snapshot: undefined }))),
  });
  const keeper = new SnapshotKeeper(store.snapshots, clock, onFault, 'rule');
  const waitKeeper = new SnapshotKeeper(store.snapshots, clock, onFault, WAITS, WAITS_AFTER_MS);
  const threads = new RulePool({
    size: options.threads ?? Math.max(1, Math.floor(availableParallelism() / 2)),
    series: options.series,
    tickMs: TICK_MS,
    clock,
    definitionsOf: (ids) => service.definitionsOf(ids),
    latestOf: (channels) => devices.tables.latestOfChannels(channels),
    onEdges: (edges) => service.takeEdges(edges),
    onValues: (values) => service.values(values),
    onSnapshots: (rows) => {
      const kept = rows.filter(({ snapshot }) => snapshot !== undefined);
      service.snapshots(kept);
      keeper.note(kept);
    },
    onWaits: (waits) => waitKeeper.note([{ id: ALL, snapshot: JSON.stringify(waits) }]),
    waits: parseWaits((await store.snapshots.load(WAITS))[ALL]),
    onFault,
    ...(options.faults === undefined ? {} : { faults: options.faults }),
  });
  const unfollow = followChannels(options, service);
  await threads.start();
  const joined = joinSources(options, threads);
  await service.start(threads);
  const connections = new Connections({
    devices: tables.devices,
    channels: tables.channels,
    device: devices,
    follows: (row) => plugins.drives(row as { id: string; protocol: string }),
    clock,
    onFault,
  });
  return {
    service,
    schedules,
    variables,
    pool: threads.pool,
    wakes: (listener) => {
      wake = listener;
    },
    routes: ruleRoutes({ store, service, threads, variables, channels: tables.channels, clock }),
    stop: async (deadlineMs) => {
      unfollow();
      joined.stop();
      await connections.close();
      await threads.stop(deadlineMs);
      await service.stop();
      await keeper.close();
      await waitKeeper.close();
      await schedules.close();
      await variables.close();
      await targets.close();
    },
  };
}

/** The last of what happened to each channel in a moment. @returns ends it. */
function followChannels({ devices, clock }: RulesOptions, service: RuleService): () => void {
  let changed = new Map<string, boolean>();
  let timer: TimerHandle | undefined;
  const leave = devices.tables.onChannel((name, present) => {
    changed.set(name, present);
    timer ??= clock.setTimeout(() => {
      timer = undefined;
      const some = changed;
      changed = new Map();
      service.channelsChanged(some);
    }, GATHER_MS);
  });
  return () => {
    leave();
    clock.clearTimeout(timer);
  };
}

/** Threads that take samples tell rule threads: device shards, and those of plugins as they come. */
function joinSources({ devices, plugins, clock }: RulesOptions, threads: RulePool) {
  const pools = new Map<unknown, () => void>([[devices.pool, threads.addSources(devices.pool)]]);
  let timer: TimerHandle | undefined;
  let stopped = false;
  const look = (): void => {
    const there = new Set<unknown>([devices.pool]);
    for (const { pool } of plugins.hosts.all()) {
      if (pool === undefined) continue;
      there.add(pool);
      if (!pools.has(pool)) pools.set(pool, threads.addSources(pool));
    }
    for (const [pool, leave] of pools) {
      if (there.has(pool)) continue;
      leave();
      pools.delete(pool);
    }
    if (!stopped) timer = clock.setTimeout(look, JOIN_MS);
  };
  look();
  return {
    stop: () => {
      stopped = true;
      clock.clearTimeout(timer);
    },
  };
}
