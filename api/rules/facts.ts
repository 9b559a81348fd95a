import type { RuleRow } from '../../actors/automation/automation.types.js';
import type { EdgeOfRule } from '../automation/ports.js';
import type { LiveTable } from '../live/table.types.js';
import { CONNECTIONS_DEVICE } from './connections.js';
import { deviceOf, namesOf } from './names.js';

const VALUES = 'values.';
const MOST_FACTS = 64;

/** Conditions whose edge has the sample that turned them. */
const OF_A_SAMPLE: readonly string[] = ['threshold', 'range', 'equals'];

/**
 * The device a rule speaks of, with its latest values. `value`: what an edge of it looked at, which the table may not have yet.
 */
export function aboutSource(
  devices: Pick<LiveTable, 'get'>,
  rule: RuleRow,
  source: string,
  value: number | string | null = null,
): Omit<EdgeOfRule, 'rule' | 'edge'> {
  const channel = source === '' ? namesOf(rule.condition).channels[0] : source;
  if (channel === undefined) return { deviceId: null, deviceName: null, facts: {} };
  const said = deviceOf(channel);
  const deviceId = said.startsWith(CONNECTIONS_DEVICE) ? channel.slice(said.length + 1) : said;
  const row = devices.get(deviceId);
  const facts: Record<string, unknown> = {};
  let count = 0;
  // Not by entries: a device has hundreds of values, and this is asked for each edge.
  for (const name in row) {
    const value = row[name];
    if (!name.startsWith(VALUES) || value === null) continue;
    facts[name.slice(VALUES.length)] = value;
    count += 1;
    if (count >= MOST_FACTS) break;
  }
  const parameter = channel.slice(said.length + 1);
  if (value !== null && deviceId === said && OF_A_SAMPLE.includes(rule.condition.type)) {
    facts[parameter] = typeof facts[parameter] === 'boolean' ? value === 1 : value;
  }
  const name = row?.['name'];
  return { deviceId, deviceName: typeof name === 'string' ? name : null, facts };
}
