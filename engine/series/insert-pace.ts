/** An insert is made up for by this many times its length without one. */
const PART = 8;
/** Inserts of this long together are free of it: what is stored now and then is stored at once. */
const BURST_MS = 500;

/**
 * How far apart inserts begin: a store that needs long for each gets fewer and larger ones, which cost it less. Under a
 * steady load inserts take an eighth of the time, or as much as `maxSpacingMs` lets them. Times are of a monotonic clock, ms.
 */
export class InsertPace {
  readonly #maxDebtMs: number;
  /** Length of the inserts that no pause has made up for yet. */
  #debtMs = 0;
  #lastEndMonoMs = 0;

  /** @param maxSpacingMs no insert waits for longer than this after the one before; 0: none waits. */
  constructor(maxSpacingMs: number) {
    this.#maxDebtMs = BURST_MS + maxSpacingMs / PART;
  }

  /** An insert has ended. */
  ended(beganMonoMs: number, endedMonoMs: number): void {
    const debtMs = this.#debtAt(beganMonoMs) + endedMonoMs - beganMonoMs;
    this.#debtMs = Math.min(this.#maxDebtMs, debtMs);
    this.#lastEndMonoMs = endedMonoMs;
  }

  /** For how long the next insert should wait, ms from 0 on. */
  waitMs(nowMonoMs: number): number {
    return Math.max(0, (this.#debtAt(nowMonoMs) - BURST_MS) * PART);
  }

  #debtAt(nowMonoMs: number): number {
    return Math.max(0, this.#debtMs - (nowMonoMs - this.#lastEndMonoMs) / PART);
  }
}
