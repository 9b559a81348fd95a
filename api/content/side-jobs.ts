import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Job, JobLimits, JobResult } from '../../media/ingest/ingest.types.js';
import type { JobPool } from '../../media/ingest/pool.js';
import { type Incoming, isFinal } from './incoming.js';

/** MP3s that wait or are made at once: anybody may ask for one. */
const MAX_MP3S = 8;
/** Pictures of performers that wait or are made at once. */
const MAX_SHOWN = 8;
/** A file that cannot be used is not tried again for this long, ms. */
const FAILED_FOR_MS = 600_000;
const MAX_FAILURES = 1_000;

/** Small jobs on files that are in the media folder already. */
export class SideJobs {
  readonly #pool: Pick<JobPool, 'run'>;
  readonly #incoming: Incoming;
  readonly #limits: JobLimits;
  readonly #stop: AbortSignal;
  readonly #clock: Clock;
  /** Under way, by WAV file. */
  readonly #mp3s = new Map<string, Promise<void>>();
  #shown = 0;
  /** By WAV file as it is; the oldest leave first. */
  readonly #failures = new Map<string, { readonly error: EngineError; readonly monoMs: number }>();

  constructor(
    pool: Pick<JobPool, 'run'>,
    incoming: Incoming,
    limits: JobLimits,
    stop: AbortSignal,
    clock: Clock,
  ) {
    this.#clock = clock;
    this.#pool = pool;
    this.#incoming = incoming;
    this.#limits = limits;
    this.#stop = stop;
  }

  /** Can this file be decoded? @throws EngineError `call.aborted`, and what has nothing to do with the file. */
  async readable(file: string, signal: AbortSignal): Promise<boolean> {
    const stop = AbortSignal.any([signal, this.#stop]);
    try {
      await this.#pool.run(this.#job(file, this.#incoming.folder, 'check'), () => undefined, stop);
      return true;
    } catch (error) {
      const { code } = EngineError.from(error);
      if (code === 'media.unreadable' || code === 'input.too-large') return false;
      throw error;
    }
  }

  /**
   * Makes in `outFolder` what is shown or played of a file, as of a visitor's.
   * @throws EngineError as a job; `server.busy`.
   */
  async shown(file: string, outFolder: string, stem: string): Promise<JobResult> {
    if (this.#shown >= MAX_SHOWN) {
      throw new EngineError('server.busy', 'other pictures are being made: try again in a minute');
    }
    this.#shown += 1;
    try {
      const { only: _only, ...job } = this.#job(file, outFolder, 'check');
      return await this.#pool.run({ ...job, stem }, () => undefined, this.#stop);
    } finally {
      this.#shown -= 1;
    }
  }

  /**
   * Makes the MP3 beside a WAV file that did not come through ingest: clients ask for it by that name. However many
   * ask, it is made once, and few at a time. @throws EngineError as a job, the same at once for a while when the file
   * cannot be used; `server.busy`.
   */
  async mp3Beside(wav: string): Promise<void> {
    const known = this.#mp3s.get(wav);
    if (known !== undefined) return await known;
    if (this.#mp3s.size >= MAX_MP3S) {
      throw new EngineError('server.busy', 'other files are being made: try again in a minute');
    }
    const making = this.#tryMp3(wav).finally(() => this.#mp3s.delete(wav));
    this.#mp3s.set(wav, making);
    await making;
  }

  async #tryMp3(wav: string): Promise<void> {
    const { size, mtimeMs } = await stat(wav);
    const key = `${size} ${mtimeMs} ${wav}`;
    const before = this.#failures.get(key);
    const nowMs = this.#clock.monoMs();
    if (before !== undefined && nowMs - before.monoMs < FAILED_FOR_MS) throw before.error;
    this.#failures.delete(key);
    try {
      await this.#makeMp3(wav);
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (isFinal(error)) this.#failures.set(key, { error, monoMs: nowMs });
      for (const oldest of this.#failures.keys()) {
        if (this.#failures.size <= MAX_FAILURES) break;
        this.#failures.delete(oldest);
      }
      throw error;
    }
  }

  async #makeMp3(wav: string): Promise<void> {
    const outFolder = this.#incoming.newFile();
    await mkdir(outFolder);
    try {
      await this.#pool.run(this.#job(wav, outFolder, 'mp3'), () => undefined, this.#stop);
      await rename(join(outFolder, 'made.mp3'), wav.replace(/\.wav$/i, '.mp3'));
    } finally {
      await rm(outFolder, { recursive: true, force: true });
    }
  }

  #job(input: string, outFolder: string, only: NonNullable<Job['only']>): Job {
    const limits = this.#limits;
    return {
      input,
      outFolder,
      stem: 'made',
      declaredKind: undefined,
      declaredType: undefined,
      limits,
      only,
    };
  }
}
