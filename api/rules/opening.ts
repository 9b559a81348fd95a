import { Cron } from 'croner';
import { DateTime } from 'luxon';
import type { ScheduleRow } from '../../actors/automation/automation.types.js';

/** What decides when a schedule is open. */
export type Opening = Pick<ScheduleRow, 'timeZone' | 'weekly' | 'cron' | 'cronOpenMs' | 'days'>;

interface Span {
  readonly fromUnixMs: number;
  readonly untilUnixMs: number;
}

/** A change is looked for this far ahead. */
const DAYS_AHEAD = 800;
/** Of one day; a line that runs more often is taken as open between these. */
const RUNS_A_DAY = 1_500;

/**
 * Times of a schedule, computed in its time zone: on the day on which clocks go forward a time that is left out is an hour later, on
 * the day on which they go back a time that comes twice is the first. A span belongs to the day on which it begins. Holds nothing to
 * close.
 */
export class OpeningTimes {
  readonly #opening: Opening;
  readonly #cron: Cron | undefined;

  /** @throws Error of croner or luxon for what `scheduleProblem` refuses. */
  constructor(opening: Opening) {
    this.#opening = opening;
    this.#cron =
      opening.cron === null
        ? undefined
        : new Cron(opening.cron, { timezone: opening.timeZone, paused: true });
  }

  isOpen(atUnixMs: number): boolean {
    const today = this.#day(atUnixMs);
    for (const day of [today.minus({ days: 1 }), today]) {
      for (const { fromUnixMs, untilUnixMs } of this.#spansOf(day)) {
        if (fromUnixMs <= atUnixMs && atUnixMs < untilUnixMs) return true;
      }
    }
    return this.#cronOpen(atUnixMs);
  }

  /** When it opens or closes next, after `atUnixMs`; undefined: not within 800 days. */
  nextChange(atUnixMs: number): number | undefined {
    const open = this.isOpen(atUnixMs);
    let day = this.#day(atUnixMs);
    for (let count = 0; count < DAYS_AHEAD; count += 1) {
      const next = day.plus({ days: 1 });
      const changes = this.#edgesIn(day, next.toMillis()).filter(
        (edge) => edge > atUnixMs && this.isOpen(edge) !== open,
      );
      if (changes.length > 0) return Math.min(...changes);
      day = next;
    }
    return undefined;
  }

  /** Openings after `atUnixMs`, at most `count`. */
  next(
    atUnixMs: number,
    count: number,
  ): readonly { fromUnixMs: number; toUnixMs: number | null }[] {
    const openings: { fromUnixMs: number; toUnixMs: number | null }[] = [];
    let at = atUnixMs;
    if (this.isOpen(at)) {
      const closes = this.nextChange(at);
      if (closes === undefined) return [];
      at = closes;
    }
    while (openings.length < count) {
      const fromUnixMs = this.nextChange(at);
      if (fromUnixMs === undefined) break;
      const toUnixMs = this.nextChange(fromUnixMs) ?? null;
      openings.push({ fromUnixMs, toUnixMs });
      if (toUnixMs === null) break;
      at = toUnixMs;
    }
    return openings;
  }

  /** Midnight of its day, in the zone. */
  #day(atUnixMs: number): DateTime {
    return DateTime.fromMillis(atUnixMs, { zone: this.#opening.timeZone }).startOf('day');
  }

  #special(day: DateTime): Opening['days'][number] | undefined {
    const date = day.toFormat('yyyy-MM-dd');
    const { days } = this.#opening;
    return days.find((one) => one.day === date) ?? days.find((one) => one.day === date.slice(5));
  }

  #spansOf(day: DateTime): readonly Span[] {
    const special = this.#special(day);
    const times =
      special?.times ?? this.#opening.weekly.filter(({ days }) => days.includes(day.weekday));
    return times.map(({ from, to }) => {
      // A text of HH:MM compares as its time does.
      const end = to <= from ? day.plus({ days: 1 }) : day;
      return { fromUnixMs: timeOn(day, from), untilUnixMs: timeOn(end, to) };
    });
  }

  #cronOpen(atUnixMs: number): boolean {
    let from = atUnixMs - this.#opening.cronOpenMs;
    for (let count = 0; this.#cron !== undefined && count < RUNS_A_DAY; count += 1) {
      const run = this.#run(from);
      if (run === undefined || run > atUnixMs) return false;
      // On a day that differs its own times count.
      if (this.#special(this.#day(run)) === undefined) return true;
      from = run;
    }
    return false;
  }

  #run(afterUnixMs: number): number | undefined {
    return this.#cron?.nextRun(new Date(Math.floor(afterUnixMs)))?.getTime();
  }

  /** Moments of a day at which something may begin or end. */
  #edgesIn(day: DateTime, untilUnixMs: number): readonly number[] {
    const fromUnixMs = day.toMillis();
    const edges: number[] = [];
    for (const one of [day.minus({ days: 1 }), day]) {
      for (const span of this.#spansOf(one)) edges.push(span.fromUnixMs, span.untilUnixMs);
    }
    let run = this.#run(fromUnixMs - this.#opening.cronOpenMs - 1);
    for (let count = 0; run !== undefined && run < untilUnixMs && count < RUNS_A_DAY; count += 1) {
      edges.push(run, run + this.#opening.cronOpenMs);
      run = this.#run(run);
    }
    return edges.filter((edge) => edge >= fromUnixMs && edge < untilUnixMs);
  }
}

function timeOn(day: DateTime, time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  if (hour === 24) return day.plus({ days: 1 }).startOf('day').toMillis();
  return day.set({ hour, minute }).toMillis();
}

/** Field and remedy of what cannot be a schedule; undefined: it can. */
export function scheduleProblem(
  opening: Opening,
): readonly [field: string, message: string] | undefined {
  if (!DateTime.local({ zone: opening.timeZone }).isValid) {
    return ['timeZone', `${opening.timeZone} is no time zone: write a name such as Europe/Berlin`];
  }
  for (const { day } of opening.days) {
    const date = DateTime.fromISO(day.length === 5 ? `2024-${day}` : day);
    if (!date.isValid)
      return ['days', `${day} is no day: write YYYY-MM-DD, or MM-DD for each year`];
  }
  if (opening.cron === null) return undefined;
  if (opening.cron.trim().split(/\s+/).length !== 5) {
    return [
      'cron',
      'a cron line has five fields (minute hour day month weekday), as in 0 9 * * 1-5',
    ];
  }
  if (opening.cronOpenMs <= 0) {
    return ['cronOpenMs', 'says for how long a cron line opens it: give more than 0 ms'];
  }
  try {
    const cron = new Cron(opening.cron, { timezone: opening.timeZone, paused: true });
    cron.nextRun(new Date(0));
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return ['cron', `${opening.cron} is no cron line: ${reason}`];
  }
  return undefined;
}
