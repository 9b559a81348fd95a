import type { AlarmRow, SilenceRow } from '../../actors/automation/automation.types.js';
import type { AutomationStore } from '../../actors/automation/store.types.js';
import type { AlarmRow as LiveAlarmRow } from '../contract/automation-rows.js';
import type { AlarmBook } from './book.js';
import { compileMatchers, type Matches } from './matching.js';
import type { RouteTree } from './route-tree.js';

/** Silences that are not over; the API makes no more. */
export const MOST_SILENCES = 1_000;

type Quiet = LiveAlarmRow['quiet'];

/** Why nobody is told of an alarm now. */
export class QuietBook {
  readonly #book: AlarmBook;
  readonly #isOpen: (scheduleId: number, atUnixMs: number) => boolean;
  #silences: readonly { readonly row: SilenceRow; readonly matches: Matches }[] = [];

  constructor(book: AlarmBook, isOpen: (scheduleId: number, atUnixMs: number) => boolean) {
    this.#book = book;
    this.#isOpen = isOpen;
  }

  async load(silences: AutomationStore['silences'], nowUnixMs: number): Promise<void> {
    const rows = await silences.find({
      where: [{ field: 'untilUnixMs', op: '>', value: nowUnixMs }],
      limit: MOST_SILENCES,
    });
    this.#silences = rows.map((row) => ({ row, matches: matchesOf(row) }));
  }

  /** When the next silence begins or ends; undefined: none does. */
  nextChange(nowUnixMs: number): number | undefined {
    const times = this.#silences
      .flatMap(({ row }) => [row.fromUnixMs, row.untilUnixMs])
      .filter((at) => at > nowUnixMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  silenceOf(row: AlarmRow, nowUnixMs: number): SilenceRow | undefined {
    return this.#silences.find(
      ({ row: { fromUnixMs, untilUnixMs }, matches }) =>
        nowUnixMs >= fromUnixMs && nowUnixMs < untilUnixMs && matches(row),
    )?.row;
  }

  /** Whatever the route: shelved, explained by a parent, or silenced. A cleared one can only be silenced. */
  of(row: AlarmRow, nowUnixMs: number): Quiet {
    if (row.clearedAtUnixMs === null) {
      if (row.shelvedUntilUnixMs !== null && nowUnixMs < row.shelvedUntilUnixMs) return 'shelved';
      if (this.#book.parentOf(row) !== undefined) return 'parent';
    }
    return this.silenceOf(row, nowUnixMs) === undefined ? null : 'silence';
  }

  isMuted(scheduleIds: readonly number[], nowUnixMs: number): boolean {
    return scheduleIds.some((id) => this.#isOpen(id, nowUnixMs));
  }

  /** As the desk shows it: also muted when every route that takes it is. */
  shown(row: AlarmRow, tree: RouteTree, nowUnixMs: number): Quiet {
    const quiet = this.of(row, nowUnixMs);
    if (quiet !== null) return quiet;
    const routes = tree.of(row).filter(({ targetIds }) => targetIds.length > 0);
    const muted =
      routes.length > 0 &&
      routes.every(({ muteScheduleIds }) => this.isMuted(muteScheduleIds, nowUnixMs));
    return muted ? 'schedule' : null;
  }
}

/** Of a silence stored with a pattern that is not read any more: it silences nothing. */
function matchesOf(row: SilenceRow): Matches {
  try {
    return compileMatchers(row.matchers);
  } catch {
    return () => false;
  }
}
