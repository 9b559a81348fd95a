import { IANAZone } from 'luxon';
import type {
  AlarmRow,
  NotificationPreferenceRow,
} from '../../actors/automation/automation.types.js';
import { quietUntil } from './quiet-hours.js';

/** Quiet hours come back to this when their zone is not known any more. */
const FALLBACK_ZONE = 'UTC';

/** What one user is told of now, and when to look again. */
export interface PersonalTelling {
  readonly alarms: readonly AlarmRow[];
  /** What `told` keeps of it, by alarm. */
  readonly keys: readonly string[];
  /** Something waits until then; undefined: nothing does. */
  readonly againAtUnixMs: number | undefined;
}

const keyOf = (type: string, row: AlarmRow): string => `${type}:${row.source}`;
/** When the last message went. */
const LAST = '';
const MOST_TOLD = 2_000;
/** A value that is not yet beyond the user's own threshold is looked at again after this. */
const LOOK_AGAIN_MS = 10_000;

/** An alarm of the second type says enough of its value to tell a user of the first one earlier than the rule would. */
const EARLIER: readonly (readonly [type: string, of: string])[] = [
  ['battery_critical', 'battery_low'],
];

/** As which types a user is told of an alarm: its own, and one whose own threshold is wider than its rule's. */
function typesFor({ types, thresholds }: NotificationPreferenceRow, row: AlarmRow): string[] {
  const earlier = EARLIER.filter(([type, of]) => of === row.type && thresholds[type] !== undefined);
  return [row.type, ...earlier.map(([type]) => type)].filter((type) => types.includes(type));
}

/** Types of alarms that may concern a user. */
export function wantedTypes(preference: NotificationPreferenceRow): readonly string[] {
  const earlier = EARLIER.filter(([type]) => preference.types.includes(type));
  return [...preference.types, ...earlier.map(([, of]) => of)];
}

/**
 * Alarms that a user is told of now: wanted, beyond the own threshold, not told since they were raised, not in quiet hours,
 * and not within the interval after the last message. What waits is told later, when it is still active.
 */
export function personalTelling(
  preference: NotificationPreferenceRow,
  active: Iterable<AlarmRow>,
  latestOf: (row: AlarmRow) => number | string | null,
  nowUnixMs: number,
): PersonalTelling {
  let againAtUnixMs: number | undefined;
  const due: { readonly key: string; readonly row: AlarmRow }[] = [];
  const since = new Map<string, number>();
  for (const row of active) {
    if (preference.method === 'none' || row.clearedAtUnixMs !== null || row.held) continue;
    for (const type of typesFor(preference, row)) {
      const key = keyOf(type, row);
      // Told by the earlier alarm of the same source is told.
      since.set(key, Math.min(since.get(key) ?? row.raisedAtUnixMs, row.raisedAtUnixMs));
      const threshold = preference.thresholds[type];
      const value = latestOf(row);
      if (threshold !== undefined && typeof value === 'number' && value > threshold) {
        againAtUnixMs = nowUnixMs + LOOK_AGAIN_MS;
      } else {
        due.push({ key, row });
      }
    }
  }
  const told = (key: string) =>
    (preference.told[key] ?? Number.NEGATIVE_INFINITY) >= (since.get(key) ?? 0);
  const untold = due.filter(({ key }) => !told(key));
  if (untold.length === 0) return { alarms: [], keys: [], againAtUnixMs };
  const quiet = quietUntil(preference, zoneOf(preference), nowUnixMs);
  const last = preference.told[LAST];
  const free = Math.max(quiet ?? 0, last === undefined ? 0 : last + preference.minIntervalMs);
  if (free > nowUnixMs) {
    return { alarms: [], keys: [], againAtUnixMs: Math.min(free, againAtUnixMs ?? free) };
  }
  const alarms = [...new Map(untold.map(({ row }) => [row.id, row])).values()];
  return { alarms, keys: untold.map(({ key }) => key), againAtUnixMs };
}

/** `told` after it was done: the newest entries, bounded. */
export function toldAfter(
  preference: NotificationPreferenceRow,
  { alarms, keys }: PersonalTelling,
  nowUnixMs: number,
): Record<string, number> {
  const told: Record<string, number> = { ...preference.told, [LAST]: nowUnixMs };
  // Not the time of telling: a clock that was set back must not tell it twice.
  const atUnixMs = Math.max(nowUnixMs, ...alarms.map(({ raisedAtUnixMs }) => raisedAtUnixMs));
  for (const key of keys) told[key] = atUnixMs;
  const entries = Object.entries(told).sort(([, a], [, b]) => b - a);
  return Object.fromEntries([[LAST, nowUnixMs], ...entries.slice(0, MOST_TOLD)]);
}

const zoneOf = ({ timeZone }: NotificationPreferenceRow): string =>
  IANAZone.isValidZone(timeZone) ? timeZone : FALLBACK_ZONE;
