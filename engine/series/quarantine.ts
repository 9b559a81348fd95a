import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MAX_BYTES = 67_108_864;

/** Bytes nobody could use, kept for a human: up to 64 MiB, then only told. */
export class Quarantine {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns the file, or an empty text when it was not kept. */
  async keep(name: string, pieces: readonly Uint8Array[]): Promise<string> {
    const bytes = Buffer.concat(pieces);
    try {
      mkdirSync(this.#folder, { recursive: true });
      if (this.#usedBytes() + bytes.length > MAX_BYTES) return '';
      const file = join(this.#folder, `${name.replaceAll(/[^A-Za-z0-9.-]/g, '_')}.bin`);
      await writeFile(file, bytes);
      return file;
    } catch {
      // The disk may be the very thing that failed; the caller tells the loss either way.
      return '';
    }
  }

  #usedBytes(): number {
    let sum = 0;
    for (const name of readdirSync(this.#folder)) sum += statSync(join(this.#folder, name)).size;
    return sum;
  }
}
