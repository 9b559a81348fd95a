import { z } from 'zod';
import type { Clock } from '../../../engine/clock.js';
import type { Corrections } from '../../../engine/series/corrections.js';
import { type Datapoint, datapointId, parseDatapointId } from '../../history/datapoint-id.js';
import type { LiveTable } from '../../live/table.types.js';
import { type Ask, body, type Call, done, jsonOf, made, notFound, Refusal } from './ask.js';
import type { ExperimentBook } from './experiment-book.js';
import type { Intake } from './intake.js';
import { isoMicros } from './iso-micros.js';
import { envelope, pageOf } from './pages.js';
import { batchIn, pointIn } from './point-reader.js';
import type { Point, PointStore } from './point-store.js';
import type { Signal, SignalBook } from './signal-book.js';

export interface DatapointParts {
  readonly book: SignalBook;
  readonly experiments: ExperimentBook;
  readonly intake: Intake;
  readonly points: PointStore;
  readonly channels: Pick<LiveTable, 'get'>;
  readonly corrections: Pick<Corrections, 'remove'>;
  /** Name of the writer that stores the samples of a device. */
  readonly writerOf: (deviceId: string) => string;
  readonly clock: Clock;
}

const MINUTE_MS = 60_000;
const series = z.object({
  event_public_ids: z.array(z.string().max(100)).min(1).max(20),
  minutes: z.int().min(1).max(14_400).default(60),
  max_points: z.int().min(10).max(2_000).default(500),
});

/** Measured values: taken one by one or in batches, and read back. */
export function datapointCalls(parts: DatapointParts): readonly Call[] {
  const { book, experiments, intake, points, clock } = parts;
  const shown = ({ channel, atUnixMs, value }: Point, eventId: string) => ({
    public_id: datapointId({ channel, atUnixMs }),
    value,
    timestamp: isoMicros(atUnixMs),
    event_public_id: eventId,
    experiment_public_id: experiments.at(atUnixMs),
  });
  return [
    {
      method: 'GET',
      path: '/datapoints',
      role: 'viewer',
      run: async (ask) => {
        const page = pageOf(ask);
        await book.settled();
        const signals = book.byChannel();
        const channels = [...signals.keys()];
        const [rows, total] = await Promise.all([
          points.page(channels, page.offset, page.pageSize, clock.nowMs() + MINUTE_MS),
          points.count(channels),
        ]);
        return envelope(
          page,
          total,
          rows.map((row) => shown(row, signals.get(row.channel)?.row.publicId ?? '')),
        );
      },
    },
    {
      method: 'POST',
      path: '/datapoints',
      role: 'operator',
      run: async (ask) => {
        const point = pointIn(await jsonBody(ask), ['body']);
        await book.settled();
        const signal = book.find(point.publicId);
        if (signal === undefined) throw notFound('Event', point.publicId);
        if (signal.plugins.length === 0) {
          throw new Refusal(409, 'Event is not linked to an enabled plugin instance.');
        }
        await intake.take([point]);
        return made('Datapoint successfully created.');
      },
    },
    {
      method: 'POST',
      path: '/datapoints/batch',
      role: 'operator',
      run: async (ask) => {
        const count = await intake.take(batchIn(await jsonBody(ask)));
        return made(`${count} datapoints successfully created.`);
      },
    },
    {
      method: 'POST',
      path: '/datapoints/series',
      role: 'viewer',
      run: async (ask) => {
        const wanted = await body(ask, series);
        await book.settled();
        const toUnixMs = clock.nowMs();
        const byEvent = new Map<string, number | undefined>();
        for (const id of wanted.event_public_ids) {
          const signal = book.find(id);
          byEvent.set(id, signal === undefined ? undefined : book.channelOf(signal));
        }
        const channels = [...new Set(byEvent.values())].filter((one) => one !== undefined);
        const fromUnixMs = toUnixMs - wanted.minutes * MINUTE_MS;
        // Values of this moment may lie a little ahead: two of one event never share a time.
        const until = toUnixMs + 1_000;
        const found = await points.series(channels, fromUnixMs, until, wanted.max_points);
        const answer: Record<string, unknown> = {};
        for (const [id, channel] of byEvent) {
          const rows = channel === undefined ? [] : (found.get(channel) ?? []);
          answer[id] = rows.map((row) => shown(row, id));
        }
        return answer;
      },
    },
    {
      method: 'GET',
      path: '/datapoints/latest',
      role: 'viewer',
      run: async () => {
        await book.settled();
        const latest: unknown[] = [];
        for (const signal of book.all()) {
          const point = latestOf(parts, signal);
          if (point !== undefined) latest.push(shown(point, signal.row.publicId));
        }
        return latest;
      },
    },
    {
      method: 'GET',
      path: '/datapoints/{id}',
      role: 'viewer',
      run: async ({ params }) => {
        const { signal, point } = await known(parts, params['id'] ?? '');
        return shown(point, signal.row.publicId);
      },
    },
    {
      method: 'DELETE',
      path: '/datapoints/{id}',
      role: 'operator',
      run: async ({ params }) => {
        const { key, signal } = await known(parts, params['id'] ?? '');
        const { channel, atUnixMs } = key;
        const writer = parts.writerOf(signal.row.deviceId);
        const toUnixMs = atUnixMs + 0.001;
        await parts.corrections.remove({
          channels: [{ channel, writer }],
          fromUnixMs: atUnixMs,
          toUnixMs,
        });
        return done('Datapoint successfully deleted.');
      },
    },
  ];
}

async function jsonBody(ask: Ask): Promise<unknown> {
  return jsonOf(await ask.bytes());
}

async function known({ book, points }: DatapointParts, id: string) {
  const key = keyOf(id);
  if (key === undefined) throw notFound('Datapoint', id);
  await book.settled();
  const signal = book.byChannel().get(key.channel);
  const point = signal === undefined ? undefined : await points.one(key);
  if (signal === undefined || point === undefined) throw notFound('Datapoint', id);
  return { key, signal, point };
}

function keyOf(id: string): Datapoint | undefined {
  try {
    return parseDatapointId(id);
  } catch {
    // Any text may stand in an address; what is no id names nothing.
    return undefined;
  }
}

/** What came last through this API, or what the device shows when that is newer. */
function latestOf({ book, channels }: DatapointParts, signal: Signal): Point | undefined {
  const channel = book.channelOf(signal);
  if (channel === undefined) return undefined;
  const row = channels.get(`${signal.row.deviceId}/${signal.row.parameter}`);
  const shownAt = row?.['atUnixMs'];
  const value = row?.['value'];
  const number = typeof value === 'boolean' ? Number(value) : value;
  if (typeof shownAt === 'number' && typeof number === 'number') {
    if (shownAt > signal.lastAtUnixMs) return { channel, atUnixMs: shownAt, value: number };
  }
  if (signal.lastAtUnixMs === 0) return undefined;
  return { channel, atUnixMs: signal.lastAtUnixMs, value: signal.lastValue };
}
