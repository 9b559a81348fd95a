import type { DeliveryRow } from '../../actors/automation/automation.types.js';
import type { DeliveryRow as LiveRow } from '../contract/automation-rows.js';
import type { LiveTable } from '../live/table.types.js';

/** The live rows `deliveries`: what waits in memory, and the last ones that are finished. */
export class LiveDeliveries {
  /** Finished ones shown. */
  readonly most: number = 1_000;
  readonly #table: LiveTable;
  /** Finished ones, oldest first. */
  readonly #finished = new Set<string>();

  constructor(table: LiveTable) {
    this.#table = table;
  }

  /** Those of before the start, newest first. */
  begin(rows: readonly DeliveryRow[]): void {
    for (const row of [...rows].reverse()) this.show(row, null);
  }

  show(row: DeliveryRow, targetName: string | null): void {
    const id = String(row.id);
    const shown: LiveRow = {
      id,
      targetId: row.targetId,
      targetName,
      event: row.event,
      state: row.state,
      attempts: row.attempts,
      responseCode: row.responseCode,
      lastError: row.lastError,
      createdAtUnixMs: row.createdAtUnixMs,
      deliveredAtUnixMs: row.deliveredAtUnixMs,
    };
    this.#table.put({ ...shown });
    this.#finished.delete(id);
    if (row.state === 'pending' || row.state === 'failed') return;
    this.#finished.add(id);
    if (this.#finished.size <= this.most) return;
    const [oldest] = this.#finished;
    if (oldest === undefined) return;
    this.#finished.delete(oldest);
    this.#table.remove(oldest);
  }
}
