import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { SPECS } from '../../../actors/content/specs.js';
import { type MediaFile, pathsOf, type Variants } from '../../../actors/control/media-files.js';
import type { SiteScope } from '../../../actors/control/scope.js';
import type { SiteStore } from '../../../actors/control/site.js';
import { EngineError } from '../../../engine/errors.js';
import { CONTENT } from '../../contract/content.js';
import { diskError } from '../incoming.js';
import { ORIGINALS, reserveStem } from '../naming.js';
import { isMediaPath, mp3Of, readdressed } from './addresses.js';
import {
  type AnyRow,
  ARCHIVE_TABLES,
  type ArchivedTable,
  type ArchiveTable,
  FORMAT,
  MANIFEST,
  MEDIA_TABLE,
  mediaFile,
  tableFile,
  tableOf,
  VERSION,
} from './shape.js';
import type { ZipBundle } from './zip.js';

/** All tables together: their rows are held until they are written. */
const MAX_TABLES_BYTES = 268_435_456;
/** Rows looked at before other work has its turn. */
const LINES_AT_ONCE = 200;
const MAX_MANIFEST_BYTES = 1_048_576;

const manifest = z.object({ format: z.literal(FORMAT), version: z.int() });

const mediaRow = z.object({
  id: z.string().min(1).max(200),
  name: z.string().max(500),
  file: z.string().min(1).max(500),
  contentType: z.string().max(200),
  sizeBytes: z.number().min(0),
  durationMs: z.number().min(0).optional(),
  sha256: z.string().max(64),
  createdAtUnixMs: z.number(),
  variants: z.record(z.string().max(20), z.string().max(500)).optional(),
  peaksFile: z.string().max(500).optional(),
  loudnessLufs: z.number().optional(),
  truePeakDb: z.number().optional(),
  mediaType: z.enum(['audio', 'photo', 'text', 'video']).optional(),
});

export const importReport = z.object({
  projectId: z.int(),
  name: z.string(),
  /** Rows made in each table. */
  rows: z.record(z.string(), z.int()),
  mediaFiles: z.int(),
  /** Media whose bytes were not in the archive. */
  missing: z.array(z.string()),
});
export type ImportReport = z.infer<typeof importReport>;

/** A project as it was read from somewhere, under the ids it had there. */
export interface Read {
  readonly rows: ReadonlyMap<ArchiveTable, readonly AnyRow[]>;
  readonly media: readonly MediaFile[];
}

/**
 * Makes a project of an archive that `exportProject` wrote, here or elsewhere. Everything gets new ids; languages, tag
 * categories and names of UI elements that the site has already are taken. All or nothing: rows are one transaction,
 * and files are moved in before it and taken out again when it fails.
 * @throws EngineError `input.invalid` naming table, row and field; `input.too-large`; `spool.full`.
 */
export async function importProject(
  bundle: ZipBundle,
  services: {
    readonly store: SiteStore;
    readonly mediaFolder: string;
    readonly stagingFolder: string;
    readonly nowUnixMs: number;
    /** @throws EngineError `spool.full` when the disk cannot take that many bytes. */
    readonly checkRoom: (bytes: number) => Promise<void>;
  },
): Promise<ImportReport> {
  const { store, mediaFolder, stagingFolder, nowUnixMs } = services;
  await services.checkRoom(bundle.totalBytes);
  const read = await readArchive(bundle);
  const placed: string[] = [];
  try {
    const moved = new Map<string, MediaFile>();
    const paths = new Map<string, string>();
    const missing: string[] = [];
    await mkdir(stagingFolder, { recursive: true });
    for (const media of read.media) {
      const stem = await reserveStem(mediaFolder, nowUnixMs, 0);
      placed.push(`${ORIGINALS}/${stem}`);
      const here = renamed(media, stem);
      for (const [from, to] of pathPairs(media, here)) {
        paths.set(mp3Of(from), mp3Of(to)).set(from, to);
        if (!bundle.has(mediaFile(from))) {
          missing.push(from);
          continue;
        }
        await unpack(bundle, mediaFile(from), join(stagingFolder, 'file'), join(mediaFolder, to));
        placed.push(to);
      }
      moved.set(media.id, { ...here, createdAtUnixMs: media.createdAtUnixMs });
    }
    const rows = new Map(
      [...read.rows].map(([name, some]) => [
        name,
        some.map((row) => readdressed(name, row, paths)),
      ]),
    );
    const counts = await writeRows(store, { ...read, rows }, moved);
    return {
      projectId: counts.projectId,
      name: String(read.rows.get('projects')?.[0]?.['name'] ?? ''),
      rows: counts.rows,
      mediaFiles: placed.length - read.media.length,
      missing,
    };
  } catch (error) {
    for (const path of placed) await rm(join(mediaFolder, path), { recursive: true, force: true });
    throw diskError(error);
  } finally {
    await rm(stagingFolder, { recursive: true, force: true });
  }
}

async function readArchive(bundle: ZipBundle): Promise<Read> {
  if (!bundle.has(MANIFEST)) {
    throw new EngineError('input.invalid', `the archive has no ${MANIFEST}: it is no project`);
  }
  const head = manifest.safeParse(readJson(await bundle.text(MANIFEST, MAX_MANIFEST_BYTES)));
  if (!head.success || head.data.version > VERSION) {
    throw new EngineError(
      'input.invalid',
      `${MANIFEST} must say format "${FORMAT}" and a version up to ${VERSION}`,
    );
  }
  checkTables(bundle);
  const rows = new Map<ArchiveTable, readonly AnyRow[]>();
  for (const table of ARCHIVE_TABLES) {
    const schema = schemaOf(table.name);
    rows.set(table.name, (await readLines(bundle, tableFile(table.name), schema)) as AnyRow[]);
  }
  if (rows.get('projects')?.length !== 1) {
    throw new EngineError('input.invalid', `${tableFile('projects')} must have one row`);
  }
  const media = (await readLines(bundle, MEDIA_TABLE, mediaRow)) as MediaFile[];
  for (const one of media) for (const path of pathsOf(one)) checkPath(path);
  return { rows, media };
}

async function readLines(
  bundle: ZipBundle,
  name: string,
  schema: z.ZodType,
): Promise<readonly unknown[]> {
  if (!bundle.has(name)) return [];
  const rows: unknown[] = [];
  for await (const line of linesOf(bundle.read(name))) {
    if (line.trim() === '') continue;
    const parsed = schema.safeParse(readJson(line));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new EngineError(
        'input.invalid',
        `${name}, line ${rows.length + 1}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`,
      );
    }
    rows.push(parsed.data);
    if (rows.length % LINES_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return rows;
}

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest + decoder.decode();
}

/** @throws EngineError `input.too-large`. */
function checkTables(bundle: ZipBundle): void {
  const names = [...ARCHIVE_TABLES.map(({ name }) => tableFile(name)), MEDIA_TABLE];
  const bytes = names.reduce((sum, name) => sum + bundle.sizeBytes(name), 0);
  if (bytes <= MAX_TABLES_BYTES) return;
  throw new EngineError(
    'input.too-large',
    `the tables of the archive have ${bytes} bytes together, more than ${MAX_TABLES_BYTES}`,
  );
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Rows as the API takes them, with the fields that only the server writes. Anything else is left out. */
export function schemaOf(table: ArchiveTable): z.ZodType {
  const id = z.int().min(1);
  const found = Object.entries(CONTENT).find(([name]) => name === table)?.[1];
  if (table === 'visitors' || found === undefined) {
    return z.object({
      id,
      username: z.string().max(254),
      firstName: z.string().max(254).default(''),
      lastName: z.string().max(254).default(''),
      clientType: z.string().max(128).default(''),
      createdAtUnixMs: z.number(),
    });
  }
  const shape: z.ZodRawShape = { ...found.input, ...found.server };
  return z.object({ id, ...shape });
}

/** Makes all rows in one transaction, under new ids. @throws EngineError `input.invalid` naming table, row and field. */
export async function writeRows(
  store: SiteStore,
  read: Read,
  media: ReadonlyMap<string, MediaFile>,
): Promise<{ projectId: number; rows: Record<string, number> }> {
  const ids = new Map<string, Map<unknown, number | string>>();
  ids.set('media', new Map([...media].map(([before, { id }]) => [before, id])));
  const counts: Record<string, number> = {};
  return await store.control.write(async (scope) => {
    for (const one of media.values()) await store.media.putIn(scope, one);
    for (const table of ARCHIVE_TABLES) {
      const rows = read.rows.get(table.name) ?? [];
      const known = new Map<unknown, number | string>();
      ids.set(table.name, known);
      const fresh = await withoutSame(store, table, rows, known);
      counts[table.name] = fresh.length;
      for (const generation of generations(table, fresh)) {
        await makeRows(store, scope, table, generation, ids);
      }
    }
    const [projectId] = ids.get('projects')?.values() ?? [];
    return { projectId: Number(projectId), rows: counts };
  });
}

/** Leaves out rows that the site has already, and notes whose place they take. */
async function withoutSame(
  store: SiteStore,
  table: ArchivedTable,
  rows: readonly AnyRow[],
  known: Map<unknown, number | string>,
): Promise<readonly AnyRow[]> {
  const { sameBy } = table;
  if (sameBy === undefined) return rows;
  const key = (row: object): string =>
    JSON.stringify(sameBy.map((field) => (row as Record<string, unknown>)[field]));
  const here = new Map<string, number>();
  for await (const some of tableOf(store.content, table.name).each()) {
    for (const row of some) here.set(key(row), row.id);
  }
  return rows.filter((row) => {
    const same = here.get(key(row));
    if (same !== undefined) known.set(row.id, same);
    return same === undefined;
  });
}

/** Rows of a table that refers to itself: parents before children; a circle is broken at its first row. */
function* generations(table: ArchivedTable, rows: readonly AnyRow[]): Generator<readonly AnyRow[]> {
  const self = table.references.find(({ to }) => to === table.name);
  if (self === undefined) {
    yield rows;
    return;
  }
  const waiting = new Map(rows.map((row) => [row.id, row]));
  while (waiting.size > 0) {
    const free = [...waiting.values()].filter((row) => {
      const parent = row[self.field];
      return parent === null || parent === row.id || !waiting.has(Number(parent));
    });
    const next = free.length > 0 ? free : [...waiting.values()].slice(0, 1);
    for (const { id } of next) waiting.delete(id);
    yield next;
  }
}

async function makeRows(
  store: SiteStore,
  scope: SiteScope,
  table: ArchivedTable,
  rows: readonly AnyRow[],
  ids: ReadonlyMap<string, Map<unknown, number | string>>,
): Promise<void> {
  const columns = new Set(Object.keys(SPECS[table.name].columns));
  const values = rows.map((row) => {
    const value: Record<string, unknown> = {};
    for (const [field, given] of Object.entries(row)) {
      if (columns.has(field)) value[field] = given;
    }
    for (const { field, to, kind } of table.references) {
      const known = ids.get(to);
      const before = row[field];
      if (kind === 'list') {
        value[field] = (Array.isArray(before) ? before : []).flatMap((id) => known?.get(id) ?? []);
        continue;
      }
      const now = known?.get(before) ?? null;
      if (now === null && kind === 'must') {
        throw new EngineError(
          'input.invalid',
          `${tableFile(table.name)}: row ${row.id}: ${field} ${String(before)} is not in the archive`,
        );
      }
      value[field] = now;
    }
    return { ...value, ...extraOf(table.name, value) };
  });
  const made = await tableOf(store.content, table.name).createManyIn(scope, values as never);
  const known = ids.get(table.name);
  rows.forEach((row, i) => {
    const { id } = made[i] ?? { id: 0 };
    known?.set(row.id, id);
  });
}

/** What an archive does not bring: nobody may sign in as an imported author, and no work was left half done. */
function extraOf(
  table: ArchiveTable,
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (table === 'visitors') {
    const tokenHash = randomBytes(32).toString('hex');
    return { email: '', deviceId: null, staffId: null, tokenHash };
  }
  if (table === 'assets' && (value['ingest'] === 'waiting' || value['ingest'] === 'working')) {
    return { ingest: value['mediaId'] === null ? 'none' : 'waiting' };
  }
  return {};
}

/** The same media under a name that is free here; its files keep their endings. */
function renamed(media: MediaFile, stem: string): MediaFile {
  const change = (path: string): string => {
    const ending = /(-thumb\.\w+|\.peaks\.json|\.\w{1,10})$/.exec(basename(path))?.[0] ?? '';
    return path.startsWith(`${ORIGINALS}/`)
      ? `${ORIGINALS}/${stem}/source${ending}`
      : `${stem}${ending}`;
  };
  const variants = Object.fromEntries(
    Object.entries(media.variants ?? {}).map(([role, path]) => [role, change(path)]),
  ) as Variants;
  return {
    ...media,
    id: stem,
    file: change(media.file),
    ...(media.variants === undefined ? {} : { variants }),
    ...(media.peaksFile === undefined ? {} : { peaksFile: change(media.peaksFile) }),
  };
}

function pathPairs(before: MediaFile, after: MediaFile): ReadonlyMap<string, string> {
  const from = [before.file, ...Object.values(before.variants ?? {}), before.peaksFile ?? ''];
  const to = [after.file, ...Object.values(after.variants ?? {}), after.peaksFile ?? ''];
  const pairs = new Map<string, string>();
  from.forEach((path, i) => {
    if (path !== '') pairs.set(path, to[i] ?? '');
  });
  return pairs;
}

function checkPath(path: string): void {
  if (isMediaPath(path)) return;
  throw new EngineError('input.invalid', `${MEDIA_TABLE}: "${path}" is no path of a media file`);
}

async function unpack(
  bundle: ZipBundle,
  name: string,
  staged: string,
  target: string,
): Promise<void> {
  await pipeline(
    Readable.from(bundle.read(name), { objectMode: false }),
    createWriteStream(staged),
  );
  await mkdir(dirname(target), { recursive: true });
  await rename(staged, target);
}
