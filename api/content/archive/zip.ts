import type { Readable } from 'node:stream';
import { type Entry, open, type ZipFile } from 'yauzl';
import { EngineError } from '../../../engine/errors.js';

export interface ZipLimits {
  readonly maxEntries: number;
  /** All entries unpacked. */
  readonly maxTotalBytes: number;
  /** One entry unpacked. */
  readonly maxEntryBytes: number;
}

/** More than this times its packed size, beyond a mebibyte, no honest recording or table unpacks to. */
const MOST_RATIO = 200;
const SMALL_BYTES = 1_048_576;
const SYMLINK_TYPE = 0o12_0000;

/**
 * A ZIP file, looked through before anything is unpacked. Its names are only keys: nothing is ever written under
 * them. Owned by whoever opened it; `close` ends it.
 */
export class ZipBundle {
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(zip: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.#zip = zip;
    this.#entries = entries;
  }

  /** @throws EngineError `input.invalid` for what is no ZIP, climbs out or lies; `input.too-large`. */
  static async open(file: string, limits: ZipLimits): Promise<ZipBundle> {
    const zip = await openZip(file).catch((cause: unknown) => {
      throw broken(cause);
    });
    try {
      return new ZipBundle(zip, await readEntries(zip, limits));
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  /** Names of files, as they stand in the archive. */
  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** All files unpacked. */
  get totalBytes(): number {
    let total = 0;
    for (const { uncompressedSize } of this.#entries.values()) total += uncompressedSize;
    return total;
  }

  sizeBytes(name: string): number {
    return this.#entries.get(name)?.uncompressedSize ?? 0;
  }

  /** The bytes of a file; more or fewer than announced end in an error. @throws EngineError `not-found`, `input.invalid`. */
  async *read(name: string): AsyncGenerator<Uint8Array> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new EngineError('not-found', `the archive has no ${name}`);
    try {
      for await (const chunk of await openEntry(this.#zip, entry)) yield chunk as Uint8Array;
    } catch (cause) {
      if (cause instanceof EngineError) throw cause;
      throw broken(cause, name);
    }
  }

  /** A small file whole. @throws EngineError `input.too-large`. */
  async text(name: string, maxBytes: number): Promise<string> {
    if (this.sizeBytes(name) > maxBytes) {
      throw new EngineError('input.too-large', `${name} may have at most ${maxBytes} bytes`);
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.read(name)) chunks.push(chunk);
    return new TextDecoder().decode(Buffer.concat(chunks));
  }

  close(): void {
    this.#zip.close();
  }
}

async function readEntries(zip: ZipFile, limits: ZipLimits): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  let totalBytes = 0;
  if (zip.entryCount > limits.maxEntries) throw tooMany(limits);
  try {
    for await (const entry of eachEntry(zip)) {
      const { fileName: name, uncompressedSize, compressedSize } = entry;
      if (name.endsWith('/') || isJunk(name)) continue;
      if (entries.size >= limits.maxEntries) throw tooMany(limits);
      const type = (entry.externalFileAttributes >>> 16) & 0o17_0000;
      if (type === SYMLINK_TYPE) throw refused(name, 'it is a link');
      if ((entry.generalPurposeBitFlag & 1) === 1) throw refused(name, 'it is encrypted');
      if (entries.has(name)) throw refused(name, 'it is there twice');
      if (uncompressedSize > limits.maxEntryBytes) {
        throw new EngineError(
          'input.too-large',
          `${name} unpacks to ${uncompressedSize} bytes, more than ${limits.maxEntryBytes}`,
        );
      }
      const bomb = uncompressedSize > SMALL_BYTES && uncompressedSize / compressedSize > MOST_RATIO;
      if (bomb) throw refused(name, `it unpacks to ${uncompressedSize} bytes`);
      totalBytes += uncompressedSize;
      if (totalBytes > limits.maxTotalBytes) {
        throw new EngineError(
          'input.too-large',
          `the archive unpacks to more than ${limits.maxTotalBytes} bytes`,
        );
      }
      entries.set(name, entry);
    }
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw broken(cause);
  }
  return entries;
}

const openZip = (file: string): Promise<ZipFile> =>
  new Promise((resolve, reject) => {
    open(file, { lazyEntries: true, autoClose: false }, (error, zip) => {
      if (error === null) resolve(zip);
      else reject(error);
    });
  });

const openEntry = (zip: ZipFile, entry: Entry): Promise<Readable> =>
  new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error === null) resolve(stream);
      else reject(error);
    });
  });

async function* eachEntry(zip: ZipFile): AsyncGenerator<Entry> {
  for (;;) {
    const entry = await new Promise<Entry | undefined>((resolve, reject) => {
      zip.removeAllListeners();
      zip.once('entry', resolve);
      zip.once('end', () => resolve(undefined));
      zip.once('error', reject);
      zip.readEntry();
    });
    if (entry === undefined) return;
    yield entry;
  }
}

/** What operating systems add. */
const isJunk = (name: string): boolean =>
  /(^|\/)(__MACOSX\/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\._)/.test(name);

const tooMany = ({ maxEntries }: ZipLimits) =>
  new EngineError('input.too-large', `the archive has more than ${maxEntries} files`);

const refused = (name: string, why: string) =>
  new EngineError('input.invalid', `the archive is refused: ${name.slice(0, 200)}: ${why}`);

const broken = (cause: unknown, name?: string) =>
  new EngineError(
    'input.invalid',
    `the archive is broken${name === undefined ? '' : ` at ${name.slice(0, 200)}`}: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
