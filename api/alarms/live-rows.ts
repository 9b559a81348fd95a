import { severityRank } from '../../actors/alarm/alarm.machine.js';
import type { AlarmRow } from '../../actors/automation/automation.types.js';
import type { AlarmRow as LiveAlarmRow } from '../contract/automation-rows.js';

/** An active alarm that nobody acknowledged for this long is overdue. */
export const OVERDUE_AFTER_MS = 30 * 60_000;

export const isOverdue = (row: AlarmRow, nowUnixMs: number): boolean =>
  row.clearedAtUnixMs === null &&
  row.acknowledgedAtUnixMs === null &&
  nowUnixMs >= row.raisedAtUnixMs + OVERDUE_AFTER_MS;

/** The row that pages see. */
export function liveAlarm(
  row: AlarmRow,
  more: {
    readonly deviceName: string | null;
    readonly quiet: LiveAlarmRow['quiet'];
    readonly parentAlarmId: number | null;
    readonly nowUnixMs: number;
  },
): LiveAlarmRow {
  const labels = Object.fromEntries(
    Object.entries(row.labels).map(([label, value]) => [`labels.${label}` as const, value]),
  );
  return {
    ...labels,
    id: String(row.id),
    ruleId: row.ruleId,
    ruleName: row.ruleName,
    source: row.source,
    deviceId: row.deviceId,
    deviceName: more.deviceName,
    type: row.type,
    severity: row.severity,
    severityRank: severityRank(row.severity),
    text: row.text,
    value: row.value,
    active: row.clearedAtUnixMs === null,
    acknowledged: row.acknowledgedAtUnixMs !== null,
    acknowledgedBy: row.acknowledgedBy,
    assignedTo: row.assignedTo,
    raisedAtUnixMs: row.raisedAtUnixMs,
    updatedAtUnixMs: row.updatedAtUnixMs,
    clearedAtUnixMs: row.clearedAtUnixMs,
    shelvedUntilUnixMs: row.shelvedUntilUnixMs,
    quiet: more.quiet,
    overdue: isOverdue(row, more.nowUnixMs),
    repeats: row.repeats,
    escalated: row.escalated,
    comments: row.comments,
    parentAlarmId: more.parentAlarmId,
  };
}
