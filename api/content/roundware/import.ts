import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { MediaFile } from '../../../actors/control/media-files.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { sniffFile } from '../../../media/ingest/job.js';
import { schemaOf, writeRows } from '../archive/import.js';
import { type AnyRow, ARCHIVE_TABLES } from '../archive/shape.js';
import { diskError } from '../incoming.js';
import type { IngestService } from '../ingest.types.js';
import { ORIGINALS, reserveStem } from '../naming.js';
import { Extras } from './extras.js';
import * as read from './rows.js';
import { RoundwareSource, type Wire } from './source.js';

export const roundwareReport = z.object({
  projectId: z.int(),
  name: z.string(),
  rows: z.record(z.string(), z.int()),
  mediaFiles: z.int(),
  /** Speakers whose file was copied. */
  speakerFiles: z.int(),
  /** Pictures of the app that were copied. */
  elementFiles: z.int(),
  /**
   * Files that could not be had, and why. Their assets are there, marked as failed; speakers go on playing from their
   * address.
   */
  missing: z.array(z.string()),
});
export type RoundwareReport = z.infer<typeof roundwareReport>;

export interface RoundwareWish {
  /** `https://host/api/2/`, or with `projects/7/`. */
  readonly url: string;
  readonly token: string;
  /** Needed when the server has several and the address names none. */
  readonly projectId?: number | undefined;
  /** Copy the files that speakers play from the server itself. Default true. */
  readonly copySpeakerFiles?: boolean | undefined;
}

/** The one visit that all imported assets belong to; no Roundware API tells theirs. */
const VISIT = 1;

/**
 * Brings a project from a Roundware server over its API v2: settings, texts, tags, speakers, tracks, recordings with
 * their files, votes, pictures and labels of the app. Rows are made all or none; a file that cannot be had is named in the report and its asset marked
 * as failed. Recordings are converted afterwards like uploads. Files that speakers loop are copied, live streams stay
 * addresses.
 * @throws EngineError `input.invalid` (address, project, a row that does not fit), `link.closed` (the server's answer),
 * `spool.full`, `call.aborted`.
 */
export async function importRoundware(
  wish: RoundwareWish,
  services: {
    readonly store: SiteStore;
    readonly ingest: IngestService;
    readonly mediaFolder: string;
    readonly clock: Clock;
    readonly allowPrivate: boolean;
    readonly signal: AbortSignal;
  },
): Promise<RoundwareReport> {
  const { store, clock, signal, mediaFolder } = services;
  const nowUnixMs = clock.nowMs();
  const source = new RoundwareSource(wish.url, wish.token, services.allowPrivate, signal);
  const { rows, files } = await readProject(source, wish.projectId, nowUnixMs);
  const media = new Map<string, MediaFile>();
  const placed: string[] = [];
  const extras = new Extras(source, services);
  const { missing } = extras;
  let made: Awaited<ReturnType<typeof writeRows>>;
  try {
    const assets: AnyRow[] = [];
    for (const asset of rows.get('assets') ?? []) {
      const address = files.get(asset.id);
      assets.push({
        ...asset,
        ...(await fetched(asset, address, {
          ...services,
          source,
          media,
          placed,
          missing,
          nowUnixMs,
        })),
      });
    }
    rows.set('assets', assets);
    if (wish.copySpeakerFiles !== false) await extras.loadSounds(rows.get('speakers') ?? []);
    await extras.loadPictures(rows, Number(rows.get('projects')?.[0]?.id));
    checkRows(rows);
    made = await writeRows(store, { rows, media: [...media.values()] }, media);
  } catch (error) {
    await extras.discard();
    for (const path of placed) await rm(join(mediaFolder, path), { recursive: true, force: true });
    throw diskError(error);
  }
  try {
    await extras.place(rows, made.projectId);
  } finally {
    await extras.discard();
  }
  return {
    projectId: made.projectId,
    name: String(rows.get('projects')?.[0]?.['name'] ?? ''),
    rows: made.rows,
    mediaFiles: media.size,
    speakerFiles: extras.speakerFiles,
    elementFiles: extras.elementFiles,
    missing,
  };
}

async function readProject(
  source: RoundwareSource,
  wanted: number | undefined,
  nowUnixMs: number,
): Promise<{ readonly rows: read.RowsOf; readonly files: ReadonlyMap<number, string> }> {
  const languages = (await source.list('languages/')).map(read.languageRow);
  const strings = new read.Strings(languages);
  const project = read.projectRow(
    pick(await source.list('projects/', { admin: '1' }), source.projectId ?? wanted),
    strings,
  );
  const of = { project_id: String(project.id), admin: '1' };
  const inProject = (list: readonly Wire[]) =>
    list.filter((w) => w['project_id'] === undefined || Number(w['project_id']) === project.id);
  const tags = inProject(await source.list('tags/', of));
  const groups = inProject(await source.list('uigroups/', of));
  const categories = await source.list('tagcategories/');
  const used = new Set([...tags, ...groups].map((w) => Number(w['tag_category_id'])));
  const tagIds = new Set(tags.map((w) => Number(w['id'])));
  const relationships = await source.list('tagrelationships/');
  const items = groups.flatMap((w) =>
    Array.isArray(w['ui_items']) ? (w['ui_items'] as Wire[]) : [],
  );
  const assets = inProject(await source.list('assets/', of));
  const people = new Map<number, Wire>();
  for (const { user } of assets as readonly { user?: Wire | null }[]) {
    if (user !== null && user !== undefined) people.set(Number(user['id']), user);
  }
  const votes = await ifThere(source.list('votes/', of));
  const elements = inProject(await ifThere(source.list('uielements/', of)));
  const elementNames = elements.length === 0 ? [] : await source.list('uielementnames/');
  const elementRows = elements.map((w) => read.elementRow(w, strings));
  const labels = new Set(elementRows.flatMap((row) => row['labelTextLocIds'] as number[]));
  if ([...labels].some((id) => !strings.has(id))) {
    for (const w of await ifThere(source.list('localizedstrings/'))) {
      if (labels.has(Number(w['id']))) strings.add(w);
    }
  }
  const nameIds = new Set(elementRows.map((row) => row['nameId']));
  const nameRows = elementNames.map(read.elementNameRow).filter(({ id }) => nameIds.has(id));
  const named = new Set(nameRows.map(({ id }) => id));
  const assetRows = assets.map((w) => read.assetRow(w, strings, project, VISIT, nowUnixMs));
  const assetIds = new Set(assetRows.map(({ id }) => id));
  const envelopes = new Map<number, AnyRow>();
  for (const { envelopeIds, createdAtUnixMs } of assetRows) {
    for (const id of envelopeIds as readonly number[]) {
      envelopes.set(id, { id, sessionId: VISIT, createdAtUnixMs });
    }
  }
  const files = new Map<number, string>();
  for (const w of assets) {
    if (typeof w['file'] === 'string' && w['file'] !== '') files.set(Number(w['id']), w['file']);
  }
  const known = new Set(languages.map(({ id }) => id));
  const first = languages[0]?.id ?? 1;
  const rows: read.RowsOf = new Map<never, never>();
  rows.set('languages', languages);
  rows.set('projects', [project]);
  rows.set(
    'tagCategories',
    categories.map(read.categoryRow).filter(({ id }) => used.has(id)),
  );
  rows.set(
    'tags',
    tags.map((w) => read.tagRow(w, strings)),
  );
  rows.set(
    'tagRelationships',
    relationships.map(read.relationshipRow).filter((row) => tagIds.has(Number(row['tagId']))),
  );
  rows.set(
    'uiGroups',
    groups.map((w) => read.uiGroupRow(w, strings)),
  );
  rows.set(
    'uiItems',
    items.map(read.uiItemRow).filter((row) => tagIds.has(Number(row['tagId']))),
  );
  rows.set('uiElementNames', nameRows);
  rows.set(
    'uiElements',
    elementRows.filter((row) => named.has(Number(row['nameId']))),
  );
  rows.set('audioTracks', inProject(await source.list('audiotracks/', of)).map(read.trackRow));
  rows.set(
    'speakers',
    inProject(await source.list('speakers/', of)).map((w) => read.speakerRow(w, source.base)),
  );
  rows.set(
    'visitors',
    [...people.values()].map((w) => read.visitorRow(w, nowUnixMs)),
  );
  rows.set('sessions', [visit(project, first, nowUnixMs)]);
  rows.set('envelopes', [...envelopes.values()]);
  rows.set(
    'assets',
    assetRows.map((row) =>
      known.has(Number(row['languageId'])) ? row : { ...row, languageId: first },
    ),
  );
  rows.set(
    'timedAssets',
    (await source.list('timedassets/', of))
      .map(read.timedRow)
      .filter((row) => assetIds.has(Number(row['assetId']))),
  );
  rows.set(
    'votes',
    votes
      .map((w) => read.voteRow(w, VISIT, nowUnixMs))
      .filter((row) => assetIds.has(Number(row['assetId']))),
  );
  rows.set(
    'localizedStrings',
    strings.rows.filter((row) => known.has(Number(row['languageId']))),
  );
  return { rows, files };
}

/** Older servers do not have all lists. */
const ifThere = async (list: Promise<readonly Wire[]>): Promise<readonly Wire[]> =>
  await list.catch((error: unknown) => {
    if (EngineError.from(error).message.includes('404')) return [];
    throw error;
  });

function pick(projects: readonly Wire[], wanted: number | undefined): Wire {
  const names = projects
    .map((w) => `${String(w['id'])} ${String(w['name'])}`)
    .slice(0, 20)
    .join(', ');
  const [only] = projects;
  if (wanted === undefined && projects.length === 1 && only !== undefined) return only;
  const found = projects.find((w) => Number(w['id']) === wanted);
  if (found !== undefined) return found;
  throw new EngineError(
    'input.invalid',
    wanted === undefined
      ? `url: the server has ${projects.length} projects: end the address with projects/<id>/ (${names})`
      : `url: the server has no project ${wanted} (${names})`,
  );
}

const visit = (project: AnyRow, languageId: number, nowUnixMs: number): AnyRow => ({
  id: VISIT,
  projectId: project.id,
  userId: null,
  languageId,
  clientType: 'import',
  clientSystem: 'Roundware import',
  timezone: '0000',
  geoListenEnabled: true,
  demoStreamEnabled: false,
  startedAtUnixMs: nowUnixMs,
  endedAtUnixMs: nowUnixMs,
  endReason: 'imported',
});

interface Fetching {
  readonly source: RoundwareSource;
  readonly ingest: IngestService;
  readonly mediaFolder: string;
  readonly nowUnixMs: number;
  readonly signal: AbortSignal;
  readonly media: Map<string, MediaFile>;
  readonly placed: string[];
  readonly missing: string[];
}

/** Loads an asset's file to where originals lie. @returns what the asset gets of it. */
async function fetched(
  asset: AnyRow,
  address: string | undefined,
  { source, ingest, mediaFolder, nowUnixMs, signal, media, placed, missing }: Fetching,
): Promise<Record<string, unknown>> {
  const none = { mediaId: null, filename: null };
  if (address === undefined) return { ...none, ingest: 'none' };
  let file: string;
  try {
    file = await ingest.save(await source.file(address));
  } catch (thrown) {
    const error = EngineError.from(thrown, 'link.closed');
    if (signal.aborted || error.code === 'spool.full') throw error;
    missing.push(`asset ${asset.id}: ${error.message}`);
    return { ...none, ingest: 'failed', ingestError: error.message.slice(0, 500) };
  }
  try {
    const found = await sniffFile(file);
    const extension = found.kind === 'unknown' ? 'bin' : found.extension;
    const stem = await reserveStem(mediaFolder, Number(asset['createdAtUnixMs']), 0);
    placed.push(`${ORIGINALS}/${stem}`);
    const original = `${ORIGINALS}/${stem}/source.${extension}`;
    await mkdir(dirname(join(mediaFolder, original)), { recursive: true });
    await rename(file, join(mediaFolder, original));
    media.set(stem, {
      id: stem,
      name: basename(new URL(address, source.base).pathname).slice(0, 200),
      file: original,
      contentType: found.kind === 'text' ? 'text/plain' : 'application/octet-stream',
      sizeBytes: 0,
      durationMs: undefined,
      sha256: '',
      createdAtUnixMs: nowUnixMs,
      variants: { original },
    });
    return { mediaId: stem, filename: null, ingest: 'waiting' };
  } catch (error) {
    await ingest.discard(file);
    throw error;
  }
}

/** Fills in defaults, and refuses what would not fit. */
function checkRows(rows: read.RowsOf): void {
  for (const { name } of ARCHIVE_TABLES) {
    const schema = schemaOf(name);
    const checked = (rows.get(name) ?? []).map((row) => {
      const parsed = schema.safeParse(withServerFields(name, row));
      if (parsed.success) return parsed.data as AnyRow;
      const issue = parsed.error.issues[0];
      throw new EngineError(
        'input.invalid',
        `${name} ${row.id} of the Roundware server does not fit: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
      );
    });
    rows.set(name, checked);
  }
}

function withServerFields(name: string, row: AnyRow): object {
  if (name !== 'assets') return row;
  const unknown = {
    startS: null,
    endS: null,
    lengthS: null,
    loudnessLufs: null,
    ingestError: null,
  };
  return { ...unknown, ...row };
}
