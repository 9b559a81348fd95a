import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.js';
import type { StoreBatch } from './batch.js';
import { encodeRecord } from './spool-format.js';

interface Segment {
  readonly path: string;
  readonly file: FileHandle;
  bytes: number;
  /** Records written or about to be, whose rows are not in the store yet. */
  open: number;
}

/** Rows on their way to the store. */
export interface JournalEntry {
  /**
   * Resolves when the rows are in the journal, or settled before. Nobody holds them for the journal any more then, nor when
   * it rejects: with EngineError `spool.full` at the bound, or when the disk takes nothing.
   */
  readonly written: Promise<void>;
  /** Its rows are in the store or in the spool. Once. */
  settle(): void;
}

interface JournalRecord {
  readonly pieces: readonly Uint8Array[];
  /** Where it is, when it is written. */
  segment: Segment | undefined;
  settled: boolean;
  readonly resolve: () => void;
  readonly reject: (error: EngineError) => void;
}

const ENDING = '.wal';
const SEGMENT_BYTES = 1_048_576;
/** Of all segments; beyond it nothing is taken and the answer waits for the store. */
const LIMIT_BYTES = 67_108_864;

/**
 * Rows on disk while their insert is under way, for those who cannot wait for it. What is written outlives the end of
 * any process, as what the store itself has just taken; the store's own rows are not forced to the disk
 * either. One owner; its files lie in the spool's folder and become a part of the spool at the next start, see `promoteJournal`.
 */
export class Journal {
  readonly #folder: string;
  readonly #limitBytes: number;
  #waiting: JournalRecord[] = [];
  #writing: Promise<void> | undefined;
  /** There may be something to write or to remove. */
  #again = false;
  #active: Segment | undefined;
  readonly #retired = new Set<Segment>();
  #bytes = 0;
  #next = 0;

  constructor(folder: string, limitBytes = LIMIT_BYTES) {
    this.#folder = folder;
    this.#limitBytes = limitBytes;
  }

  /** Bytes on disk whose rows may not be in the store yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes a batch with those that come beside it. Its bytes are read until `written` is settled. */
  append(batch: StoreBatch): JournalEntry {
    let resolve: () => void = () => undefined;
    let reject: (error: EngineError) => void = () => undefined;
    const written = new Promise<void>((onWritten, onError) => {
      resolve = onWritten;
      reject = onError;
    });
    // Whether the insert arrived is not known after a start: the rows are then taken as attempted.
    const pieces = encodeRecord(batch, true);
    const record: JournalRecord = { pieces, segment: undefined, settled: false, resolve, reject };
    this.#waiting.push(record);
    this.#go();
    return { written, settle: () => this.#settle(record) };
  }

  #settle(record: JournalRecord): void {
    record.settled = true;
    if (record.segment === undefined) return;
    record.segment.open -= 1;
    if (record.segment.open === 0) this.#go();
  }

  /** Removes what is settled; records that are not stay for the next start. */
  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#active !== undefined) this.#retire(this.#active);
    for (const segment of this.#retired) await this.#end(segment);
  }

  #go(): void {
    this.#again = true;
    this.#writing ??= this.#runAll();
  }

  async #runAll(): Promise<void> {
    try {
      // What is settled while a run is under way may have been passed by it.
      while (this.#again) {
        this.#again = false;
        await this.#run();
      }
    } finally {
      this.#writing = undefined;
    }
  }

  async #run(): Promise<void> {
    const records = this.#waiting;
    this.#waiting = [];
    // What is in the store already needs no place here.
    const unsettled = records.filter(({ settled }) => !settled);
    if (unsettled.length > 0) await this.#write(unsettled);
    for (const { resolve } of records) resolve();
    for (const segment of this.#retired) {
      if (segment.open === 0) await this.#end(segment);
    }
    const active = this.#active;
    if (active === undefined || active.open > 0 || active.bytes === 0) return;
    this.#bytes -= active.bytes;
    active.bytes = 0;
    await active.file.truncate(0).catch(() => undefined);
  }

  async #write(records: readonly JournalRecord[]): Promise<void> {
    const whole = Buffer.concat(records.flatMap(({ pieces }) => pieces));
    try {
      if (this.#bytes + whole.length > this.#limitBytes) {
        throw new EngineError('spool.full', `the journal holds ${this.#bytes} bytes, its bound`);
      }
      const segment = this.#active ?? (await this.#begin());
      await writeAll(segment, whole);
      segment.bytes += whole.length;
      this.#bytes += whole.length;
      for (const record of records) {
        record.segment = segment;
        if (!record.settled) segment.open += 1;
      }
      if (segment.bytes >= SEGMENT_BYTES) this.#retire(segment);
    } catch (thrown) {
      const error = EngineError.from(thrown);
      const refused =
        error.code === 'spool.full'
          ? error
          : new EngineError('spool.full', 'the journal cannot be written', { cause: thrown });
      for (const { reject } of records) reject(refused);
    }
  }

  async #begin(): Promise<Segment> {
    this.#next += 1;
    const path = join(this.#folder, `${String(this.#next).padStart(12, '0')}${ENDING}`);
    this.#active = { path, file: await open(path, 'w'), bytes: 0, open: 0 };
    return this.#active;
  }

  /** No more is written to it; it goes when its last record is settled. */
  #retire(segment: Segment): void {
    this.#active = undefined;
    this.#retired.add(segment);
  }

  async #end(segment: Segment): Promise<void> {
    this.#retired.delete(segment);
    await segment.file.close().catch(() => undefined);
    if (segment.open > 0) return;
    this.#bytes -= segment.bytes;
    // What cannot be removed is sent once more at the next start: the store takes a row once.
    await rm(segment.path, { force: true }).catch(() => undefined);
  }
}

/** Files that an earlier run left in a spool's folder become segments of that spool. Before it is opened. */
export function promoteJournal(folder: string): void {
  for (const name of readdirSync(folder)
    .filter((each) => each.endsWith(ENDING))
    .sort()) {
    const stem = name.slice(0, -ENDING.length);
    const segment = `a-journal-${stem}-${randomBytes(3).toString('hex')}-0.seg`;
    renameSync(join(folder, name), join(folder, segment));
  }
}

async function writeAll({ file, bytes }: Segment, whole: Uint8Array): Promise<void> {
  let written = 0;
  while (written < whole.length) {
    const left = whole.length - written;
    const { bytesWritten } = await file.write(whole, written, left, bytes + written);
    written += bytesWritten;
  }
}
