import type { AlarmRow } from '../../actors/automation/automation.types.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { DeliveryPort } from '../automation/ports.js';
import { type AlarmDesk, SHOWN_AFTER_CLEAR_MS } from './desk.js';
import { DueQueue } from './due-queue.js';
import { alarmsPayload } from './group-message.js';
import { isOverdue, OVERDUE_AFTER_MS } from './live-rows.js';

export interface AlarmTimersOptions {
  readonly desk: AlarmDesk;
  readonly isQuiet: (row: AlarmRow) => boolean;
  readonly deliveries: () => DeliveryPort | undefined;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

/** Alarms moved in one transaction. */
const AT_ONCE = 200;
/** What could not be done, or waits because nobody is to be told, is tried again after this. */
const AGAIN_MS = 30_000;

/**
 * What becomes due by time: the end of a shelf, steps of escalation, overdue, leaving the desk. The times follow from the
 * stored rows, so a restart or a jump of the clock loses none.
 */
export class AlarmTimers {
  readonly #options: AlarmTimersOptions;
  readonly #due = new DueQueue();

  constructor(options: AlarmTimersOptions) {
    this.#options = options;
    options.desk.onChange((rows) => this.changed(rows));
    this.changed([...options.desk.book.rows()]);
  }

  changed(rows: readonly AlarmRow[]): void {
    for (const row of rows) {
      const shown = this.#options.desk.book.get(row.id) !== undefined;
      this.#due.set(row.id, shown ? this.#dueOf(row) : null);
    }
  }

  nextDue(): number | undefined {
    return this.#due.next();
  }

  async run(): Promise<void> {
    const { desk, clock, onFault } = this.#options;
    const now = clock.nowMs();
    const ids = this.#due.take(now, AT_ONCE);
    if (ids.length === 0) return;
    try {
      const rows = ids.flatMap((id) => desk.book.get(id) ?? []);
      for (const { id } of rows.filter((row) => leavesAt(row) <= now)) desk.leave(id);
      await this.#unshelve(rows, now);
      await this.#escalate(rows, now);
      desk.refresh(ids);
      for (const id of ids) {
        const row = desk.book.get(id);
        const next = row === undefined ? null : this.#dueOf(row);
        this.#due.set(id, next === null ? null : next <= now ? now + AGAIN_MS : next);
      }
    } catch (thrown) {
      for (const id of ids) this.#due.set(id, now + AGAIN_MS);
      onFault(EngineError.from(thrown));
    }
  }

  async #unshelve(rows: readonly AlarmRow[], now: number): Promise<void> {
    const over = (row: AlarmRow) =>
      row.shelvedUntilUnixMs !== null && row.shelvedUntilUnixMs <= now;
    const ids = rows.filter(over).map(({ id }) => id);
    if (ids.length === 0) return;
    await this.#options.desk.move(ids, (row) =>
      over(row) ? { type: 'unshelved', atUnixMs: now, by: null } : undefined,
    );
  }

  async #escalate(rows: readonly AlarmRow[], now: number): Promise<void> {
    const { desk, isQuiet, deliveries } = this.#options;
    const port = deliveries();
    const ids = rows
      .filter((row) => (escalatesAt(row) ?? Number.POSITIVE_INFINITY) <= now && !isQuiet(row))
      .map(({ id }) => id);
    if (ids.length === 0) return;
    await desk.move(
      ids,
      (row) => {
        const step = row.escalation[row.escalated];
        // It may have been acknowledged since: then it stays as it is.
        if (step === undefined || (escalatesAt(row) ?? Number.POSITIVE_INFINITY) > now) {
          return undefined;
        }
        return { type: 'escalated', atUnixMs: now, severity: step.severity ?? row.severity };
      },
      async (scope, row) => {
        const targetIds = row.escalation[row.escalated - 1]?.targetIds ?? [];
        if (port === undefined || targetIds.length === 0) return;
        const event = 'alarm.escalated';
        const title = `${row.ruleName}: nobody acknowledged it`;
        const message = alarmsPayload({ event, title, firing: [row], resolved: [], atUnixMs: now });
        await port.enqueueIn(
          scope,
          targetIds.map((targetId) => ({
            key: `escalation:${row.id}:${row.escalated}:${targetId}`,
            kind: 'target',
            targetId,
            event,
            ...message,
            alarmId: row.id,
          })),
        );
      },
    );
    port?.wake();
  }

  #dueOf(row: AlarmRow): number | null {
    const { clock } = this.#options;
    const times = [leavesAt(row), row.shelvedUntilUnixMs, escalatesAt(row)];
    if (!isOverdue(row, clock.nowMs()) && row.clearedAtUnixMs === null) {
      if (row.acknowledgedAtUnixMs === null) times.push(row.raisedAtUnixMs + OVERDUE_AFTER_MS);
    }
    const next = Math.min(...times.map((at) => at ?? Number.POSITIVE_INFINITY));
    return Number.isFinite(next) ? next : null;
  }
}

const leavesAt = (row: AlarmRow): number =>
  row.clearedAtUnixMs === null
    ? Number.POSITIVE_INFINITY
    : row.clearedAtUnixMs + SHOWN_AFTER_CLEAR_MS;

/** When its next step is due; null: none is, or somebody cares already. */
function escalatesAt(row: AlarmRow): number | null {
  const step = row.escalation[row.escalated];
  if (step === undefined) return null;
  if (row.clearedAtUnixMs !== null || row.acknowledgedAtUnixMs !== null) return null;
  return row.raisedAtUnixMs + step.afterMs;
}
