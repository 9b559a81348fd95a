import type { EdgeOfRule } from '../automation/ports.js';
import { viewOf } from '../notify/facts.js';
import { fill } from '../notify/templates.js';

/** Of an alarm's text; longer ones are cut. */
const MOST_TEXT = 1_000;
const MOST_FACTS = 64;
const MOST_FACT = 256;

/** The text of an alarm: the rule's template with the names of all templates, or the rule, its device and the value. */
export function alarmText(taken: EdgeOfRule): string {
  const { rule, edge, deviceId, deviceName } = taken;
  if (rule.text !== '') return cut(fill(rule.text, viewOf(taken, undefined)));
  const device = deviceName ?? deviceId ?? '';
  const value = edge.value === null ? '' : ` (${edge.value})`;
  return cut(`${rule.name}${device === '' ? '' : `: ${device}`}${value}`);
}

const cut = (text: string): string =>
  text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 1)}…` : text;

/** What the channels said, small enough to be kept with each of 10,000 alarms. */
export function keptFacts(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(facts).slice(0, MOST_FACTS)) {
    const value = facts[name];
    if (typeof value === 'string') kept[name] = value.slice(0, MOST_FACT);
    else if (typeof value === 'number' || typeof value === 'boolean' || value === null) {
      kept[name] = value;
    }
  }
  return kept;
}
