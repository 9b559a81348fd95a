import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Asset } from '../../actors/content/content.types.js';
import { type MediaFile, pathsOf } from '../../actors/control/media-files.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { sniffFile } from '../../media/ingest/job.js';
import type { Ingest } from './ingest.js';
import { ORIGINALS } from './naming.js';
import { ELEMENT_FOLDER } from './roundware/element-files.js';

const ACTIONS = {
  'convert-again': 'make its files anew from the original',
  'mark-failed': 'mark the asset as failed: nothing of its media is left',
  'remove-file': 'delete the file',
  'remove-media': 'delete the files and forget the media',
  none: 'nothing: look at it yourself',
} as const;
type Action = keyof typeof ACTIONS;

export const finding = z.object({
  kind: z.enum(['missing-file', 'missing-media', 'unreadable', 'unused-file', 'unused-media']),
  /** File, media or asset it is about. */
  what: z.string(),
  mediaId: z.string().nullable(),
  assetIds: z.array(z.int()),
  sizeBytes: z.number(),
  /** What repair does about it. */
  action: z.enum(Object.keys(ACTIONS) as [Action, ...Action[]]),
  repair: z.string(),
  /** After a repair: was it done? */
  done: z.boolean().nullable(),
});
export type Finding = z.infer<typeof finding>;

export const checkReport = z.object({
  atUnixMs: z.number(),
  /** Media were opened and decoded, not only looked for. */
  deep: z.boolean(),
  mediaCount: z.int(),
  fileCount: z.int(),
  findings: z.array(finding),
  /** There are more; they come after a repair. */
  more: z.boolean(),
});
export type CheckReport = z.infer<typeof checkReport>;

export interface CheckOptions {
  readonly deep: boolean;
  readonly repair: boolean;
  readonly signal: AbortSignal;
}

const MOST = 5_000;
/** Younger files may still be on their way to their rows, ms. */
const YOUNG_MS = 600_000;
/** Names that ingest gives; only such files are ever deleted. */
const OURS = /^\d{8}-\d{6}-\d+(_\d+|-[0-9a-f]{32})?(-thumb\.\w+|\.peaks\.json|\.\w+)?$/;

/** Compares what the store says with what is on disk. One run at a time. */
export class Checks {
  readonly #store: SiteStore;
  readonly #ingest: Ingest;
  readonly #mediaFolder: string;
  readonly #clock: Clock;
  #running = false;

  constructor(options: {
    readonly store: SiteStore;
    readonly ingest: Ingest;
    readonly mediaFolder: string;
    readonly clock: Clock;
  }) {
    this.#store = options.store;
    this.#ingest = options.ingest;
    this.#mediaFolder = options.mediaFolder;
    this.#clock = options.clock;
  }

  /** @throws EngineError `server.busy` while another run goes on, `call.aborted`. */
  async run(options: CheckOptions): Promise<CheckReport> {
    if (this.#running)
      throw new EngineError('server.busy', 'a check is under way: try again later');
    this.#running = true;
    try {
      const report = await this.#look(options);
      if (!options.repair) return report;
      const findings: Finding[] = [];
      for (const one of report.findings) {
        const done = one.action === 'none' ? false : await this.#repair(one);
        findings.push({ ...one, done });
      }
      await this.#ingest.takeUp();
      return { ...report, findings };
    } finally {
      this.#running = false;
    }
  }

  async #look({ deep, signal }: CheckOptions): Promise<CheckReport> {
    const findings: Finding[] = [];
    const add = (
      one: Omit<Finding, 'repair' | 'done' | 'sizeBytes'> & { readonly sizeBytes?: number },
    ): void => {
      findings.push({ sizeBytes: 0, ...one, repair: ACTIONS[one.action], done: null });
    };
    const media = await this.#store.media.list();
    const ids = new Set(media.map(({ id }) => id));
    const uses = await this.#uses();
    for (const [mediaId, assets] of uses.assets) {
      if (ids.has(mediaId)) continue;
      const assetIds = assets.map(({ id }) => id);
      const action = assets.every(({ ingest }) => ingest === 'failed') ? 'none' : 'mark-failed';
      add({ kind: 'missing-media', what: `media ${mediaId}`, mediaId, assetIds, action });
    }
    const known = new Set<string>();
    for (const one of media) {
      if (signal.aborted) throw new EngineError('call.aborted', 'the check was stopped');
      for (const path of pathsOf(one)) known.add(path);
      const assets = uses.assets.get(one.id) ?? [];
      const assetIds = assets.map(({ id }) => id);
      if (assets.length === 0 && !uses.others.has(one.id) && !usedByFile(one, uses.files)) {
        const mine = OURS.test(one.id) && this.#old(one.createdAtUnixMs);
        const action = mine ? 'remove-media' : 'none';
        const { sizeBytes } = one;
        add({ kind: 'unused-media', what: one.name, mediaId: one.id, assetIds, action, sizeBytes });
        continue;
      }
      // Files of what is on its way come and go.
      if (assets.some(({ ingest }) => ingest === 'waiting' || ingest === 'working')) continue;
      const missing = await this.#missing(one);
      const again = await this.#canConvert(one, assets);
      for (const path of missing) {
        const failed = assets.every(({ ingest }) => ingest === 'failed');
        const left = again
          ? 'convert-again'
          : path === one.file && !failed
            ? 'mark-failed'
            : 'none';
        add({ kind: 'missing-file', what: path, mediaId: one.id, assetIds, action: left });
      }
      if (missing.length === 0 && (await this.#unreadable(one, assets, deep, signal))) {
        const action = again ? 'convert-again' : assets.length > 0 ? 'mark-failed' : 'none';
        add({ kind: 'unreadable', what: one.file, mediaId: one.id, assetIds, action });
      }
    }
    const files = await this.#files();
    for (const { path, sizeBytes, changedAtUnixMs } of files) {
      if (known.has(path) || uses.files.has(path) || !this.#old(changedAtUnixMs)) continue;
      if (path.startsWith(`${ELEMENT_FOLDER}/`)) continue;
      // Made when somebody asked for it.
      if (known.has(path.replace(/\.mp3$/, '.wav'))) continue;
      const own = OURS.test(path.startsWith(`${ORIGINALS}/`) ? (path.split('/')[1] ?? '') : path);
      const action = own ? 'remove-file' : 'none';
      add({ kind: 'unused-file', what: path, mediaId: null, assetIds: [], action, sizeBytes });
    }
    return {
      atUnixMs: this.#clock.nowMs(),
      deep,
      mediaCount: media.length,
      fileCount: files.length,
      findings: findings.slice(0, MOST),
      more: findings.length > MOST,
    };
  }

  /** Who plays which media: by id, or by the address of a file. */
  async #uses(): Promise<{
    readonly assets: ReadonlyMap<string, readonly Asset[]>;
    readonly others: ReadonlySet<string>;
    readonly files: ReadonlySet<string>;
  }> {
    const { content } = this.#store;
    const assets = new Map<string, Asset[]>();
    for await (const rows of content.assets.each()) {
      for (const row of rows) {
        if (row.mediaId === null) continue;
        const same = assets.get(row.mediaId);
        if (same === undefined) assets.set(row.mediaId, [row]);
        else same.push(row);
      }
    }
    const others = new Set<string>();
    const files = new Set<string>();
    const noteUrl = (url: string): void => {
      const file = /\/media\/([A-Za-z0-9._-]+)/.exec(url)?.[1];
      if (file !== undefined) files.add(file);
    };
    for await (const rows of content.speakers.each()) {
      for (const { mediaId, uri, backupUri } of rows) {
        if (mediaId !== null) others.add(mediaId);
        noteUrl(uri);
        noteUrl(backupUri);
      }
    }
    for await (const rows of content.projects.each()) {
      for (const row of rows) noteUrl(`${row.plan?.url ?? ''} ${row.outOfRangeUrl}`);
    }
    return { assets, others, files };
  }

  async #missing(media: MediaFile): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const path of pathsOf(media)) {
      const facts = await stat(join(this.#mediaFolder, path)).catch(() => undefined);
      if (facts?.isFile() !== true) missing.push(path);
    }
    return missing;
  }

  async #canConvert(media: MediaFile, assets: readonly Asset[]): Promise<boolean> {
    const original = media.variants?.original;
    if (original === undefined || assets.length === 0) return false;
    if (assets.every(({ ingest }) => ingest === 'failed')) return false;
    const facts = await stat(join(this.#mediaFolder, original)).catch(() => undefined);
    return facts?.isFile() === true && facts.size > 0;
  }

  async #unreadable(
    media: MediaFile,
    assets: readonly Asset[],
    deep: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    // A failed asset says so itself.
    if (assets.length > 0 && assets.every(({ ingest }) => ingest === 'failed')) return false;
    const file = join(this.#mediaFolder, media.file);
    const { size } = await stat(file);
    if (size === 0 || size < media.sizeBytes) return true;
    const found = await sniffFile(file);
    if (found.kind === 'unknown') return true;
    return deep && found.kind !== 'text' && !(await this.#ingest.sideJobs.readable(file, signal));
  }

  async #files(): Promise<
    readonly {
      readonly path: string;
      readonly sizeBytes: number;
      readonly changedAtUnixMs: number;
    }[]
  > {
    const files = [];
    const folders = [''];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const entries = await readdir(join(this.#mediaFolder, folder), { withFileTypes: true });
      for (const entry of entries) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory()) folders.push(path);
        if (!entry.isFile()) continue;
        const { size, mtimeMs } = await stat(join(this.#mediaFolder, path));
        files.push({ path, sizeBytes: size, changedAtUnixMs: mtimeMs });
      }
    }
    return files;
  }

  #old(atUnixMs: number): boolean {
    return atUnixMs < this.#clock.nowMs() - YOUNG_MS;
  }

  /** @returns false when it changed since it was found. */
  async #repair({ action, mediaId, assetIds, what }: Finding): Promise<boolean> {
    const { content, media } = this.#store;
    switch (action) {
      case 'convert-again':
      case 'mark-failed': {
        const values =
          action === 'convert-again'
            ? ({ ingest: 'waiting', ingestError: null } as const)
            : ({ ingest: 'failed', ingestError: 'its file is missing or damaged' } as const);
        for (const id of assetIds) await content.assets.update(id, values);
        return assetIds.length > 0;
      }
      case 'remove-file':
        await rm(join(this.#mediaFolder, what), { force: true });
        return true;
      case 'remove-media': {
        const found = await media.get(mediaId ?? '');
        if (found === undefined) return false;
        await media.remove(found.id);
        for (const path of pathsOf(found)) await rm(join(this.#mediaFolder, path), { force: true });
        await rm(join(this.#mediaFolder, ORIGINALS, found.id), { recursive: true, force: true });
        return true;
      }
      case 'none':
        return false;
    }
  }
}

const usedByFile = (media: MediaFile, files: ReadonlySet<string>): boolean =>
  pathsOf(media).some((path) => files.has(path));
