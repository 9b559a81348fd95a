import type { ScheduleRow } from '../../actors/automation/automation.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { OpeningTimes } from './opening.js';
import { TableBook } from './table-book.js';

export interface SchedulesOptions {
  readonly store: Pick<SiteStore, 'automation' | 'control'>;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

interface Kept {
  readonly times: OpeningTimes;
  open: boolean;
  nextUnixMs: number;
}

/** Looked at this often: a clock that is set is noticed within it. */
const LOOK_MS = 250;

/** Schedules in memory, and the moments at which they open and close. The caller ends it by `close`. */
export class Schedules {
  readonly #options: SchedulesOptions;
  readonly #book: TableBook<ScheduleRow>;
  readonly #kept = new Map<number, Kept>();
  readonly #listeners = new Set<(changed: readonly { id: number; open: boolean }[]) => void>();
  #lastUnixMs = Number.NEGATIVE_INFINITY;
  #timer: TimerHandle | undefined;
  #closed = false;

  constructor(options: SchedulesOptions) {
    this.#options = options;
    const { store, onFault } = options;
    this.#book = new TableBook({
      feed: store.control.feed,
      domain: 'automation.schedules',
      table: store.automation.schedules,
      changed: (rows, gone) => this.#changed(rows, gone),
      onFault,
    });
  }

  async start(): Promise<void> {
    await this.#book.start();
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#options.clock.clearTimeout(this.#timer);
    await this.#book.close();
  }

  /** Undefined: there is none. */
  isOpen(id: number): boolean | undefined {
    return this.#kept.get(id)?.open;
  }

  /** At another time than now; false when there is none. */
  isOpenAt(id: number, atUnixMs: number): boolean {
    return this.#kept.get(id)?.times.isOpen(atUnixMs) ?? false;
  }

  all(): readonly { readonly id: number; readonly open: boolean }[] {
    return Array.from(this.#kept, ([id, { open }]) => ({ id, open }));
  }

  /** Called with schedules that opened, closed, came or changed. */
  onChange(listener: (changed: readonly { id: number; open: boolean }[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** One look at the time; called by the timer, and by tests. */
  look(): void {
    const nowUnixMs = this.#options.clock.nowMs();
    const back = nowUnixMs < this.#lastUnixMs;
    this.#lastUnixMs = nowUnixMs;
    const changed: { id: number; open: boolean }[] = [];
    for (const [id, kept] of this.#kept) {
      if (!back && nowUnixMs < kept.nextUnixMs) continue;
      const before = kept.open;
      this.#compute(kept, nowUnixMs);
      if (kept.open !== before) changed.push({ id, open: kept.open });
    }
    if (changed.length > 0) for (const listener of this.#listeners) listener(changed);
  }

  #compute(kept: Kept, nowUnixMs: number): void {
    kept.open = kept.times.isOpen(nowUnixMs);
    kept.nextUnixMs = kept.times.nextChange(nowUnixMs) ?? nowUnixMs + 86_400_000;
  }

  #changed(rows: readonly ScheduleRow[], gone: readonly number[]): void {
    const changed: { id: number; open: boolean }[] = [];
    for (const id of gone) if (this.#kept.delete(id)) changed.push({ id, open: false });
    for (const row of rows) {
      try {
        const kept = { times: new OpeningTimes(row), open: false, nextUnixMs: 0 };
        this.#compute(kept, this.#options.clock.nowMs());
        this.#kept.set(row.id, kept);
        changed.push({ id: row.id, open: kept.open });
      } catch (thrown) {
        // A row that was written by hand.
        this.#kept.delete(row.id);
        this.#options.onFault(EngineError.from(thrown, 'input.invalid'));
      }
    }
    if (changed.length > 0) for (const listener of this.#listeners) listener(changed);
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      try {
        this.look();
      } catch (thrown) {
        this.#options.onFault(EngineError.from(thrown));
      }
      this.#schedule();
    }, LOOK_MS);
  }
}
