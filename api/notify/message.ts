import type { AlarmRow } from '../../actors/automation/automation.types.js';
import type { Severity } from '../../actors/rule/rule.types.js';

/**
 * What a target is told; as JSON in a delivery's `payload`. Each kind of target takes what it can show: mail, chat and
 * log servers `subject` and `text`, webhooks and MQTT `body`.
 */
export interface TargetMessage {
  readonly subject: string;
  readonly text: string;
  /** Level of a log line, colour of a chat message. */
  readonly severity?: Severity | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  /** Addresses that get it as mail. Only of a delivery without a target. */
  readonly email?: readonly string[] | undefined;
}

/** Longest text of a message; what is longer ends in `…`. */
const MOST_TEXT = 16_000;
const MOST_SUBJECT = 250;

/** Payload of a delivery of kind `target`. */
export function payloadOf(message: TargetMessage): string {
  return JSON.stringify({
    ...message,
    subject: cut(oneLine(message.subject), MOST_SUBJECT),
    text: cut(message.text, MOST_TEXT),
  });
}

/** The message of a delivery. A payload that is no message is its text. */
export function messageIn(payload: string, event: string, atUnixMs: number): TargetMessage {
  const parsed = parse(payload);
  if (isMessage(parsed)) return parsed;
  return {
    subject: event,
    text: payload,
    body: { type: event, time: new Date(atUnixMs).toISOString(), text: payload },
  };
}

/** What anybody is told of an alarm. `event`: `alarm.raised`, `alarm.cleared` … */
export function alarmMessage(
  alarm: AlarmRow,
  event: string,
  atUnixMs: number,
  deviceName?: string | null,
): TargetMessage {
  const verb = event.replace(/^alarm\./, '');
  const where = deviceName ?? alarm.source;
  const text = alarm.text === '' ? alarm.ruleName : alarm.text;
  return {
    subject: `[${alarm.severity}] ${verb}: ${alarm.ruleName}${where === '' ? '' : ` (${where})`}`,
    text,
    severity: alarm.severity,
    body: {
      type: event,
      time: new Date(atUnixMs).toISOString(),
      alarm: alarmFacts(alarm, deviceName),
    },
  };
}

/** An alarm as webhooks, MQTT and templates see it. */
export function alarmFacts(alarm: AlarmRow, deviceName?: string | null): Record<string, unknown> {
  return {
    id: alarm.publicId,
    number: alarm.id,
    rule: alarm.ruleName,
    source: alarm.source,
    device: deviceName ?? alarm.deviceId,
    type: alarm.type,
    severity: alarm.severity,
    text: alarm.text,
    value: alarm.value,
    labels: alarm.labels,
    active: alarm.clearedAtUnixMs === null,
    acknowledged: alarm.acknowledgedAtUnixMs !== null,
    acknowledgedBy: alarm.acknowledgedBy,
    assignedTo: alarm.assignedTo,
    raisedAt: new Date(alarm.raisedAtUnixMs).toISOString(),
    clearedAt:
      alarm.clearedAtUnixMs === null ? null : new Date(alarm.clearedAtUnixMs).toISOString(),
    repeats: alarm.repeats,
    escalated: alarm.escalated,
    facts: alarm.facts,
  };
}

function isMessage(value: unknown): value is TargetMessage {
  if (typeof value !== 'object' || value === null) return false;
  const one = value as Partial<Record<keyof TargetMessage, unknown>>;
  return (
    typeof one.subject === 'string' &&
    typeof one.text === 'string' &&
    typeof one.body === 'object' &&
    one.body !== null
  );
}

function parse(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Plain text may begin with a brace.
    return undefined;
  }
}

const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;
