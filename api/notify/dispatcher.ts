import type { DeliveryRow } from '../../actors/automation/automation.types.js';
import type { TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { Attempts, type AttemptsOptions, LOST, NOTHING } from './attempts.js';
import { PATIENCE } from './connections.js';
import type { DeliveryTable, Settled } from './delivery-table.js';
import { type BreakerOptions, type Item, Lane, laneIdOf, type Tried } from './lane.js';
import type { LiveDeliveries } from './live-deliveries.js';

export interface DispatcherOptions extends AttemptsOptions {
  readonly table: DeliveryTable;
  readonly live: LiveDeliveries;
  readonly onFault: (error: EngineError) => void;
  /** Default: 5 failures, 10 s, 60 s. */
  readonly breaker?: BreakerOptions;
  /** Finished ones kept. Default 100,000 and 30 days. */
  readonly keepRows?: number;
  readonly keepDays?: number;
}

/** Handed to the thread at once. It tries ten of a target; the others are there when one of these is done. */
const AT_ONCE = 40;
const BREAKER: BreakerOptions = { after: 5, forMs: 10_000, mostMs: 60_000 };
/** Deliveries of one lane in memory; the table holds the others, and they are read when there is room. */
const LANE_ROWS = 500;
const LANE_LOW = 100;
const PAGE_ROWS = 1_000;
/** Outcomes that wait to be written; while there are more, nothing new is tried. */
const MOST_UNWRITTEN = 10_000;
const WRITE_EVERY_MS = 50;
/** After the store refused. */
const AGAIN_MS = 1_000;
const SWEEP_EVERY_MS = 10_000;
/** What a target has waiting beyond this is given up, the oldest first; and what is older than a day. */
const MOST_WAITING = 10_000;
const MOST_AGE_MS = 86_400_000;
const OPEN_LOOK_MS = 500;
const MOST_LOST = 3;
const MOST_RETRY_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Brings every delivery of the table to its target or does it, and writes what came of it. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #attempts: Attempts;
  readonly #lanes = new Map<string, Lane>();
  /** Deliveries in memory, until what came of them is written. */
  readonly #held = new Set<number>();
  #unwritten: Settled[] = [];
  #writing: Promise<void> | undefined;
  #cursor = 0;
  #loading: Promise<void> | undefined;
  #loadAgain = false;
  #sweepTimer: TimerHandle | undefined;
  #underWay = 0;
  #finished = 0;
  #stopped = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#attempts = new Attempts(options);
    options.targets.onChange((id) => this.#targetChanged(id));
  }

  async start(): Promise<void> {
    const { table, live } = this.#options;
    live.begin(await table.finished(live.most));
    await this.#load();
    this.#sweepLater();
  }

  /** Something new is in the table. */
  wake(): void {
    this.#loadAgain = true;
    if (this.#stopped) return;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
      if (this.#loadAgain) this.wake();
    });
  }

  /** The thread is there again. */
  resume(): void {
    for (const lane of this.#lanes.values()) this.#pump(lane);
  }

  circuitOf(targetId: number): Lane['circuit'] {
    return this.#lanes.get(`target-${targetId}`)?.circuit ?? 'closed';
  }

  /** A new series of tries of a delivery, under its old key. @throws EngineError `conflict` while it is under way. */
  async replay(row: DeliveryRow): Promise<DeliveryRow> {
    if (this.#held.has(row.id)) {
      throw new EngineError('conflict', `delivery ${row.id} is under way already`);
    }
    const fresh: DeliveryRow = {
      ...row,
      state: 'pending',
      attempts: 0,
      nextAtUnixMs: null,
      lastError: null,
      responseCode: null,
      deliveredAtUnixMs: null,
      createdAtUnixMs: this.#options.clock.nowMs(),
    };
    await this.#options.table.replay(fresh.id, fresh.createdAtUnixMs);
    this.#take(fresh);
    return fresh;
  }

  /** One try for a test of a target, beside the queue. @throws EngineError as `connectionOf`. */
  async probe(row: DeliveryRow): Promise<Tried> {
    return await this.#attempts.tell(row);
  }

  /** Nothing new is tried; what is under way has `deadlineMs`. What came of it is written. */
  async stop(deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    this.#stopped = true;
    if (this.#sweepTimer !== undefined) clock.clearTimeout(this.#sweepTimer);
    for (const lane of this.#lanes.values()) clock.clearTimeout(lane.timer);
    const untilMonoMs = clock.monoMs() + deadlineMs;
    while (this.#underWay > 0 && clock.monoMs() < untilMonoMs) {
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, 10));
    }
    await this.#writing;
    await this.#write().catch((thrown: unknown) => this.#options.onFault(EngineError.from(thrown)));
  }

  async #load(): Promise<void> {
    const { table, clock, onFault } = this.#options;
    try {
      do {
        this.#loadAgain = false;
        for (;;) {
          const rows = await table.unfinished(this.#cursor, PAGE_ROWS);
          for (const row of rows) {
            this.#cursor = Math.max(this.#cursor, row.id);
            this.#take(row);
          }
          if (rows.length < PAGE_ROWS || this.#stopped) break;
          await new Promise((resolve) => setImmediate(resolve));
        }
      } while (this.#loadAgain && !this.#stopped);
    } catch (thrown) {
      onFault(EngineError.from(thrown));
      this.#loadAgain = true;
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, AGAIN_MS));
    }
  }

  #take(row: DeliveryRow): void {
    if (this.#held.has(row.id)) return;
    const id = laneIdOf(row);
    let lane = this.#lanes.get(id);
    if (lane === undefined) {
      lane = new Lane(row, AT_ONCE, this.#options.breaker ?? BREAKER);
      this.#lanes.set(id, lane);
    }
    if (lane.items.length >= LANE_ROWS) {
      lane.overflow = true;
      return;
    }
    const { clock, live } = this.#options;
    const waitMs = row.nextAtUnixMs === null ? 0 : row.nextAtUnixMs - clock.nowMs();
    // A clock that was set back must not hold a delivery up for ever.
    const dueMonoMs = clock.monoMs() + Math.max(0, Math.min(MOST_RETRY_MS, waitMs));
    this.#held.add(row.id);
    lane.add({ row, dueMonoMs, lost: 0 });
    live.show(row, this.#nameOf(row));
    this.#pump(lane);
  }

  #pump(lane: Lane): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    while (lane.underWay < lane.atOnce && this.#unwritten.length < MOST_UNWRITTEN) {
      const [next] = lane.items;
      if (next === undefined) break;
      const nowMonoMs = clock.monoMs();
      const atMonoMs = Math.max(next.dueMonoMs, lane.pausedUntilMonoMs);
      if (atMonoMs > nowMonoMs) {
        this.#pumpAt(lane, atMonoMs - nowMonoMs);
        break;
      }
      lane.items.shift();
      lane.underWay += 1;
      this.#underWay += 1;
      void this.#try(lane, next)
        .catch((thrown: unknown) => {
          this.#options.onFault(EngineError.from(thrown));
          lane.add({ ...next, dueMonoMs: clock.monoMs() + AGAIN_MS });
        })
        .finally(() => {
          lane.underWay -= 1;
          this.#underWay -= 1;
          this.#pump(lane);
        });
    }
    if (lane.items.length < LANE_LOW && lane.overflow) void this.#refill(lane);
    if (lane.items.length === 0 && lane.underWay === 0 && !lane.overflow && lane.inOrder) {
      this.#lanes.delete(lane.id);
    }
  }

  #pumpAt(lane: Lane, waitMs: number): void {
    const { clock } = this.#options;
    clock.clearTimeout(lane.timer);
    lane.timer = clock.setTimeout(() => this.#pump(lane), Math.max(1, waitMs));
  }

  async #refill(lane: Lane): Promise<void> {
    const { table, clock, onFault } = this.#options;
    if (lane.refilling || this.#stopped) return;
    lane.refilling = true;
    try {
      const which = {
        targetId: lane.targetId,
        ...(lane.event === undefined ? {} : { event: lane.event }),
        ...(lane.subject === undefined ? {} : { subject: lane.subject }),
      };
      // Those that are not written yet still look as if they waited.
      const limit = LANE_ROWS + lane.underWay + lane.items.length + this.#unwritten.length;
      const rows = await table.due(which, clock.nowMs(), limit);
      lane.overflow = rows.length >= limit;
      for (const row of rows) this.#take(row);
    } catch (thrown) {
      onFault(EngineError.from(thrown));
      this.#pumpAt(lane, AGAIN_MS);
    } finally {
      lane.refilling = false;
    }
  }

  async #try(lane: Lane, item: Item): Promise<void> {
    const { clock } = this.#options;
    const tooOld = clock.nowMs() - item.row.createdAtUnixMs > MOST_AGE_MS;
    let lost = false;
    let patience = PATIENCE;
    const tried = await lane.guard(async () => {
      patience = this.#attempts.patienceOf(item.row);
      if (item.row.kind === 'action') return await this.#attempts.act(item.row);
      const outcome = await this.#attempts.tell(item.row);
      lost = outcome.error === LOST;
      return outcome;
    });
    const nowMonoMs = clock.monoMs();
    if (tried === undefined || (lost && item.lost < MOST_LOST)) {
      if (tooOld) {
        const error = 'could not be reached for a day';
        this.#settle(item.row, { ...NOTHING, error }, 'dead', item.row.attempts, null);
        return;
      }
      // The circuit is open, or the thread was lost: no try of its own was spent.
      lane.pausedUntilMonoMs = nowMonoMs + (tried === undefined ? OPEN_LOOK_MS : WRITE_EVERY_MS);
      lane.add({ ...item, lost: item.lost + (lost ? 1 : 0) });
      return;
    }
    const attempts = item.row.attempts + 1;
    if (tried.ok) {
      this.#settle(item.row, tried, 'delivered', attempts, null);
      return;
    }
    if (tried.final || attempts >= patience.attempts || tooOld) {
      this.#settle(item.row, tried, 'dead', attempts, null);
      return;
    }
    const { retryAfterMs } = tried;
    if (retryAfterMs !== null) lane.pausedUntilMonoMs = nowMonoMs + retryAfterMs;
    const backoffMs = Math.min(MOST_RETRY_MS, patience.retryMs * 2 ** (attempts - 1));
    const waitMs = Math.max(backoffMs, retryAfterMs ?? 0);
    const nextAtUnixMs = clock.nowMs() + waitMs;
    const row = this.#settle(item.row, tried, 'failed', attempts, nextAtUnixMs);
    lane.add({ row, dueMonoMs: nowMonoMs + waitMs, lost: item.lost });
  }

  #settle(
    row: DeliveryRow,
    { code, error }: Tried,
    state: Settled['state'],
    attempts: number,
    nextAtUnixMs: number | null,
  ): DeliveryRow {
    const { clock, live } = this.#options;
    const settled: Settled = {
      id: row.id,
      state,
      attempts,
      nextAtUnixMs,
      lastError: error?.slice(0, 1_000) ?? null,
      responseCode: code,
      deliveredAtUnixMs: state === 'delivered' ? clock.nowMs() : null,
    };
    const after: DeliveryRow = { ...row, ...settled };
    live.show(after, this.#nameOf(row));
    if (state !== 'failed') this.#finished += 1;
    this.#unwritten.push(settled);
    this.#writing ??= this.#writeLater();
    return after;
  }

  async #writeLater(): Promise<void> {
    const { clock, onFault } = this.#options;
    let waitMs = WRITE_EVERY_MS;
    while (this.#unwritten.length > 0) {
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, waitMs));
      waitMs = WRITE_EVERY_MS;
      try {
        await this.#write();
      } catch (thrown) {
        // Kept, and written when the store is there again.
        onFault(EngineError.from(thrown));
        if (this.#stopped) break;
        waitMs = AGAIN_MS;
      }
    }
    this.#writing = undefined;
    for (const lane of this.#lanes.values()) this.#pump(lane);
  }

  async #write(): Promise<void> {
    const some = this.#unwritten;
    if (some.length === 0) return;
    this.#unwritten = [];
    try {
      await this.#options.table.settle(some);
    } catch (thrown) {
      this.#unwritten = [...some, ...this.#unwritten];
      throw thrown;
    }
    for (const { id, state } of some) if (state !== 'failed') this.#held.delete(id);
  }

  #sweepLater(): void {
    const { clock, onFault } = this.#options;
    this.#sweepTimer = clock.setTimeout(() => {
      this.#sweep()
        .catch((thrown: unknown) => onFault(EngineError.from(thrown)))
        .finally(() => {
          if (!this.#stopped) this.#sweepLater();
        });
    }, SWEEP_EVERY_MS);
  }

  /** What no wake told of, what is too much, and what is finished for long. */
  async #sweep(): Promise<void> {
    const { table, clock, keepRows = 100_000, keepDays = 30 } = this.#options;
    const full = [...this.#lanes.values()].filter((lane) => lane.overflow);
    for (const { targetId } of full) {
      if (targetId === null) continue;
      await table.giveUp(targetId, MOST_WAITING, `more than ${MOST_WAITING} wait for this target`);
    }
    const busy = full.flatMap(({ targetId }) => targetId ?? []);
    for (const row of await table.strays(clock.nowMs() - SWEEP_EVERY_MS, busy, PAGE_ROWS)) {
      this.#take(row);
    }
    if (this.#finished === 0) return;
    this.#finished = 0;
    await table.forget(keepRows, clock.nowMs() - keepDays * DAY_MS);
  }

  #targetChanged(id: number): void {
    this.#options.outbox.forget(`target-${id}`);
    const lane = this.#lanes.get(`target-${id}`);
    if (lane === undefined) return;
    // Whoever mended it need not wait for what was paused.
    lane.pausedUntilMonoMs = 0;
    this.#pump(lane);
  }

  #nameOf(row: DeliveryRow): string | null {
    return row.targetId === null
      ? null
      : (this.#options.targets.get(row.targetId)?.row.name ?? null);
  }
}
