import { randomUUID } from 'node:crypto';
import { activeKeyOf, moveAlarm } from '../../actors/alarm/alarm.machine.js';
import type { AlarmRow } from '../../actors/automation/automation.types.js';
import type { AutomationStore } from '../../actors/automation/store.types.js';
import type { SiteScope } from '../../actors/control/scope.js';
import type { Severity } from '../../actors/rule/rule.types.js';
import type { EdgeOfRule } from '../automation/ports.js';
import { alarmText, keptFacts } from './alarm-text.js';

/** An active alarm of one of these types explains every other one of its device. */
export const OFFLINE_TYPES: readonly string[] = ['device_offline', 'hardware_offline'];

type AlarmTable = AutomationStore['alarms'];

/**
 * What an edge of a rule makes of its alarm, inside the transaction of the edge: three statements that use indexes,
 * however many alarms there are. The same edge told again answers the alarm as it is and changes nothing.
 */
export async function takeEdge(
  alarms: AlarmTable,
  scope: SiteScope,
  taken: EdgeOfRule,
): Promise<AlarmRow | undefined> {
  const { rule, edge } = taken;
  if (rule.severity === null) return undefined;
  const [last] = await alarms.findIn(scope, {
    where: [
      { field: 'ruleId', op: '=', value: rule.id },
      { field: 'source', op: '=', value: edge.source },
    ],
    order: { by: 'id', direction: 'desc' },
    limit: 1,
  });
  if (last !== undefined && wasTaken(last, edge)) return last;
  const active = last?.activeKey != null ? last : undefined;
  const number = { edge: edge.edge, edgeAtUnixMs: edge.atUnixMs };
  const raised = {
    atUnixMs: edge.atUnixMs,
    severity: rule.severity,
    text: alarmText(taken),
    value: edge.value,
  };
  switch (edge.kind) {
    case 'firing':
      return active === undefined
        ? await raise(alarms, scope, taken)
        : await keep(alarms, scope, active, {
            ...moveAlarm(active, { type: 'updated', ...worst(active, raised) }),
            ...number,
            held: false,
          });
    case 'cooled':
      if (active !== undefined) {
        const event = { type: 'updated', ...worst(active, raised) } as const;
        return await keep(alarms, scope, active, { ...moveAlarm(active, event), ...number });
      }
      if (last === undefined) {
        return await raise(alarms, scope, taken);
      }
      return await keep(alarms, scope, last, {
        ...moveAlarm(last, { type: 'reopened', ...raised }),
        ...number,
        held: true,
      });
    case 'clear':
    case 'state': {
      const over = edge.kind === 'clear' || edge.state === 'normal' || edge.state === 'disabled';
      if (active === undefined) return edge.kind === 'clear' ? last : undefined;
      if (!over) return active;
      return await keep(alarms, scope, active, clearedBy(active, edge));
    }
  }
}

type Edge = EdgeOfRule['edge'];

/** The alarm of its source knows an edge already. */
export const wasTaken = (last: AlarmRow, edge: Edge): boolean =>
  edge.edge <= last.edge && edge.atUnixMs <= last.edgeAtUnixMs;

/** An active alarm after the edge that ended it. */
export const clearedBy = (active: AlarmRow, { edge, atUnixMs }: Edge): AlarmRow => ({
  ...moveAlarm(active, { type: 'cleared', atUnixMs, by: null }),
  edge,
  edgeAtUnixMs: atUnixMs,
});

/** Alarms of sources that are gone, or whose rule is: there is nobody left who could clear them. */
export async function clearSources(
  alarms: AlarmTable,
  scope: SiteScope,
  sources: readonly { readonly ruleId: number; readonly source: string }[],
  atUnixMs: number,
): Promise<readonly { readonly activeKeyBefore: string; readonly row: AlarmRow }[]> {
  const keys = sources.map(({ ruleId, source }) => activeKeyOf(ruleId, source));
  const active = await alarms.findIn(scope, {
    where: [{ field: 'activeKey', op: 'in', value: keys }],
    limit: keys.length,
  });
  const cleared: { activeKeyBefore: string; row: AlarmRow }[] = [];
  for (const row of active) {
    const at = Math.max(atUnixMs, row.updatedAtUnixMs);
    const after = await keep(
      alarms,
      scope,
      row,
      moveAlarm(row, { type: 'cleared', atUnixMs: at, by: null }),
    );
    if (after !== undefined && row.activeKey !== null) {
      cleared.push({ activeKeyBefore: row.activeKey, row: after });
    }
  }
  return cleared;
}

/** What escalation made worse stays so while the alarm is active. */
function worst<T extends { readonly severity: Severity }>(active: AlarmRow, raised: T): T {
  return active.escalated > 0 ? { ...raised, severity: active.severity } : raised;
}

async function raise(
  alarms: AlarmTable,
  scope: SiteScope,
  taken: EdgeOfRule,
): Promise<AlarmRow | undefined> {
  const { rule, deviceId } = taken;
  const type = typeOf(rule);
  const parent = await parentIn(alarms, scope, { type, deviceId, parentRuleId: rule.parentRuleId });
  const values = raisedValues(taken, parent);
  return values === undefined ? undefined : (await alarms.createManyIn(scope, [values]))[0];
}

/** Type of the alarms of a rule. */
export const typeOf = ({ labels, condition }: EdgeOfRule['rule']): string =>
  labels['type'] ?? condition.type;

/** The row of an alarm that begins; undefined: its rule raises none. */
export function raisedValues(
  taken: EdgeOfRule,
  parent: AlarmRow | undefined,
): Omit<AlarmRow, 'id'> | undefined {
  const { rule, edge, deviceId, facts } = taken;
  if (rule.severity === null) return undefined;
  return {
    publicId: randomUUID(),
    ruleId: rule.id,
    ruleName: rule.name,
    source: edge.source,
    activeKey: activeKeyOf(rule.id, edge.source),
    deviceId,
    type: typeOf(rule),
    severity: rule.severity,
    text: alarmText(taken),
    labels: rule.labels,
    value: edge.value,
    raisedAtUnixMs: edge.atUnixMs,
    updatedAtUnixMs: edge.atUnixMs,
    clearedAtUnixMs: null,
    acknowledgedAtUnixMs: null,
    acknowledgedBy: null,
    assignedTo: null,
    shelvedUntilUnixMs: null,
    shelvedBy: null,
    repeats: 0,
    escalated: 0,
    escalation: rule.escalation,
    parentAlarmId: parent?.id ?? null,
    parentRuleId: rule.parentRuleId,
    held: false,
    edge: edge.edge,
    edgeAtUnixMs: edge.atUnixMs,
    changes: 1,
    lastChange: 'raised',
    comments: 0,
    facts: keptFacts(facts),
  };
}

async function keep(
  alarms: AlarmTable,
  scope: SiteScope,
  before: AlarmRow,
  after: AlarmRow,
): Promise<AlarmRow | undefined> {
  return await alarms.updateIn(scope, before.id, changedFields(before, after));
}

/** Only what changed is written. */
export function changedFields(before: AlarmRow, after: AlarmRow): Partial<Omit<AlarmRow, 'id'>> {
  const changed: Partial<Record<keyof AlarmRow, unknown>> = {};
  for (const name of Object.keys(after) as (keyof AlarmRow)[]) {
    if (name !== 'id' && before[name] !== after[name]) changed[name] = after[name];
  }
  return changed as Partial<Omit<AlarmRow, 'id'>>;
}

async function parentIn(
  alarms: AlarmTable,
  scope: SiteScope,
  child: Pick<AlarmRow, 'type' | 'deviceId' | 'parentRuleId'>,
): Promise<AlarmRow | undefined> {
  if (child.deviceId === null) return undefined;
  if (child.parentRuleId === null && OFFLINE_TYPES.includes(child.type)) return undefined;
  const ofDevice = await alarms.findIn(scope, {
    where: [
      { field: 'deviceId', op: '=', value: child.deviceId },
      { field: 'clearedAtUnixMs', op: 'isNull', value: true },
      // Without a parent rule only these can explain it, and others need not be read.
      ...(child.parentRuleId === null
        ? ([{ field: 'type', op: 'in', value: OFFLINE_TYPES }] as const)
        : []),
    ],
    limit: MOST_OF_DEVICE,
  });
  return ofDevice.find((other) => isParent(other, child));
}

/** Active alarms of one device that are looked at for a parent. */
const MOST_OF_DEVICE = 200;

/** Whether an alarm of the same device explains the other one. */
export function isParent(
  other: Pick<AlarmRow, 'type' | 'ruleId'>,
  child: Pick<AlarmRow, 'type' | 'parentRuleId'>,
): boolean {
  if (child.parentRuleId !== null && other.ruleId === child.parentRuleId) return true;
  return OFFLINE_TYPES.includes(other.type) && !OFFLINE_TYPES.includes(child.type);
}
