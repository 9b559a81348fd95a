import type { Clock } from '../clock.js';
import { EngineError } from '../errors.js';
import type { StoreBatch } from './batch.js';
import type { Spool } from './spool.js';
import { neverSent, type StoreInsert } from './store-insert.js';

/** Rows replayed in one insert: many, so that the spool empties while more is appended. */
const REPLAY_ROWS = 50_000;

interface Parts {
  readonly spool: Spool;
  readonly insert: StoreInsert;
  readonly clock: Clock;
  /** Sets a batch aside that the store will never take. */
  readonly refused: (batch: StoreBatch, error: EngineError) => Promise<void>;
}

/** Sends what a spool holds to the store, oldest first and one step at a time. */
export class SpoolReplay {
  readonly #parts: Parts;
  /** Token of the batch whose last try ended without an answer. */
  #doubtful: string | undefined;
  /** Rows of a refused group, replayed batch by batch; some may be in the store already. */
  #singleRows = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * One insert, whose batches leave the spool.
   * @returns how many rows the store took; undefined when the spool is empty.
   * @throws EngineError `store.away`: the batches stay.
   */
  async step(): Promise<number | undefined> {
    const { spool, insert, clock, refused } = this.#parts;
    const spooled = await spool.next(this.#singleRows > 0 ? 1 : REPLAY_ROWS);
    if (spooled === undefined) return undefined;
    const { batch } = spooled;
    const attempted = spooled.attempted || this.#singleRows > 0 || this.#doubtful === batch.token;
    let taken = batch.rows;
    try {
      await insert.insert(batch, attempted, clock.nowMs());
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code !== 'store.refused') {
        if (!neverSent(error)) this.#doubtful = batch.token;
        throw error;
      }
      if (this.#singleRows <= 0) {
        // One bad batch must not set its neighbours aside: the group is tried again one by one.
        this.#singleRows = batch.rows;
        return 0;
      }
      await refused(batch, error);
      taken = 0;
    }
    this.#singleRows -= batch.rows;
    await spool.forget();
    return taken;
  }
}
