import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../engine/errors.js';
import type { Job, JobLimits } from '../../media/ingest/ingest.types.js';
import type { JobPool } from '../../media/ingest/pool.js';
import type { Incoming } from './incoming.js';

/** Small jobs on files that are in the media folder already. */
export class SideJobs {
  readonly #pool: JobPool;
  readonly #incoming: Incoming;
  readonly #limits: JobLimits;
  readonly #stop: AbortSignal;
  /** Under way, by WAV file. */
  readonly #mp3s = new Map<string, Promise<void>>();

  constructor(pool: JobPool, incoming: Incoming, limits: JobLimits, stop: AbortSignal) {
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
   * Makes the MP3 beside a WAV file that did not come through ingest: clients ask for it by that name. However many
   * ask, it is made once. @throws EngineError as a job.
   */
  async mp3Beside(wav: string): Promise<void> {
    const known = this.#mp3s.get(wav);
    if (known !== undefined) return await known;
    const making = this.#makeMp3(wav).finally(() => this.#mp3s.delete(wav));
    this.#mp3s.set(wav, making);
    await making;
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
