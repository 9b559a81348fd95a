import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { ThreadRow } from '../../engine/thread.types.js';
import type { ShardRow } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';

/** A pool of threads as the shards page sees it. */
export interface ShardSource {
  readonly kind: ShardRow['kind'];
  shards(): readonly ThreadRow[];
  onShard(listener: (row: ThreadRow) => void): () => void;
}

const EVERY_MS = 1_000;
/** As in the threads: each look wakes the main thread. */
const LOOP_RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

/** Keeps the `shards` table: each thread of the pools, and the main thread itself. */
export class ShardsWatch {
  readonly #table: LiveTable;
  readonly #clock: Clock;
  readonly #mainActors: () => number;
  readonly #ends: (() => void)[] = [];
  readonly #delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  #timer: TimerHandle | undefined;

  /** @param mainActors how many actors the main thread itself holds. */
  constructor(table: LiveTable, clock: Clock, mainActors: () => number) {
    this.#table = table;
    this.#clock = clock;
    this.#mainActors = mainActors;
  }

  add(source: ShardSource): void {
    const put = (row: ThreadRow) => {
      this.#table.put({ ...row, kind: source.kind, lastError: row.lastError ?? null });
    };
    for (const row of source.shards()) put(row);
    this.#ends.push(source.onShard(put));
  }

  start(): void {
    this.#delay.enable();
    this.#look();
  }

  stop(): void {
    for (const end of this.#ends.splice(0)) end();
    this.#clock.clearTimeout(this.#timer);
    this.#delay.disable();
  }

  #look(): void {
    const row: ShardRow = {
      id: 'main',
      kind: 'main',
      state: 'running',
      actors: this.#mainActors(),
      restarts: 0,
      loopDelayMs: Math.max(0, round(this.#delay.mean / NS_PER_MS) - LOOP_RESOLUTION_MS) || 0,
      loopDelayP99Ms: Math.max(
        0,
        round(this.#delay.percentile(99) / NS_PER_MS) - LOOP_RESOLUTION_MS,
      ),
      heapBytes: process.memoryUsage().heapUsed,
      lastError: null,
    };
    this.#delay.reset();
    this.#table.put({ ...row });
    this.#timer = this.#clock.setTimeout(() => this.#look(), EVERY_MS);
  }
}

function round(valueMs: number): number {
  return Math.round(valueMs * 10) / 10;
}
