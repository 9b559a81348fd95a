import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../../../engine/errors.js';

export interface Kept {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Files that were brought, below a folder of their own; written whole or not at all. */
export class FileStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  pathOf(name: string): string {
    return join(this.#folder, name);
  }

  /**
   * Writes a stream to disk under a name of ours, piece by piece.
   * @throws EngineError `input.too-large`, and what the stream throws; nothing is left then.
   */
  async keep(name: string, stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Kept> {
    await mkdir(this.#folder, { recursive: true });
    const path = this.pathOf(name);
    const part = `${path}.part`;
    const hash = createHash('sha256');
    let sizeBytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of stream) {
        sizeBytes += chunk.length;
        if (sizeBytes > maxBytes) {
          throw new EngineError('input.too-large', `the file may have ${maxBytes} bytes`);
        }
        hash.update(chunk);
        yield chunk;
      }
    }
    try {
      await pipeline(Readable.from(counted()), createWriteStream(part));
      await rename(part, path);
    } catch (thrown) {
      await rm(part, { force: true });
      throw thrown;
    }
    return { path, sha256: hash.digest('hex'), sizeBytes };
  }

  async move(from: string, to: string): Promise<void> {
    await rename(this.pathOf(from), this.pathOf(to));
  }

  async remove(name: string): Promise<void> {
    await rm(this.pathOf(name), { force: true });
  }
}
