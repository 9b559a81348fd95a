import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/**
 * An append-only text file that is renamed to `<path>.1` (older ones to `.2` …) when it would grow past
 * `maxBytes`; at most `maxFiles` are kept, this one included. A disk that is full or gone costs the line,
 * never the process: lines not written are counted.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  #fd: number | undefined;
  #bytes = 0;
  #lost = 0;

  constructor(options: {
    readonly path: string;
    readonly maxBytes: number;
    readonly maxFiles: number;
  }) {
    this.#path = options.path;
    this.#maxBytes = options.maxBytes;
    this.#maxFiles = options.maxFiles;
  }

  /** Lines that could not be written since the start. */
  get lost(): number {
    return this.#lost;
  }

  write(line: string): void {
    try {
      const bytes = Buffer.from(line);
      if (this.#fd === undefined) this.#open();
      if (this.#bytes > 0 && this.#bytes + bytes.length > this.#maxBytes) this.#rotate();
      if (this.#fd !== undefined) this.#bytes += writeSync(this.#fd, bytes);
    } catch {
      this.#lost += 1;
      this.close();
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): void {
    this.#fd = openSync(this.#path, 'a');
    this.#bytes = fstatSync(this.#fd).size;
  }

  #rotate(): void {
    this.close();
    rmSync(`${this.#path}.${this.#maxFiles - 1}`, { force: true });
    for (let n = this.#maxFiles - 2; n >= 0; n -= 1) {
      const from = n === 0 ? this.#path : `${this.#path}.${n}`;
      try {
        renameSync(from, `${this.#path}.${n + 1}`);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      }
    }
    if (this.#maxFiles === 1) rmSync(this.#path, { force: true });
    this.#open();
  }
}
