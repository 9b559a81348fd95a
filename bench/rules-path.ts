import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { RuleRow } from '../actors/automation/automation.types.js';
import { RulePool } from '../actors/rule/rule-pool.js';
import { openAlarmHistory } from '../api/alarms/history.js';
import { AlarmService } from '../api/alarms/service.js';
import { MemoryTable } from '../api/live/table.js';
import { type Notify, startNotify } from '../api/notify/compose.js';
import { deviceRoutes } from '../api/routes/devices.js';
import { Schedules } from '../api/rules/schedules.js';
import { RuleService } from '../api/rules/service.js';
import { Variables } from '../api/rules/variables.js';
import { type DeviceSite, startDeviceSite } from '../api/testing/device-site.js';
import { SystemClock } from '../engine/clock.js';
import { entryUrl } from '../engine/entry.js';
import { type BenchContext, percentile, type Spawned, spawnReady } from './harness.js';
import { ask } from './webhooks.js';

const DEVICES = 20;
const CHANNELS = 500;
const RULES = DEVICES * CHANNELS;
const TICKS_PER_SECOND = 100;
const WARM_UP_S = 3;
const clock = new SystemClock();
const loadFigures = z.object({ stored: z.number(), failed: z.number(), seconds: z.number() });

/** What `wholePath` answers. */
export interface PathFigures {
  /** From the time of a sample, given where it is sent, to the receiver of the webhook that its rule tells. */
  readonly sampleToActionP50Ms: number;
  readonly sampleToActionP99Ms: number;
  /** Parts of it, from the time of the sample too: its edge at the main thread, and the end of the edge's transaction. */
  readonly sampleToEdgeP99Ms: number;
  readonly sampleToStoredP99Ms: number;
  readonly missedSamples: number;
  /** Edges without their webhook. */
  readonly missedActions: number;
  readonly cpuMicrosPerSampleRule: number;
  readonly edges: number;
  readonly samplesPerSecond: number;
}

/** Ages of edges, ms. */
class Ages {
  readonly edgeMs: number[] = [];
  readonly storedMs: number[] = [];

  clear(): void {
    this.edgeMs.length = 0;
    this.storedMs.length = 0;
  }
}

/** Samples over HTTP, rules, alarms and webhooks of one engine in this process; who sends and who receives is outside. Ended by `context`. */
export async function wholePath(context: BenchContext): Promise<PathFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-rules-'));
  context.onEnd(() => rmSync(folder, { recursive: true, force: true }));
  const receiver = new Worker(entryUrl('bench/webhooks-receiver.worker'));
  context.onEnd(async () => void (await receiver.terminate()));
  const { port } = await ask<{ readonly port: number }>(receiver);
  const site = await startDeviceSite({
    folder,
    authenticate: () => ({ kind: 'user', id: 'bench', name: 'bench', role: 'operator' }),
    routes: (service, devices, channels, store) =>
      deviceRoutes({ service, devices, channels, commands: store.commands }),
  });
  context.onEnd(async () => {
    await site.stop();
    for (const fault of site.faults) context.say(fault.message);
  });
  const ages = new Ages();
  const notify = await startNotify({
    store: site.store,
    secrets: { key: 'a key of the bench, long enough', file: '' },
    mail: { from: 'earshot@localhost' },
    allowPrivate: true,
    table: new MemoryTable('deliveries'),
    audio: undefined,
    command: () => Promise.resolve(),
    clock,
    onFault: (error) => context.say(error.message),
  });
  context.onEnd(() => notify.stop(1_000));
  const target = await notify.targets.create(
    {
      name: 'receiver',
      kind: 'webhook',
      enabled: true,
      config: { url: `http://127.0.0.1:${port}/hook` },
      events: [],
    },
    null,
  );
  const loading = spawnReady({
    command: process.execPath,
    args: [
      fileURLToPath(entryUrl('bench/rules-load')),
      String(site.port),
      String(DEVICES),
      String(CHANNELS),
    ],
    ready: /ready/,
    withinMs: 60_000,
  });
  context.onEnd(async () => (await loading).stop());
  // While the devices start: nothing is measured yet.
  const rules = Array.from({ length: RULES }, (_, i) => ruleOf(i, target.id));
  const [load] = await Promise.all([loading, site.store.automation.rules.createMany(rules)]);
  const { pool, cpuSeconds } = await startRules(site, notify, ages, context);
  const decided = (): number => pool.pool.counters().get('rule-0')?.['decisions'] ?? 0;

  const decidedAtRest = decided();
  const warm = await run(load, WARM_UP_S);
  // Counters come with a heartbeat: those of the warm-up are waited for, so that none is taken for one of the measured. Not for
  // long: of calls that overtook each other the older samples decide nothing.
  await until(() => decided() - decidedAtRest >= warm.stored, 2_000);
  await allTold(receiver, ages, 2_000);
  const decidedBefore = decided();
  await ask(receiver, 'take');
  ages.clear();
  const cpuBefore = cpuSeconds();
  const { stored, failed, seconds } = await run(load, context.quick ? 6 : 30);
  await until(() => decided() - decidedBefore >= stored, 15_000);
  const cpu = cpuSeconds() - cpuBefore;
  await allTold(receiver, ages, 15_000);
  const { count, agesMs } = await ask<Told>(receiver, 'take');
  const decisions = decided() - decidedBefore;
  const sent = stored + failed;
  context.say(
    `${decisions} of ${sent} samples decided on, ${count} webhooks of ${ages.edgeMs.length} edges`,
  );
  return {
    sampleToActionP50Ms: percentile(agesMs, 0.5),
    sampleToActionP99Ms: percentile(agesMs, 0.99),
    sampleToEdgeP99Ms: percentile(ages.edgeMs, 0.99),
    sampleToStoredP99Ms: percentile(ages.storedMs, 0.99),
    missedSamples: sent - decisions,
    missedActions: ages.edgeMs.length - count,
    cpuMicrosPerSampleRule: (cpu * 1e6) / sent,
    edges: ages.edgeMs.length,
    samplesPerSecond: sent / seconds,
  };
}

interface Told {
  readonly count: number;
  readonly agesMs: readonly number[];
}

/** Until the receiver has a webhook for each edge. */
async function allTold(receiver: Worker, { edgeMs }: Ages, withinMs: number): Promise<void> {
  const untilMonoMs = clock.monoMs() + withinMs;
  while (
    (await ask<Told>(receiver, 'count')).count < edgeMs.length &&
    clock.monoMs() < untilMonoMs
  ) {
    await pause(50);
  }
}

/** As the composition of the site makes them, with one rule thread. */
async function startRules(
  { store, service: devices, devices: deviceRows, channels, address }: DeviceSite,
  notify: Notify,
  ages: Ages,
  context: BenchContext,
): Promise<{ readonly pool: RulePool; readonly cpuSeconds: () => number }> {
  const onFault = (error: Error): void => context.say(error.message);
  const schedules = new Schedules({ store, clock, onFault });
  await schedules.start();
  context.onEnd(() => schedules.close());
  const live = new MemoryTable('variables');
  const variables = new Variables({ store, live, channels, device: devices, clock, onFault });
  await variables.start();
  context.onEnd(() => variables.close());
  const history = openAlarmHistory({ address, clock, onError: onFault });
  context.onEnd(() => history.close());
  const alarms = await AlarmService.start({
    store,
    table: new MemoryTable('alarms'),
    deviceName: (id) => id,
    latestOf: () => undefined,
    history,
    deliveries: () => notify.deliveries,
    isOpen: () => false,
    keepDays: 0,
    clock,
    onFault,
  });
  context.onEnd(() => alarms.stop());
  const service = new RuleService({
    store,
    tables: {
      rules: new MemoryTable('rules'),
      'rule-sources': new MemoryTable('rule-sources'),
      devices: deviceRows,
      channels,
    },
    schedules,
    variables,
    alarms: alarms.desk,
    deliveries: notify.deliveries,
    clock,
    onFault,
    forget: () => undefined,
  });
  const pool = new RulePool({
    size: 1,
    series: address,
    tickMs: 100,
    clock,
    definitionsOf: (ids) => service.definitionsOf(ids),
    latestOf: (some) => devices.tables.latestOfChannels(some),
    onEdges: async (edges) => {
      const nowUnixMs = clock.nowMs();
      for (const { atUnixMs } of edges) ages.edgeMs.push(nowUnixMs - atUnixMs);
      await service.takeEdges(edges);
      const storedUnixMs = clock.nowMs();
      for (const { atUnixMs } of edges) ages.storedMs.push(storedUnixMs - atUnixMs);
    },
    onValues: (values) => service.values(values),
    onSnapshots: () => undefined,
    onFault,
    graceMs: 0,
  });
  const before = threadsNow();
  await pool.start();
  const own = [...threadsNow()].filter((thread) => !before.has(thread));
  context.onEnd(async () => {
    await pool.stop(5_000);
    await service.stop();
  });
  pool.addSources(devices.pool);
  await service.start(pool);
  return { pool, cpuSeconds: () => own.reduce((sum, one) => sum + threadCpuSeconds(one), 0) };
}

function ruleOf(i: number, targetId: number): Omit<RuleRow, 'id'> {
  const channel = `rack-${Math.floor(i / CHANNELS)}/c${i % CHANNELS}`;
  return {
    publicId: `bench-${i}`,
    name: `Rule ${i}`,
    description: '',
    enabled: true,
    condition: { type: 'threshold', channel, op: '>', value: 10, clear: 9.5 },
    each: null,
    holdMs: 0,
    keepMs: 0,
    cooldownMs: 0,
    inARow: 1,
    noData: 'no-data',
    noDataAfterMs: 0,
    onError: 'error',
    maxPerMinute: 0,
    scheduleId: null,
    severity: 'warning',
    labels: {},
    text: '{{device}} is at {{value}}',
    actions: [{ type: 'notify', targetId, on: 'both' }],
    parentRuleId: null,
    escalation: [],
    origin: 'native',
    ownerId: null,
    lastTriggeredAtUnixMs: null,
    createdAtUnixMs: 0,
    updatedAtUnixMs: 0,
  };
}

/** The load for so long; what it answers when all of it was answered. */
async function run(load: Spawned, seconds: number): Promise<z.output<typeof loadFigures>> {
  return await new Promise((resolve) => {
    let answered = false;
    load.onLine((line) => {
      if (answered || !line.startsWith('{')) return;
      answered = true;
      resolve(loadFigures.parse(JSON.parse(line)));
    });
    load.process.stdin?.write(`${seconds}\n`);
  });
}

function threadsNow(): Set<string> {
  return new Set(readdirSync('/proc/self/task'));
}

/** CPU seconds of one thread of this process. */
function threadCpuSeconds(thread: string): number {
  const text = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition: () => boolean, withinMs: number): Promise<void> {
  const untilMonoMs = clock.monoMs() + withinMs;
  while (!condition() && clock.monoMs() < untilMonoMs) await pause(50);
}
