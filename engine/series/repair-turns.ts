import type { Clock, TimerHandle } from '../clock.js';
import { EngineError } from '../errors.js';
import { type RepairOptions, RollupRepair } from './repair.js';
import type { SeriesReport } from './writer.types.js';

/** Between two steps of a repair that has more to do, so that live rows go first. */
const REPAIR_GAP_MS = 1_000;

interface Parts extends RepairOptions {
  readonly clock: Clock;
  /** How often it is looked for rollups to recompute, ms. */
  readonly everyMs: number;
  /** It is time for a `step`. */
  readonly onDue: () => void;
  readonly onReport: ((report: SeriesReport) => void) | undefined;
}

/** When rollups are put right: now and then, and sooner while there is more to do. The caller closes it. */
export class RepairTurns {
  readonly #parts: Parts;
  readonly #repair: RollupRepair;
  #timer: TimerHandle | undefined;
  #due = false;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#repair = new RollupRepair(parts);
    this.#later(parts.everyMs);
  }

  get due(): boolean {
    return this.#due;
  }

  /** Resolves when no step runs: only then may rows of its hours be inserted. */
  idle(): Promise<void> {
    return this.#repair.idle();
  }

  /** Puts right what is due. Never rejects; what failed is done in a later one. */
  async step(): Promise<void> {
    const { clock, onReport } = this.#parts;
    this.#due = false;
    try {
      const channelHours = await this.#repair.step(clock.nowMs(), 'due');
      if (channelHours === 0) return;
      onReport?.({ type: 'rollups.repaired', channelHours });
      this.#later(REPAIR_GAP_MS);
    } catch (thrown) {
      const { message } = EngineError.from(thrown);
      onReport?.({ type: 'rollups.repair-failed', message });
    }
  }

  /** A step of all that is marked, due or not. @returns channel-hours put right; 0 when there are none. */
  stepAll(): Promise<number> {
    return this.#repair.step(this.#parts.clock.nowMs(), 'all');
  }

  /** Breaks a running step off, see `RollupRepair`. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#due = false;
    if (this.#timer !== undefined) this.#parts.clock.clearTimeout(this.#timer);
    await this.#repair.close();
  }

  #later(delayMs: number): void {
    const { clock, everyMs, onDue } = this.#parts;
    if (this.#closed) return;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => {
      this.#due = true;
      this.#later(everyMs);
      onDue();
    }, delayMs);
  }
}
