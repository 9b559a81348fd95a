import type { SiteStore } from '../../actors/control/site.js';
import type { DeviceRecord, Lifecycle } from '../../actors/inventory/inventory.types.js';
import { requireMove } from '../../actors/inventory/lifecycle.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { EventLog } from './event-log.js';

/** Moves devices for the operator, and notes every move in the history, also those that the engine made. */
export class LifecycleKeeper {
  readonly #inventory: SiteStore['inventory'];
  readonly #clock: Clock;
  readonly #events: EventLog;
  /** As last noted. */
  readonly #known = new Map<string, Lifecycle>();

  constructor(options: {
    readonly inventory: SiteStore['inventory'];
    readonly clock: Clock;
    readonly events: EventLog;
  }) {
    this.#inventory = options.inventory;
    this.#clock = options.clock;
    this.#events = options.events;
  }

  /** A record was read: somebody may have moved its device. The first time it is only remembered. */
  read(record: DeviceRecord): void {
    const { deviceId, lifecycle, lifecycleReason } = record;
    const from = this.#known.get(deviceId);
    if (from === lifecycle) return;
    this.#known.set(deviceId, lifecycle);
    if (from === undefined) return;
    this.#note(deviceId, { from, to: lifecycle, reason: lifecycleReason, by: 'engine' });
  }

  forget(deviceId: string): void {
    this.#known.delete(deviceId);
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
    const record = await this.#inventory.recordOf(deviceId);
    if (record === undefined) throw notKnown(deviceId);
    requireMove(record.lifecycle, to);
    const nowUnixMs = this.#clock.nowMs();
    const after = await this.#inventory.records.update(record.id, {
      lifecycle: to,
      lifecycleSinceUnixMs: nowUnixMs,
      lifecycleReason: reason,
      ...(to === 'retired' ? { enabled: false } : {}),
      updatedAtUnixMs: nowUnixMs,
    });
    if (after === undefined) throw notKnown(deviceId);
    this.#known.set(deviceId, to);
    this.#note(deviceId, { from: record.lifecycle, to, reason, by });
    return after;
  }

  #note(
    deviceId: string,
    detail: {
      readonly from: Lifecycle;
      readonly to: Lifecycle;
      readonly reason: string | null;
      readonly by: string;
    },
  ): void {
    this.#events.note('device.lifecycle', deviceId, detail);
  }
}

const notKnown = (deviceId: string): EngineError =>
  new EngineError(
    'not-found',
    `device ${deviceId} is not in the inventory: only devices of plugins have a lifecycle`,
  );
