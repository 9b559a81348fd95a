import type { AlarmRow } from '../../contract/automation-rows.js';
import { isoOf } from './translate.js';

const URGENCY: Readonly<Record<AlarmRow['severity'], 'High' | 'Medium' | 'Low'>> = {
  critical: 'High',
  major: 'High',
  minor: 'Medium',
  warning: 'Medium',
  info: 'Low',
};

/** An alarm of the desk as an alert: `pending` while nobody is told of it, then `sent`, `acknowledged`, `resolved`. */
export function alertOf(row: AlarmRow) {
  return {
    id: Number(row.id),
    alert_type: row.type,
    status: statusOf(row),
    severity: URGENCY[row.severity],
    message: row.text,
    device: row.deviceId,
    device_name: row.deviceName,
    channel_data: { source: row.source, value: row.value },
    created_at: isoOf(row.raisedAtUnixMs),
    updated_at: isoOf(row.updatedAtUnixMs),
    acknowledged_by: row.acknowledgedBy,
    assigned_to: row.assignedTo,
    resolved_at: isoOf(row.clearedAtUnixMs),
    is_overdue: row.overdue,
  };
}

function statusOf({ active, acknowledged, quiet }: AlarmRow): string {
  if (!active) return 'resolved';
  if (acknowledged) return 'acknowledged';
  return quiet === null ? 'sent' : 'pending';
}
