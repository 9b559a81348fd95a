import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../../engine/errors.js';

/** The folder where files of strangers lie until they are whole and handed over. */
export class Incoming {
  readonly folder: string;
  readonly #minFreeBytes: number;

  constructor(folder: string, minFreeBytes: number) {
    this.folder = resolve(folder);
    this.#minFreeBytes = minFreeBytes;
  }

  /** A path nobody else has. */
  newFile(): string {
    return join(this.folder, randomUUID());
  }

  /** Makes the folder and throws away what a crash left, but for what `keep` names. */
  async open(keep: ReadonlySet<string>): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    for (const name of await readdir(this.folder)) {
      if (!keep.has(name)) await rm(join(this.folder, name), { recursive: true, force: true });
    }
  }

  /** @throws EngineError `internal` for a path elsewhere: only our own files may be moved. */
  checkInside(file: string): void {
    if (!resolve(file).startsWith(this.folder + sep)) {
      throw new EngineError('internal', `${file} is not in ${this.folder}`);
    }
  }

  /** @throws EngineError `spool.full` when the disk cannot take `bytes` more. */
  async checkRoom(bytes: number): Promise<void> {
    const facts = await statfs(this.folder);
    if (facts.bavail * facts.bsize - bytes < this.#minFreeBytes) {
      throw new EngineError('spool.full', 'the disk is full: no more files are taken now');
    }
  }

  /**
   * Writes a stream to a new file; what is written is removed again when it fails.
   * @throws EngineError `input.too-large`, `spool.full`, or what the stream throws.
   */
  async save(bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
    await this.checkRoom(0);
    const file = this.newFile();
    let size = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        if (size <= maxBytes) done(null, chunk);
        else done(new EngineError('input.too-large', `a file may have at most ${maxBytes} bytes`));
      },
    });
    try {
      await pipeline(Readable.from(bytes, { objectMode: false }), counted, createWriteStream(file));
      return file;
    } catch (error) {
      await rm(file, { force: true });
      throw diskError(error);
    }
  }

  async remove(file: string): Promise<void> {
    await rm(file, { force: true });
  }
}

/** Will the same file be refused again? False for what passes: a full queue or disk, a store that is away, a stop. */
export function isFinal(error: unknown): boolean {
  return (
    error instanceof EngineError && /^(input|media)\.|^(not-found|auth\.denied)$/.test(error.code)
  );
}

/** A full disk in the words of the error table; everything else as it is. */
export function diskError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new EngineError('spool.full', 'the disk is full: no more files are taken now', {
    cause: error,
  });
}

/** @throws EngineError `input.invalid` for an empty file. */
export async function checkSize(file: string, maxBytes: number): Promise<number> {
  const { size } = await stat(file);
  if (size === 0) throw new EngineError('input.invalid', 'file: it is empty');
  if (size > maxBytes) {
    throw new EngineError('input.too-large', `file: it may have at most ${maxBytes} bytes`);
  }
  return size;
}
