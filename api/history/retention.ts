import type { RetentionRow } from '../../actors/automation/automation.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { SeriesQueries } from '../../engine/series/queries.js';
import { enforceRetention } from '../../engine/series/retention.js';
import type { RetentionStatus } from '../contract/history.js';
import type { LiveTable } from '../live/table.types.js';

const EVERY_MS = 3_600_000;
/** After a change of a rule, so that several are taken together. */
const SOON_MS = 2_000;

export interface RetentionOptions {
  readonly store: Pick<SiteStore, 'automation' | 'control'>;
  readonly queries: SeriesQueries;
  readonly channels: LiveTable;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

interface Days {
  readonly rawDays: number;
  readonly rollupDays: number;
}

/** Deletes what is too old of devices and channels that are kept for a shorter time than the site's, once an hour. */
export class RetentionJob {
  readonly #options: RetentionOptions;
  readonly #stop = new AbortController();
  #unfollow: (() => void) | undefined;
  #timer: TimerHandle | undefined;
  #running: Promise<void> | undefined;
  #status: RetentionStatus = {
    state: 'waiting',
    channels: 0,
    lastRunUnixMs: null,
    lastRowsRemoved: 0,
    rowsRemoved: 0,
    lastError: null,
  };

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { feed } = this.#options.store.control;
    this.#unfollow = feed.follow(await feed.head(), (event) => {
      const touched =
        event.type === 'reset' ||
        event.changes.some(({ domain }) => domain === 'automation.retention');
      if (touched) this.#later(SOON_MS);
    });
    this.#later(EVERY_MS / 60);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#unfollow?.();
    this.#options.clock.clearTimeout(this.#timer);
    await this.#running;
  }

  status(): RetentionStatus {
    return this.#status;
  }

  /** Does it now; two at once are one. What goes wrong is in the status. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  #later(delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    const { clock } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => {
      void this.run().finally(() => this.#later(EVERY_MS));
    }, delayMs);
  }

  async #run(): Promise<void> {
    const { store, queries, channels, clock, onFault } = this.#options;
    const { signal } = this.#stop;
    this.#status = { ...this.#status, state: 'running' };
    let removed = 0;
    let lastError: string | null = null;
    let count = 0;
    try {
      const groups = grouped(await store.automation.retention.find(), channels);
      for (const group of groups) count += group.channels.length;
      for (const group of groups) {
        if (signal.aborted) break;
        removed += await enforceRetention(queries, group, clock.nowMs(), signal);
      }
    } catch (thrown) {
      const error = EngineError.from(thrown);
      lastError = error.message;
      if (error.remedy !== 'retry') onFault(error);
    }
    this.#status = {
      state: lastError === null ? 'waiting' : 'failed',
      channels: count,
      lastRunUnixMs: clock.nowMs(),
      lastRowsRemoved: removed,
      rowsRemoved: this.#status.rowsRemoved + removed,
      lastError,
    };
  }
}

/** Channels by how long they are kept; what is said of a channel goes before what is said of its device. */
function grouped(
  rules: readonly RetentionRow[],
  channels: LiveTable,
): readonly (Days & { readonly channels: readonly number[] })[] {
  const byDevice = new Map(rules.filter((r) => r.scope === 'device').map((r) => [r.scopeId, r]));
  const byChannel = new Map(rules.filter((r) => r.scope === 'channel').map((r) => [r.scopeId, r]));
  const groups = new Map<string, Days & { readonly channels: number[] }>();
  for (const row of channels.rows()) {
    const { id, channel, deviceId } = row as unknown as {
      readonly id: string;
      readonly channel: number;
      readonly deviceId: string;
    };
    const rule = byChannel.get(id) ?? byDevice.get(deviceId);
    if (rule === undefined) continue;
    const { rawDays, rollupDays } = rule;
    const key = `${rawDays}/${rollupDays}`;
    const group = groups.get(key) ?? { rawDays, rollupDays, channels: [] };
    group.channels.push(channel);
    groups.set(key, group);
  }
  return [...groups.values()];
}
