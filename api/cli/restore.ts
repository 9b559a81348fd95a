import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import type { Command } from 'commander';
import { type Entry, open, type ZipFile } from 'yauzl';
import { z } from 'zod';
import { SystemClock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { connectSeries } from '../../engine/series/client.js';
import { EmbeddedStore } from '../../engine/series/embedded.js';
import { migrateSeries } from '../../engine/series/migrations.js';
import {
  BACKUP_FORMAT,
  BACKUP_VERSION,
  CONTROL_FILE,
  KEY_FILE,
  MANIFEST,
  MEDIA_PREFIX,
  SERIES_PREFIX,
  SERIES_TABLES,
  SERIES_VIEWS,
} from '../backup/shape.js';
import { output, progress } from './output.js';
import type { Globals } from './shared.js';

/** Rows are put back in pieces of this size, bytes: the embedded store takes an insert as a whole. */
const PIECE_BYTES = 8_388_608;
const TABLE_MS = 3_600_000;
const KEEP_ALL = { rawDays: 0, minuteDays: 0, hourDays: 0, dayDays: 0 };

const manifestOf = z.object({
  format: z.literal(BACKUP_FORMAT),
  version: z.number().max(BACKUP_VERSION, 'it was made by a newer Earshot'),
});

function openZip(file: string): Promise<ZipFile> {
  return new Promise((done, failed) => {
    open(file, { lazyEntries: true, autoClose: false }, (error, zip) => {
      if (error === null) done(zip);
      else failed(new EngineError('input.invalid', `${file} is no backup: ${error.message}`));
    });
  });
}

function contentsOf(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((done, failed) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error === null) done(stream);
      else failed(error);
    });
  });
}

/** Calls `take` for each file of the archive, in order. */
function eachEntry(zip: ZipFile, take: (entry: Entry) => Promise<void>): Promise<void> {
  return new Promise((done, failed) => {
    zip.on('error', failed);
    zip.once('end', done);
    zip.on('entry', (entry: Entry) => {
      take(entry).then(() => zip.readEntry(), failed);
    });
    zip.readEntry();
  });
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A path of the archive inside `folder`. @throws EngineError `input.invalid` for one that leads outside. */
function inside(folder: string, name: string): string {
  const path = resolve(folder, name);
  if (path.startsWith(resolve(folder) + sep)) return path;
  throw new EngineError('input.invalid', `the backup names a file outside of its folder: ${name}`);
}

/** Whole lines, gathered to pieces. */
async function* pieces(stream: Readable): AsyncGenerator<Buffer> {
  let kept: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    const chunk = part as Buffer;
    kept.push(chunk);
    size += chunk.length;
    if (size < PIECE_BYTES) continue;
    const all = Buffer.concat(kept);
    const end = all.lastIndexOf(0x0a) + 1;
    if (end > 0) yield all.subarray(0, end);
    kept = [all.subarray(end)];
    size = all.length - end;
  }
  if (size > 0) yield Buffer.concat(kept);
}

async function putBack(client: ClickHouseClient, table: string, stream: Readable): Promise<void> {
  for await (const piece of pieces(stream)) {
    const values = new PassThrough();
    values.end(piece);
    await client.insert({ table, values, format: 'TabSeparated' });
  }
}

/** Makes a data folder of a backup, whole or not at all. @throws EngineError `input.invalid`, `conflict` when the folder is not empty. */
export async function restore(
  file: string,
  data: string,
  told: (share: number) => void,
): Promise<readonly string[]> {
  if (existsSync(data) && (await readdir(data)).length > 0) {
    throw new EngineError(
      'conflict',
      `${data} is not empty: restore into a new folder, then start with EARSHOT_DATA=${data}`,
    );
  }
  const part = `${data}.part`;
  await rm(part, { recursive: true, force: true });
  try {
    const restored = await restoreInto(part, file, told);
    if (!restored.includes(CONTROL_FILE)) {
      throw new EngineError(
        'input.invalid',
        `${file} cannot be restored: it lacks ${CONTROL_FILE}; take a whole backup`,
      );
    }
    await rename(part, data);
    return restored;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

async function restoreInto(
  data: string,
  file: string,
  told: (share: number) => void,
): Promise<readonly string[]> {
  const zip = await openZip(file);
  const restored: string[] = [];
  let store: EmbeddedStore | undefined;
  let client: ClickHouseClient | undefined;
  try {
    await mkdir(data, { recursive: true, mode: 0o700 });
    let checked = false;
    let done = 0;
    await eachEntry(zip, async (entry) => {
      done += 1;
      told(done / zip.entryCount);
      const { fileName } = entry;
      if (!checked) {
        if (fileName !== MANIFEST)
          throw new EngineError(
            'input.invalid',
            `${file} is no backup: ${MANIFEST} does not come first`,
          );
        const parsed = manifestOf.safeParse(JSON.parse(await textOf(await contentsOf(zip, entry))));
        if (!parsed.success)
          throw new EngineError(
            'input.invalid',
            `${file} cannot be restored: ${parsed.error.issues[0]?.message ?? ''}`,
          );
        checked = true;
        return;
      }
      if (fileName.startsWith(SERIES_PREFIX)) {
        const table = SERIES_TABLES.find((name) => fileName === `${SERIES_PREFIX}${name}.tsv`);
        if (table === undefined) return;
        if (client === undefined) {
          store = new EmbeddedStore({ folder: join(data, 'series'), clock: new SystemClock() });
          await store.start();
          const address = store.address();
          await migrateSeries(address, KEEP_ALL);
          client = connectSeries(address, { requestTimeoutMs: TABLE_MS, maxConnections: 1 });
          for (const view of SERIES_VIEWS) await client.command({ query: `DETACH TABLE ${view}` });
        }
        await putBack(client, table, await contentsOf(zip, entry));
        restored.push(table);
        return;
      }
      const target =
        fileName === CONTROL_FILE || fileName === KEY_FILE
          ? join(data, fileName)
          : fileName.startsWith(MEDIA_PREFIX)
            ? inside(join(data, 'media'), fileName.slice(MEDIA_PREFIX.length))
            : undefined;
      if (target === undefined) return;
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await pipeline(await contentsOf(zip, entry), createWriteStream(target, { mode: 0o600 }));
      restored.push(fileName);
    });
    if (client !== undefined) {
      for (const view of SERIES_VIEWS) await client.command({ query: `ATTACH TABLE ${view}` });
    }
    return restored;
  } finally {
    zip.close();
    await client?.close();
    await store?.stop();
  }
}

export function restoreCommand(program: Command): void {
  program
    .command('restore')
    .description('make a new data folder of a backup; no server is needed')
    .argument('<file>', 'what "earshot backup" wrote')
    .requiredOption('--data <folder>', 'new or empty folder; start with EARSHOT_DATA=<folder>')
    .action(async (file: string, options: { data: string }, command: Command) => {
      const out = output(command.optsWithGlobals<Globals>().json === true);
      const bar = progress(out.json, 'restoring');
      const restored = await restore(file, resolve(options.data), (share) =>
        bar.set(share),
      ).finally(() => bar.end());
      out.data({ restored: restored.length, data: options.data });
      out.say(
        `${restored.length} files and tables are in ${options.data}; start with EARSHOT_DATA=${options.data} npm start`,
      );
    });
}
