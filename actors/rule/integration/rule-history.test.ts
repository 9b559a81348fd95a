import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { SystemClock } from '../../../engine/clock.js';
import { openStoreBench, type StoreBench } from '../../../engine/series/testing.js';
import type { RuleEdge } from '../protocol.js';
import type { RuleDefinition } from '../rule.types.js';
import { RulePool } from '../rule-pool.js';
import { above, ruleOf } from '../testing/bench-rules.js';

const clock = new SystemClock();
const nowUnixMs = clock.nowMs();
let store: StoreBench;
let rules: RulePool;
const taken: RuleEdge[] = [];
const definitions = new Map<string, RuleDefinition>();

beforeAll(async () => {
  store = await openStoreBench();
  const writer = store.writer();
  const rows = 600;
  // A sample a second for ten minutes: 5, but 20 in the third and the fourth minute; channel 2 says 1, ever later.
  await writer.append({
    channel: Uint32Array.from({ length: rows }, () => 1),
    atUnixMs: Float64Array.from({ length: rows }, (_, i) => nowUnixMs - (rows - i) * 1_000),
    value: Float64Array.from({ length: rows }, (_, i) => (i >= 120 && i < 240 ? 20 : 5)),
    text: [{ channel: 3, atUnixMs: nowUnixMs - 300_000, value: 'down' }],
  });
  rules = new RulePool({
    size: 1,
    series: store.address,
    tickMs: 50,
    clock,
    definitionsOf: (ids) =>
      ids.map((id) => definitions.get(id)).filter((rule) => rule !== undefined),
    latestOf: () => [],
    onEdges: (edges) => {
      taken.push(...edges);
      return Promise.resolve();
    },
    onValues: () => undefined,
    onSnapshots: () => undefined,
    onFault: () => undefined,
    graceMs: 0,
  });
  await rules.start();
});

afterAll(async () => {
  await rules.stop(2_000);
  await store.close();
});

it('a rule is tried on the past: when it would have fired, and for how long', async () => {
  const from = nowUnixMs - 590_000;
  const { samples, firings, states } = await rules.test(
    ruleOf(above(10), { holdMs: 30_000, keepMs: 15_000 }),
    from,
    nowUnixMs,
  );
  expect(samples).toBeGreaterThan(580);
  expect(states.map(({ state }) => state)).toEqual(['pending', 'firing', 'recovering', 'normal']);
  expect(firings).toHaveLength(1);
  const [first] = firings;
  expect((first?.fromUnixMs ?? 0) - (nowUnixMs - 480_000)).toBeCloseTo(30_000, -3);
  expect((first?.toUnixMs ?? 0) - (nowUnixMs - 360_000)).toBeCloseTo(15_000, -3);
});

it('a text and an average are tried too, and a rule that makes no sense says why', async () => {
  const text = await rules.test(
    ruleOf(
      { type: 'equals', channel: 'a/b', value: 'down' },
      { channels: { 'a/b': { channel: 3, kind: 'text', unit: null } } },
    ),
    nowUnixMs - 600_000,
    nowUnixMs,
  );
  expect(text.firings).toHaveLength(1);
  const mean = await rules.test(
    ruleOf({
      type: 'aggregate',
      channel: 'a/b',
      function: 'avg',
      windowMs: 60_000,
      op: '>',
      value: 12.5,
    }),
    nowUnixMs - 600_000,
    nowUnixMs,
  );
  expect(mean.firings).toHaveLength(1);
  await expect(
    rules.test(ruleOf({ type: 'expression', text: '[a/b] >' }), nowUnixMs - 1_000, nowUnixMs),
  ).rejects.toMatchObject({ code: 'input.invalid' });
  await expect(rules.test(ruleOf(above(1)), nowUnixMs, nowUnixMs)).rejects.toThrow(/toUnixMs/);
});

it('the window of an average is filled from the past when its rule begins', async () => {
  const rule = ruleOf(
    {
      type: 'aggregate',
      channel: 'a/b',
      function: 'count',
      windowMs: 3_600_000,
      op: '>',
      value: 500,
    },
    { id: 'rule:9:', ruleId: 9 },
  );
  definitions.set(rule.id, rule);
  await rules.place([rule.id]);
  await vi.waitFor(() => expect(taken.map(({ kind }) => kind)).toEqual(['firing']), {
    timeout: 10_000,
  });
});
