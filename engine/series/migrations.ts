import type { ClickHouseClient } from '@clickhouse/client';
import { EngineError } from '../errors.js';
import { connectSeries } from './client.js';
import type { SeriesAddress } from './series.types.js';
import { SQL_VIEWS } from './views.js';

/** Days kept; 0 keeps for ever. */
export interface SeriesRetention {
  readonly rawDays: number;
  readonly minuteDays: number;
  readonly hourDays: number;
  readonly dayDays: number;
}

/**
 * Blocks whose tokens a table remembers. At two hundred inserts a second it covers the retries of the last
 * minute; batches of unknown outcome that are replayed later have their rollups recomputed.
 */
const DEDUPLICATION = 'non_replicated_deduplication_window = 10000';

/** What a rollup keeps of a bucket. NaN and ±Infinity are kept raw and left out of rollups. */
const ROLLUP_COLUMNS = `
  channel UInt32,
  at DateTime('UTC') CODEC(DoubleDelta, LZ4),
  minimum SimpleAggregateFunction(min, Float64),
  maximum SimpleAggregateFunction(max, Float64),
  total SimpleAggregateFunction(sum, Float64),
  points SimpleAggregateFunction(sum, UInt64),
  lastAt SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
  lastValue AggregateFunction(argMax, Float64, DateTime64(6, 'UTC'))`;

const rollupTable = (name: string, partition: string) => `
  CREATE TABLE IF NOT EXISTS ${name} (${ROLLUP_COLUMNS})
  ENGINE = AggregatingMergeTree PARTITION BY ${partition} ORDER BY (channel, at)
  SETTINGS ${DEDUPLICATION}, ttl_only_drop_parts = 1`;

/** Raw rows → buckets; the views and the repair job use the same words. */
export function rawBuckets(from: string, start: string, where: string): string {
  return `
  SELECT channel, ${start}(samples.at) AS at, min(value) AS minimum, max(value) AS maximum,
    sum(value) AS total, count() AS points, max(samples.at) AS lastAt,
    argMaxState(value, samples.at) AS lastValue
  FROM ${from} WHERE isFinite(value) ${where} GROUP BY channel, at`;
}

/** Finer buckets → coarser ones. `at` of both is the start of the bucket. */
export function coarserBuckets(from: string, start: string, where: string): string {
  return `
  SELECT channel, ${start}(${from}.at) AS at, min(${from}.minimum) AS minimum,
    max(${from}.maximum) AS maximum, sum(${from}.total) AS total, sum(${from}.points) AS points,
    max(${from}.lastAt) AS lastAt, argMaxMergeState(${from}.lastValue) AS lastValue
  FROM ${from} ${where} GROUP BY channel, at`;
}

interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

/**
 * Raw samples lie in one partition a day, so that retention drops whole days and a read touches few. Minute
 * buckets pass through a table that keeps nothing and from there into every rollup: a repair can then write
 * one rollup without the views adding it to the coarser ones again. Codecs:
 * measured on this schema, LZ4 behind DoubleDelta/Gorilla inserts as fast as none and needs 0.8–6 bytes a row.
 */
const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      `CREATE TABLE IF NOT EXISTS samples (
        channel UInt32 CODEC(Delta(4), LZ4),
        at DateTime64(6, 'UTC') CODEC(DoubleDelta, LZ4),
        value Float64 CODEC(Gorilla, LZ4))
      ENGINE = ReplacingMergeTree PARTITION BY toYYYYMMDD(at) ORDER BY (channel, at)
      SETTINGS ${DEDUPLICATION}, ttl_only_drop_parts = 1`,
      `CREATE TABLE IF NOT EXISTS samples_text (
        channel UInt32 CODEC(Delta(4), LZ4),
        at DateTime64(6, 'UTC') CODEC(DoubleDelta, LZ4),
        value String CODEC(ZSTD(1)))
      ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(at) ORDER BY (channel, at)
      SETTINGS ${DEDUPLICATION}, ttl_only_drop_parts = 1`,
      `CREATE TABLE IF NOT EXISTS events (
        at DateTime64(6, 'UTC') CODEC(DoubleDelta, LZ4),
        kind LowCardinality(String),
        subject String,
        id String,
        detail String CODEC(ZSTD(1)))
      ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(at) ORDER BY (at, kind, subject, id)
      SETTINGS ${DEDUPLICATION}, ttl_only_drop_parts = 1`,
      rollupTable('samples_1m', 'toYYYYMM(at)'),
      rollupTable('samples_1h', 'toYear(at)'),
      rollupTable('samples_1d', 'toYear(at)'),
      `CREATE TABLE IF NOT EXISTS text_latest (
        channel UInt32,
        lastAt SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
        lastValue AggregateFunction(argMax, String, DateTime64(6, 'UTC')))
      ENGINE = AggregatingMergeTree ORDER BY channel SETTINGS ${DEDUPLICATION}`,
      `CREATE TABLE IF NOT EXISTS rollup_dirty (
        writer LowCardinality(String),
        hour UInt32,
        channel UInt32,
        marked SimpleAggregateFunction(max, UInt64),
        cleared SimpleAggregateFunction(max, UInt64),
        touched SimpleAggregateFunction(max, DateTime('UTC')))
      ENGINE = AggregatingMergeTree ORDER BY (writer, hour, channel)
      TTL touched + toIntervalDay(400)`,
      `CREATE TABLE IF NOT EXISTS minute_feed (${ROLLUP_COLUMNS.replaceAll(/ CODEC\([^)]*\)/g, '')}) ENGINE = Null`,
      `CREATE MATERIALIZED VIEW IF NOT EXISTS samples_to_feed TO minute_feed AS
        ${rawBuckets('samples', 'toStartOfMinute', '')}`,
      `CREATE MATERIALIZED VIEW IF NOT EXISTS feed_to_1m TO samples_1m AS SELECT * FROM minute_feed`,
      `CREATE MATERIALIZED VIEW IF NOT EXISTS feed_to_1h TO samples_1h AS
        ${coarserBuckets('minute_feed', 'toStartOfHour', '')}`,
      `CREATE MATERIALIZED VIEW IF NOT EXISTS feed_to_1d TO samples_1d AS
        ${coarserBuckets('minute_feed', 'toStartOfDay', '')}`,
      `CREATE MATERIALIZED VIEW IF NOT EXISTS text_to_latest TO text_latest AS
        SELECT channel, max(samples_text.at) AS lastAt, argMaxState(value, samples_text.at) AS lastValue
        FROM samples_text GROUP BY channel`,
    ],
  },
  {
    version: 2,
    statements: [
      // One row a session begun, a place where somebody listened for `durationS`, or an asset heard.
      `CREATE TABLE IF NOT EXISTS listening (
        at DateTime64(3, 'UTC') CODEC(DoubleDelta, LZ4),
        kind Enum8('session' = 1, 'place' = 2, 'asset' = 3),
        project UInt32,
        session UInt32,
        asset UInt32,
        latitude Float64 CODEC(Gorilla, LZ4),
        longitude Float64 CODEC(Gorilla, LZ4),
        durationS Float32 CODEC(Gorilla, LZ4))
      ENGINE = MergeTree PARTITION BY toYYYYMM(at) ORDER BY (project, kind, at)
      SETTINGS ${DEDUPLICATION}, ttl_only_drop_parts = 1`,
    ],
  },
  {
    version: 3,
    statements: [
      // Names for people and for SQL; kept up to date by the main thread, also of devices that are gone.
      `CREATE TABLE IF NOT EXISTS channel_names (
        channel UInt32, device String, device_name String, parameter String, unit String,
        kind LowCardinality(String), removed UInt8)
      ENGINE = ReplacingMergeTree ORDER BY channel`,
      // Channels kept for a shorter time than others: seconds since 1970 before which rows are gone.
      `CREATE TABLE IF NOT EXISTS channel_horizons (channel UInt32, rawFrom UInt32, rollupFrom UInt32)
      ENGINE = ReplacingMergeTree ORDER BY channel`,
      ...SQL_VIEWS,
    ],
  },
];

/**
 * Brings the schema to the newest version and the retention to what is configured. Safe to repeat.
 * @throws EngineError `store.away` when the store does not answer, `store.refused` when it is newer than us.
 */
export async function migrateSeries(
  address: SeriesAddress,
  retention: SeriesRetention,
): Promise<void> {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(address.database)) {
    throw new EngineError('input.invalid', `"${address.database}" is not a database name`);
  }
  const bootstrap = connectSeries({ ...address, database: 'default' }, { maxConnections: 1 });
  const client = connectSeries(address, { maxConnections: 1, requestTimeoutMs: 120_000 });
  try {
    await bootstrap.command({ query: `CREATE DATABASE IF NOT EXISTS ${address.database}` });
    await client.command({
      query: `CREATE TABLE IF NOT EXISTS migrations (version UInt32, appliedAt DateTime('UTC'))
        ENGINE = MergeTree ORDER BY version`,
    });
    await applyMissing(client);
    await applyRetention(client, retention);
    await applyMerging(client);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError(
      'store.away',
      `the series store could not be prepared: ${textOf(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    await bootstrap.close();
    await client.close();
  }
}

async function applyMissing(client: ClickHouseClient): Promise<void> {
  const [row] = await rows<{ version: number }>(
    client,
    'SELECT toUInt32(max(version)) AS version FROM migrations',
  );
  const current = row?.version ?? 0;
  const newest = MIGRATIONS.at(-1)?.version ?? 0;
  if (current > newest) {
    throw new EngineError(
      'store.refused',
      `the series store has schema ${current}, this engine knows ${newest}: use a newer engine`,
    );
  }
  for (const migration of MIGRATIONS) {
    if (migration.version <= current) continue;
    for (const query of migration.statements) await client.command({ query });
    await client.command({ query: `INSERT INTO migrations SELECT ${migration.version}, now()` });
  }
}

async function applyRetention(client: ClickHouseClient, retention: SeriesRetention): Promise<void> {
  const wanted: readonly (readonly [table: string, days: number])[] = [
    ['samples', retention.rawDays],
    ['samples_text', retention.rawDays],
    ['events', retention.minuteDays],
    ['samples_1m', retention.minuteDays],
    ['listening', retention.hourDays],
    ['samples_1h', retention.hourDays],
    ['samples_1d', retention.dayDays],
  ];
  const found = await rows<{ name: string; engine_full: string }>(
    client,
    'SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()',
  );
  for (const [table, days] of wanted) {
    const engine = found.find((row) => row.name === table)?.engine_full ?? '';
    const now = Number(/toIntervalDay\((\d+)\)/.exec(engine)?.[1] ?? 0);
    if (now === days) continue;
    await client.command({
      query:
        days === 0
          ? `ALTER TABLE ${table} REMOVE TTL`
          : `ALTER TABLE ${table} MODIFY TTL toDateTime(at) + toIntervalDay(${Math.trunc(days)})`,
    });
  }
}

/** Tables that many small groups of rows are written to. */
const BUSY_TABLES = ['samples', 'samples_1m', 'samples_1h', 'samples_1d'];
/** How many times longer than its newest parts a range may be before it is merged again; the engine's own is 5. */
const MERGE_BASE = 16;

/** Rows that come in many small groups are merged less often than the engine would; a table has some more parts for it. Not in engines that lack the setting. */
async function applyMerging(client: ClickHouseClient): Promise<void> {
  const found = await rows<{ name: string; engine_full: string }>(
    client,
    `SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()
      AND (SELECT count() FROM system.merge_tree_settings WHERE name = 'merge_selector_base') > 0`,
  );
  for (const { name, engine_full } of found) {
    if (!BUSY_TABLES.includes(name) || engine_full.includes('merge_selector_base')) continue;
    await client.command({
      query: `ALTER TABLE ${name} MODIFY SETTING merge_selector_base = ${MERGE_BASE}`,
    });
  }
}

async function rows<T>(client: ClickHouseClient, query: string): Promise<T[]> {
  const answer = await client.query({ query, format: 'JSONEachRow' });
  return answer.json<T>();
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
