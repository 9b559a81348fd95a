import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Asset } from '../../actors/content/content.types.js';
import { type MediaFile, pathsOf } from '../../actors/control/media-files.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Log } from '../../engine/log.js';
import type { JobLimits } from '../../media/ingest/ingest.types.js';
import { sniffFile } from '../../media/ingest/job.js';
import { JobPool } from '../../media/ingest/pool.js';
import type { LiveTable } from '../live/table.types.js';
import { type CheckedArrival, checkArrival } from './arrival.js';
import { speakersInRange } from './in-range.js';
import { checkSize, diskError, Incoming, isFinal } from './incoming.js';
import type { Arrival, IngestService } from './ingest.types.js';
import { IngestRows } from './ingest-rows.js';
import { ORIGINALS, reserveStem } from './naming.js';
import { assetAfter, dropFiles, keepResults, mediaAfter } from './results.js';
import { Settling } from './settling.js';
import { SideJobs } from './side-jobs.js';

export interface IngestOptions {
  readonly store: SiteStore;
  readonly mediaFolder: string;
  readonly incomingFolder: string;
  readonly table: LiveTable;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxBytes: number;
  /** Jobs at once; each drives one ffmpeg process. */
  readonly concurrency: number;
  /** Assets waiting or in work; more are refused with `server.busy`. */
  readonly maxWaiting: number;
  readonly minFreeBytes: number;
  readonly limits: JobLimits;
}

/** Said of an asset whose work a crash cut off; a second time it is given up. */
const INTERRUPTED = 'the engine stopped while working on it; it is tried once more';
const GIVEN_UP = 'the engine stopped twice while working on it: bring it in another format';
/** When the store or the disk is away, work goes on after this, ms. */
const RETRY_MS = 5_000;
/** How often somebody who waits for room looks again, ms. */
const ROOM_MS = 200;

/**
 * Takes files, keeps the original, and has a sandboxed process make what the site plays. The queue is the assets'
 * own rows, so that it survives a crash; in memory are only their ids, first come first served.
 */
export class Ingest implements IngestService {
  readonly incomingFolder: string;
  readonly maxBytes: number;
  readonly #options: IngestOptions;
  readonly #incoming: Incoming;
  /** Small jobs on files of ours, by the same threads. */
  readonly sideJobs: SideJobs;
  readonly #pool: JobPool;
  readonly #rows: IngestRows;
  readonly #waiting: number[] = [];
  readonly #running = new Map<number, Promise<void>>();
  readonly #onReady = new Set<(asset: Asset) => void>();
  readonly #settling: Settling;
  readonly #stop = new AbortController();
  /** Arrivals being checked; they count as waiting, so that many at once do not slip past the bound. */
  #arriving = 0;

  private constructor(options: IngestOptions) {
    this.#options = options;
    this.#incoming = new Incoming(options.incomingFolder, options.minFreeBytes);
    this.incomingFolder = this.#incoming.folder;
    this.maxBytes = options.maxBytes;
    this.#pool = new JobPool(options.concurrency);
    this.sideJobs = new SideJobs(
      this.#pool,
      this.#incoming,
      options.limits,
      this.#stop.signal,
      options.clock,
    );
    this.#rows = new IngestRows(options.table, options.clock);
    this.#settling = new Settling(this.#stop.signal);
  }

  /** Opens the folders and takes up what a stop or a crash left. */
  static async start(options: IngestOptions): Promise<Ingest> {
    const ingest = new Ingest(options);
    await mkdir(options.mediaFolder, { recursive: true });
    const uploads = await options.store.uploads.list();
    await ingest.#incoming.open(new Set(uploads.map(({ file }) => file)));
    await ingest.takeUp(true);
    return ingest;
  }

  incomingFile(): string {
    return this.#incoming.newFile();
  }

  async save(bytes: AsyncIterable<Uint8Array>, maxBytes = this.maxBytes): Promise<string> {
    return await this.#incoming.save(bytes, maxBytes);
  }

  /** @throws EngineError `spool.full`. */
  async checkRoom(bytes: number): Promise<void> {
    await this.#incoming.checkRoom(bytes);
  }

  async discard(file: string): Promise<void> {
    this.#incoming.checkInside(file);
    await this.#incoming.remove(file);
  }

  async check(arrival: Omit<Arrival, 'source'>, sizeBytes: number): Promise<void> {
    if (sizeBytes > this.maxBytes) {
      throw new EngineError('input.too-large', `a file may have at most ${this.maxBytes} bytes`);
    }
    const { content } = this.#options.store;
    await checkArrival(arrival, content, speakersInRange(content));
    await this.#incoming.checkRoom(sizeBytes);
  }

  async receive(arrival: Arrival): Promise<Asset> {
    const { source } = arrival;
    let file = 'file' in source ? source.file : undefined;
    if (file !== undefined) this.#incoming.checkInside(file);
    this.#arriving++;
    try {
      if (this.#stop.signal.aborted) throw new EngineError('server.stopping', 'the engine stops');
      if (this.#waiting.length + this.#running.size + this.#arriving > this.#options.maxWaiting) {
        throw new EngineError(
          'server.busy',
          `${this.#waiting.length} files are waiting already: try again in a minute`,
        );
      }
      const { content } = this.#options.store;
      const checked = await checkArrival(arrival, content, speakersInRange(content));
      if ('bytes' in source) file = await this.save(source.bytes);
      if (file === undefined) throw new EngineError('internal', 'an arrival without a file');
      const sizeBytes = await checkSize(file, this.maxBytes);
      await this.#incoming.checkRoom(sizeBytes);
      const asset = await this.#store(arrival, checked, file, sizeBytes);
      this.#enqueue(asset, arrival.declaredName ?? asset.filename ?? '');
      return asset;
    } catch (error) {
      // A file of the caller's stays theirs after an error that passes, so that they can try again with it.
      if (file !== undefined && ('bytes' in source || isFinal(error))) {
        await this.#incoming.remove(file);
      }
      throw diskError(error);
    } finally {
      this.#arriving--;
    }
  }

  /** Works on a failed asset once more, e.g. with other limits. @throws `not-found`, `conflict` when it did not fail. */
  async retry(assetId: number): Promise<Asset> {
    const { content } = this.#options.store;
    const asset = await content.assets.get(assetId);
    if (asset === undefined) throw new EngineError('not-found', `there is no asset ${assetId}`);
    if (asset.ingest !== 'failed' || asset.mediaId === null) {
      throw new EngineError('conflict', `asset ${assetId} did not fail: it is ${asset.ingest}`);
    }
    const again = await content.assets.update(assetId, { ingest: 'waiting', ingestError: null });
    this.#enqueue(again ?? asset, asset.filename ?? '');
    return again ?? asset;
  }

  async room(signal: AbortSignal): Promise<void> {
    const { maxWaiting, clock } = this.#options;
    // Half, so that single visitors find a place beside a mass upload.
    while (this.#waiting.length + this.#arriving >= maxWaiting / 2) {
      if (signal.aborted || this.#stop.signal.aborted) {
        throw new EngineError('call.aborted', 'nobody waits for a place in the queue any more');
      }
      await new Promise<void>((resolve) => {
        clock.setTimeout(resolve, ROOM_MS);
      });
    }
  }

  async settled(assetId: number, signal?: AbortSignal): Promise<Asset> {
    return await this.#settling.wait(
      assetId,
      async () => await this.#options.store.content.assets.get(assetId),
      signal,
    );
  }

  onReady(listener: (asset: Asset) => void): () => void {
    this.#onReady.add(listener);
    return () => this.#onReady.delete(listener);
  }

  /** Gives running jobs up; their assets wait for the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#waiting.length = 0;
    await Promise.allSettled(this.#running.values());
    await this.#pool.close();
    this.#rows.close();
  }

  async #store(
    arrival: Arrival,
    { row, session }: CheckedArrival,
    file: string,
    sizeBytes: number,
  ): Promise<Asset> {
    const { store, mediaFolder, clock } = this.#options;
    const found = await sniffFile(file);
    const extension = found.kind === 'unknown' ? 'bin' : found.extension;
    const mediaType = found.kind === 'image' ? 'photo' : row.mediaType;
    const nowUnixMs = clock.nowMs();
    const stem = await reserveStem(mediaFolder, nowUnixMs, session?.id ?? 0);
    const original = `${ORIGINALS}/${stem}/source.${extension}`;
    try {
      await rename(file, join(mediaFolder, original));
      const media: MediaFile = {
        id: stem,
        name: (arrival.declaredName ?? stem).slice(0, 200),
        file: original,
        contentType: arrival.declaredType ?? 'application/octet-stream',
        sizeBytes,
        durationMs: undefined,
        sha256: '',
        createdAtUnixMs: nowUnixMs,
        variants: { original },
        mediaType,
      };
      await store.media.put(media);
      return await store.content.assets.create({
        ...row,
        mediaType,
        mediaId: stem,
        filename: `${stem}.${shownExtension(mediaType, extension)}`,
        createdAtUnixMs: nowUnixMs,
        updatedAtUnixMs: nowUnixMs,
      });
    } catch (error) {
      // Back to where it lay: whoever brought it may try again.
      await rename(join(mediaFolder, original), file).catch(() => undefined);
      await rm(join(mediaFolder, ORIGINALS, stem), { recursive: true, force: true });
      await store.media.remove(stem).catch((cause: unknown) => {
        this.#options.log.warn({ err: cause, media: stem }, 'a media row without a file stays');
      });
      throw error;
    }
  }

  #enqueue(asset: Asset, name: string): void {
    this.#rows.waiting(asset, name);
    this.#waiting.push(asset.id);
    this.#pump();
  }

  /** Works on all assets that wait in the store, e.g. of an imported project. `started`: what was in work was cut off. */
  async takeUp(started = false): Promise<void> {
    const { content } = this.#options.store;
    const known = new Set([...this.#waiting, ...this.#running.keys()]);
    const open = { field: 'ingest', op: 'in', value: ['waiting', 'working'] } as const;
    for await (const assets of content.assets.each({ where: [open] })) {
      for (const asset of assets) {
        if (known.has(asset.id)) continue;
        if (asset.ingest === 'working' && !started) continue;
        if (asset.ingest === 'working' && asset.ingestError === INTERRUPTED) {
          await content.assets.update(asset.id, { ingest: 'failed', ingestError: GIVEN_UP });
          continue;
        }
        if (asset.ingest === 'working') {
          await content.assets.update(asset.id, { ingest: 'waiting', ingestError: INTERRUPTED });
        }
        this.#rows.waiting(asset, asset.filename ?? '');
        this.#waiting.push(asset.id);
      }
    }
    this.#pump();
  }

  #pump(): void {
    while (!this.#stop.signal.aborted && this.#running.size < this.#options.concurrency) {
      const id = this.#waiting.shift();
      if (id === undefined) return;
      const work = this.#work(id)
        .catch((error: unknown) => {
          // The store is away or the disk is full: the asset is not to blame, so it keeps its place.
          this.#options.log.warn({ err: error, asset: id }, 'a file could not be worked on now');
          this.#options.clock.setTimeout(() => {
            this.#waiting.unshift(id);
            this.#pump();
          }, RETRY_MS);
        })
        .finally(() => {
          this.#running.delete(id);
          this.#pump();
        });
      this.#running.set(id, work);
    }
  }

  async #work(id: number): Promise<void> {
    const { store, mediaFolder, limits, clock, log } = this.#options;
    const asset = await store.content.assets.get(id);
    const media = await store.media.get(asset?.mediaId ?? '');
    if (asset === undefined || media === undefined) {
      this.#rows.remove(id);
      this.#settling.gone(id);
      return;
    }
    const outFolder = this.#incoming.newFile();
    await mkdir(outFolder);
    try {
      await store.content.assets.update(id, { ingest: 'working' });
      const result = await this.#pool.run(
        {
          input: join(mediaFolder, media.variants?.original ?? media.file),
          outFolder,
          stem: media.id,
          declaredKind: asset.mediaType,
          declaredType: media.contentType,
          limits,
        },
        (progress) => this.#rows.working(id, progress),
        this.#stop.signal,
      );
      await keepResults(result, outFolder, mediaFolder);
      const ready = mediaAfter(media, result);
      await store.media.put(ready);
      const after = await store.content.assets.update(id, assetAfter(result, clock.nowMs()));
      if (after === undefined) {
        await this.#drop(ready);
        this.#rows.remove(id);
        this.#settling.gone(id);
        return;
      }
      this.#rows.ready(id);
      for (const listener of this.#onReady) this.#tell(listener, after);
      this.#settling.settle(after);
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code === 'call.aborted' && this.#stop.signal.aborted) {
        await store.content.assets.update(id, { ingest: 'waiting', ingestError: null });
        return;
      }
      if (error.code === 'store.away' || error.code === 'spool.full') throw error;
      log.info({ err: error, asset: id }, 'a file cannot be used');
      const failed = await store.content.assets.update(id, {
        ingest: 'failed',
        ingestError: error.code === 'internal' ? 'it could not be converted' : error.message,
        updatedAtUnixMs: clock.nowMs(),
      });
      this.#rows.failed(id, error.message);
      if (failed === undefined) await this.#drop(media);
      if (failed === undefined) this.#settling.gone(id);
      else this.#settling.settle(failed);
    } finally {
      await rm(outFolder, { recursive: true, force: true });
    }
  }

  /** Of an asset that was removed meanwhile. */
  async #drop(media: MediaFile): Promise<void> {
    const { store, mediaFolder } = this.#options;
    await dropFiles(mediaFolder, pathsOf(media));
    await rmdir(join(mediaFolder, ORIGINALS, media.id)).catch(() => undefined);
    await store.media.remove(media.id);
  }

  #tell(listener: (asset: Asset) => void, asset: Asset): void {
    try {
      listener(asset);
    } catch (error) {
      this.#options.log.error({ err: error, asset: asset.id }, 'a listener of ingest failed');
    }
  }
}

/** What clients will be able to ask for, as far as it can be told now. */
function shownExtension(mediaType: Asset['mediaType'], extension: string): string {
  if (extension === 'png' || extension === 'jpg') return extension;
  if (/^(gif|webp)$/.test(extension)) return 'jpg';
  if (mediaType === 'text') return 'txt';
  if (mediaType === 'video') return 'mp4';
  return mediaType === 'photo' ? 'jpg' : 'mp3';
}
