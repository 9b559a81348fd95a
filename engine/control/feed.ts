import type { Kysely } from 'kysely';
import type { Clock, TimerHandle } from '../clock.js';
import { EngineError } from '../errors.js';
import { controlError } from './control-errors.js';
import type { FeedTables } from './feed-log.js';

/** A row of a domain was made or changed (`put`), or is gone (`delete`). */
export type ChangeOp = 'put' | 'delete';

export interface Change {
  /** Grows by one with each change of the store, in commit order, without holes. */
  readonly seq: number;
  readonly domain: string;
  readonly id: string;
  readonly op: ChangeOp;
}

export type FeedEvent =
  /** In order, each change once. */
  | { readonly type: 'changes'; readonly changes: readonly Change[] }
  /** Changes were pruned before this follower saw them: read everything again; the feed goes on after `seq`. */
  | { readonly type: 'reset'; readonly seq: number };

/** Must return soon and may not throw; what it throws is reported and the feed goes on. */
export type FeedListener = (event: FeedEvent) => void;

interface Follower {
  cursor: number;
  readonly listener: FeedListener;
  /** Settles when it has caught up; undefined: it is in step. */
  reading: Promise<void> | undefined;
  /** Something was committed while it was reading. */
  again: boolean;
  active: boolean;
}

/** Changes handed over at once to a follower that is behind. */
const BATCH = 1_000;

/**
 * Every change of a domain row, in commit order. A follower in step gets changes right after the commit; one that
 * is behind, or that hears of other processes' changes by polling, reads them from the table in batches, so that
 * memory stays bounded however far it is behind.
 */
export class ChangeFeed {
  readonly #db: Kysely<FeedTables>;
  readonly #clock: Clock;
  readonly #onError: (error: EngineError) => void;
  readonly #followers = new Set<Follower>();
  readonly #pollMs: number;
  #timer: TimerHandle | undefined;
  #failing = false;
  #closed = false;

  /** `pollMs` 0: changes made by other processes are noticed at the next own commit only. */
  constructor(options: {
    readonly db: Kysely<FeedTables>;
    readonly clock: Clock;
    readonly pollMs: number;
    readonly onError: (error: EngineError) => void;
  }) {
    this.#db = options.db;
    this.#clock = options.clock;
    this.#pollMs = options.pollMs;
    this.#onError = options.onError;
    this.#schedule();
  }

  /** Number of the last change. Read it before reading a domain, then follow from it: nothing is missed. */
  async head(): Promise<number> {
    const row = await this.#db.selectFrom('feed_head').select('seq').executeTakeFirstOrThrow();
    return row.seq;
  }

  /**
   * Hands every change after `fromSeq` to `listener`, first the past ones, then each as it is committed.
   * @returns ends it; the listener is not called afterwards.
   */
  follow(fromSeq: number, listener: FeedListener): () => void {
    const follower: Follower = {
      cursor: fromSeq,
      listener,
      reading: undefined,
      again: false,
      active: true,
    };
    this.#followers.add(follower);
    void this.#catchUp(follower);
    return () => {
      follower.active = false;
      this.#followers.delete(follower);
    };
  }

  /** Called by the store right after a commit. */
  committed(changes: readonly Change[]): void {
    const first = changes[0];
    if (first === undefined) return;
    for (const follower of this.#followers) {
      if (follower.reading !== undefined) follower.again = true;
      else if (follower.cursor === first.seq - 1) this.#deliver(follower, changes);
      else if (follower.cursor < first.seq + changes.length - 1) void this.#catchUp(follower);
    }
  }

  /** Looks now for changes of other processes; settles when every follower was given them. */
  async poll(): Promise<void> {
    await Promise.all([...this.#followers].map((follower) => this.#catchUp(follower)));
  }

  /** Idempotent. Followers are not called afterwards. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    for (const follower of this.#followers) follower.active = false;
    this.#followers.clear();
  }

  #schedule(): void {
    if (this.#pollMs <= 0 || this.#closed) return;
    this.#timer = this.#clock.setTimeout(() => {
      void this.poll().finally(() => this.#schedule());
    }, this.#pollMs);
  }

  #catchUp(follower: Follower): Promise<void> {
    if (follower.reading !== undefined) {
      follower.again = true;
      return follower.reading;
    }
    follower.reading = this.#readAll(follower);
    return follower.reading;
  }

  /** Never rejects: a failed read is reported once, and tried again at the next commit or poll. */
  async #readAll(follower: Follower): Promise<void> {
    try {
      do {
        follower.again = false;
        await this.#readOn(follower);
      } while (follower.again && follower.active);
      this.#failing = false;
    } catch (thrown) {
      if (!this.#failing && !this.#closed) this.#onError(controlError(thrown));
      this.#failing = true;
    } finally {
      follower.reading = undefined;
    }
  }

  async #readOn(follower: Follower): Promise<void> {
    for (;;) {
      const head = await this.head();
      if (!follower.active || head === follower.cursor) return;
      const changes =
        head < follower.cursor
          ? []
          : await this.#db
              .selectFrom('changes')
              .select(['seq', 'domain', 'id', 'op'])
              .where('seq', '>', follower.cursor)
              .orderBy('seq')
              .limit(BATCH)
              .execute();
      if (!follower.active) return;
      // A head behind the cursor: the store was replaced by an older copy.
      if (changes[0]?.seq === follower.cursor + 1) this.#deliver(follower, changes);
      else this.#reset(follower, head);
    }
  }

  #reset(follower: Follower, seq: number): void {
    follower.cursor = seq;
    this.#tell(follower, { type: 'reset', seq });
  }

  #deliver(follower: Follower, changes: readonly Change[]): void {
    follower.cursor = changes.at(-1)?.seq ?? follower.cursor;
    this.#tell(follower, { type: 'changes', changes });
  }

  #tell(follower: Follower, event: FeedEvent): void {
    try {
      follower.listener(event);
    } catch (thrown) {
      this.#onError(EngineError.from(thrown));
    }
  }
}
