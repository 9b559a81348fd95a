import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.js';
import { asText, mergeBatches, type StoreBatch } from './batch.js';
import { promoteJournal } from './journal.js';
import { Quarantine } from './quarantine.js';
import { decodePayload, encodeRecord, readRecord, type SpooledBatch } from './spool-format.js';

/** What an operator should hear of. */
export type SpoolReport =
  | { readonly type: 'spool.torn'; readonly segment: string; readonly bytes: number }
  | { readonly type: 'spool.corrupt'; readonly segment: string; readonly bytes: number }
  | { readonly type: 'spool.dropped'; readonly segment: string; readonly rows: number }
  | { readonly type: 'spool.adopted'; readonly from: string; readonly segments: number }
  | { readonly type: 'spool.write-failed'; readonly message: string };

export interface SpoolOptions {
  /** This writer's own folder; made when it is missing. */
  readonly folder: string;
  /** Bytes of all segments together. */
  readonly limitBytes: number;
  /** A segment is closed when it is longer. Default 8 MiB. */
  readonly segmentBytes?: number;
  /** `refuse` (default): nothing acknowledged is lost. `drop-oldest-segment`: the newest matter more. */
  readonly whenFull?: 'refuse' | 'drop-oldest-segment';
  readonly report: (report: SpoolReport) => void;
}

interface Segment {
  readonly name: string;
  bytes: number;
  /** Where unread records begin. */
  start: number;
  /** Its next record lay there at the start, first of all: it may have been inserted just before the end, which nobody wrote down. */
  firstRead: boolean;
}

interface Reading {
  readonly segment: Segment;
  readonly content: Buffer;
  offset: number;
  /** End of the record last given out. */
  end: number;
}

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Batches on disk while the store is away: segment files in one folder, oldest first. A batch is acknowledged
 * only after `fdatasync`. One owner: `append` may run beside `next` and `forget`, which are called one after the other.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #quarantine: Quarantine;
  readonly #sealed: Segment[] = [];
  #active: { readonly segment: Segment; readonly file: FileHandle } | undefined;
  #reading: Reading | undefined;
  #bytes = 0;
  #nextId = 1;
  #tail: Promise<void> = Promise.resolve();

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#quarantine = new Quarantine(join(options.folder, 'quarantine'));
    mkdirSync(options.folder, { recursive: true });
    promoteJournal(options.folder);
    const cursor = readCursor(options.folder);
    for (const name of segmentNames(options.folder)) {
      const bytes = statSync(join(options.folder, name)).size;
      const start = cursor?.name === name ? cursor.offset : startOf(name);
      this.#sealed.push({ name, bytes, start, firstRead: true });
      this.#bytes += bytes;
      const id = Number(/^(\d+)\.seg$/.exec(name)?.[1] ?? 0);
      this.#nextId = Math.max(this.#nextId, id + 1);
    }
  }

  /** Of all segments on disk, read or not. */
  get bytes(): number {
    return this.#bytes;
  }

  get limitBytes(): number {
    return this.#options.limitBytes;
  }

  /** False when every batch was given out and forgotten. */
  get empty(): boolean {
    return this.#sealed.length === 0 && this.#active === undefined;
  }

  /**
   * Resolves when all of `batches` are on the disk, all or none of them.
   * @throws EngineError `spool.full` at the bound or when the disk is full, `spool.corrupt` on any other I/O error.
   */
  append(batches: readonly SpooledBatch[]): Promise<void> {
    return this.#exclusive(() => this.#append(batches));
  }

  async #append(batches: readonly SpooledBatch[]): Promise<void> {
    const pieces = batches.flatMap(({ batch, attempted }) => encodeRecord(batch, attempted));
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    await this.#makeRoom(size);
    const { segment, file } = this.#active ?? (await this.#openSegment());
    try {
      await writeAll(file, pieces, segment.bytes);
      await file.datasync();
    } catch (cause) {
      await this.#abandonActive(file, segment);
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
      this.#options.report({ type: 'spool.write-failed', message: code });
      throw DISK_FULL.has(code)
        ? new EngineError('spool.full', 'the disk of the spool is full: make room', { cause })
        : new EngineError('spool.corrupt', `the spool cannot be written (${code})`, { cause });
    }
    segment.bytes += size;
    this.#bytes += size;
    if (segment.bytes >= (this.#options.segmentBytes ?? 8_388_608)) await this.#seal();
  }

  /**
   * The oldest batch, or the oldest few of one segment as one batch while they have at most `maxRows` rows
   * together; again and again until `forget`. Undefined when there is none. Damage is skipped and told.
   */
  async next(maxRows = 1): Promise<SpooledBatch | undefined> {
    for (;;) {
      const reading = await this.#open();
      if (reading === undefined) return undefined;
      const found = readRecord(reading.content, reading.offset);
      if (found.kind === 'end') {
        await this.#finish(reading);
        continue;
      }
      if (found.kind === 'damage') {
        await this.#skip(reading, found.end, found.torn);
        continue;
      }
      const first = tryDecode(found.payload);
      if (first === undefined) {
        await this.#skip(reading, found.end, false);
        continue;
      }
      reading.end = found.end;
      const group = takeGroup(first, reading, maxRows);
      return reading.segment.firstRead ? { ...group, attempted: true } : group;
    }
  }

  /** Drops the batch that `next` gave: it is stored. */
  async forget(): Promise<void> {
    const reading = this.#reading;
    if (reading === undefined) return;
    reading.segment.firstRead = false;
    reading.offset = reading.end;
    if (reading.offset >= reading.content.length) await this.#finish(reading);
    else await this.#writeCursor(reading);
  }

  /**
   * Keeps rows that the store refused for good, as text for a human to look at; the file is a segment of a spool too.
   * @returns the file.
   */
  async quarantine(batch: StoreBatch): Promise<string> {
    return this.#quarantine.keep(`refused-${batch.token}`, encodeRecord(asText(batch), true));
  }

  /**
   * Takes over the segments of writers that are gone: every folder beside this one that is not in `liveNames`.
   * Call before the first `next`.
   */
  adopt(parent: string, liveNames: readonly string[]): void {
    for (const entry of readdirSync(parent, { withFileTypes: true })) {
      const other = join(parent, entry.name);
      if (!entry.isDirectory() || liveNames.includes(entry.name)) continue;
      if (other === this.#options.folder) continue;
      promoteJournal(other);
      const cursor = readCursor(other);
      const names = segmentNames(other);
      for (const [order, name] of names.entries()) {
        const start = cursor?.name === name ? cursor.offset : startOf(name);
        const stamp = String(order).padStart(8, '0');
        const plain = entry.name.replaceAll(/[^A-Za-z0-9]/g, '_');
        const adopted = `a-${plain}-${stamp}-${randomBytes(3).toString('hex')}-${start}.seg`;
        renameSync(join(other, name), join(this.#options.folder, adopted));
        const bytes = statSync(join(this.#options.folder, adopted)).size;
        this.#sealed.splice(order, 0, { name: adopted, bytes, start, firstRead: true });
        this.#bytes += bytes;
      }
      if (names.length > 0) {
        this.#options.report({ type: 'spool.adopted', from: entry.name, segments: names.length });
      }
    }
  }

  close(): Promise<void> {
    return this.#exclusive(() => this.#seal());
  }

  /** Appending and sealing both move the active segment: one at a time. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  async #makeRoom(size: number): Promise<void> {
    const { limitBytes, whenFull } = this.#options;
    while (this.#bytes + size > limitBytes) {
      if (whenFull !== 'drop-oldest-segment' || this.empty || size > limitBytes) {
        throw new EngineError(
          'spool.full',
          `the spool holds ${this.#bytes} of ${limitBytes} bytes and the store is away`,
          { context: { spoolBytes: this.#bytes, limitBytes } },
        );
      }
      if (this.#sealed.length === 0) await this.#seal();
      const [oldest] = this.#sealed;
      if (oldest === undefined) continue;
      const rows = countRows(await readFile(this.#path(oldest)), oldest.start);
      if (this.#reading?.segment === oldest) this.#reading = undefined;
      await this.#remove(oldest);
      this.#options.report({ type: 'spool.dropped', segment: oldest.name, rows });
    }
  }

  async #openSegment() {
    const name = `${String(this.#nextId++).padStart(12, '0')}.seg`;
    const segment: Segment = { name, bytes: 0, start: 0, firstRead: false };
    try {
      const file = await open(this.#path(segment), 'w');
      await syncFolder(this.#options.folder);
      this.#active = { segment, file };
      return this.#active;
    } catch (cause) {
      throw new EngineError('spool.full', 'no spool segment can be made: is the disk full?', {
        cause,
      });
    }
  }

  /** A failed write may have left a part of a record: cut it off, and write no more to this file. */
  async #abandonActive(file: FileHandle, segment: Segment): Promise<void> {
    this.#active = undefined;
    try {
      await file.truncate(segment.bytes);
      await file.datasync();
    } catch (error) {
      this.#options.report({ type: 'spool.write-failed', message: String(error) });
    } finally {
      await file.close().catch(() => undefined);
    }
    if (segment.bytes === 0) await rm(this.#path(segment), { force: true });
    else this.#sealed.push(segment);
  }

  async #seal(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    this.#active = undefined;
    this.#sealed.push(active.segment);
    await active.file.close();
  }

  async #open(): Promise<Reading | undefined> {
    if (this.#reading !== undefined) return this.#reading;
    if (this.#sealed.length === 0) await this.#exclusive(() => this.#seal());
    const [segment] = this.#sealed;
    if (segment === undefined) return undefined;
    const content = await readFile(this.#path(segment));
    this.#reading = { segment, content, offset: segment.start, end: segment.start };
    return this.#reading;
  }

  async #finish(reading: Reading): Promise<void> {
    if (this.#reading === reading) this.#reading = undefined;
    await this.#remove(reading.segment);
  }

  async #remove(segment: Segment): Promise<void> {
    const index = this.#sealed.indexOf(segment);
    if (index === -1) return;
    this.#sealed.splice(index, 1);
    this.#bytes -= segment.bytes;
    await rm(this.#path(segment), { force: true });
  }

  async #skip(reading: Reading, end: number, torn: boolean): Promise<void> {
    const { name } = reading.segment;
    const bytes = reading.content.subarray(reading.offset, end);
    await this.#quarantine.keep(`${name}-${reading.offset}`, [bytes]);
    reading.offset = end;
    const type = torn ? 'spool.torn' : 'spool.corrupt';
    this.#options.report({ type, segment: name, bytes: bytes.length });
  }

  async #writeCursor(reading: Reading): Promise<void> {
    const file = join(this.#options.folder, 'cursor');
    try {
      await writeFile(`${file}.new`, JSON.stringify([reading.segment.name, reading.offset]));
      await rename(`${file}.new`, file);
    } catch (error) {
      // A stale cursor only means that batches are sent once more: the store takes a row once.
      this.#options.report({ type: 'spool.write-failed', message: String(error) });
    }
  }

  #path(segment: Segment): string {
    return join(this.#options.folder, segment.name);
  }
}

function tryDecode(payload: Buffer): SpooledBatch | undefined {
  try {
    return decodePayload(payload);
  } catch {
    // Damage that a checksum let through: the caller sets the record aside and tells.
    return undefined;
  }
}

/** `first` and the whole, undamaged records of its format behind it, up to `maxRows` rows; moves `reading.end` behind them. */
function takeGroup(first: SpooledBatch, reading: Reading, maxRows: number): SpooledBatch {
  const batches: [StoreBatch, ...StoreBatch[]] = [first.batch];
  let rows = first.batch.rows;
  let { attempted } = first;
  for (;;) {
    const found = readRecord(reading.content, reading.end);
    const more = found.kind === 'record' ? tryDecode(found.payload) : undefined;
    if (more === undefined || rows + more.batch.rows > maxRows) break;
    if (more.batch.samplesFormat !== first.batch.samplesFormat) break;
    batches.push(more.batch);
    rows += more.batch.rows;
    attempted ||= more.attempted;
    if (found.kind === 'record') reading.end = found.end;
  }
  return { batch: mergeBatches(batches), attempted };
}

function segmentNames(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.seg'));
  const adopted = names.filter((name) => name.startsWith('a-')).sort();
  return [...adopted, ...names.filter((name) => !name.startsWith('a-')).sort()];
}

/** An adopted segment carries in its name where its unread records begin. */
function startOf(name: string): number {
  return Number(/^a-.*-(\d+)\.seg$/.exec(name)?.[1] ?? 0);
}

function readCursor(folder: string): { name: string; offset: number } | undefined {
  const file = join(folder, 'cursor');
  if (!existsSync(file)) return undefined;
  try {
    const [name, offset] = JSON.parse(readFileSync(file, 'utf8')) as [unknown, unknown];
    return typeof name === 'string' && typeof offset === 'number' ? { name, offset } : undefined;
  } catch {
    return undefined;
  }
}

function countRows(content: Buffer, start: number): number {
  let rows = 0;
  for (let offset = start; ; ) {
    const found = readRecord(content, offset);
    if (found.kind === 'end') return rows;
    if (found.kind === 'record') rows += decodePayload(found.payload).batch.rows;
    offset = found.end;
  }
}

async function writeAll(file: FileHandle, pieces: Uint8Array[], at: number): Promise<void> {
  const whole = Buffer.concat(pieces);
  let written = 0;
  while (written < whole.length) {
    const { bytesWritten } = await file.write(whole, written, whole.length - written, at + written);
    written += bytesWritten;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
