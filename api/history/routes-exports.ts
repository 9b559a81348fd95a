import { z } from 'zod';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { SeriesQueries } from '../../engine/series/queries.js';
import type { StoreReader } from '../../engine/series/reader.js';
import { type ExportWish, exportJob, exportWish } from '../contract/history.js';
import { Reply, type Route, route } from '../http/route.types.js';
import type { LiveTable } from '../live/table.types.js';
import type { ResolvedChannel } from '../routes/series.js';
import type { ChannelNames } from './channel-names.js';
import { exportRows } from './export-rows.js';
import type { Exports } from './exports.js';

export interface ExportRoutesOptions {
  readonly exports: Exports;
  readonly queries: SeriesQueries;
  readonly reader: StoreReader;
  readonly names: ChannelNames;
  readonly channels: LiveTable;
  readonly resolveChannel: (text: string) => ResolvedChannel | undefined;
  readonly clock: Clock;
}

const tag = 'history';
const params = z.object({ id: z.uuid() });
const TYPES = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
} as const;
const DOWNLOAD_LIMIT_MS = 6 * 3_600_000;

/** `/v1/exports`. */
export function exportRoutes(options: ExportRoutesOptions): readonly Route[] {
  const { exports, queries, reader, names } = options;
  return [
    route({
      method: 'POST',
      path: '/v1/exports',
      summary: 'Make a file of channels, of a device or of everything, in the background',
      tag,
      access: 'viewer',
      body: exportWish,
      maxBodyBytes: 1_048_576,
      response: exportJob,
      status: 202,
      handler: async ({ body, principal }) => {
        const { channels, title } = chosen(body, options);
        if (!(body.toUnixMs > body.fromUnixMs)) {
          throw new EngineError('input.invalid', 'toUnixMs: must be after fromUnixMs');
        }
        const { fromUnixMs, toUnixMs, format, aggregation, intervalMs } = body;
        const wish = { channels, fromUnixMs, toUnixMs, format, aggregation, intervalMs };
        const source = exportRows(queries, reader, wish);
        return await exports.start({
          format,
          title,
          by: principal.name,
          source: async function* (signal, progress) {
            await names.flush();
            yield* source(signal, progress);
          },
        });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/exports',
      summary: 'Exports of the last day, newest first, with their progress',
      tag,
      access: 'viewer',
      response: z.object({ items: z.array(exportJob) }),
      handler: () => ({ items: exports.list() }),
    }),
    route({
      method: 'GET',
      path: '/v1/exports/{id}',
      summary: 'How far an export is',
      tag,
      access: 'viewer',
      params,
      response: exportJob,
      handler: ({ params: { id } }) => exports.get(id),
    }),
    route({
      method: 'GET',
      path: '/v1/exports/{id}/download',
      summary: 'The file of an export that is done',
      tag,
      access: 'viewer',
      params,
      timeLimitMs: DOWNLOAD_LIMIT_MS,
      handler: ({ params: { id } }) => {
        const { job, stream } = exports.download(id);
        return new Reply({
          headers: {
            'content-type': TYPES[job.format],
            'content-disposition': `attachment; filename="earshot-${id.slice(0, 8)}.${job.format}"`,
          },
          stream,
        });
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/exports/{id}',
      summary: 'Cancel an export, or remove its file',
      tag,
      access: 'viewer',
      params,
      status: 204,
      handler: ({ params: { id } }) => exports.remove(id),
    }),
  ];
}

function chosen(
  body: ExportWish,
  { channels, resolveChannel }: Pick<ExportRoutesOptions, 'channels' | 'resolveChannel'>,
): { readonly channels: readonly number[] | undefined; readonly title: string } {
  const { deviceId } = body;
  const given = [body.channels, deviceId, body.all].filter((one) => one !== undefined).length;
  if (given !== 1) {
    throw new EngineError('input.invalid', 'give one of channels, deviceId, or all: true');
  }
  if (body.all === true) return { channels: undefined, title: 'everything' };
  if (body.channels !== undefined) {
    const found = body.channels.map((name) => {
      const channel = resolveChannel(name);
      if (channel !== undefined) return channel.channel;
      throw new EngineError('not-found', `channels: there is no channel "${name}"`);
    });
    const more = body.channels.length > 3 ? ` and ${body.channels.length - 3} more` : '';
    return { channels: found, title: `${body.channels.slice(0, 3).join(', ')}${more}` };
  }
  const own = [...channels.rows()].filter((row) => row['deviceId'] === deviceId);
  if (own.length === 0) {
    throw new EngineError('not-found', `deviceId: there is no channel of "${String(deviceId)}"`);
  }
  return { channels: own.map((row) => row['channel'] as number), title: String(deviceId) };
}
