import { TestClock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { Supervisor } from '../../engine/supervisor.js';
import type { ConditionWorld } from './conditions.js';
import type { UntoldEdge } from './edge-outbox.js';
import type { PastSample } from './history.js';
import type { ToRuleShard } from './protocol.js';
import type { RuleDefinition, RuleState } from './rule.types.js';
import { Rules } from './rules.js';
import { NO_WAITS } from './wait-book.js';

export type RuleTestResult = ToRuleShard['requests']['rules.test']['result'];

const MOST_EDGES = 10_000;
const STEP_MS = 1_000;
/** The thread's own samples are served in between. */
const AT_ONCE = 5_000;

/**
 * Runs a rule over samples of the past, in order of time, by a clock that goes from sample to sample. Samples before `fromUnixMs`
 * only fill its windows and its state.
 * @throws EngineError `input.invalid` for what is wrong with the rule, `input.too-large`.
 */
export async function testRule(
  rule: RuleDefinition,
  fromUnixMs: number,
  toUnixMs: number,
  world: ConditionWorld,
  samples: AsyncIterable<readonly PastSample[]>,
  leadMs: number,
): Promise<RuleTestResult> {
  const clock = new TestClock(fromUnixMs - leadMs);
  const supervisor = new Supervisor({ shard: 'test', clock });
  const edges: UntoldEdge[] = [];
  const outbox = {
    push: (edge: UntoldEdge) => void edges.push(edge),
    of: () => [],
    forget: () => {},
  };
  const rules = new Rules({ clock, supervisor, outbox, world });
  rules.adopt({
    rules: [{ ...rule, enabled: true }],
    snapshots: {},
    latest: [],
    checkpoint: null,
    waits: NO_WAITS,
    graceMs: 0,
  });
  // Its waits are seen as somebody who looks would see them.
  rules.watch(new Set([rule.id]));
  const failed = edges.find(({ state }) => state === 'error')?.error;
  if (failed !== undefined) throw new EngineError('input.invalid', failed);
  const pace = pacer();
  const goTo = async (untilUnixMs: number): Promise<void> => {
    while (rules.timed && untilUnixMs - clock.nowMs() > STEP_MS) {
      clock.advance(STEP_MS);
      rules.table.sweep(clock.nowMs(), clock.monoMs(), true);
      await pace();
    }
    if (untilUnixMs > clock.nowMs()) clock.advance(untilUnixMs - clock.nowMs());
    if (edges.length > MOST_EDGES) {
      throw new EngineError(
        'input.too-large',
        `the rule changed its state more than ${MOST_EDGES} times: choose a shorter time`,
      );
    }
  };
  let count = 0;
  for await (const part of samples) {
    for (const { channel, atUnixMs, value } of part) {
      await goTo(Math.min(atUnixMs, toUnixMs));
      if (atUnixMs > fromUnixMs) count += 1;
      rules.take(channel, atUnixMs, value);
      await pace();
    }
  }
  await goTo(toUnixMs);
  rules.close();
  await supervisor.stopAll();
  return { samples: count, ...read(edges, fromUnixMs) };
}

function read(
  edges: readonly UntoldEdge[],
  fromUnixMs: number,
): Pick<RuleTestResult, 'firings' | 'states'> {
  const states: { atUnixMs: number; state: RuleState }[] = [];
  const firings: { fromUnixMs: number; toUnixMs: number | null; value: number | string | null }[] =
    [];
  for (const { atUnixMs, state, value } of edges) {
    const at = Math.max(fromUnixMs, atUnixMs);
    // What came before the time asked for counts as how it begins.
    if (states.at(-1)?.atUnixMs === fromUnixMs && at === fromUnixMs) states.pop();
    states.push({ atUnixMs: at, state });
    const open = firings.at(-1);
    const fires = state === 'firing' || state === 'recovering';
    if (state === 'firing' && open?.toUnixMs !== null) {
      firings.push({ fromUnixMs: at, toUnixMs: null, value });
    } else if (!fires && open?.toUnixMs === null) {
      open.toUnixMs = at;
      if (at === fromUnixMs) firings.pop();
    }
  }
  return { firings, states };
}

function pacer(): () => Promise<void> {
  let steps = 0;
  return async () => {
    steps += 1;
    if (steps % AT_ONCE === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  };
}
