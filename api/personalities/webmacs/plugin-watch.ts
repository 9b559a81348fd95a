import type { EdgePluginRow } from '../../../actors/automation/automation.types.js';
import type { ContentTable } from '../../../actors/content/store.types.js';
import type { Clock, TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { Taken } from './intake.js';
import type { SignalBook } from './signal-book.js';

const LOOK_MS = 5_000;
/** Longer than any polling interval of a controller. */
const SILENT_MS = 60_000;

interface WatchParts {
  readonly book: SignalBook;
  readonly table: ContentTable<EdgePluginRow>;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

/** Keeps the status of plugin instances true: connected, or demo, while their values come. */
export class PluginWatch {
  readonly #parts: WatchParts;
  readonly #heardMonoMs = new Map<number, number>();
  /** Written now; asked again when it is done. */
  readonly #writing = new Map<number, Promise<void>>();
  #timer: TimerHandle | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    const startedMonoMs = parts.clock.monoMs();
    for (const signal of parts.book.all()) {
      for (const id of signal.plugins) this.#heardMonoMs.set(id, startedMonoMs);
    }
    this.#arm();
  }

  heard(taken: Taken): void {
    const nowMonoMs = this.#parts.clock.monoMs();
    let last = 0;
    for (const signal of taken.keys()) {
      for (const id of signal.plugins) {
        if (id === last) continue;
        last = id;
        this.#heardMonoMs.set(id, nowMonoMs);
        const row = this.#parts.book.plugin(id);
        if (row !== undefined) this.#want(row, row.demo ? 'demo' : 'connected');
      }
    }
  }

  async stop(): Promise<void> {
    if (this.#timer !== undefined) this.#parts.clock.clearTimeout(this.#timer);
    await Promise.all(this.#writing.values());
  }

  #arm(): void {
    this.#timer = this.#parts.clock.setTimeout(() => {
      const nowMonoMs = this.#parts.clock.monoMs();
      for (const [id, heardMonoMs] of this.#heardMonoMs) {
        const row = this.#parts.book.plugin(id);
        if (row !== undefined && nowMonoMs - heardMonoMs < SILENT_MS) continue;
        this.#heardMonoMs.delete(id);
        if (row !== undefined && row.status !== 'error') this.#want(row, 'inactive');
      }
      this.#arm();
    }, LOOK_MS);
  }

  #want(row: EdgePluginRow, status: EdgePluginRow['status']): void {
    if (row.status === status || this.#writing.has(row.id)) return;
    const { table, book, onFault } = this.#parts;
    const errorMessage = status === 'inactive' ? row.errorMessage : null;
    const writing = table
      .update(row.id, { status, errorMessage })
      .then(
        () => book.settled(),
        (thrown: unknown) => onFault(EngineError.from(thrown)),
      )
      .finally(() => this.#writing.delete(row.id));
    this.#writing.set(row.id, writing);
  }
}
