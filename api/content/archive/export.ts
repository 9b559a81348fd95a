import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { type MediaFile, pathsOf } from '../../../actors/control/media-files.js';
import type { SiteStore } from '../../../actors/control/site.js';
import { EngineError } from '../../../engine/errors.js';
import { mp3Of, pathsIn, plainFile, wavOf } from './addresses.js';
import {
  type AnyRow,
  type ArchivedTable,
  FORMAT,
  MANIFEST,
  MEDIA_TABLE,
  mediaFile,
  tableFile,
  tableOf,
  VERSION,
} from './shape.js';

const AT_ONCE = 500;

type Rows = AsyncIterable<readonly AnyRow[]>;

/** Reads what belongs to one project, a table after the other, and remembers what later tables need. */
class ProjectReader {
  readonly #store: SiteStore;
  readonly #projectId: number;
  readonly #project: AnyRow;

  constructor(store: SiteStore, project: AnyRow) {
    this.#store = store;
    this.#project = project;
    this.#projectId = project.id;
  }

  /** The rows of a table that belong to the project, in pieces. */
  rows(name: string): Rows {
    const { content } = this.#store;
    switch (name) {
      case 'languages':
      case 'uiElementNames':
        return all(tableOf(content, name).each());
      case 'localizedStrings':
        return this.#strings();
      case 'projects':
        return some([this.#project]);
      case 'tagCategories':
        return this.#byIds(name, this.#idsIn(['tags', 'uiGroups'], 'categoryId'));
      case 'tagRelationships':
        return this.#children(name, 'tagId', 'tags');
      case 'uiItems':
        return this.#children(name, 'groupId', 'uiGroups');
      case 'visitors':
        return this.#visitors();
      case 'sessions':
        return this.#byIds(name, this.#sessionIds());
      case 'envelopes':
        return this.#byIds(name, this.#idsIn(['assets'], 'envelopeIds'));
      case 'votes':
        return this.#children(name, 'assetId', 'assets');
      default:
        return all(this.#own(name));
    }
  }

  /** Media that it names by id, address or name, each once, and paths of files without a row. */
  async media(): Promise<{
    readonly media: readonly MediaFile[];
    readonly plain: readonly string[];
  }> {
    const ids = await this.#idsIn(['assets', 'speakers'], 'mediaId');
    const paths = new Set(pathsIn('projects', this.#project));
    for (const name of ['assets', 'speakers'] as const) {
      for await (const rows of this.#own(name)) {
        for (const row of rows) for (const path of pathsIn(name, row)) paths.add(path);
      }
    }
    const media = (await this.#store.media.list()).filter(
      (one) =>
        ids.has(one.id) || pathsOf(one).some((path) => paths.has(path) || paths.has(mp3Of(path))),
    );
    const known = new Set(media.flatMap(pathsOf));
    return {
      media,
      plain: [...paths].filter((path) => !known.has(path) && !known.has(wavOf(path))),
    };
  }

  #own(name: string): Rows {
    const table = tableOf(this.#store.content, name as 'tags') as unknown as {
      each(find: unknown): Rows;
    };
    return table.each({ where: [{ field: 'projectId', op: '=', value: this.#projectId }] });
  }

  /** Values of a field in all rows of some tables of the project. */
  async #idsIn(tables: readonly string[], field: string): Promise<ReadonlySet<unknown>> {
    const ids = new Set<unknown>();
    for (const name of tables) {
      for await (const rows of this.#own(name)) {
        for (const row of rows) {
          const value = row[field];
          if (Array.isArray(value)) for (const id of value) ids.add(id);
          else if (value !== null && value !== undefined) ids.add(value);
        }
      }
    }
    return ids;
  }

  async *#byIds(name: string, ids: Promise<ReadonlySet<unknown>>): AsyncGenerator<AnyRow[]> {
    const table = tableOf(this.#store.content, name as 'tags');
    const wanted = [...(await ids)].map(Number);
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      yield [...(await table.many(wanted.slice(at, at + AT_ONCE)))] as unknown as AnyRow[];
    }
  }

  async *#children(name: string, field: string, parents: string): AsyncGenerator<AnyRow[]> {
    const table = tableOf(this.#store.content, name as 'tags') as unknown as {
      each(find: unknown): Rows;
    };
    for await (const rows of this.#own(parents)) {
      const where = [{ field, op: 'in', value: rows.map(({ id }) => id) }];
      for await (const some of table.each({ where })) yield [...some];
    }
  }

  async #sessionIds(): Promise<ReadonlySet<unknown>> {
    const ids = new Set(await this.#idsIn(['assets'], 'sessionId'));
    for await (const rows of this.rows('envelopes'))
      for (const row of rows) ids.add(row['sessionId']);
    for await (const rows of this.rows('votes')) for (const row of rows) ids.add(row['sessionId']);
    return ids;
  }

  /** Authors by name; nothing that lets anybody sign in as them or write to them. */
  async *#visitors(): AsyncGenerator<AnyRow[]> {
    const ids = new Set(await this.#idsIn(['assets'], 'userId'));
    for await (const rows of this.rows('sessions')) for (const row of rows) ids.add(row['userId']);
    for await (const rows of this.#byIds('visitors', Promise.resolve(ids))) {
      yield rows.map((row) => ({
        ...row,
        email: '',
        deviceId: null,
        tokenHash: '',
        staffId: null,
      }));
    }
  }

  async *#strings(): AsyncGenerator<AnyRow[]> {
    const ids = new Set<unknown>();
    const gather = (row: AnyRow): void => {
      for (const [field, value] of Object.entries(row)) {
        if (field.endsWith('LocIds') && Array.isArray(value)) for (const id of value) ids.add(id);
      }
    };
    gather(this.#project);
    for (const name of ['tags', 'uiGroups', 'uiElements', 'assets']) {
      for await (const rows of this.#own(name)) for (const row of rows) gather(row);
    }
    yield* this.#byIds('localizedStrings', Promise.resolve(ids));
  }
}

const all = (rows: AsyncIterable<readonly unknown[]>): Rows => rows as Rows;

async function* some(rows: readonly AnyRow[]): AsyncGenerator<readonly AnyRow[]> {
  yield await Promise.resolve(rows);
}

/**
 * Tables are read one after the other while people go on working: a row that came with something of a table that is
 * written already stays out, since nobody could import it.
 */
async function* whole(
  table: ArchivedTable,
  pieces: Rows,
  written: Map<string, Set<unknown>>,
): Rows {
  const ids = new Set<unknown>();
  written.set(table.name, ids);
  const needed = table.references.filter(({ kind }) => kind === 'must');
  for await (const rows of pieces) {
    const kept = rows.filter((row) =>
      needed.every(({ field, to }) => written.get(to)?.has(row[field]) === true),
    );
    for (const { id } of kept) ids.add(id);
    yield kept;
  }
}

export interface Exported {
  readonly name: string;
  /** The ZIP as it is made; nothing of it lies on disk. Ends with an error when the store or a file fails. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * A project with all of its media as one archive: `manifest.json`, `tables/<name>.ndjson` and `media/<path>`. Files
 * that are missing on disk are named in the manifest and left out.
 * @throws EngineError `not-found`.
 */
export async function exportProject(
  store: SiteStore,
  mediaFolder: string,
  projectId: number,
  nowUnixMs: number,
  tables: readonly ArchivedTable[],
): Promise<Exported> {
  const project = await store.content.projects.get(projectId);
  if (project === undefined) throw new EngineError('not-found', `there is no project ${projectId}`);
  const reader = new ProjectReader(store, project as unknown as AnyRow);
  const zip = new ZipFile();
  // A PassThrough, whatever the types say.
  const out = zip.outputStream as Readable;
  zip.on('error', (error: Error) => out.destroy(error));
  const lazily = (name: string, compress: boolean, open: () => Readable): void => {
    zip.addReadStreamLazy(name, { compress }, (done) => {
      const stream = open();
      stream.on('error', (error) => out.destroy(error));
      done(null, stream);
    });
  };
  const missing: string[] = [];
  const found = await reader.media();
  const media = [...found.media];
  for (const path of found.plain) {
    const facts = await stat(join(mediaFolder, path)).catch(() => undefined);
    if (facts?.isFile() === true) media.push(plainFile(path, facts.size, nowUnixMs));
    else missing.push(path);
  }
  const manifest = {
    format: FORMAT,
    version: VERSION,
    project: project.name,
    exportedAtUnixMs: nowUnixMs,
    missing,
  };
  const written = new Map<string, Set<unknown>>();
  for (const table of tables) {
    lazily(tableFile(table.name), true, () =>
      Readable.from(lines(whole(table, reader.rows(table.name), written))),
    );
  }
  lazily(MEDIA_TABLE, true, () => Readable.from(lines(some(media as unknown as AnyRow[]))));
  for (const path of new Set(media.flatMap(pathsOf))) {
    const file = join(mediaFolder, path);
    const facts = await stat(file).catch(() => undefined);
    if (facts?.isFile() !== true) missing.push(path);
    else lazily(mediaFile(path), false, () => createReadStream(file));
  }
  zip.addBuffer(Buffer.from(JSON.stringify(manifest, null, 2)), MANIFEST);
  zip.end();
  const safe = project.name.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  return { name: `${safe === '' ? 'project' : safe}-${projectId}.zip`, bytes: out };
}

async function* lines(pieces: Rows): AsyncGenerator<Buffer> {
  for await (const rows of pieces) {
    if (rows.length > 0) {
      yield Buffer.from(`${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
    }
  }
}
