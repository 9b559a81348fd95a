import type { AlarmRow } from '../../actors/automation/automation.types.js';
import type { AutomationStore } from '../../actors/automation/store.types.js';
import type { SiteScope } from '../../actors/control/scope.js';
import type { EdgeOfRule } from '../automation/ports.js';
import {
  changedFields,
  clearedBy,
  isParent,
  OFFLINE_TYPES,
  raisedValues,
  takeEdge,
  typeOf,
  wasTaken,
} from './intake.js';

type AlarmTable = AutomationStore['alarms'];

/** Rows that are looked through at once; when there may be more, edges are taken one by one. */
const MOST_ROWS = 5_000;

/**
 * Takes edges as `takeEdge` does one after the other, and answers what became of each. Those that begin or end an alarm of
 * their own, and have no source in common with another one, nor a device of which one alarm may explain another, are raised
 * by one statement, and cleared by one.
 */
export async function takeEdges(
  alarms: AlarmTable,
  scope: SiteScope,
  taken: readonly EdgeOfRule[],
): Promise<readonly (AlarmRow | undefined)[]> {
  const alone = taken.length < 3 ? [] : aloneOf(taken);
  const fresh = await freshOf(alarms, scope, alone);
  const parents = await parentsOf(alarms, scope, fresh);
  const together = new Map<string, EdgeOfRule>();
  if (parents !== undefined) for (const one of fresh) together.set(keyOf(one), one);
  const rows = await alarms.createManyIn(
    scope,
    [...together.values()].flatMap((one) => raisedValues(one, parents?.(one)) ?? []),
  );
  const raised = new Map(rows.map((row) => [`${row.ruleId}:${row.source}`, row]));
  const cleared = await clearMany(alarms, scope, alone);
  const answers: (AlarmRow | undefined)[] = [];
  for (const one of taken) {
    const key = keyOf(one);
    const known = together.has(key) ? raised.get(key) : cleared.get(key);
    answers.push(known ?? (await takeEdge(alarms, scope, one)));
  }
  return answers;
}

const keyOf = ({ rule, edge }: EdgeOfRule): string => `${rule.id}:${edge.source}`;

/** Edges of which none touches what becomes of another one. */
function aloneOf(taken: readonly EdgeOfRule[]): readonly EdgeOfRule[] {
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
  return taken.filter(
    (one) =>
      one.rule.severity !== null &&
      times.get(keyOf(one)) === 1 &&
      (one.deviceId === null ||
        !explained.has(one.deviceId) ||
        times.get(`device ${one.deviceId}`) === 1),
  );
}

/** Ends active alarms by one statement. @returns them by `<rule>:<source>`; edges that end none, or were taken before, are not in it. */
async function clearMany(
  alarms: AlarmTable,
  scope: SiteScope,
  alone: readonly EdgeOfRule[],
): Promise<ReadonlyMap<string, AlarmRow>> {
  const edges = new Map(
    alone.filter(({ edge }) => edge.kind === 'clear').map((one) => [keyOf(one), one.edge]),
  );
  if (edges.size < 2) return new Map();
  const active = await alarms.findIn(scope, {
    where: [{ field: 'activeKey', op: 'in', value: [...edges.keys()] }],
    limit: edges.size,
  });
  const changes: { id: number; values: Partial<Omit<AlarmRow, 'id'>> }[] = [];
  for (const row of active) {
    const edge = row.activeKey === null ? undefined : edges.get(row.activeKey);
    if (edge === undefined || wasTaken(row, edge)) continue;
    changes.push({ id: row.id, values: changedFields(row, clearedBy(row, edge)) });
  }
  if (changes.length === 0) return new Map();
  await alarms.updateBulkIn(scope, changes);
  const rows = await alarms.findIn(scope, {
    where: [{ field: 'id', op: 'in', value: changes.map(({ id }) => id) }],
    limit: changes.length,
  });
  return new Map(rows.map((row) => [`${row.ruleId}:${row.source}`, row]));
}

/** Edges that begin an alarm whatever the others do. */
async function freshOf(
  alarms: AlarmTable,
  scope: SiteScope,
  edges: readonly EdgeOfRule[],
): Promise<readonly EdgeOfRule[]> {
  const alone = edges.filter(({ edge }) => edge.kind === 'firing');
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
