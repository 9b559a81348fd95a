import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { ExportJob } from '../contract/history.js';

/** What a job writes; `progress` is told the part that is done, 0 to 1. */
export type ExportSource = (
  signal: AbortSignal,
  progress: (part: number) => void,
) => AsyncIterable<Uint8Array>;

export interface ExportWish {
  readonly format: ExportJob['format'];
  /** For people: what is in it. */
  readonly title: string;
  readonly by: string;
  readonly source: ExportSource;
}

export interface ExportsOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
  /** Bytes of all files. Default 20 GB. */
  readonly maxBytes?: number;
  /** Default 24 hours. */
  readonly keepMs?: number;
}

/** The embedded store has two connections for streams; jobs in slices let others in between. */
const AT_ONCE = 2;
const MAX_QUEUED = 20;
/** Jobs known, ended ones included. */
const MAX_JOBS = 200;
const TIDY_EVERY_MS = 60_000;
const DAY_MS = 86_400_000;

interface Job {
  row: ExportJob;
  readonly wish: ExportWish | undefined;
  readonly stop: AbortController;
}

/**
 * Exports that are made in the background: a file each, in the data folder, for a day. A file gets its name when it is whole; one
 * that could not be finished is never to be downloaded.
 */
export class Exports {
  readonly #options: ExportsOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #running = new Set<Promise<void>>();
  #timer: TimerHandle | undefined;
  #closed = false;

  private constructor(options: ExportsOptions) {
    this.#options = options;
  }

  /** Files of an earlier run are there again; jobs that it left are failed. The caller ends it by `close`. */
  static async open(options: ExportsOptions): Promise<Exports> {
    const exports = new Exports(options);
    await mkdir(options.folder, { recursive: true });
    await exports.#recover();
    exports.#tidyLater();
    return exports;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#options.clock.clearTimeout(this.#timer);
    for (const { stop } of this.#jobs.values()) stop.abort();
    await Promise.all(this.#running);
  }

  /** Newest first. */
  list(): readonly ExportJob[] {
    return [...this.#jobs.values()].map(({ row }) => row).reverse();
  }

  /** @throws EngineError `not-found`. */
  get(id: string): ExportJob {
    return this.#job(id).row;
  }

  /** @throws EngineError `server.busy` when too many wait. */
  async start(wish: ExportWish): Promise<ExportJob> {
    const waiting = this.list().filter(({ state }) => state === 'queued').length;
    if (waiting >= MAX_QUEUED || this.#closed) {
      throw new EngineError('server.busy', `${MAX_QUEUED} exports wait: try again later`);
    }
    const nowUnixMs = this.#options.clock.nowMs();
    const job: Job = {
      row: {
        id: randomUUID(),
        state: 'queued',
        format: wish.format,
        title: wish.title,
        by: wish.by,
        progress: 0,
        bytes: 0,
        createdAtUnixMs: nowUnixMs,
        finishedAtUnixMs: null,
        expiresAtUnixMs: null,
        error: null,
      },
      wish,
      stop: new AbortController(),
    };
    this.#jobs.set(job.row.id, job);
    await this.#forgetOldest();
    await this.#keep(job);
    this.#next();
    return job.row;
  }

  /** Ends a job, or removes the file of one that is done. */
  async remove(id: string): Promise<void> {
    const job = this.#job(id);
    if (job.row.state === 'queued') {
      this.#set(job, { state: 'cancelled', finishedAtUnixMs: this.#options.clock.nowMs() });
      await this.#keep(job);
    } else if (job.row.state === 'running') {
      job.stop.abort();
    } else {
      await this.#forget(job);
    }
  }

  /** The file of a job that is done. @throws EngineError `not-found`, `conflict` with what became of it. */
  download(id: string): { readonly job: ExportJob; readonly stream: AsyncIterable<Uint8Array> } {
    const { row } = this.#job(id);
    if (row.state !== 'done') {
      throw new EngineError(
        'conflict',
        `the export is ${row.state}${row.error === null ? '' : `: ${row.error}`}; there is no file to download`,
      );
    }
    return { job: row, stream: createReadStream(this.#file(row)) };
  }

  #job(id: string): Job {
    const job = this.#jobs.get(id);
    if (job !== undefined) return job;
    throw new EngineError('not-found', `there is no export ${id}: files are kept for a day`);
  }

  #next(): void {
    for (const job of this.#jobs.values()) {
      if (this.#running.size >= AT_ONCE || this.#closed) return;
      if (job.row.state !== 'queued' || job.wish === undefined) continue;
      const run = this.#run(job, job.wish).finally(() => {
        this.#running.delete(run);
        this.#next();
      });
      this.#running.add(run);
    }
  }

  async #run(job: Job, wish: ExportWish): Promise<void> {
    const { clock, onFault, keepMs = DAY_MS } = this.#options;
    const part = join(this.#options.folder, `${job.row.id}.part`);
    this.#set(job, { state: 'running' });
    const { signal } = job.stop;
    try {
      await this.#keep(job);
      const rows = wish.source(signal, (progress) => this.#set(job, { progress }));
      await pipeline(Readable.from(this.#counted(job, rows)), createWriteStream(part), { signal });
      await rename(part, this.#file(job.row));
      const nowUnixMs = clock.nowMs();
      this.#set(job, {
        state: 'done',
        progress: 1,
        finishedAtUnixMs: nowUnixMs,
        expiresAtUnixMs: nowUnixMs + keepMs,
      });
    } catch (thrown) {
      const error = EngineError.from(thrown);
      await rm(part, { force: true }).catch((left: unknown) => onFault(EngineError.from(left)));
      this.#set(job, {
        state: signal.aborted && !this.#closed ? 'cancelled' : 'failed',
        error: this.#closed ? 'the engine was stopped' : signal.aborted ? null : error.message,
        finishedAtUnixMs: clock.nowMs(),
      });
    } finally {
      try {
        await this.#keep(job);
      } catch (thrown) {
        onFault(EngineError.from(thrown));
      }
    }
  }

  async *#counted(job: Job, rows: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { maxBytes = 20_000_000_000 } = this.#options;
    for await (const chunk of rows) {
      this.#set(job, { bytes: job.row.bytes + chunk.length });
      let all = 0;
      for (const { row } of this.#jobs.values()) all += isKept(row) ? row.bytes : 0;
      if (all > maxBytes) {
        throw new EngineError(
          'input.too-large',
          `exports may have ${maxBytes} bytes together: delete old ones, or ask for less`,
        );
      }
      yield chunk;
    }
  }

  #set(job: Job, values: Partial<ExportJob>): void {
    job.row = { ...job.row, ...values };
  }

  #file({ id, format }: ExportJob): string {
    return join(this.#options.folder, `${id}.${format}`);
  }

  #note(id: string): string {
    return join(this.#options.folder, `${id}.job`);
  }

  async #keep({ row }: Job): Promise<void> {
    await writeFile(this.#note(row.id), JSON.stringify(row));
  }

  async #forget({ row }: Job): Promise<void> {
    this.#jobs.delete(row.id);
    await rm(this.#file(row), { force: true });
    await rm(this.#note(row.id), { force: true });
  }

  async #forgetOldest(): Promise<void> {
    for (const job of this.#jobs.values()) {
      if (this.#jobs.size <= MAX_JOBS) return;
      if (job.row.state !== 'queued' && job.row.state !== 'running') await this.#forget(job);
    }
  }

  async #recover(): Promise<void> {
    const { folder, clock } = this.#options;
    const names = await readdir(folder);
    const rows: ExportJob[] = [];
    for (const name of names.filter((one) => one.endsWith('.job'))) {
      try {
        rows.push(JSON.parse(await readFile(join(folder, name), 'utf8')) as ExportJob);
      } catch {
        // Cut off by a kill: without it nobody knows of the file, which goes below.
        await rm(join(folder, name), { force: true });
      }
    }
    rows.sort((a, b) => a.createdAtUnixMs - b.createdAtUnixMs);
    for (const row of rows) {
      const whole = row.state !== 'done' || names.includes(`${row.id}.${row.format}`);
      const ended = row.state !== 'queued' && row.state !== 'running';
      const job: Job = { row, wish: undefined, stop: new AbortController() };
      this.#jobs.set(row.id, job);
      if (ended && whole) continue;
      const error = ended ? 'its file is gone' : 'the engine was stopped';
      this.#set(job, { state: 'failed', error, finishedAtUnixMs: clock.nowMs() });
      await this.#keep(job);
    }
    const files = new Set([...this.#jobs.values()].flatMap(({ row }) => filesOf(row)));
    for (const name of names) if (!files.has(name)) await rm(join(folder, name), { force: true });
  }

  #tidyLater(): void {
    if (this.#closed) return;
    const { clock, onFault } = this.#options;
    this.#timer = clock.setTimeout(() => {
      this.tidy()
        .catch((thrown: unknown) => onFault(EngineError.from(thrown)))
        .finally(() => this.#tidyLater());
    }, TIDY_EVERY_MS);
  }

  /** Removes what is too old. */
  async tidy(): Promise<void> {
    const { clock, keepMs = DAY_MS } = this.#options;
    const nowUnixMs = clock.nowMs();
    for (const job of [...this.#jobs.values()]) {
      const { expiresAtUnixMs, finishedAtUnixMs } = job.row;
      const until =
        expiresAtUnixMs ?? (finishedAtUnixMs === null ? null : finishedAtUnixMs + keepMs);
      if (until !== null && until <= nowUnixMs) await this.#forget(job);
    }
  }
}

const isKept = ({ state }: ExportJob) => state === 'running' || state === 'done';
const filesOf = (row: ExportJob) => [
  `${row.id}.job`,
  ...(row.state === 'done' ? [`${row.id}.${row.format}`] : []),
];
