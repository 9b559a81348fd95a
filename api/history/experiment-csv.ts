import type { ExperimentRow, SignalRow } from '../../actors/automation/automation.types.js';
import type { SeriesQueries } from '../../engine/series/queries.js';
import { DATAPOINT_ID_SQL } from './datapoint-id.js';
import { slices } from './slices.js';

/** A channel of a recording as its file names it. */
export interface RecordedChannel {
  readonly channel: number;
  readonly name: string;
  /** Of the signal that is bound to it; empty: there is none. */
  readonly publicId: string;
  readonly unit: string;
}

export const CSV_HEAD = 'timestamp,event_name,event_public_id,value,unit,datapoint_public_id\r\n';

/** A text cell of CSV as `format` in SQL would write it, only quoted where it must be. */
const cell = (text: string) =>
  `if(match(${text}, '[",\\r\\n]'), concat('"', replaceAll(${text}, '"', '""'), '"'), ${text})`;

const RANGE = `channel IN {channels:Array(UInt32)}
  AND at >= fromUnixTimestamp64Micro({fromUs:Int64}, 'UTC')
  AND at < fromUnixTimestamp64Micro({toUs:Int64}, 'UTC')`;

const ROWS = `SELECT concat(
    replaceOne(toString(at), ' ', 'T'), '+00:00,',
    transform(channel, {channels:Array(UInt32)}, {names:Array(String)}, ''), ',',
    transform(channel, {channels:Array(UInt32)}, {publicIds:Array(String)}, ''), ',',
    ${cell('text')}, ',',
    transform(channel, {channels:Array(UInt32)}, {units:Array(String)}, ''), ',',
    ${DATAPOINT_ID_SQL}, '\\r') AS line FROM (
  SELECT channel, at, toString(value) AS text FROM samples FINAL WHERE ${RANGE}
  UNION ALL SELECT channel, at, value AS text FROM samples_text FINAL WHERE ${RANGE})
  ORDER BY at, channel SETTINGS do_not_merge_across_partitions_select_final = 1`;

/**
 * The values of channels as lines in time order, any number of them: they are read in slices of time. Ends with the error of the store, never early.
 */
export async function* recordedLines(
  queries: SeriesQueries,
  range: {
    readonly channels: readonly RecordedChannel[];
    readonly fromUnixMs: number;
    readonly toUnixMs: number;
  },
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(CSV_HEAD);
  const { channels, fromUnixMs, toUnixMs } = range;
  if (channels.length === 0) return;
  const params = {
    channels: channels.map(({ channel }) => channel),
    names: channels.map(({ name }) => quoted(name)),
    publicIds: channels.map(({ publicId }) => publicId),
    units: channels.map(({ unit }) => quoted(unit)),
  };
  yield* slices({ fromUnixMs, toUnixMs }, (slice) =>
    queries.stream(ROWS, 'TabSeparatedRaw', {
      params: {
        ...params,
        fromUs: Math.round(slice.fromUnixMs * 1_000),
        toUs: Math.round(slice.toUnixMs * 1_000),
      },
      signal,
    }),
  );
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Channels of a recording; those that nobody ever saw are left out. */
export function channelsOf(
  experiment: Pick<ExperimentRow, 'channels'>,
  signals: readonly SignalRow[],
  resolve: (name: string) => { readonly channel: number; readonly unit: string | null } | undefined,
): readonly RecordedChannel[] {
  const byChannel = new Map(signals.map((one) => [`${one.deviceId}/${one.parameter}`, one]));
  const names = experiment.channels.length > 0 ? experiment.channels : [...byChannel.keys()];
  return [...new Set(names)].flatMap((name) => {
    const found = resolve(name);
    if (found === undefined) return [];
    const signal = byChannel.get(name);
    return {
      channel: found.channel,
      name: signal?.name ?? name,
      publicId: signal?.publicId ?? '',
      unit: signal?.unit ?? found.unit ?? '',
    };
  });
}

/** `experiment_{name}_{first 8 of the public id}.csv`, fit for a header and a file system. */
export function csvFileName({ name, publicId }: Pick<ExperimentRow, 'name' | 'publicId'>): string {
  const safe = name.replaceAll(/[^\p{L}\p{N} ._-]/gu, '_');
  return `experiment_${safe}_${publicId.slice(0, 8)}.csv`;
}
