import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { SeriesReader, SeriesWriterStatus } from '../../engine/series/series.types.js';
import type { StoreRow } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';

export interface StoresWatchOptions {
  readonly table: LiveTable;
  readonly clock: Clock;
  readonly reader: Pick<SeriesReader, 'ping'>;
  /** Words for the home of each store; never a password. */
  readonly homes: { readonly series: string; readonly control: string; readonly icecast: string };
  /** Of all threads that write. */
  readonly writers: () => Promise<readonly SeriesWriterStatus[]>;
  readonly pingControl: () => Promise<void>;
  readonly icecast: () => {
    readonly state: StoreRow['state'];
    readonly lastError: string | null;
  };
}

const EVERY_MS = 2_000;

/** Keeps the `stores` table: where history, configuration and streams go, and whether that works. */
export class StoresWatch {
  readonly #options: StoresWatchOptions;
  #timer: TimerHandle | undefined;
  #stopped = false;
  #stored = 0;
  #lookedMonoMs = 0;

  constructor(options: StoresWatchOptions) {
    this.#options = options;
  }

  /** Looks once, then every two seconds. */
  async start(): Promise<void> {
    await this.#look();
    if (this.#stopped) return;
    this.#timer = this.#options.clock.setTimeout(() => void this.start(), EVERY_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#options.clock.clearTimeout(this.#timer);
  }

  /** True when every store that has to be there is. */
  ready(): boolean {
    return ['series', 'control'].every((id) => this.#options.table.get(id)?.['state'] === 'up');
  }

  async #look(): Promise<void> {
    const { table, homes, icecast } = this.#options;
    const [series, control] = await Promise.all([this.#series(), this.#control()]);
    table.put({ ...series });
    table.put({ ...control });
    const { state, lastError } = icecast();
    table.put({ ...EMPTY, id: 'icecast', home: homes.icecast, state, lastError });
  }

  async #series(): Promise<StoreRow> {
    const { clock, homes, reader, writers } = this.#options;
    const [ping, statuses] = await Promise.all([attempt(() => reader.ping()), attempt(writers)]);
    const all = statuses.ok ? statuses.value : [];
    const stored = all.reduce((sum, s) => sum + s.rowsStored, 0);
    const nowMonoMs = clock.monoMs();
    const seconds = (nowMonoMs - this.#lookedMonoMs) / 1_000;
    const rowsPerSecond =
      this.#lookedMonoMs === 0 ? 0 : Math.max(0, stored - this.#stored) / seconds;
    this.#stored = stored;
    this.#lookedMonoMs = nowMonoMs;
    const away = all.find((s) => s.state === 'away');
    return {
      id: 'series',
      home: homes.series,
      state: ping.ok && away === undefined ? 'up' : 'away',
      latencyMs: ping.ok ? Math.round(ping.value.latencyMs * 10) / 10 : null,
      rowsPerSecond: Math.round(rowsPerSecond),
      pendingRows: all.reduce((sum, s) => sum + s.pendingRows, 0),
      spoolBytes: all.reduce((sum, s) => sum + s.spoolBytes, 0),
      lastError: ping.ok ? (away?.lastError ?? null) : ping.error,
    };
  }

  async #control(): Promise<StoreRow> {
    const { clock, homes, pingControl } = this.#options;
    const beganMonoMs = clock.monoMs();
    const ping = await attempt(pingControl);
    return {
      ...EMPTY,
      id: 'control',
      home: homes.control,
      state: ping.ok ? 'up' : 'away',
      latencyMs: ping.ok ? Math.round((clock.monoMs() - beganMonoMs) * 10) / 10 : null,
      lastError: ping.ok ? null : ping.error,
    };
  }
}

const EMPTY = { latencyMs: null, rowsPerSecond: null, pendingRows: null, spoolBytes: null };

async function attempt<T>(
  act: () => Promise<T>,
): Promise<
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }
> {
  try {
    return { ok: true, value: await act() };
  } catch (error) {
    return { ok: false, error: EngineError.from(error).message };
  }
}
