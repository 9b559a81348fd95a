import type { AlarmRow } from '../../actors/automation/automation.types.js';
import type { AutomationStore } from '../../actors/automation/store.types.js';
import type { SiteScope } from '../../actors/control/scope.js';
import type { EdgeOfRule } from '../automation/ports.js';
import { isParent, OFFLINE_TYPES, raisedValues, takeEdge, typeOf } from './intake.js';

type AlarmTable = AutomationStore['alarms'];

/** Rows that are looked through at once; when there may be more, edges are taken one by one. */
const MOST_ROWS = 5_000;

/**
 * Takes edges as `takeEdge` does one after the other, and answers what became of each. Those that begin an alarm of
 * their own, and have no source in common with another one, nor a device of which one alarm may explain another, are raised
 * by one statement.
 */
export async function takeEdges(
  alarms: AlarmTable,
  scope: SiteScope,
  taken: readonly EdgeOfRule[],
): Promise<readonly (AlarmRow | undefined)[]> {
  const fresh = taken.length < 3 ? [] : await freshOf(alarms, scope, taken);
  const parents = await parentsOf(alarms, scope, fresh);
  const together = new Map<string, EdgeOfRule>();
  if (parents !== undefined) for (const one of fresh) together.set(keyOf(one), one);
  const rows = await alarms.createManyIn(
    scope,
    [...together.values()].flatMap((one) => raisedValues(one, parents?.(one)) ?? []),
  );
  const raised = new Map(rows.map((row) => [`${row.ruleId}:${row.source}`, row]));
  const answers: (AlarmRow | undefined)[] = [];
  for (const one of taken) {
    const key = keyOf(one);
    answers.push(together.has(key) ? raised.get(key) : await takeEdge(alarms, scope, one));
  }
  return answers;
}

const keyOf = ({ rule, edge }: EdgeOfRule): string => `${rule.id}:${edge.source}`;

/** Edges that begin an alarm whatever the others do. */
async function freshOf(
  alarms: AlarmTable,
  scope: SiteScope,
  taken: readonly EdgeOfRule[],
): Promise<readonly EdgeOfRule[]> {
  const times = new Map<string, number>();
  const count = (key: string) => times.set(key, (times.get(key) ?? 0) + 1);
  for (const one of taken) {
    count(keyOf(one));
    if (one.deviceId !== null) count(`device ${one.deviceId}`);
  }
  // Of which one alarm may explain another: there the order counts.
  const explained = new Set(
    taken.flatMap(({ rule, deviceId }) =>
      rule.parentRuleId !== null || OFFLINE_TYPES.includes(typeOf(rule)) ? (deviceId ?? []) : [],
    ),
  );
  const alone = taken.filter(
    (one) =>
      one.edge.kind === 'firing' &&
      one.rule.severity !== null &&
      times.get(keyOf(one)) === 1 &&
      (one.deviceId === null ||
        !explained.has(one.deviceId) ||
        times.get(`device ${one.deviceId}`) === 1),
  );
  if (alone.length === 0) return [];
  const stored = await alarms.findIn(scope, {
    where: [
      { field: 'ruleId', op: 'in', value: [...new Set(alone.map(({ rule }) => rule.id))] },
      { field: 'source', op: 'in', value: [...new Set(alone.map(({ edge }) => edge.source))] },
    ],
    limit: MOST_ROWS,
  });
  if (stored.length >= MOST_ROWS) return [];
  const known = new Set(stored.map((row) => `${row.ruleId}:${row.source}`));
  return alone.filter((one) => !known.has(keyOf(one)));
}

/** Finds the alarm that explains another one; undefined: too many to look through. */
async function parentsOf(
  alarms: AlarmTable,
  scope: SiteScope,
  fresh: readonly EdgeOfRule[],
): Promise<((one: EdgeOfRule) => AlarmRow | undefined) | undefined> {
  const ids = fresh.flatMap(({ deviceId }) => deviceId ?? []);
  if (ids.length === 0) return () => undefined;
  const active = await alarms.findIn(scope, {
    where: [
      { field: 'deviceId', op: 'in', value: [...new Set(ids)] },
      { field: 'clearedAtUnixMs', op: 'isNull', value: true },
      // Without a parent rule only these can explain it, and others need not be read.
      ...(fresh.every(({ rule }) => rule.parentRuleId === null)
        ? ([{ field: 'type', op: 'in', value: OFFLINE_TYPES }] as const)
        : []),
    ],
    limit: MOST_ROWS,
  });
  if (active.length >= MOST_ROWS) return undefined;
  return ({ rule, deviceId }) => {
    const child = { type: typeOf(rule), parentRuleId: rule.parentRuleId };
    return active.find((other) => other.deviceId === deviceId && isParent(other, child));
  };
}
