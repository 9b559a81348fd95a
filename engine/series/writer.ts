// A little over 400 lines: sending, spooling and replaying turn on one state, which is easier to follow in one place.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import { backoff } from '../backoff.js';
import type { TimerHandle } from '../clock.js';
import { EngineError } from '../errors.js';
import { BatchBuilder, checkBatch, checkTime, NewestTimes, type StoreBatch } from './batch.js';
import { connectSeries } from './client.js';
import { type Group, newGroup, RoomGate, type Sealed, settle } from './commit-group.js';
import { Journal } from './journal.js';
import { RollupRepair } from './repair.js';
import { SampleColumns } from './sample-columns.js';
import type {
  SampleBatch,
  SeriesEvent,
  SeriesWriter,
  SeriesWriterStatus,
  Stored,
} from './series.types.js';
import { Spool } from './spool.js';
import { neverSent, StoreInsert } from './store-insert.js';
import type { SeriesWriterOptions } from './writer.types.js';

export type { SeriesReport, SeriesWriterOptions } from './writer.types.js';

/** Bytes of one insert; a batch of long texts is sealed by this before it has `maxBatchRows`. */
const MAX_BATCH_BYTES = 8_388_608;
/** Between two steps of a repair that has more to do, so that live rows go first. */
const REPAIR_GAP_MS = 1_000;

/** A store that needs long for an insert gets fewer and larger ones: the next group gathers this many times as long. */
const WINDOW_PER_INSERT = 8;

/** The window of a group that somebody waits for. */
const SOON_MS = 3;

const retryBackoff = backoff({ firstMs: 100, maxMs: 5_000, jitter: 0.5 });

/** Rows replayed in one insert: many, so that the spool empties while more is appended. */
const REPLAY_ROWS = 50_000;

/** Opens a writer; the store may be away. What an earlier run left in the spool is replayed first. The caller closes it. */
export function openSeriesWriter(options: SeriesWriterOptions): StoreWriter {
  return new StoreWriter(options);
}

/** Group commit into the series store, with a spool on disk for the time it is away. */
export class StoreWriter implements SeriesWriter {
  readonly #options: SeriesWriterOptions;
  readonly #client: ClickHouseClient;
  readonly #newest = new NewestTimes();
  /** Of the open group, one after the other. */
  readonly #columns = new SampleColumns();
  readonly #insert: StoreInsert;
  readonly #repair: RollupRepair;
  readonly #spool: Spool;
  readonly #journal: Journal;
  readonly #tokenPrefix = randomBytes(9).toString('hex');
  readonly #ready: Sealed[] = [];
  readonly #room: RoomGate;
  #group: Group | undefined;
  #windowTimer: TimerHandle | undefined;
  /** The window of the open group was shortened. */
  #hurried = false;
  #retryTimer: TimerHandle | undefined;
  #repairTimer: TimerHandle | undefined;
  #nextToken = 0;
  /** How long the last insert took. */
  #insertMs = 0;
  #state: 'open' | 'away' | 'closed' = 'open';
  #closing: Promise<void> | undefined;
  #awaySinceUnixMs: number | undefined;
  #replayedSinceAway = 0;
  #failures = 0;
  /** Token of the spooled batch whose last try ended without an answer. */
  #doubtful: string | undefined;
  #sending: Promise<void> | undefined;
  #replaying: Promise<void> | undefined;
  /** Rows of a refused group, replayed batch by batch; some may be in the store already. */
  #singleRows = 0;
  #spooling: Promise<void> | undefined;
  #repairDue = false;
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
    this.#repair = new RollupRepair({
      address: options.address,
      writer: options.name,
      liveNames,
      rawDays: options.rawDays ?? 0,
      quietMs: options.repairQuietMs ?? 3_000,
      maxWaitMs: options.repairMaxWaitMs ?? 30_000,
    });
    this.#spool = new Spool({
      folder: join(options.spoolFolder, options.name),
      limitBytes: options.spoolLimitBytes,
      whenFull: options.whenSpoolFull ?? 'refuse',
      report: (report) => this.#options.onReport?.(report),
    });
    this.#journal = new Journal(join(options.spoolFolder, options.name));
    if (liveNames !== undefined) this.#spool.adopt(options.spoolFolder, liveNames);
    if (!this.#spool.empty) this.#goAway('batches of an earlier run wait in the spool', 0);
    this.#repairLater();
  }

  async append(batch: SampleBatch, urgency?: 'soon' | 'journal'): Promise<Stored> {
    checkBatch(batch);
    if (!this.#room.free) await this.#room.enter();
    this.#room.checkOpen();
    const nowUs = this.#options.clock.nowMs() * 1_000;
    const maxRows = this.#options.maxBatchRows ?? 100_000;
    const groups = new Set<Group>();
    for (let from = 0; from < batch.channel.length; ) {
      const group = this.#openGroup();
      const to = Math.min(batch.channel.length, from + maxRows - group.builder.rows);
      group.builder.addSamples(batch, from, to, nowUs);
      this.#pendingRows += to - from;
      groups.add(group);
      from = to;
      this.#sealIfFull(group);
    }
    if (batch.text.length > 0) {
      const group = this.#openGroup();
      group.builder.addText(batch);
      this.#pendingRows += batch.text.length;
      groups.add(group);
      this.#sealIfFull(group);
    }
    if (urgency === 'soon') this.#hurry();
    const stored = settle(groups);
    return urgency === 'journal' && this.#state === 'open'
      ? this.#firstOf(stored, batch, nowUs)
      : stored;
  }

  /** Whatever comes first: the rows in the journal, or in the store. */
  async #firstOf(stored: Promise<Stored>, batch: SampleBatch, nowUs: number): Promise<Stored> {
    const builder = new BatchBuilder(new NewestTimes());
    builder.addSamples(batch, 0, batch.channel.length, nowUs);
    builder.addText(batch);
    const sealed = builder.seal(`${this.#tokenPrefix}-j${this.#nextToken++}`);
    // What is late and what is new is found out when it is replayed: all its hours are put right then.
    const record = { ...sealed, dirty: [], unverified: [] };
    const written = this.#journal.append(record);
    written.then(
      (entry) => {
        stored.then(
          () => this.#journal.settle(entry),
          (error: unknown) => {
            // Rows that nobody else has stay in the journal: somebody was told that they are kept.
            if (EngineError.from(error).code === 'store.refused') this.#journal.settle(entry);
          },
        );
      },
      () => undefined,
    );
    try {
      return await Promise.any([written.then((): Stored => 'spool'), stored]);
    } catch {
      return await stored;
    }
  }

  async appendEvents(events: readonly SeriesEvent[]): Promise<Stored> {
    for (const event of events) checkTime(event.atUnixMs);
    if (events.length === 0) return 'store';
    if (!this.#room.free) await this.#room.enter();
    this.#room.checkOpen();
    const group = this.#openGroup();
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
      const step = this.#repair.step(this.#options.clock.nowMs(), 'all');
      this.#sending = this.#repair.idle().finally(() => this.#sent());
      const done = await step;
      if (done === 0) return count;
      count += done;
    }
  }

  close(): Promise<void> {
    this.#room.close();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#seal();
    const { clock } = this.#options;
    if (this.#repairTimer !== undefined) clock.clearTimeout(this.#repairTimer);
    this.#repairDue = false;
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

  #openGroup(): Group {
    if (this.#group !== undefined) return this.#group;
    this.#group = newGroup(new BatchBuilder(this.#newest, this.#columns));
    this.#hurried = false;
    const { windowMs = 40, maxWindowMs = windowMs } = this.#options;
    this.#openWindow(Math.max(windowMs, Math.min(maxWindowMs, this.#insertMs * WINDOW_PER_INSERT)));
    return this.#group;
  }

  #openWindow(windowMs: number): void {
    const { clock } = this.#options;
    if (this.#windowTimer !== undefined) clock.clearTimeout(this.#windowTimer);
    this.#windowTimer = clock.setTimeout(() => {
      this.#windowTimer = undefined;
      this.#kick();
    }, windowMs);
  }

  /** Somebody waits for the answer: what is gathered goes after a moment, or with the end of the insert under way. */
  #hurry(): void {
    if (this.#group === undefined || this.#windowTimer === undefined || this.#hurried) return;
    this.#hurried = true;
    this.#openWindow(Math.min(SOON_MS, this.#options.windowMs ?? 40));
  }

  #sealIfFull(group: Group): void {
    const { builder } = group;
    const full = builder.rows >= (this.#options.maxBatchRows ?? 100_000);
    if (!full && builder.bytes < MAX_BATCH_BYTES) return;
    this.#seal();
    this.#kick();
  }

  #seal(): void {
    const group = this.#group;
    if (group === undefined) return;
    this.#group = undefined;
    if (this.#windowTimer !== undefined) this.#options.clock.clearTimeout(this.#windowTimer);
    this.#windowTimer = undefined;
    const batch = group.builder.seal(`${this.#tokenPrefix}-${this.#nextToken++}`);
    this.#ready.push({ batch, group });
  }

  /** Starts whatever can go on now. Each of the three loops runs at most once at a time and never rejects. */
  #kick(): void {
    // A group whose window is over goes on gathering while an insert is under way: a store that is slower than
    // the window gets fewer and larger inserts, and not a growing queue of small ones.
    const waits = this.#state === 'open' && this.#sending !== undefined;
    if (!waits && this.#windowTimer === undefined) this.#seal();
    if (this.#state === 'open' && this.#sending === undefined) {
      if (this.#ready.length > 0 || this.#repairDue) {
        this.#sending = this.#send().finally(() => this.#sent());
      }
    }
    if (this.#state === 'away' && this.#spooling === undefined && this.#ready.length > 0) {
      this.#spooling = this.#toSpool(this.#ready.splice(0), false).finally(() => {
        this.#spooling = undefined;
        this.#kick();
      });
    }
  }

  #sent(): void {
    this.#sending = undefined;
    this.#kick();
  }

  async #send(): Promise<void> {
    const sealed = this.#ready.shift();
    const { clock, spoolAfterMs = 2_000 } = this.#options;
    const slow = clock.setTimeout(() => {
      if (this.#state === 'open') this.#goAway(`an insert takes more than ${spoolAfterMs} ms`, 1);
    }, spoolAfterMs);
    try {
      if (sealed === undefined) await this.#repairStep();
      else await this.#sendBatch(sealed);
    } finally {
      clock.clearTimeout(slow);
    }
  }

  async #sendBatch(sealed: Sealed): Promise<void> {
    const { clock } = this.#options;
    const beganMonoMs = clock.monoMs();
    try {
      await this.#insert.insert(sealed.batch, false, clock.nowMs());
      this.#insertMs = clock.monoMs() - beganMonoMs;
      this.#rowsStored += sealed.batch.rows;
      this.#columns.giveBack(sealed.batch.samples);
      this.#done(sealed, 'store');
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code === 'store.refused') {
        await this.#refused(sealed.batch, error);
        this.#done(sealed, error);
      } else {
        if (this.#state === 'open') this.#goAway(error.message, 1);
        await this.#toSpool([sealed], !neverSent(error));
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

  #done(sealed: Sealed, outcome: Stored | EngineError): void {
    this.#pendingRows -= sealed.batch.rows;
    if (outcome instanceof EngineError) sealed.group.reject(outcome);
    else sealed.group.resolve(outcome);
    this.#room.wake();
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
    const { clock } = this.#options;
    try {
      while (this.#state === 'away') {
        await this.#repair.idle();
        const spooled = await this.#spool.next(this.#singleRows > 0 ? 1 : REPLAY_ROWS);
        if (spooled === undefined) {
          if (this.#spooling !== undefined) await this.#spooling;
          else if (await this.#caughtUp()) return;
          continue;
        }
        const { batch } = spooled;
        const attempted =
          spooled.attempted || this.#singleRows > 0 || this.#doubtful === batch.token;
        try {
          await this.#insert.insert(batch, attempted, clock.nowMs());
          this.#rowsReplayed += batch.rows;
          this.#replayedSinceAway += batch.rows;
        } catch (thrown) {
          const error = EngineError.from(thrown);
          if (error.code !== 'store.refused') {
            if (!neverSent(error)) this.#doubtful = batch.token;
            throw error;
          }
          if (this.#singleRows <= 0) {
            // One bad batch must not set its neighbours aside: the group is tried again one by one.
            this.#singleRows = batch.rows;
            continue;
          }
          await this.#refused(batch, error);
        }
        this.#failures = 0;
        this.#singleRows -= batch.rows;
        await this.#spool.forget();
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

  #repairLater(delayMs = this.#options.repairDelayMs ?? 5_000): void {
    const { clock } = this.#options;
    if (this.#repairTimer !== undefined) clock.clearTimeout(this.#repairTimer);
    this.#repairTimer = clock.setTimeout(() => {
      this.#repairDue = true;
      this.#kick();
      this.#repairLater();
    }, delayMs);
  }

  async #repairStep(): Promise<void> {
    this.#repairDue = false;
    try {
      const channelHours = await this.#repair.step(this.#options.clock.nowMs(), 'due');
      if (channelHours === 0) return;
      this.#options.onReport?.({ type: 'rollups.repaired', channelHours });
      if (this.#closing === undefined) this.#repairLater(REPAIR_GAP_MS);
    } catch (thrown) {
      const { message } = EngineError.from(thrown);
      this.#options.onReport?.({ type: 'rollups.repair-failed', message });
    }
  }
}
