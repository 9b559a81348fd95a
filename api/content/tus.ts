import { randomBytes } from 'node:crypto';
import { open, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Asset } from '../../actors/content/content.types.js';
import type { Upload, Uploads } from '../../actors/control/uploads.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { guarded } from '../../engine/guarded.js';
import type { Log } from '../../engine/log.js';
import { diskError, isFinal } from './incoming.js';
import type { Arrival, IngestService } from './ingest.types.js';

export interface ResumableOptions {
  readonly uploads: Uploads;
  readonly ingest: IngestService;
  readonly clock: Clock;
  readonly log: Log;
  /** An upload that nobody touched for this long is removed. */
  readonly expireMs: number;
  /** Under way at once, of one address and in all. */
  readonly maxPerAddress: number;
  readonly maxOpen: number;
}

export interface UploadState {
  readonly upload: Upload;
  readonly offsetBytes: number;
  readonly expiresAtUnixMs: number;
}

const SWEEP_MS = 60_000;
/** Times of last use are written at most this often. */
const TOUCH_MS = 5_000;

/**
 * Uploads that survive a broken connection and a restart (tus 1.0.0: core, creation, termination, expiration). How
 * much is here is the size of the file, so that nothing can be counted that was not written.
 */
export class ResumableUploads {
  readonly #options: ResumableOptions;
  /** Being written now: one at a time, else two connections would mix their bytes. */
  readonly #busy = new Set<string>();
  #timer: TimerHandle | undefined;
  #stopped = false;

  constructor(options: ResumableOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** `arrival` was checked; it is told again when the file is whole. @throws as `Uploads.create`. */
  async create(
    sizeBytes: number,
    arrival: Omit<Arrival, 'source'>,
    owner: string,
  ): Promise<UploadState> {
    const { uploads, ingest, clock } = this.#options;
    const file = ingest.incomingFile();
    const nowUnixMs = clock.nowMs();
    const upload: Upload = {
      id: randomBytes(18).toString('base64url'),
      file: basename(file),
      sizeBytes,
      meta: { arrival: JSON.stringify(arrival) },
      owner,
      createdAtUnixMs: nowUnixMs,
      touchedAtUnixMs: nowUnixMs,
      assetId: undefined,
    };
    await writeFile(file, '');
    try {
      await uploads.create(upload, this.#options.maxPerAddress, this.#options.maxOpen);
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
    return this.#state(upload, 0);
  }

  /** @throws EngineError `not-found` for an unknown or expired one. */
  async state(id: string): Promise<UploadState> {
    const upload = await this.#options.uploads.get(id);
    if (upload === undefined) throw gone();
    if (upload.assetId !== undefined) return this.#state(upload, upload.sizeBytes);
    const facts = await stat(this.#path(upload)).catch(() => undefined);
    if (facts === undefined) throw gone();
    return this.#state(upload, facts.size);
  }

  /**
   * Appends a piece. What arrived before a connection broke is kept. The asset is there once the last byte is.
   * @throws EngineError `conflict` at a wrong offset or while another connection writes; `input.too-large` past the
   * length that was announced; as `IngestService.receive` for the last piece: after an error that passes, all bytes
   * stay, and an empty piece at the end tries again.
   */
  async append(
    id: string,
    offsetBytes: number,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<{ readonly state: UploadState; readonly asset: Asset | undefined }> {
    if (this.#busy.has(id)) {
      throw new EngineError('conflict', 'another connection is writing this upload');
    }
    this.#busy.add(id);
    try {
      const before = await this.state(id);
      if (before.offsetBytes !== offsetBytes || before.upload.assetId !== undefined) {
        throw new EngineError(
          'conflict',
          `Upload-Offset is ${offsetBytes}, but ${before.offsetBytes} bytes are here: go on from there`,
        );
      }
      await this.#write(before, bytes);
      const state = await this.state(id);
      const whole = state.offsetBytes === state.upload.sizeBytes;
      return { state, asset: whole ? await this.#finish(state.upload) : undefined };
    } finally {
      this.#busy.delete(id);
    }
  }

  /** @throws EngineError `not-found`; `conflict` while it is being written. */
  async remove(id: string): Promise<void> {
    const upload = await this.#options.uploads.get(id);
    if (upload === undefined) throw gone();
    if (this.#busy.has(id)) {
      throw new EngineError('conflict', 'the upload is being written: end that first');
    }
    await this.#drop(upload);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
  }

  /** Removes what is too old. */
  async sweep(): Promise<void> {
    const { uploads, clock, expireMs } = this.#options;
    for (const upload of await uploads.list()) {
      const old = upload.touchedAtUnixMs + expireMs < clock.nowMs();
      if (old && !this.#busy.has(upload.id)) await this.#drop(upload);
    }
  }

  async #write(
    { upload, offsetBytes }: UploadState,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const { uploads, clock } = this.#options;
    let at = offsetBytes;
    let touchedMonoMs = clock.monoMs();
    const handle = await open(this.#path(upload), 'r+');
    try {
      for await (const chunk of bytes) {
        if (at + chunk.length > upload.sizeBytes) {
          throw new EngineError(
            'input.too-large',
            `the upload was announced with ${upload.sizeBytes} bytes, and more arrive`,
          );
        }
        await writeAll(handle, chunk, at);
        at += chunk.length;
        if (clock.monoMs() - touchedMonoMs < TOUCH_MS) continue;
        touchedMonoMs = clock.monoMs();
        await uploads.touch(upload.id, at, clock.nowMs());
      }
    } catch (error) {
      throw diskError(error);
    } finally {
      await handle.close();
      await uploads.touch(upload.id, at, clock.nowMs());
    }
  }

  async #finish(upload: Upload): Promise<Asset> {
    const { ingest, uploads } = this.#options;
    const arrival = JSON.parse(upload.meta['arrival'] ?? '{}') as Omit<Arrival, 'source'>;
    try {
      const asset = await ingest.receive({ ...arrival, source: { file: this.#path(upload) } });
      await uploads.finish(upload.id, asset.id);
      return asset;
    } catch (error) {
      // What passes (a full queue, a full disk, a store away) takes nothing: an empty piece at the end tries again.
      if (isFinal(error)) await uploads.remove(upload.id);
      throw error;
    }
  }

  async #drop(upload: Upload): Promise<void> {
    if (upload.assetId === undefined) await rm(this.#path(upload), { force: true });
    await this.#options.uploads.remove(upload.id);
  }

  #path(upload: Upload): string {
    return join(this.#options.ingest.incomingFolder, upload.file);
  }

  #state(upload: Upload, offsetBytes: number): UploadState {
    const expiresAtUnixMs = upload.touchedAtUnixMs + this.#options.expireMs;
    return { upload, offsetBytes, expiresAtUnixMs };
  }

  #schedule(): void {
    if (this.#stopped) return;
    const { clock, log } = this.#options;
    const onError = (error: EngineError) => log.warn({ err: error }, 'sweeping uploads failed');
    const run = guarded(async () => {
      await this.sweep().finally(() => this.#schedule());
    }, onError);
    this.#timer = clock.setTimeout(run, SWEEP_MS);
  }
}

async function writeAll(
  handle: Awaited<ReturnType<typeof open>>,
  chunk: Uint8Array,
  position: number,
): Promise<void> {
  let done = 0;
  while (done < chunk.length) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

const gone = () =>
  new EngineError('not-found', 'there is no such upload: it is unknown, expired or deleted');
