import { readdirSync, readFileSync } from 'node:fs';
import type { RuleDefinition } from '../actors/rule/rule.types.js';
import { RulePool } from '../actors/rule/rule-pool.js';
import type { FromSource, ToSource } from '../actors/rule/testing/source.js';
import { ShardPool } from '../actors/shard-pool.js';
import { SystemClock } from '../engine/clock.js';
import { entryUrl } from '../engine/entry.js';
import { type Bench, type BenchContext, percentile, ratio } from './harness.js';
import { actorPerSample, plainLoop } from './rules-peers.js';
import { webhooks } from './webhooks.js';

const RULES = 10_000;
const RATE_PER_S = 50_000;
const IDLE = 100_000;
/** Samples of a channel between two turns: 250 edges a second in all. */
const PERIOD = 200;
const BATCH = 500;
const TICKS_PER_SECOND = 100;
const clock = new SystemClock();

function definition(i: number): RuleDefinition {
  return {
    id: `rule:${i}:`,
    ruleId: i,
    source: '',
    enabled: true,
    condition: { type: 'threshold', channel: 'device/value', op: '>', value: 10, clear: 9.5 },
    channels: { 'device/value': { channel: i + 1, kind: 'number', unit: '°C' } },
    holdMs: 0,
    keepMs: 0,
    cooldownMs: 0,
    inARow: 1,
    noData: 'no-data',
    noDataAfterMs: 0,
    onError: 'error',
    maxPerMinute: 0,
  };
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

interface Edges {
  /** From the time of the sample to its edge at the main thread, once per edge. */
  readonly latencyMs: number[];
}

function rulePool(edges: Edges, context: BenchContext): RulePool {
  return new RulePool({
    size: 1,
    // No rule here asks for the past.
    series: { url: 'http://127.0.0.1:9', database: 'none' },
    tickMs: 100,
    clock,
    definitionsOf: (ids) => ids.map((id) => definition(Number(id.split(':')[1]))),
    latestOf: () => [],
    onEdges: (told) => {
      const nowUnixMs = clock.nowMs();
      for (const { atUnixMs } of told) edges.latencyMs.push(nowUnixMs - atUnixMs);
      return Promise.resolve();
    },
    onValues: () => undefined,
    onSnapshots: () => undefined,
    onFault: (error) => context.say(error.message),
    graceMs: 0,
  });
}

const ids = (many: number): string[] => Array.from({ length: many }, (_, i) => `rule:${i}:`);

async function until(condition: () => boolean, withinMs: number): Promise<boolean> {
  const untilMonoMs = clock.monoMs() + withinMs;
  while (!condition()) {
    if (clock.monoMs() > untilMonoMs) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}

async function busy(context: BenchContext): Promise<{
  readonly sampleToActionP50Ms: number;
  readonly sampleToActionP99Ms: number;
  readonly missedSamples: number;
  readonly cpuMicrosPerSampleRule: number;
  readonly edges: number;
  readonly samplesPerSecond: number;
}> {
  const edges: Edges = { latencyMs: [] };
  const sources = new ShardPool<Record<string, never>, ToSource, FromSource>({
    kind: 'source',
    size: 1,
    entry: entryUrl('actors/rule/testing/source.worker'),
    options: () => ({}),
    adopt: () => Promise.resolve(),
  });
  context.onEnd(async () => void (await sources.stop(5_000)));
  await sources.start();
  const before = threadsNow();
  const pool = rulePool(edges, context);
  context.onEnd(async () => void (await pool.stop(5_000)));
  await pool.start();
  const own = [...threadsNow()].filter((thread) => !before.has(thread));
  const cpuSeconds = (): number => own.reduce((sum, one) => sum + threadCpuSeconds(one), 0);
  pool.addSources(sources);
  await pool.place(ids(RULES));
  const counters = (): Readonly<Record<string, number>> => pool.pool.counters().get('rule-0') ?? {};
  const flood = async (rows: number, ratePerS: number, period: number): Promise<number> => {
    const params = { channels: RULES, rows, batch: BATCH, low: 9, high: 11, ratePerS, period };
    const answer = await sources
      .linkAt(0)
      ?.call('source.flood', { ...params, staggered: true }, { deadlineMs: 120_000 });
    return answer?.missed ?? Number.NaN;
  };
  // The feed opens.
  await new Promise((resolve) => setTimeout(resolve, 500));
  // A warm-up in which every rule has its first edges.
  await flood(RULES * 4, RATE_PER_S, 1);
  const warm = (): number => counters()['decisions'] ?? 0;
  await until(() => warm() >= RULES * 4 && counters()['edgesWaiting'] === 0, 10_000);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const decidedBefore = warm();
  edges.latencyMs.length = 0;
  const seconds = context.quick ? 8 : 30;
  const cpuBefore = cpuSeconds();
  const fromMonoMs = clock.monoMs();
  const rows = RATE_PER_S * seconds;
  const missed = await flood(rows, RATE_PER_S, PERIOD);
  const tookS = (clock.monoMs() - fromMonoMs) / 1_000;
  // The counter comes with a heartbeat; a machine that does other things too is late.
  await until(() => warm() - decidedBefore >= rows, 15_000);
  const decided = warm() - decidedBefore;
  const cpu = cpuSeconds() - cpuBefore;
  context.say(`${decided} of ${rows} samples decided on, ${edges.latencyMs.length} edges`);
  return {
    sampleToActionP50Ms: percentile(edges.latencyMs, 0.5),
    sampleToActionP99Ms: percentile(edges.latencyMs, 0.99),
    missedSamples: missed + (rows - decided),
    cpuMicrosPerSampleRule: (cpu * 1e6) / rows,
    edges: edges.latencyMs.length,
    samplesPerSecond: rows / tookS,
  };
}

async function idle(context: BenchContext): Promise<{
  readonly idleRules: number;
  readonly idleRuleBytes: number;
  readonly idleStartMs: number;
}> {
  const pool = rulePool({ latencyMs: [] }, context);
  context.onEnd(async () => void (await pool.stop(5_000)));
  const all = ids(IDLE);
  const before = process.memoryUsage().rss;
  const fromMonoMs = clock.monoMs();
  await pool.start();
  await pool.place(all);
  const startMs = clock.monoMs() - fromMonoMs;
  // The main thread's rows of all of them are a part of what they cost.
  await until(() => [...pool.pool.registry.rows()].length >= IDLE, 15_000);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const bytes = process.memoryUsage().rss - before;
  const listed = [...pool.pool.registry.rows()].filter(({ state }) => state === 'normal').length;
  context.say(`${listed} idle rules listed, ${Math.round(bytes / 1e6)} MB`);
  return { idleRules: listed, idleRuleBytes: bytes / IDLE, idleStartMs: startMs };
}

export const bench: Bench = {
  name: 'rules',
  question: 'What do rules cost while samples rush by, and while nothing happens?',
  async run(context) {
    const atRest = await idle(context);
    const atWork = await busy(context);
    const told = await webhooks(context);
    const samples = context.quick ? 2_000_000 : 10_000_000;
    plainLoop(RULES, samples / 10, PERIOD);
    const plainMicros = plainLoop(RULES, samples, PERIOD);
    actorPerSample(RULES, samples / 100, PERIOD);
    const actorMicros = actorPerSample(RULES, samples / 10, PERIOD);
    const cpu = atWork.cpuMicrosPerSampleRule;
    return {
      metrics: { ...atWork, ...atRest, ...told },
      peers: {
        plainLoop: { cpuMicrosPerSampleRule: plainMicros },
        xstatePerSample: { cpuMicrosPerSampleRule: actorMicros },
      },
      ratios: {
        vsPlainLoop: ratio(cpu, plainMicros),
        vsXstatePerSample: ratio(cpu, actorMicros),
      },
      notes: [
        'The plain loop has its samples in its own heap: no thread between, no copy until it is settled, no restart, no timers.',
      ],
    };
  },
};
