import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, open as openFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { pipeline, type Readable, Transform } from 'node:stream';
import { ZipFile } from 'yazl';
import { z } from 'zod';
import type { SiteControl } from '../../actors/control/tables.js';
import type { Clock } from '../../engine/clock.js';
import { snapshotSqlite } from '../../engine/control/snapshot.js';
import { EngineError } from '../../engine/errors.js';
import { connectSeries } from '../../engine/series/client.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import { backupStatus } from '../contract/ops.js';
import { Reply, type Route, route } from '../http/route.types.js';
import { BackupProgress } from './progress.js';
import { wholeRows } from './rows.js';
import {
  BACKUP_FORMAT,
  BACKUP_VERSION,
  CONTROL_FILE,
  KEY_FILE,
  MANIFEST,
  MEDIA_PREFIX,
  SERIES_PREFIX,
  SERIES_TABLES,
} from './shape.js';

export interface BackupOptions {
  readonly control: SiteControl;
  readonly series: SeriesAddress;
  readonly mediaFolder: string;
  /** Key that vendors' secrets are sealed with, where a file holds it. */
  readonly keyFile: string;
  readonly version: string;
  readonly clock: Clock;
}

const flag = z.enum(['true', 'false']).default('true');
/** A table that takes longer is not backed up. */
const TABLE_MS = 3_600_000;

/** `GET /v1/backup`: a running site in one ZIP, made while it is sent. One at a time. */
export function backupRoutes(options: BackupOptions): readonly Route[] {
  const progress = new BackupProgress(options.clock);
  let bytes: Readable | undefined;
  return [
    route({
      method: 'GET',
      path: '/v1/backup',
      summary:
        'Settings, devices, content, media and history in one ZIP; holds secrets: keep it safe',
      tag: 'site',
      access: 'admin',
      query: z.strictObject({ media: flag, history: flag }),
      handler: async ({ query, principal }) => {
        if (progress.isRunning)
          throw new EngineError(
            'server.busy',
            'another backup is being made: try again when it is done',
          );
        progress.begin(principal.name);
        try {
          bytes = await backup(options, query.media === 'true', query.history === 'true', progress);
        } catch (thrown) {
          progress.end('failed', EngineError.from(thrown));
          throw thrown;
        }
        const day = new Date(options.clock.nowMs()).toISOString().slice(0, 10);
        return new Reply({
          headers: {
            'content-type': 'application/zip',
            'content-disposition': `attachment; filename="earshot-${day}.zip"`,
            'cache-control': 'no-store',
          },
          stream: bytes,
        });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/backup/status',
      summary: 'How far the backup is that is made now, or how the last one ended',
      tag: 'site',
      access: 'admin',
      response: backupStatus,
      handler: () => progress.status,
    }),
    route({
      method: 'DELETE',
      path: '/v1/backup',
      summary: 'Break off the backup that is made now; what was sent of it is of no use',
      tag: 'site',
      access: 'admin',
      status: 204,
      handler: () => {
        if (!progress.isRunning) throw new EngineError('not-found', 'no backup is made now');
        progress.end('cancelled');
        bytes?.destroy(new EngineError('link.closed', 'the backup was broken off'));
      },
    }),
  ];
}

async function backup(
  options: BackupOptions,
  media: boolean,
  history: boolean,
  progress: BackupProgress,
): Promise<Readable> {
  const { control, clock, version } = options;
  if (control.dialect !== 'sqlite') {
    throw new EngineError(
      'conflict',
      'this site keeps its settings in Postgres: back that up with pg_dump, its media folder and ClickHouse with their own tools',
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'earshot-backup-'));
  const client = connectSeries(options.series, { requestTimeoutMs: TABLE_MS, maxConnections: 1 });
  const snapshot = join(folder, CONTROL_FILE);
  const zip = new ZipFile();
  // A PassThrough, whatever the types say.
  const out = zip.outputStream as Readable;
  out.once('close', () => {
    void Promise.allSettled([rm(folder, { recursive: true, force: true }), client.close()]);
  });
  try {
    // One moment of all settings, while others go on reading and writing.
    await snapshotSqlite(control.home, snapshot);
  } catch (thrown) {
    out.destroy();
    throw thrown;
  }
  zip.on('error', (error: Error) => out.destroy(error));
  type Phase = Parameters<BackupProgress['phase']>[0];
  const lazily = (
    name: string,
    phase: Phase,
    compress: boolean,
    open: () => Promise<Readable>,
  ): void => {
    progress.expect(1);
    zip.addReadStreamLazy(name, { compress }, (done) => {
      progress.phase(phase);
      open().then(
        (stream) => {
          stream.on('error', (error) => out.destroy(error));
          stream.once('end', () => {
            progress.wrote();
            // Until the next of these opens, media have their turn.
            if (media) progress.phase('media');
          });
          done(null, stream);
        },
        (error: unknown) => out.destroy(EngineError.from(error)),
      );
    });
  };
  const manifest = {
    format: BACKUP_FORMAT,
    version: BACKUP_VERSION,
    earshot: version,
    atUnixMs: clock.nowMs(),
    media,
    history,
  };
  zip.addBuffer(Buffer.from(JSON.stringify(manifest, null, 2)), MANIFEST);
  lazily(CONTROL_FILE, 'settings', true, () => Promise.resolve(createReadStream(snapshot)));
  const key = await stat(options.keyFile).catch(() => undefined);
  if (key?.isFile() === true)
    lazily(KEY_FILE, 'settings', false, () => Promise.resolve(createReadStream(options.keyFile)));
  if (history) {
    for (const table of SERIES_TABLES) {
      lazily(`${SERIES_PREFIX}${table}.tsv`, 'history', true, async () => {
        const { stream } = await client.exec({
          query: `SELECT * FROM ${table} FORMAT TabSeparated`,
        });
        return pipeline(stream, wholeRows(table), (error) => {
          if (error) out.destroy(error);
        });
      });
    }
  }
  if (!media) zip.end();
  else {
    addMedia(zip, out, options.mediaFolder, progress).then(
      () => zip.end(),
      (error: unknown) => out.destroy(EngineError.from(error)),
    );
  }
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      progress.sent(chunk.length);
      done(null, chunk);
    },
  });
  return pipeline(out, counted, (error) => {
    if (error?.code === 'ERR_STREAM_PREMATURE_CLOSE') progress.end('cancelled');
    else if (error) progress.end('failed', EngineError.from(error));
    else progress.end('done');
  });
}

/** One file after the other, when its turn comes; one that was deleted meanwhile is left out. */
async function addMedia(
  zip: ZipFile,
  out: Readable,
  folder: string,
  progress: BackupProgress,
): Promise<void> {
  const files = await filesIn(folder);
  progress.expect(files.length);
  for (const file of files) {
    if (out.destroyed) return;
    const name = relative(folder, file).split(sep).join('/');
    const handle = await openFile(file).catch((thrown: unknown) => {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
      throw thrown;
    });
    if (handle === undefined) {
      progress.wrote();
      continue;
    }
    const stream = handle.createReadStream();
    const left = (): void => {
      stream.destroy();
    };
    stream.on('error', (error) => out.destroy(error));
    out.once('close', left);
    zip.addReadStream(stream, `${MEDIA_PREFIX}${name}`, { compress: false });
    if (!stream.closed) await once(stream, 'close');
    out.off('close', left);
    progress.wrote();
  }
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
