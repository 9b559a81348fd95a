import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ExperimentRow, JournalRow } from '../../../actors/automation/automation.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { SeriesQueries } from '../../../engine/series/queries.js';
import { channelsOf, csvFileName, recordedLines } from '../../history/experiment-csv.js';
import type { Experiments } from '../../history/experiments.js';
import { Reply } from '../../http/route.types.js';
import type { LiveTable } from '../../live/table.types.js';
import { alreadyThere, body, type Call, done, iso, isoOrNull, made, Refusal } from './ask.js';
import { listed, rowOf } from './pages.js';

export interface RecordParts {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly experiments: Pick<Experiments, 'start' | 'stopById'>;
  readonly queries: SeriesQueries;
  readonly channels: Pick<LiveTable, 'get'>;
  readonly clock: Clock;
}

const experiment = z.object({ name: z.string().trim().min(1).max(255) });
const line = z.object({
  content: z.string().min(1).max(500),
  logging_type: z.enum(['error', 'warning', 'info']).default('info'),
});
const lineChange = z.object({
  content: z.string().min(1).max(500).optional(),
  status_type: z.enum(['read', 'unread']).optional(),
});

const shownExperiment = (row: ExperimentRow) => ({
  public_id: row.publicId,
  name: row.name,
  started_on: isoOrNull(row.startedAtUnixMs),
  stopped_on: isoOrNull(row.stoppedAtUnixMs),
  user_public_id: row.ownerId,
});

const shownLine = (row: JournalRow) => ({
  public_id: row.publicId,
  content: row.text,
  logging_type: row.level,
  status_type: row.read ? 'read' : 'unread',
  created_on: iso(row.atUnixMs),
  user_public_id: row.ownerId,
});

/** Experiments with their CSV. */
export function experimentCalls(parts: RecordParts): readonly Call[] {
  const { experiments: table } = parts.store.automation;
  const free = async (name: string, id?: number) => {
    const known = await table.first({ where: [{ field: 'name', op: '=', value: name }] });
    if (known !== undefined && known.id !== id) throw alreadyThere('Experiment');
  };
  const find = (id = '') => rowOf(table, id, 'Experiment');
  return [
    {
      method: 'GET',
      path: '/experiments',
      role: 'viewer',
      run: (ask) => listed(ask, table, shownExperiment),
    },
    {
      method: 'POST',
      path: '/experiments',
      role: 'operator',
      run: async (ask) => {
        const { name } = await body(ask, experiment);
        await free(name);
        const { username, userId } = ask.who;
        const row = await parts.experiments.start(name, username, userId);
        return made('Experiment successfully created.', { public_id: row.publicId });
      },
    },
    {
      method: 'GET',
      path: '/experiments/{id}',
      role: 'viewer',
      run: async ({ params }) => shownExperiment(await find(params['id'])),
    },
    {
      method: 'PUT',
      path: '/experiments/{id}',
      role: 'operator',
      run: async (ask) => {
        const row = await find(ask.params['id']);
        const { name = row.name } = await body(ask, experiment.partial());
        await free(name, row.id);
        await table.update(row.id, { name });
        return done('Experiment successfully updated.');
      },
    },
    {
      method: 'PUT',
      path: '/experiments/{id}/stop',
      role: 'operator',
      run: async ({ params, who }) => {
        const row = await find(params['id']);
        try {
          await parts.experiments.stopById(row.id, who.username);
        } catch (thrown) {
          if (EngineError.from(thrown).code !== 'conflict') throw thrown;
          throw new Refusal(409, 'Experiment is not running.');
        }
        return done('Experiment successfully stopped.');
      },
    },
    {
      method: 'DELETE',
      path: '/experiments/{id}',
      role: 'operator',
      run: async ({ params }) => {
        await table.remove((await find(params['id'])).id);
        return done('Experiment successfully deleted.');
      },
    },
    {
      method: 'GET',
      path: '/experiments/{id}/export/csv',
      role: 'viewer',
      run: async ({ params }) => csvOf(parts, await find(params['id'])),
    },
  ];
}

async function csvOf(parts: RecordParts, row: ExperimentRow): Promise<Reply> {
  const { store, queries, channels, clock } = parts;
  const signals = await store.automation.signals.find();
  const recorded = channelsOf(row, signals, (name) => {
    const found = channels.get(name);
    const channel = found?.['channel'];
    const unit = found?.['unit'];
    if (typeof channel !== 'number') return undefined;
    return { channel, unit: typeof unit === 'string' ? unit : null };
  });
  const fromUnixMs = row.startedAtUnixMs ?? 0;
  const toUnixMs = row.startedAtUnixMs === null ? 0 : (row.stoppedAtUnixMs ?? clock.nowMs());
  const name = encodeURIComponent(csvFileName(row));
  const plain = csvFileName(row).replaceAll(/[^\x20-\x7e]/g, '_');
  return new Reply({
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'cache-control': 'no-store',
      'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${name}`,
    },
    stream: recordedLines(queries, { channels: recorded, fromUnixMs, toUnixMs }),
  });
}

/** The operators' log. */
export function loggingCalls({ store, clock }: RecordParts): readonly Call[] {
  const { journal } = store.automation;
  return [
    {
      method: 'GET',
      path: '/logging',
      role: 'viewer',
      run: (ask) => listed(ask, journal, shownLine, { order: { by: 'id', direction: 'desc' } }),
    },
    {
      method: 'POST',
      path: '/logging',
      role: 'operator',
      run: async (ask) => {
        const given = await body(ask, line);
        const publicId = randomUUID();
        await journal.create({
          publicId,
          atUnixMs: clock.nowMs(),
          level: given.logging_type,
          text: given.content,
          read: false,
          by: ask.who.username,
          ownerId: ask.who.userId,
        });
        return made('Log entry successfully created.', { public_id: publicId });
      },
    },
    {
      method: 'GET',
      path: '/logging/{id}',
      role: 'viewer',
      run: async ({ params }) => shownLine(await rowOf(journal, params['id'] ?? '', 'Log entry')),
    },
    {
      method: 'PUT',
      path: '/logging/{id}',
      role: 'operator',
      run: async (ask) => {
        const row = await rowOf(journal, ask.params['id'] ?? '', 'Log entry');
        const given = await body(ask, lineChange);
        await journal.update(row.id, {
          text: given.content ?? row.text,
          read: given.status_type === undefined ? row.read : given.status_type === 'read',
        });
        return done('Log entry successfully updated.');
      },
    },
  ];
}
