import {
  closeSync,
  createReadStream,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EngineError } from '../../engine/errors.js';

/** The file is written anew when it is this many bytes and mostly of what is no longer so. */
const LEAST_ANEW_BYTES = 1_048_576;
/** A longer line is no line of ours. */
const MAX_LINE_BYTES = 67_108_864;
/** Bytes of one write of a file that is written anew: others have their turn in between. */
const PIECE_BYTES = 262_144;

export interface LineFileOptions {
  readonly file: string;
  /** All that is so now, as lines that end with a line feed. */
  readonly state: () => Iterable<string>;
  /** About how many bytes `state` is. */
  readonly stateBytes: () => number;
  /** Before a file that could not be written is tried again, ms. Default 5,000. */
  readonly againMs?: number;
  /** The file could not be written; it is written whole with a later line. Said once until it can be again. */
  readonly onFault: (error: EngineError) => void;
}

/**
 * A file that says in lines what changes. What is appended in one turn of the loop is one write, in the file before
 * `flushed` resolves: a killed process loses at most a write under way, a machine without power the last ones.
 * When most of it is old it is written anew beside the old one, which it replaces when it is whole.
 */
export class LineFile {
  readonly #options: LineFileOptions;
  #handle: number | undefined;
  #fileBytes = Number.POSITIVE_INFINITY;
  #due: string[] = [];
  #turn: Promise<void> | undefined;
  /** Lines since the state was taken that is being written; undefined: none is. */
  #since: string[] | undefined;
  #writing: Promise<void> | undefined;
  #failed = false;
  #notBeforeMonoMs = 0;
  #closed = false;

  constructor(options: LineFileOptions) {
    this.#options = options;
  }

  /** Resolves when what was appended so far is in the file, or could not be written. */
  get flushed(): Promise<void> {
    return this.#turn ?? Promise.resolve();
  }

  append(line: string): void {
    if (this.#closed) return;
    this.#due.push(line);
    this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = undefined;
        this.#flush();
        resolve();
      });
    });
  }

  /** Writes the file anew from the state. Never rejects. */
  anew(): Promise<void> {
    this.#writing ??= this.#anew().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async close(): Promise<void> {
    await this.flushed;
    await this.#writing;
    this.#closed = true;
    this.#shut();
  }

  #flush(): void {
    const lines = this.#due.splice(0);
    this.#since?.push(...lines);
    if (this.#handle !== undefined) {
      try {
        this.#fileBytes += writeWhole(this.#handle, lines.join(''));
      } catch (thrown) {
        // A part of a line may be in the file now: only a new one is sound.
        this.#fail(thrown);
      }
    }
    const wanted = Math.max(LEAST_ANEW_BYTES, 4 * this.#options.stateBytes());
    const isDue = performance.now() >= this.#notBeforeMonoMs;
    if (this.#fileBytes > wanted && isDue) void this.anew();
  }

  async #anew(): Promise<void> {
    const { file, state } = this.#options;
    const part = `${file}.part`;
    try {
      await mkdir(dirname(file), { recursive: true });
      // What is due is part of the state already, and harmless when it is read twice.
      const since: string[] = [];
      this.#since = since;
      const taken = [...state()];
      const out = await open(part, 'w', 0o600);
      let bytes = 0;
      try {
        let piece: string[] = [];
        let size = 0;
        for (const line of taken) {
          piece.push(line);
          size += line.length;
          if (size < PIECE_BYTES) continue;
          bytes += (await out.write(piece.join(''))).bytesWritten;
          [piece, size] = [[], 0];
        }
        bytes += (await out.write(piece.join(''))).bytesWritten;
        await out.sync();
      } finally {
        await out.close();
      }
      // From here to the end nothing else runs: no line can be missed.
      const handle = openSync(part, 'a', 0o600);
      try {
        bytes += writeWhole(handle, since.join(''));
        fsyncSync(handle);
        renameSync(part, file);
      } catch (thrown) {
        closeSync(handle);
        throw thrown;
      }
      this.#shut();
      this.#handle = handle;
      this.#fileBytes = bytes;
      this.#failed = false;
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#since = undefined;
    }
  }

  #fail(thrown: unknown): void {
    this.#shut();
    this.#fileBytes = Number.POSITIVE_INFINITY;
    this.#notBeforeMonoMs = performance.now() + (this.#options.againMs ?? 5_000);
    if (!this.#failed) this.#options.onFault(EngineError.from(thrown));
    this.#failed = true;
  }

  #shut(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }
}

function writeWhole(handle: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
  return bytes.length;
}

/**
 * Gives each line of a file to `take`, which says whether it could read it. A last line that cannot be read was cut
 * off by a kill and is passed over; with another one, or where the file itself cannot be read, it is put aside as
 * `<file>.damaged`, in place of an earlier one. What could be read counts. A file that is not there has no lines.
 * @returns what a person should know; undefined: nothing
 */
export async function readLines(
  file: string,
  take: (line: string) => boolean,
): Promise<string | undefined> {
  let unread = 0;
  let wasRead = true;
  const see = (line: Buffer): void => {
    if (!wasRead) unread += 1;
    wasRead = line.length === 0 || (line.length <= MAX_LINE_BYTES && take(line.toString('utf8')));
  };
  let fault: string | undefined;
  try {
    let parts: Buffer[] = [];
    let size = 0;
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
        see(Buffer.concat([...parts, chunk.subarray(from, to)]));
        [parts, size, from] = [[], 0, to + 1];
      }
      size += chunk.length - from;
      // Of a line that is too long the length is all that counts, and one byte over will do.
      if (size <= MAX_LINE_BYTES) parts.push(chunk.subarray(from));
      else parts = [Buffer.alloc(MAX_LINE_BYTES + 1)];
    }
    if (size > 0) see(Buffer.concat(parts));
    if (unread === 0) return undefined;
    fault = `${unread} lines of ${file} cannot be read: what can be is kept`;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    fault = `${file} cannot be read: ${EngineError.from(thrown).message}`;
  }
  return `${fault}; ${putAside(file)}`;
}

function putAside(file: string): string {
  const aside = `${file}.damaged`;
  try {
    rmSync(aside, { recursive: true, force: true });
    renameSync(file, aside);
    return `it was put aside as ${aside}`;
  } catch (thrown) {
    return `it could not be put aside: ${EngineError.from(thrown).message}`;
  }
}
