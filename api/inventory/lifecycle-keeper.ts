import type { SiteStore } from '../../actors/control/site.js';
import type { DeviceRecord, Lifecycle } from '../../actors/inventory/inventory.types.js';
import { movesAfter, requireMove } from '../../actors/inventory/lifecycle.js';
import type { ConnectionFacts } from '../../actors/plugins/protocol.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { InventoryBook } from './book.js';
import type { EventLog } from './event-log.js';

interface Moved {
  readonly lifecycle: Lifecycle;
  readonly lifecycleSinceUnixMs: number;
  readonly lifecycleReason: string | null;
}

/** Nothing heard for this long on a live connection: degraded. */
const SILENT_MS = 5 * 60_000;

/** Moves devices through their lifecycle: by what their connections say, and by the operator. */
export class LifecycleKeeper {
  readonly #inventory: SiteStore['inventory'];
  readonly #book: InventoryBook;
  readonly #clock: Clock;
  readonly #events: EventLog;
  readonly #onFault: (error: EngineError) => void;
  readonly #facts = new Map<string, ConnectionFacts>();
  /** Written or on the way there, and perhaps not read back yet. */
  readonly #moved = new Map<string, Lifecycle>();
  #writing: Promise<void> | undefined;

  constructor(options: {
    readonly inventory: SiteStore['inventory'];
    readonly book: InventoryBook;
    readonly clock: Clock;
    readonly events: EventLog;
    readonly onFault: (error: EngineError) => void;
  }) {
    this.#inventory = options.inventory;
    this.#book = options.book;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#onFault = options.onFault;
  }

  heard(facts: ConnectionFacts): void {
    this.#facts.set(facts.deviceId, facts);
  }

  forget(deviceId: string): void {
    this.#facts.delete(deviceId);
    this.#moved.delete(deviceId);
  }

  /** A record was read again: what was on the way is there, or somebody else decided. */
  read(record: DeviceRecord): void {
    const arrived = this.#moved.get(record.deviceId) === record.lifecycle;
    if (arrived || this.#writing === undefined) this.#moved.delete(record.deviceId);
  }

  /** Writes the moves that are due, all in one transaction. Called once a second. */
  async sweep(): Promise<void> {
    if (this.#writing !== undefined) return await this.#writing;
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  /**
   * The operator's move. @returns the record as it is now.
   * @throws EngineError `not-found`, `conflict` naming the moves there are.
   */
  async move(
    deviceId: string,
    to: Lifecycle,
    reason: string | null,
    by: string,
  ): Promise<DeviceRecord> {
    // What is being written counts.
    await this.#writing;
    const record = await this.#inventory.recordOf(deviceId);
    if (record === undefined) throw notKnown(deviceId);
    requireMove(record.lifecycle, to);
    const after = await this.#inventory.records.update(record.id, {
      ...this.#to(to, reason),
      ...(to === 'retired' ? { enabled: false } : {}),
      updatedAtUnixMs: this.#clock.nowMs(),
    });
    if (after === undefined) throw notKnown(deviceId);
    this.#moved.set(deviceId, to);
    this.#events.note('device.lifecycle', deviceId, { from: record.lifecycle, to, reason, by });
    return after;
  }

  async #write(): Promise<void> {
    const nowUnixMs = this.#clock.nowMs();
    const due: { record: DeviceRecord; moves: readonly Lifecycle[]; facts: ConnectionFacts }[] = [];
    for (const facts of this.#facts.values()) {
      const record = this.#book.recordOf(facts.deviceId);
      if (record === undefined) continue;
      const from = this.#moved.get(facts.deviceId) ?? record.lifecycle;
      const { state, held, waiting, lastMessageAtUnixMs } = facts;
      // Who waits for a turn is neither gone nor there.
      if (waiting) continue;
      const silent =
        lastMessageAtUnixMs !== undefined && nowUnixMs - lastMessageAtUnixMs > SILENT_MS;
      const moves = movesAfter(from, { state, held, impaired: silent });
      if (moves.length > 0) due.push({ record, moves, facts });
    }
    if (due.length === 0) return;
    try {
      await this.#inventory.records.updateMany(
        due.map(({ record, moves, facts }) => ({
          id: record.id,
          values: this.#to(moves.at(-1) ?? record.lifecycle, facts.errorMessage ?? null),
        })),
      );
    } catch (thrown) {
      this.#onFault(EngineError.from(thrown));
      return;
    }
    for (const { record, moves, facts } of due) {
      let from = this.#moved.get(record.deviceId) ?? record.lifecycle;
      for (const to of moves) {
        this.#events.note('device.lifecycle', record.deviceId, {
          from,
          to,
          reason: facts.errorMessage ?? null,
          by: 'engine',
        });
        from = to;
      }
      this.#moved.set(record.deviceId, from);
    }
  }

  #to(lifecycle: Lifecycle, lifecycleReason: string | null): Moved {
    return { lifecycle, lifecycleSinceUnixMs: this.#clock.nowMs(), lifecycleReason };
  }
}

const notKnown = (deviceId: string): EngineError =>
  new EngineError(
    'not-found',
    `device ${deviceId} is not in the inventory: only devices of plugins have a lifecycle`,
  );
