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
  /** Something waits until then; undefined: nothing does. */
  readonly againAtUnixMs: number | undefined;
}

const sourceKey = (row: AlarmRow): string => `${row.type}:${row.source}`;
/** When the last message went. */
const LAST = '';
const MOST_TOLD = 2_000;
/** A value that is not yet beyond the user's own threshold is looked at again after this. */
const LOOK_AGAIN_MS = 10_000;

/** Whether a user wants to be told of an alarm at all. */
export const concerns = (preference: NotificationPreferenceRow, row: AlarmRow): boolean =>
  preference.method !== 'none' && preference.types.includes(row.type);

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
  const alarms: AlarmRow[] = [];
  let againAtUnixMs: number | undefined;
  for (const row of active) {
    if (!concerns(preference, row) || row.clearedAtUnixMs !== null || row.held) continue;
    if ((preference.told[sourceKey(row)] ?? 0) >= row.raisedAtUnixMs) continue;
    const threshold = preference.thresholds[row.type];
    const value = latestOf(row);
    if (threshold !== undefined && typeof value === 'number' && value > threshold) {
      againAtUnixMs = nowUnixMs + LOOK_AGAIN_MS;
      continue;
    }
    alarms.push(row);
  }
  if (alarms.length === 0) return { alarms, againAtUnixMs };
  const quiet = quietUntil(preference, zoneOf(preference), nowUnixMs);
  const free = Math.max(quiet ?? 0, (preference.told[LAST] ?? 0) + preference.minIntervalMs);
  if (free > nowUnixMs) return { alarms: [], againAtUnixMs: Math.min(free, againAtUnixMs ?? free) };
  return { alarms, againAtUnixMs };
}

/** `told` after it was done: the newest entries, bounded. */
export function toldAfter(
  preference: NotificationPreferenceRow,
  alarms: readonly AlarmRow[],
  nowUnixMs: number,
): Record<string, number> {
  const told: Record<string, number> = { ...preference.told, [LAST]: nowUnixMs };
  // Not the time of telling: a clock that was set back must not tell it twice.
  for (const row of alarms) told[sourceKey(row)] = Math.max(nowUnixMs, row.raisedAtUnixMs);
  const entries = Object.entries(told).sort(([, a], [, b]) => b - a);
  return Object.fromEntries([[LAST, nowUnixMs], ...entries.slice(0, MOST_TOLD)]);
}

const zoneOf = ({ timeZone }: NotificationPreferenceRow): string =>
  IANAZone.isValidZone(timeZone) ? timeZone : FALLBACK_ZONE;
