import { basename } from 'node:path';
import { z } from 'zod';
import type { Language, Tag } from '../../../actors/content/content.types.js';
import type { ContentStore } from '../../../actors/content/store.types.js';
import { EngineError } from '../../../engine/errors.js';
import type { Arrival, IngestService } from '../ingest.types.js';
import { readWishes } from '../wishes.js';
import { readTable, type TableRow } from './table-file.js';
import type { ZipBundle } from './zip.js';

export const massUploadReport = z.object({
  table: z.string().nullable(),
  received: z.int(),
  failed: z.int(),
  rows: z.array(
    z.object({
      row: z.int().nullable(),
      file: z.string(),
      status: z.enum(['received', 'failed']),
      assetId: z.int().nullable(),
      error: z.string().nullable(),
    }),
  ),
  /** In the archive, but in no row of the table. */
  unused: z.array(z.string()),
});
export type MassUploadReport = z.infer<typeof massUploadReport>;
type ReportRow = MassUploadReport['rows'][number];

const MAX_TABLE_BYTES = 33_554_432;
const TABLE = /\.(csv|geojson)$/i;
const YES = /^(true|yes|y|1)$/i;

/**
 * Brings many recordings at once: each row of the archive's table (CSV or GeoJSON) names a file, its place and tags;
 * without a table every file comes without a place. A row that fails does not keep the others; what is wrong with it
 * is in the report. While the queue is full it waits, so that no archive is too long.
 * @throws EngineError `input.invalid` for an unusable table, `not-found` for the project, `call.aborted`.
 */
export async function massUpload(
  bundle: ZipBundle,
  projectId: number,
  services: { readonly content: ContentStore; readonly ingest: IngestService },
  signal: AbortSignal,
): Promise<MassUploadReport> {
  const { content, ingest } = services;
  if ((await content.projects.get(projectId)) === undefined) {
    throw new EngineError('not-found', `there is no project ${projectId}`);
  }
  const table = tableName(bundle);
  const rows: readonly TableRow[] =
    table === undefined
      ? bundle.names.map((file, i) => ({ row: i + 1, file, fields: new Map(), shape: undefined }))
      : readTable(table, await bundle.text(table, MAX_TABLE_BYTES));
  const words = await dictionary(content, projectId);
  const byName = new Map<string, string[]>();
  for (const name of bundle.names) {
    const same = byName.get(basename(name));
    if (same === undefined) byName.set(basename(name), [name]);
    else same.push(name);
  }
  const used = new Set<string>(table === undefined ? [] : [table]);
  const report: ReportRow[] = [];
  for (const row of rows) {
    if (signal.aborted) throw new EngineError('call.aborted', 'the mass upload was stopped');
    const line = { row: table === undefined ? null : row.row, file: row.file };
    try {
      const name = findFile(bundle, byName, row.file, table);
      used.add(name);
      const arrival = arrivalOfRow(row, projectId, words);
      await ingest.room(signal);
      const asset = await ingest.receive({
        ...arrival,
        declaredName: basename(name),
        declaredType: typeOfName(name),
        source: { bytes: bundle.read(name) },
      });
      report.push({ ...line, status: 'received', assetId: asset.id, error: null });
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code === 'call.aborted' || error.code === 'server.stopping') throw error;
      report.push({ ...line, status: 'failed', assetId: null, error: error.message });
    }
  }
  return {
    table: table ?? null,
    received: report.filter(({ status }) => status === 'received').length,
    failed: report.filter(({ status }) => status === 'failed').length,
    rows: report,
    unused: bundle.names.filter((name) => !used.has(name)).slice(0, 10_000),
  };
}

function tableName(bundle: ZipBundle): string | undefined {
  const tables = bundle.names.filter((name) => TABLE.test(name));
  if (tables.length > 1) {
    throw new EngineError(
      'input.invalid',
      `the archive has ${tables.length} tables (${tables.slice(0, 5).join(', ')}): keep one`,
    );
  }
  return tables[0];
}

/** A table may name files with or without their folder. */
function findFile(
  bundle: ZipBundle,
  byName: ReadonlyMap<string, readonly string[]>,
  wanted: string,
  table: string | undefined,
): string {
  if (wanted === '') throw new EngineError('input.invalid', 'file: the row names none');
  const clean = wanted.replaceAll('\\', '/').replace(/^\.\//, '');
  const beside = table === undefined ? '' : table.slice(0, table.lastIndexOf('/') + 1);
  for (const name of [clean, beside + clean]) if (bundle.has(name)) return name;
  const same = byName.get(basename(clean)) ?? [];
  if (same.length === 1 && same[0] !== undefined) return same[0];
  throw new EngineError(
    'input.invalid',
    same.length === 0
      ? `file: ${wanted} is not in the archive`
      : `file: the archive has ${same.length} files of this name: write the folder too`,
  );
}

interface Dictionary {
  readonly tags: readonly Tag[];
  readonly languages: readonly Language[];
}

async function dictionary(content: ContentStore, projectId: number): Promise<Dictionary> {
  return {
    tags: await content.tags.find({ where: [{ field: 'projectId', op: '=', value: projectId }] }),
    languages: await content.languages.find(),
  };
}

function arrivalOfRow(
  { fields, shape }: TableRow,
  projectId: number,
  words: Dictionary,
): Omit<Arrival, 'source'> {
  const own = new Set(['tags', 'language', 'submitted']);
  const wishes = readWishes(new Map([...fields].filter(([key]) => !own.has(key))));
  const { latitude, longitude, description, volume, weight, mediaType } = wishes;
  if ((latitude === undefined) !== (longitude === undefined)) {
    throw new EngineError('input.invalid', 'latitude and longitude belong together: give both');
  }
  const language = fields.get('language');
  const languageId = words.languages.find(
    ({ code, name }) => code === language?.toLowerCase() || name === language,
  )?.id;
  if (language !== undefined && languageId === undefined) {
    throw new EngineError('input.invalid', `language: "${language}" is not known here`);
  }
  const submitted = fields.get('submitted');
  return {
    projectId,
    tagIds: tagIdsOf(fields.get('tags') ?? '', words.tags),
    // Whoever brings a whole folder has chosen already.
    submitted: submitted === undefined ? true : YES.test(submitted),
    ...(latitude === undefined || longitude === undefined
      ? {}
      : { position: { latitude, longitude } }),
    ...(shape === undefined ? {} : { shape }),
    ...(description === undefined ? {} : { description }),
    ...(volume === undefined ? {} : { volume }),
    ...(weight === undefined ? {} : { weight }),
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(languageId === undefined ? {} : { languageId }),
  };
}

/** Tags by id or by value, any letter case. */
function tagIdsOf(text: string, tags: readonly Tag[]): number[] {
  const words = text.split(/[;,|]/).map((word) => word.trim());
  return words
    .filter((word) => word !== '')
    .map((word) => {
      const lower = word.toLowerCase();
      const tag = tags.find(
        ({ id, value, description }) =>
          String(id) === word ||
          value.toLowerCase() === lower ||
          description.toLowerCase() === lower,
      );
      if (tag !== undefined) return tag.id;
      throw new EngineError('input.invalid', `tags: the project has no tag "${word}"`);
    });
}

/** Only so that texts are taken as texts; everything else is told by its content. */
function typeOfName(name: string): string {
  return /\.(txt|md|html?)$/i.test(name) ? 'text/plain' : 'application/octet-stream';
}
