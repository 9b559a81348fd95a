import type { RuleDefinition } from '../actors/rule/rule.types.js';
import { RulePool } from '../actors/rule/rule-pool.js';
import { SystemClock } from '../engine/clock.js';
import { type Bench, type BenchContext, ratio } from './harness.js';
import { wholePath } from './rules-path.js';
import { actorPerSample, plainLoop } from './rules-peers.js';
import { webhooks } from './webhooks.js';

const RULES = 10_000;
const IDLE = 100_000;
/** Of the peers: samples of a channel between two turns. */
const PERIOD = 200;
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

function rulePool(context: BenchContext): RulePool {
  return new RulePool({
    size: 1,
    // No rule here asks for the past.
    series: { url: 'http://127.0.0.1:9', database: 'none' },
    tickMs: 100,
    clock,
    definitionsOf: (ids) => ids.map((id) => definition(Number(id.split(':')[1]))),
    latestOf: () => [],
    onEdges: () => Promise.resolve(),
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

interface IdleFigures {
  readonly idleRules: number;
  readonly idleRuleBytes: number;
  readonly idleStartMs: number;
}

async function idle(context: BenchContext): Promise<IdleFigures> {
  const pool = rulePool(context);
  try {
    return await idleIn(pool, context);
  } finally {
    // What else is measured has the machine for itself.
    await pool.stop(5_000);
  }
}

async function idleIn(pool: RulePool, context: BenchContext): Promise<IdleFigures> {
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

/** Ends what it began before the next begins. */
async function alone<T>(
  context: BenchContext,
  measure: (context: BenchContext) => Promise<T>,
): Promise<T> {
  const ends: (() => void | Promise<void>)[] = [];
  try {
    return await measure({ ...context, onEnd: (release) => void ends.push(release) });
  } finally {
    for (const release of ends.reverse()) await release();
  }
}

export const bench: Bench = {
  name: 'rules',
  question: 'What do rules cost while samples rush by, and while nothing happens?',
  async run(context) {
    const atRest = await idle(context);
    const atWork = await alone(context, wholePath);
    const told = await alone(context, webhooks);
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
