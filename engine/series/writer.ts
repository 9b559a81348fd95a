// Over 400 lines: sending, spooling and replaying turn on one state, which is easier to follow in one place.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import { backoff } from '../backoff.js';
import type { TimerHandle } from '../clock.js';
import { EngineError } from '../errors.js';
import {
  BatchBuilder,
  checkBatch,
  checkTime,
  mergeBatches,
  NewestTimes,
  type StoreBatch,
} from './batch.js';
import { connectSeries } from './client.js';
import { type Group, RoomGate, type Sealed, settle } from './commit-group.js';
import { InsertPace } from './insert-pace.js';
import { Journal, type JournalEntry } from './journal.js';
import { OpenGroup } from './open-group.js';
import { RepairTurns } from './repair-turns.js';
import { SampleColumns } from './sample-columns.js';
import type {
  SampleBatch,
  SeriesEvent,
  SeriesWriter,
  SeriesWriterStatus,
  Stored,
  Urgency,
} from './series.types.js';
import { Spool } from './spool.js';
import { SpoolReplay } from './spool-replay.js';
import { neverSent, StoreInsert } from './store-insert.js';
import type { SeriesWriterOptions } from './writer.types.js';

export type { SeriesReport, SeriesWriterOptions } from './writer.types.js';

/** Bytes of one insert; a batch of long texts is sealed by this before it has `maxBatchRows`. */
const MAX_BATCH_BYTES = 8_388_608;

const retryBackoff = backoff({ firstMs: 100, maxMs: 5_000, jitter: 0.5 });

/** How much of what is ready makes one insert. */
interface Part {
  readonly count: number;
  readonly rows: number;
  readonly bytes: number;
  /** No more goes into the insert. */
  readonly full: boolean;
}

/** Opens a writer; the store may be away. What an earlier run left in the spool is replayed first. The caller closes it. */
export function openSeriesWriter(options: SeriesWriterOptions): StoreWriter {
  return new StoreWriter(options);
}

/**
 * Group commit into the series store. A group is what is answered together, an insert takes all groups that wait. Groups
 * that cannot be inserted now are kept in a journal for those who wait for them, and while the store is away in a spool.
 */
export class StoreWriter implements SeriesWriter {
  readonly #options: SeriesWriterOptions;
  readonly #client: ClickHouseClient;
  readonly #newest = new NewestTimes();
  /** Of the open group, one after the other. */
  readonly #columns = new SampleColumns();
  readonly #insert: StoreInsert;
  readonly #repair: RepairTurns;
  readonly #spool: Spool;
  readonly #replayed: SpoolReplay;
  readonly #journal: Journal;
  readonly #pace: InsertPace;
  readonly #maxRows: number;
  readonly #tokenPrefix = randomBytes(9).toString('hex');
  readonly #ready: Sealed[] = [];
  readonly #room: RoomGate;
  readonly #open: OpenGroup;
  #kickTimer: TimerHandle | undefined;
  #kickAtMonoMs = 0;
  #retryTimer: TimerHandle | undefined;
  #nextToken = 0;
  #state: 'open' | 'away' | 'closed' = 'open';
  #closing: Promise<void> | undefined;
  /** Closed by its owner: nothing waits for company any more. */
  #ending = false;
  #awaySinceUnixMs: number | undefined;
  #replayedSinceAway = 0;
  #failures = 0;
  /** An insert or a repair: one of them at a time. */
  #sending: Promise<void> | undefined;
  #repairing = false;
  #replaying: Promise<void> | undefined;
  #spooling: Promise<void> | undefined;
  #pendingRows = 0;
  #rowsStored = 0;
  #rowsSpooled = 0;
  #rowsReplayed = 0;
  #lastError: string | undefined;

  constructor(options: SeriesWriterOptions) {
    this.#options = options;
    const maxPending = options.maxPendingRows ?? 1_000_000;
    this.#room = new RoomGate(() => this.#pendingRows < maxPending);
    this.#client = connectSeries(options.address, {
      requestTimeoutMs: options.requestTimeoutMs ?? 15_000,
      maxConnections: 4,
    });
    this.#insert = new StoreInsert(this.#client, options.name, this.#newest);
    const liveNames = options.adopt?.liveNames.filter((name) => name !== options.name);
    this.#open = new OpenGroup({
      clock: options.clock,
      windowMs: options.windowMs ?? 40,
      build: () => new BatchBuilder(this.#newest, this.#columns),
      onOver: (group) => this.#windowOver(group),
    });
    this.#repair = new RepairTurns({
      address: options.address,
      writer: options.name,
      liveNames,
      rawDays: options.rawDays ?? 0,
      quietMs: options.repairQuietMs ?? 3_000,
      maxWaitMs: options.repairMaxWaitMs ?? 30_000,
      clock: options.clock,
      everyMs: options.repairDelayMs ?? 5_000,
      onDue: () => this.#kick(),
      onReport: options.onReport,
    });
    this.#spool = new Spool({
      folder: join(options.spoolFolder, options.name),
      limitBytes: options.spoolLimitBytes,
      whenFull: options.whenSpoolFull ?? 'refuse',
      report: (report) => this.#options.onReport?.(report),
    });
    this.#replayed = new SpoolReplay({
      spool: this.#spool,
      insert: this.#insert,
      clock: options.clock,
      refused: (batch, error) => this.#refused(batch, error),
    });
    this.#journal = new Journal(join(options.spoolFolder, options.name));
    this.#pace = new InsertPace(options.maxSpacingMs ?? 0);
    this.#maxRows = options.maxBatchRows ?? 100_000;
    if (liveNames !== undefined) this.#spool.adopt(options.spoolFolder, liveNames);
    if (!this.#spool.empty) this.#goAway('batches of an earlier run wait in the spool', 0);
  }

  async append(batch: SampleBatch, urgency?: Urgency): Promise<Stored> {
    checkBatch(batch);
    if (!this.#room.free) await this.#room.enter();
    this.#room.checkOpen();
    const nowUs = this.#options.clock.nowMs() * 1_000;
    const groups = new Set<Group>();
    for (let from = 0; from < batch.channel.length; ) {
      const group = this.#open.enter(urgency);
      const to = Math.min(batch.channel.length, from + this.#maxRows - group.builder.rows);
      group.builder.addSamples(batch, from, to, nowUs);
      this.#pendingRows += to - from;
      groups.add(group);
      from = to;
      this.#sealIfFull(group);
    }
    if (batch.text.length > 0) {
      const group = this.#open.enter(urgency);
      group.builder.addText(batch);
      this.#pendingRows += batch.text.length;
      groups.add(group);
      this.#sealIfFull(group);
    }
    if (urgency === 'journal') this.#sealNow();
    return await settle(groups);
  }

  async appendEvents(events: readonly SeriesEvent[]): Promise<Stored> {
    for (const event of events) checkTime(event.atUnixMs);
    if (events.length === 0) return 'store';
    if (!this.#room.free) await this.#room.enter();
    this.#room.checkOpen();
    const group = this.#open.enter(undefined);
    group.builder.addEvents(events, `${this.#tokenPrefix}-${this.#nextToken}`);
    this.#pendingRows += events.length;
    this.#sealIfFull(group);
    return group.stored;
  }

  status(): SeriesWriterStatus {
    return {
      state: this.#state,
      awaySinceUnixMs: this.#awaySinceUnixMs,
      pendingRows: this.#pendingRows,
      spoolBytes: this.#spool.bytes,
      spoolLimitBytes: this.#spool.limitBytes,
      rowsStored: this.#rowsStored,
      rowsSpooled: this.#rowsSpooled,
      rowsReplayed: this.#rowsReplayed,
      lastError: this.#lastError,
    };
  }

  /** Recomputes what is marked now, without waiting for the delay. @returns channel-hours put right. */
  async repairRollups(): Promise<number> {
    let count = 0;
    for (;;) {
      while (this.#sending !== undefined) await this.#sending;
      const step = this.#repair.stepAll();
      this.#repairing = true;
      this.#occupy(this.#repair.idle());
      const done = await step;
      if (done === 0) return count;
      count += done;
    }
  }

  close(): Promise<void> {
    this.#room.close();
    this.#ending = true;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#seal();
    const { clock } = this.#options;
    if (this.#kickTimer !== undefined) clock.clearTimeout(this.#kickTimer);
    const repairEnded = this.#repair.close();
    this.#kick();
    while (this.#sending !== undefined || this.#spooling !== undefined) {
      await this.#sending;
      await this.#spooling;
    }
    this.#state = 'closed';
    if (this.#retryTimer !== undefined) clock.clearTimeout(this.#retryTimer);
    await this.#replaying;
    await repairEnded;
    await this.#spool.close();
    await this.#journal.close();
    await this.#client.close();
  }

  /** The group goes to the store; or it waits until it can, for longer than a moment in the journal if there is one. */
  #windowOver(group: Group): void {
    this.#kick();
    if (this.#open.group !== group) return;
    const { journalAfterMs } = this.#options;
    // Without a journal it gathers on: the store gets fewer and larger inserts, and not a queue of small ones.
    if (journalAfterMs === undefined) return;
    // An insert is mostly over soon; a repair, or the pause after many inserts, is not.
    const mayEndSoon = this.#sending !== undefined && !this.#repairing;
    if (mayEndSoon && !group.patient) {
      group.patient = true;
      this.#open.wait(group, journalAfterMs);
      return;
    }
    group.journal = true;
    this.#seal();
  }

  /** The open group goes to the journal at once, and to the store when its window would have been over. */
  #sealNow(): void {
    this.#seal();
    if (this.#state === 'open') this.#kickAfter(this.#options.windowMs ?? 40);
    else this.#kick();
  }

  #sealIfFull(group: Group): void {
    const { builder } = group;
    const full = builder.rows >= this.#maxRows;
    if (!full && builder.bytes < MAX_BATCH_BYTES) return;
    if (this.#sending !== undefined && this.#options.journalAfterMs !== undefined) {
      group.journal = true;
    }
    this.#seal();
    this.#kick();
  }

  #seal(): void {
    const group = this.#open.take();
    if (group === undefined) return;
    const batch = group.builder.seal(`${this.#tokenPrefix}-${this.#nextToken++}`);
    const keep = group.journal && this.#state === 'open';
    this.#ready.push({ batch, group, entry: keep ? this.#keep(batch, group) : undefined });
  }

  /** Writes a group to the journal, and answers those who wait for it; when it cannot be written they wait for the store. */
  #keep(batch: StoreBatch, group: Group): JournalEntry {
    // What is late and what is new is found out when it is replayed: all its hours are put right then.
    const entry = this.#journal.append({ ...batch, dirty: [], unverified: [] });
    entry.written.then(
      () => group.resolve('spool'),
      () => undefined,
    );
    return entry;
  }

  /** Starts whatever can go on now. Each of the three loops runs at most once at a time and never rejects. */
  #kick(): void {
    if (this.#state === 'open' && this.#sending === undefined) this.#next();
    if (this.#state === 'away' && this.#spooling === undefined) {
      if (this.#open.group?.overdue === true) this.#seal();
      if (this.#ready.length === 0) return;
      this.#spooling = this.#toSpool(this.#ready.splice(0), false).finally(() => {
        this.#spooling = undefined;
        this.#kick();
      });
    }
  }

  /** An insert of all that waits, or a repair while there is nothing to insert or a pause between inserts. */
  #next(): void {
    const { clock } = this.#options;
    const part = this.#part();
    const due = this.#ready.length > 0 || this.#open.group?.overdue === true;
    const pauseMs = part.full || this.#ending ? 0 : this.#pace.waitMs(clock.monoMs());
    if (due && pauseMs === 0) {
      this.#occupy(this.#insertBatches(this.#take(part), false));
      return;
    }
    if (this.#repair.due) {
      this.#repairing = true;
      this.#occupy(this.#repair.step());
    } else if (due) {
      this.#kickAfter(pauseMs);
    }
  }

  /** Once, at the earliest of the times asked for. */
  #kickAfter(delayMs: number): void {
    const { clock } = this.#options;
    const atMonoMs = clock.monoMs() + delayMs;
    if (this.#kickTimer !== undefined) {
      if (this.#kickAtMonoMs <= atMonoMs) return;
      clock.clearTimeout(this.#kickTimer);
    }
    this.#kickAtMonoMs = atMonoMs;
    this.#kickTimer = clock.setTimeout(() => {
      this.#kickTimer = undefined;
      this.#kick();
    }, delayMs);
  }

  /** The batches of one insert, oldest first. */
  #part(): Part {
    let count = 0;
    let rows = 0;
    let bytes = 0;
    for (const { batch } of this.#ready) {
      const size = batch.samples.length + batch.text.length + batch.events.length;
      const fits = rows + batch.rows <= this.#maxRows && bytes + size <= MAX_BATCH_BYTES;
      if (count > 0 && !fits) return { count, rows, bytes, full: true };
      count++;
      rows += batch.rows;
      bytes += size;
    }
    return { count, rows, bytes, full: rows >= this.#maxRows || bytes >= MAX_BATCH_BYTES };
  }

  /** Takes a part for an insert, and the open group too when it fits. */
  #take({ count, rows, bytes }: Part): Sealed[] {
    const taken = this.#ready.splice(0, count);
    const { group } = this.#open;
    if (this.#ready.length > 0 || group === undefined) return taken;
    const { builder } = group;
    const fits = rows + builder.rows <= this.#maxRows && bytes + builder.bytes <= MAX_BATCH_BYTES;
    if (count === 0 || fits) this.#seal();
    return [...taken, ...this.#ready.splice(0)];
  }

  /** @param work never rejects; those behind it do not wait for longer than `spoolAfterMs`. */
  #occupy(work: Promise<void>): void {
    const { clock, spoolAfterMs = 2_000 } = this.#options;
    let timer: TimerHandle | undefined;
    const look = (): void => {
      timer = clock.setTimeout(() => {
        if (!this.#repairing) this.#goAway(`an insert takes more than ${spoolAfterMs} ms`, 1);
        else if (this.#pendingRows > 0) this.#goAway('rollups are being put right', 0);
        // The store may be found well again before this ends, and those behind it then wait anew.
        look();
      }, spoolAfterMs);
    };
    look();
    this.#sending = work.finally(() => {
      if (timer !== undefined) clock.clearTimeout(timer);
      this.#sending = undefined;
      this.#repairing = false;
      this.#kick();
    });
  }

  /** @param attempted some of the rows may be in the store. */
  async #insertBatches(all: readonly Sealed[], attempted: boolean): Promise<void> {
    const [first, ...more] = all.map(({ batch }) => batch);
    if (first === undefined) return;
    const batch = mergeBatches([first, ...more]);
    const { clock } = this.#options;
    const beganMonoMs = clock.monoMs();
    try {
      await this.#insert.insert(batch, attempted, clock.nowMs());
      this.#pace.ended(beganMonoMs, clock.monoMs());
      this.#rowsStored += batch.rows;
      for (const sealed of all) this.#done(sealed, 'store');
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code !== 'store.refused') {
        if (this.#state === 'open') this.#goAway(error.message, 1);
        await this.#toSpool(all, attempted || !neverSent(error));
      } else if (more.length > 0) {
        // One bad batch must not set its neighbours aside.
        for (const sealed of all) {
          if (this.#state === 'open') await this.#insertBatches([sealed], true);
          else await this.#toSpool([sealed], true);
        }
      } else {
        await this.#refused(batch, error);
        for (const sealed of all) this.#done(sealed, error);
      }
    }
  }

  async #toSpool(all: readonly Sealed[], attempted: boolean): Promise<void> {
    try {
      await this.#spool.append(all.map(({ batch }) => ({ batch, attempted })));
    } catch (thrown) {
      const error = EngineError.from(thrown);
      this.#lastError = error.message;
      for (const sealed of all) this.#done(sealed, error);
      return;
    }
    for (const sealed of all) {
      this.#rowsSpooled += sealed.batch.rows;
      this.#done(sealed, 'spool');
    }
    // An insert may fail after the store was found well again: its rows must not stay behind.
    if (this.#state === 'open') this.#goAway('batches wait in the spool', 0);
  }

  #done({ batch, group, entry }: Sealed, outcome: Stored | EngineError): void {
    this.#pendingRows -= batch.rows;
    if (outcome instanceof EngineError) group.reject(outcome);
    else group.resolve(outcome);
    this.#room.wake();
    const giveBack = (): void => this.#columns.giveBack(batch.samples);
    if (entry === undefined) {
      giveBack();
      return;
    }
    // Rows that nobody else has stay in the journal: somebody was told that they are kept.
    const kept = outcome instanceof EngineError && outcome.code !== 'store.refused';
    if (!kept) entry.settle();
    entry.written.then(giveBack, giveBack);
  }

  async #refused(batch: StoreBatch, error: EngineError): Promise<void> {
    this.#lastError = error.message;
    const file = await this.#spool.quarantine(batch);
    this.#options.onReport?.({
      type: 'store.refused',
      message: error.message,
      rows: batch.rows,
      file,
    });
  }

  #goAway(reason: string, failures: number): void {
    if (this.#state !== 'open') return;
    this.#state = 'away';
    this.#lastError = reason;
    this.#failures = failures;
    this.#replayedSinceAway = 0;
    this.#awaySinceUnixMs = this.#options.clock.nowMs();
    if (failures > 0) this.#options.onReport?.({ type: 'store.away', message: reason });
    this.#replayLater();
    this.#kick();
  }

  #replayLater(): void {
    if (this.#state !== 'away') return;
    const delayMs = this.#failures === 0 ? 0 : retryBackoff(this.#failures);
    this.#retryTimer = this.#options.clock.setTimeout(() => {
      this.#replaying = this.#replay().finally(() => {
        this.#replaying = undefined;
        this.#replayLater();
      });
    }, delayMs);
  }

  /** Sends the spool's batches in order; returns when the store is away again or all is caught up. */
  async #replay(): Promise<void> {
    try {
      while (this.#state === 'away') {
        await this.#repair.idle();
        const rows = await this.#replayed.step();
        if (rows === undefined) {
          if (this.#spooling !== undefined) await this.#spooling;
          else if (await this.#caughtUp()) return;
          continue;
        }
        this.#rowsReplayed += rows;
        this.#replayedSinceAway += rows;
        this.#failures = 0;
      }
    } catch (thrown) {
      this.#failures++;
      this.#lastError = EngineError.from(thrown).message;
    }
  }

  async #caughtUp(): Promise<boolean> {
    const answer = await this.#client.ping();
    if (!answer.success) throw answer.error;
    if (!this.#spool.empty || this.#spooling !== undefined || this.#state !== 'away') return false;
    const { clock } = this.#options;
    const awayMs = clock.nowMs() - (this.#awaySinceUnixMs ?? clock.nowMs());
    this.#state = 'open';
    this.#awaySinceUnixMs = undefined;
    this.#lastError = undefined;
    this.#options.onReport?.({ type: 'store.back', awayMs, rowsReplayed: this.#replayedSinceAway });
    this.#kick();
    return true;
  }
}
