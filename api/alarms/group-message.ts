import { severityRank } from '../../actors/alarm/alarm.machine.js';
import type { AlarmRow } from '../../actors/automation/automation.types.js';

/** Alarms told in full; of the rest the number. */
const MOST_TOLD = 50;

/**
 * What a target is told of several alarms, as the payload of a delivery: subject and text for people, `body` for
 * programs. `email`: addresses of a delivery without a target.
 */
export function alarmsPayload(options: {
  readonly event: 'alarm.firing' | 'alarm.resolved' | 'alarm.escalated';
  readonly title: string;
  readonly firing: readonly AlarmRow[];
  readonly resolved: readonly AlarmRow[];
  readonly atUnixMs: number;
  readonly email?: readonly string[];
}): { readonly subject: string; readonly payload: string } {
  const { event, title, firing, resolved, atUnixMs, email } = options;
  const sorted = firing.toSorted(
    (a, b) => severityRank(a.severity) - severityRank(b.severity) || a.id - b.id,
  );
  const worst = sorted[0];
  const first = worst ?? resolved[0];
  const many = firing.length + resolved.length > 1;
  const counts = [
    ...(firing.length > 0 ? [`${firing.length} firing`] : []),
    ...(resolved.length > 0 ? [`${resolved.length} resolved`] : []),
  ].join(', ');
  const name = many ? title || counts : (first?.text ?? title);
  const subject = `[${worst === undefined ? 'resolved' : worst.severity}] ${name}${many ? ` (${counts})` : ''}`;
  const lines = [
    ...sorted.slice(0, MOST_TOLD).map((row) => `${row.severity}: ${lineOf(row)}`),
    ...resolved.slice(0, MOST_TOLD).map((row) => `resolved: ${lineOf(row)}`),
  ];
  const untold = firing.length + resolved.length - lines.length;
  if (untold > 0) lines.push(`and ${untold} more`);
  const body = {
    type: event,
    time: new Date(atUnixMs).toISOString(),
    status: worst === undefined ? 'resolved' : 'firing',
    firing: firing.length,
    resolved: resolved.length,
    alarms: [...sorted.slice(0, MOST_TOLD), ...resolved.slice(0, MOST_TOLD)].map(bodyOf),
  };
  return {
    subject,
    payload: JSON.stringify({
      subject,
      text: lines.join('\n'),
      ...(worst === undefined ? {} : { severity: worst.severity }),
      body,
      ...(email === undefined ? {} : { email }),
    }),
  };
}

const lineOf = (row: AlarmRow): string =>
  `${row.text}${row.source === '' ? '' : ` [${row.source}]`} since ${new Date(row.raisedAtUnixMs).toISOString()}${
    row.clearedAtUnixMs === null ? '' : ` until ${new Date(row.clearedAtUnixMs).toISOString()}`
  }`;

const bodyOf = (row: AlarmRow) => ({
  id: row.publicId,
  number: row.id,
  rule: row.ruleName,
  source: row.source,
  device: row.deviceId,
  type: row.type,
  severity: row.severity,
  text: row.text,
  value: row.value,
  labels: row.labels,
  active: row.clearedAtUnixMs === null,
  raisedAtUnixMs: row.raisedAtUnixMs,
  clearedAtUnixMs: row.clearedAtUnixMs,
});
