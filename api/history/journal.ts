import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { JournalRow } from '../../actors/automation/automation.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { JournalPort } from '../automation/ports.js';
import type { JournalRow as LiveLine } from '../contract/automation-rows.js';
import type { LiveTable } from '../live/table.types.js';
import { TableMirror } from './mirror.js';

const SHOWN = 1_000;
/** Lines kept; the oldest go. */
const KEPT = 100_000;
const PRUNE_EVERY_MS = 600_000;
/** Lines of one transaction: writes of others go in between. */
const PRUNE_AT_ONCE = 5_000;
const TEXT_CHARS = 4_000;

export interface JournalOptions {
  readonly store: Pick<SiteStore, 'automation' | 'control'>;
  readonly live: LiveTable;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
  /** Default 100,000. */
  readonly keep?: number;
}

/** The operators' log: the last 1,000 lines live, the last 100,000 kept. */
export class Journal implements JournalPort {
  readonly #options: JournalOptions;
  readonly #mirror: TableMirror<JournalRow>;
  #timer: TimerHandle | undefined;
  #pruning: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(options: JournalOptions) {
    this.#options = options;
    const { store, live, onFault } = options;
    this.#mirror = new TableMirror<JournalRow>({
      feed: store.control.feed,
      domain: 'automation.journal',
      table: store.automation.journal,
      live,
      shown: (row) => ({ ...liveRow(row) }),
      limit: SHOWN,
      onFault,
    });
  }

  /** The caller ends it by `close`. */
  static async open(options: JournalOptions): Promise<Journal> {
    const journal = new Journal(options);
    await journal.#mirror.start();
    journal.#pruneLater(PRUNE_EVERY_MS / 10);
    return journal;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#options.clock.clearTimeout(this.#timer);
    await this.#pruning;
    await this.#mirror.stop();
  }

  async write(
    level: JournalRow['level'],
    text: string,
    by: string,
    ownerId?: string,
    key?: string,
  ): Promise<void> {
    const { journal } = this.#options.store.automation;
    if (key !== undefined) {
      // Whoever was killed before it could note that this is written asks again.
      const there = await journal.first({ where: [{ field: 'publicId', op: '=', value: key }] });
      if (there !== undefined) return;
    }
    await journal.create({
      publicId: key ?? randomUUID(),
      atUnixMs: this.#options.clock.nowMs(),
      level,
      text: text.slice(0, TEXT_CHARS),
      read: false,
      by,
      ownerId: ownerId ?? null,
    });
  }

  /** Removes the oldest lines beyond the bound. @returns how many went. */
  async prune(): Promise<number> {
    const { store, keep = KEPT } = this.#options;
    let gone = 0;
    while (!this.#closed) {
      const removed = await store.control.write(async ({ db }) => {
        const { rows } = await sql<{ id: number }>`delete from automation_journal where id in (
          select id from automation_journal where id <= (
            select id from automation_journal order by id desc limit 1 offset ${keep})
          order by id limit ${PRUNE_AT_ONCE}) returning id`.execute(db);
        return rows.length;
      });
      gone += removed;
      if (removed < PRUNE_AT_ONCE) return gone;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return gone;
  }

  #pruneLater(delayMs: number): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#pruning = this.prune()
        .then(
          () => undefined,
          (thrown: unknown) => this.#options.onFault(EngineError.from(thrown)),
        )
        .finally(() => this.#pruneLater(PRUNE_EVERY_MS));
    }, delayMs);
  }
}

function liveRow(row: JournalRow): LiveLine {
  return {
    id: String(row.id),
    atUnixMs: row.atUnixMs,
    level: row.level,
    text: row.text,
    by: row.by,
  };
}
