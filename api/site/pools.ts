import type {
  DeviceShardOptions,
  FromDeviceShard,
  ToDeviceShard,
} from '../../actors/device/protocol.js';
import type { ShardPool } from '../../actors/shard-pool.js';
import type { LinkContract } from '../../engine/link.types.js';
import type { SeriesWriterStatus } from '../../engine/series/series.types.js';
import type { ShardRow } from '../contract/rows.js';
import type { ActorSource } from './inspector.js';
import type { ShardSource } from './shards-watch.js';

/** A pool of shards as the inspector sees it. */
export function poolSource<T, Out extends LinkContract, In extends LinkContract>(
  pool: ShardPool<T, Out, In>,
): ActorSource {
  return {
    rows: () => pool.registry.rows(),
    row: (id) => pool.registry.row(id),
    onActors: (listener) => pool.registry.onActors(listener),
    park: (id) => pool.park(id),
    restart: (id) => pool.restart(id),
    stop: (id) => pool.stopActor(id),
  };
}

/** A pool of shards as the shards page sees it. */
export function shardSource<T, Out extends LinkContract, In extends LinkContract>(
  kind: ShardRow['kind'],
  pool: ShardPool<T, Out, In>,
): ShardSource {
  return { kind, shards: () => pool.shards(), onShard: (listener) => pool.onShard(listener) };
}

/** The writers of all device shards that answer now. */
export async function seriesStatuses(
  pool: ShardPool<DeviceShardOptions, ToDeviceShard, FromDeviceShard>,
): Promise<readonly SeriesWriterStatus[]> {
  const answers = await Promise.allSettled(
    pool.links().map((link) => link.call('series.status', {}, { deadlineMs: 1_000 })),
  );
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}

/** Counters of all threads of a pool, added up by name. */
export function sumCounters(
  counters: ReadonlyMap<string, Readonly<Record<string, number>>>,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const thread of counters.values()) {
    for (const [name, value] of Object.entries(thread)) sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}
