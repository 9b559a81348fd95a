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

/** A record whose rows are not in the store yet. */
interface JournalEntry {
  readonly segment: Segment;
}

interface Waiting {
  readonly pieces: readonly Uint8Array[];
  readonly resolve: (entry: JournalEntry) => void;
  readonly reject: (error: EngineError) => void;
}

const ENDING = '.wal';
const SEGMENT_BYTES = 4_194_304;
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
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
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

  /**
   * Resolves when the batch is written; end it with `settle`.
   * @throws EngineError `spool.full` at the bound, or when the disk takes nothing.
   */
  async append(batch: StoreBatch): Promise<JournalEntry> {
    // Whether the insert arrived is not known after a start: the rows are then taken as attempted.
    const pieces = encodeRecord(batch, true);
    const written = new Promise<JournalEntry>((resolve, reject) => {
      this.#waiting.push({ pieces, resolve, reject });
    });
    this.#go();
    return await written;
  }

  /** Its rows are in the store or in the spool. */
  settle({ segment }: JournalEntry): void {
    segment.open -= 1;
    if (segment.open === 0) this.#go();
  }

  /** Removes what is settled; records that are not stay for the next start. */
  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#active !== undefined) this.#retire(this.#active);
    for (const segment of this.#retired) await this.#end(segment);
  }

  #go(): void {
    this.#writing ??= this.#run().finally(() => {
      this.#writing = undefined;
      if (this.#waiting.length > 0) this.#go();
    });
  }

  async #run(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length > 0) await this.#write(batch);
    for (const segment of this.#retired) {
      if (segment.open === 0) await this.#end(segment);
    }
    const active = this.#active;
    if (active === undefined || active.open > 0 || active.bytes === 0) return;
    this.#bytes -= active.bytes;
    active.bytes = 0;
    await active.file.truncate(0).catch(() => undefined);
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const whole = Buffer.concat(batch.flatMap(({ pieces }) => pieces));
    try {
      if (this.#bytes + whole.length > this.#limitBytes) {
        throw new EngineError('spool.full', `the journal holds ${this.#bytes} bytes, its bound`);
      }
      const segment = this.#active ?? (await this.#begin());
      // Counted before: a record that is settled at once must not take the file away from the others.
      segment.open += batch.length;
      try {
        await writeAll(segment, whole);
      } catch (cause) {
        segment.open -= batch.length;
        throw cause;
      }
      segment.bytes += whole.length;
      this.#bytes += whole.length;
      if (segment.bytes >= SEGMENT_BYTES) this.#retire(segment);
      for (const { resolve } of batch) resolve({ segment });
    } catch (thrown) {
      const error = EngineError.from(thrown);
      const refused =
        error.code === 'spool.full'
          ? error
          : new EngineError('spool.full', 'the journal cannot be written', { cause: thrown });
      for (const { reject } of batch) reject(refused);
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
    await rm(segment.path, { force: true });
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
