import type { Metrics } from '../../engine/metrics.js';
import type { AudioService } from '../audio/service.js';
import type { MediaStatus } from '../audio/shard-wiring.js';
import type { Row } from '../contract/live.js';
import type { ReadyAnswer } from '../contract/rest.js';
import type { StoreRow } from '../contract/rows.js';
import type { DeviceService } from '../devices/service.js';
import type { LiveHub } from '../live/hub.js';
import type { LiveTable } from '../live/table.types.js';
import type { Rates } from './rates.js';
import type { SiteTablesLive } from './tables.js';

/** Rows of a table that its only writer put there as `T`. */
export function* rowsOf<T>(table: LiveTable): IterableIterator<T> {
  for (const row of table.rows()) yield row as unknown as T;
}

/** Ready: both stores answer, the schema is there, and every shard runs. */
export function readiness(prepared: boolean, tables: SiteTablesLive): ReadyAnswer {
  const stores = ['series', 'control'].map((id) => {
    const row = tables.stores.get(id);
    const ok = row?.['state'] === 'up' && (id !== 'series' || prepared);
    return { name: `store ${id}`, ok, detail: detailOf(row, 'not looked at yet') };
  });
  // A plugin that fails is shown among the plugins: the site is ready without it.
  const own = [...tables.shards.rows()].filter((row) => row['kind'] !== 'plugin');
  const shards = own.map((row) => ({
    name: `shard ${row.id}`,
    ok: row['state'] === 'running',
    detail: detailOf(row, ''),
  }));
  const checks = [...stores, ...shards];
  return { ready: checks.every((check) => check.ok), checks };
}

function detailOf(row: Row | undefined, none: string): string {
  if (row === undefined) return none;
  const error = row['lastError'];
  return typeof error === 'string' ? `${String(row['state'])}: ${error}` : String(row['state']);
}

export interface MetricSources {
  readonly tables: SiteTablesLive;
  readonly hub: LiveHub;
  readonly rates: Rates;
  readonly devices: DeviceService;
  readonly audio: AudioService;
}

/** What the site shows to Prometheus beside the process's own figures. */
export function siteMetrics(metrics: Metrics, sources: MetricSources): void {
  const { tables, hub, rates, devices, audio } = sources;
  metrics.gauge('rows', 'Rows of the live tables.', 'resource', () =>
    Object.values(tables).map((table) => [table.resource, table.size] as const),
  );
  metrics.gauge('actors', 'Actors by state.', 'state', () => countBy(tables.actors, 'state'));
  metrics.gauge('sessions', 'Listener sessions by state.', 'state', () =>
    countBy(tables.sessions, 'state'),
  );
  metrics.gauge('media_mixes', 'Distinct mixes that somebody hears.', 'shard', () =>
    [...audio.status].map(([shard, { mixes }]) => [shard, mixes] as const),
  );
  metrics.gauge('sound_cache', 'Decoded sounds: how many, decodings ever, bytes.', 'of', () =>
    Object.entries(audio.cacheStats),
  );
  metrics.value('listeners', 'Connections to built-in mounts.', () => audio.mounts.listeners);
  metrics.gauge('devices', 'Devices by state.', 'state', () => countBy(tables.devices, 'state'));
  metrics.gauge('shard_loop_delay_ms', 'Mean delay of the event loop.', 'shard', () =>
    column(tables.shards, 'loopDelayMs'),
  );
  metrics.gauge('shard_heap_bytes', 'Heap in use.', 'shard', () =>
    column(tables.shards, 'heapBytes'),
  );
  metrics.gauge('shard_restarts', 'Replacements of the thread.', 'shard', () =>
    column(tables.shards, 'restarts'),
  );
  metrics.gauge('store_up', '1 when the store answers.', 'store', () =>
    [...tables.stores.rows()].map((row) => [row.id, row['state'] === 'up' ? 1 : 0] as const),
  );
  metrics.gauge('total', 'Counters of all threads since their start.', 'counter', () =>
    Object.entries(rates.totals()),
  );
  metrics.value('device_sockets', 'Open device sockets.', () => devices.connections);
  metrics.value('live_clients', 'Clients of /v1/live.', () => hub.stats().clients);
  metrics.value(
    'live_clients_behind',
    'Of those, waiting to catch up.',
    () => hub.stats().clientsBehind,
  );
  metrics.value('live_tick_ms', 'What the last tick took.', () => hub.stats().lastTickMs);
}

function column(table: LiveTable, field: string): (readonly [string, number])[] {
  return [...table.rows()].map((row) => [row.id, Number(row[field])] as const);
}

function countBy(table: LiveTable, field: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of table.rows()) {
    const key = String(row[field]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** One state for the Icecast connections of all media threads: the worst counts. */
export function icecastOf(status: ReadonlyMap<string, MediaStatus>): {
  readonly state: StoreRow['state'];
  readonly lastError: string | null;
} {
  const all = [...status.values()];
  const bad = all.find((one) => one.icecast === 'away' || one.icecast === 'refused');
  if (bad !== undefined) return { state: 'away', lastError: bad.icecastError ?? null };
  // A thread without a stream has nothing to connect: another one's says that Icecast is there.
  if (all.some((one) => one.icecast === 'connected')) return { state: 'up', lastError: null };
  const reaching = all.some((one) => one.icecast === 'connecting');
  return { state: reaching ? 'starting' : 'off', lastError: null };
}

/** An address for people. */
export function withoutPassword(text: string | undefined): string {
  if (text === undefined) return 'not configured';
  const url = new URL(text);
  url.password = '';
  return url.href;
}
