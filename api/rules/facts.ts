import type { RuleRow } from '../../actors/automation/automation.types.js';
import type { EdgeOfRule } from '../automation/ports.js';
import type { LiveTable } from '../live/table.types.js';
import { CONNECTIONS_DEVICE } from './connections.js';
import { deviceOf, namesOf } from './names.js';

const VALUES = 'values.';
const MOST_FACTS = 64;

/** Conditions whose edge has the sample that turned them. */
const OF_A_SAMPLE: readonly string[] = ['threshold', 'range', 'equals'];

/** Devices of which the names of values are kept; then all are let go and read again. */
const MOST_DEVICES = 1_000;

interface FactName {
  readonly field: string;
  readonly name: string;
}

/**
 * Which values of a device are its facts: the first of its row. Of a device with more values than facts they are kept: an engine lists
 * the names of all values of a row before it gives the first one, and this is asked for each edge.
 */
export class FactNames {
  readonly #byDevice = new Map<string, readonly FactName[]>();

  of(deviceId: string, row: Readonly<Record<string, unknown>>): readonly FactName[] {
    const known = this.#byDevice.get(deviceId);
    if (known?.every(({ field }) => isSaid(row[field])) === true) return known;
    const found: FactName[] = [];
    for (const field in row) {
      if (!field.startsWith(VALUES) || !isSaid(row[field])) continue;
      found.push({ field, name: field.slice(VALUES.length) });
      if (found.length >= MOST_FACTS) break;
    }
    // Fewer are not all that there will be.
    if (found.length >= MOST_FACTS) {
      if (this.#byDevice.size >= MOST_DEVICES) this.#byDevice.clear();
      this.#byDevice.set(deviceId, found);
    } else this.#byDevice.delete(deviceId);
    return found;
  }
}

const isSaid = (value: unknown): boolean => value !== null && value !== undefined;

/**
 * The device a rule speaks of, with its latest values. `value`: what an edge of it looked at, which the table may not have yet.
 */
export function aboutSource(
  devices: Pick<LiveTable, 'get'>,
  rule: RuleRow,
  source: string,
  value: number | string | null = null,
  names: FactNames = new FactNames(),
): Omit<EdgeOfRule, 'rule' | 'edge'> {
  const channel = source === '' ? namesOf(rule.condition).channels[0] : source;
  if (channel === undefined) return { deviceId: null, deviceName: null, facts: {} };
  const said = deviceOf(channel);
  const deviceId = said.startsWith(CONNECTIONS_DEVICE) ? channel.slice(said.length + 1) : said;
  const row = devices.get(deviceId);
  const facts: Record<string, unknown> = {};
  if (row !== undefined) {
    for (const { field, name } of names.of(deviceId, row)) facts[name] = row[field];
  }
  const parameter = channel.slice(said.length + 1);
  if (value !== null && deviceId === said && OF_A_SAMPLE.includes(rule.condition.type)) {
    facts[parameter] = typeof facts[parameter] === 'boolean' ? value === 1 : value;
  }
  const name = row?.['name'];
  return { deviceId, deviceName: typeof name === 'string' ? name : null, facts };
}
