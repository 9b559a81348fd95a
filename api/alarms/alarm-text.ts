import mustache from 'mustache';
import type { EdgeOfRule } from '../automation/ports.js';

/** Of an alarm's text; longer ones are cut. */
const MOST_TEXT = 1_000;
const MOST_FACTS = 64;
const MOST_FACT = 256;

/**
 * The text of an alarm: the rule's template with `rule`, `device`, `source`, `value`, `severity`, `labels.*` and
 * `facts.*`. A template that cannot be read is shown as it is, so that no alarm is lost for its words.
 */
export function alarmText({ rule, edge, deviceId, deviceName, facts }: EdgeOfRule): string {
  const view = {
    rule: rule.name,
    device: deviceName ?? deviceId ?? '',
    source: edge.source,
    value: edge.value ?? '',
    severity: rule.severity ?? '',
    labels: rule.labels,
    facts,
  };
  const template = rule.text === '' ? DEFAULT : rule.text;
  try {
    return cut(mustache.render(template, view, undefined, { escape: String }));
  } catch (thrown) {
    return cut(
      `${template} (template: ${thrown instanceof Error ? thrown.message : 'unreadable'})`,
    );
  }
}

const DEFAULT = '{{rule}}{{#device}}: {{device}}{{/device}}{{#value}} ({{value}}){{/value}}';

const cut = (text: string): string =>
  text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 1)}…` : text;

/** What the channels said, small enough to be kept with each of 10,000 alarms. */
export function keptFacts(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(facts).slice(0, MOST_FACTS)) {
    if (typeof value === 'string') kept[name] = value.slice(0, MOST_FACT);
    else if (typeof value === 'number' || typeof value === 'boolean' || value === null) {
      kept[name] = value;
    }
  }
  return kept;
}
