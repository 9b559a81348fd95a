import type { Asset } from '../../actors/content/content.types.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { JobProgress } from '../../media/ingest/ingest.types.js';
import type { IngestRow } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';

/** Settled files stay to be seen this long, ms. */
const LINGER_MS = 60_000;

/** The live rows of files on their way. At most one for each waiting asset, and those settled in the last minute. */
export class IngestRows {
  readonly #table: LiveTable;
  readonly #clock: Clock;
  readonly #timers = new Map<string, TimerHandle>();

  constructor(table: LiveTable, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  waiting(asset: Asset, name: string): void {
    const row: IngestRow = {
      id: String(asset.id),
      projectId: asset.projectId,
      name,
      state: 'waiting',
      step: null,
      progress: 0,
      error: null,
    };
    this.#keep(row.id);
    this.#table.put({ ...row });
  }

  working(assetId: number, { step, progress }: JobProgress): void {
    // The end of a job may overtake its last words.
    const id = String(assetId);
    if (this.#timers.has(id)) return;
    this.#table.patch(id, { state: 'working', step, progress: Math.round(progress * 100) / 100 });
  }

  ready(assetId: number): void {
    this.#settled(assetId, { state: 'ready', step: null, progress: 1, error: null });
  }

  failed(assetId: number, error: string): void {
    this.#settled(assetId, { state: 'failed', step: null, error: error.slice(0, 500) });
  }

  remove(assetId: number): void {
    this.#keep(String(assetId));
    this.#table.remove(String(assetId));
  }

  close(): void {
    for (const id of [...this.#timers.keys()]) this.#keep(id);
  }

  #settled(assetId: number, fields: Partial<IngestRow>): void {
    const id = String(assetId);
    this.#table.patch(id, fields);
    this.#keep(id);
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(id);
      this.#table.remove(id);
    }, LINGER_MS);
    this.#timers.set(id, timer);
  }

  #keep(id: string): void {
    const timer = this.#timers.get(id);
    if (timer !== undefined) this.#clock.clearTimeout(timer);
    this.#timers.delete(id);
  }
}
