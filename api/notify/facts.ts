import type { AlarmRow } from '../../actors/automation/automation.types.js';
import type { Comparison, Condition } from '../../actors/rule/rule.types.js';
import type { EdgeOfRule } from '../automation/ports.js';
import { alarmFacts } from './message.js';

/** An object of a template's view that also stands for a plain text. */
const named = <T extends object>(text: string, fields: T): T =>
  Object.defineProperty(fields, 'toString', { value: () => text });

/** What templates of a rule's actions may name. */
export function viewOf(
  { rule, edge, deviceId, deviceName, facts }: EdgeOfRule,
  alarm: AlarmRow | undefined,
): Record<string, unknown> {
  const device = deviceName ?? deviceId ?? '';
  return {
    rule: named(rule.name, {
      id: rule.id,
      name: rule.name,
      description: rule.description,
      severity: rule.severity,
    }),
    alarm: alarm === undefined ? null : named(alarm.text, alarmFacts(alarm, deviceName)),
    source: edge.source,
    // Without a device `{{#device}}` leaves its section out.
    device: device === '' ? '' : named(device, { id: deviceId, name: device }),
    value: edge.value,
    severity: alarm?.severity ?? rule.severity,
    facts,
    labels: alarm?.labels ?? rule.labels,
    event: edge.kind,
    state: edge.state,
    time: new Date(edge.atUnixMs).toISOString(),
  };
}

const OPERATORS: Readonly<Record<Comparison, string>> = {
  '>': 'gt',
  '>=': 'gte',
  '<': 'lt',
  '<=': 'lte',
};

/** Operator and threshold of a condition in WebMACS's words; a rule of another kind has none. */
function comparisonOf(condition: Condition): { operator?: string; threshold?: unknown } {
  switch (condition.type) {
    case 'threshold':
    case 'aggregate':
      return { operator: OPERATORS[condition.op], threshold: condition.value };
    case 'rate':
      return { operator: OPERATORS[condition.op], threshold: condition.perSecond };
    case 'range':
      return {
        operator: condition.when === 'inside' ? 'between' : 'not_between',
        threshold: condition.low,
      };
    case 'equals':
      return condition.negate === true ? {} : { operator: 'eq', threshold: condition.value };
    case 'no-data':
    case 'expression':
    case 'schedule':
      return {};
  }
}

/** Channel that a rule is about: its source, or what its condition names. */
export function channelOf({ rule, edge }: EdgeOfRule): string {
  if (edge.source !== '') return edge.source;
  return 'channel' in rule.condition ? rule.condition.channel : '';
}

/** Body of a webhook of a rule, with the fields of WebMACS (telemetry §4.5) and no other. */
export function webhookBody(
  event: string,
  about: EdgeOfRule,
  sensor: string,
  experiment: string | undefined,
): Record<string, unknown> {
  return {
    type: event,
    time: new Date(about.edge.atUnixMs).toISOString(),
    sensor,
    value: about.edge.value,
    rule: about.rule.name,
    ...comparisonOf(about.rule.condition),
    ...(experiment === undefined ? {} : { experiment }),
  };
}
