import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { extname, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { EngineError } from '../../engine/errors.js';
import { acceptsGzip, compressible, GZIP_FROM_BYTES, matches } from './encode.js';
import type { Exchange, Headers } from './exchange.js';
import { decodePart } from './router.js';

const gzipAsync = promisify(gzip);

/** A folder served as it is. */
export interface StaticFiles {
  /** Start of the URL's path: `/`, `/media/`, or `/listen` for a page and all below it. */
  readonly prefix: string;
  readonly folder: string;
  /**
   * Sent to browsers that ask for a page at a path that does not end like one of our files, so that the page's own router may
   * take it, e.g. `index.html`. Paths of the API (`/v1/…`) never get it.
   */
  readonly fallback?: string;
  /** Names like `app-Ab3dEf9h.js` hold a hash of the content, so that browsers may keep such files for ever. Default true. */
  readonly hashedNames?: boolean;
}

interface CachedFile {
  readonly version: string;
  readonly plain: Uint8Array;
  readonly packed: Uint8Array | undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.geojson': 'application/geo+json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.wav': 'audio/wav',
  '.m4a': 'audio/mp4',
  '.flac': 'audio/flac',
  '.mp4': 'video/mp4',
  '.gif': 'image/gif',
};

/** Larger files are streamed from disk and never held. */
const CACHED_FILE_BYTES = 4 * 1024 * 1024;
const CACHE_BYTES = 64 * 1024 * 1024;

/** Whether a browser asks for something to show, not a program for data. */
export function wantsPage(exchange: Exchange): boolean {
  return exchange.header('accept')?.includes('text/html') === true;
}

/** Serves folders: ETag, ranges, gzip made once; the cache is bounded, least recently used leaves first. */
export class FileServer {
  readonly #folders: readonly StaticFiles[];
  readonly #cache = new Map<string, CachedFile>();
  #cachedBytes = 0;

  constructor(folders: readonly StaticFiles[]) {
    this.#folders = [...folders].sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** False when no folder has it. @throws EngineError `input.invalid` for a broken or climbing path. */
  async serve(exchange: Exchange, headers: Headers): Promise<boolean> {
    const { path } = exchange.head;
    for (const folder of this.#folders) {
      if (!path.startsWith(folder.prefix)) continue;
      const rest = decodePart(path.slice(folder.prefix.length), 'path');
      const file = inside(folder.folder, rest === '' ? (folder.fallback ?? 'index.html') : rest);
      if (await this.#send(exchange, file, headers, folder.hashedNames ?? true)) return true;
      if (folder.fallback === undefined || !wantsPage(exchange) || extname(rest) in TYPES) continue;
      if (path.startsWith('/v1/')) continue;
      const fallback = inside(folder.folder, folder.fallback);
      if (await this.#send(exchange, fallback, headers, false)) return true;
    }
    return false;
  }

  async #send(
    exchange: Exchange,
    file: string,
    headers: Headers,
    hashedNames: boolean,
  ): Promise<boolean> {
    const facts = await stat(file).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (facts === undefined || !facts.isFile()) return false;
    const version = `${facts.size.toString(36)}-${Math.trunc(facts.mtimeMs).toString(36)}`;
    const out: Record<string, string> = {
      ...headers,
      'content-type': TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream',
      etag: `W/"${version}"`,
      'accept-ranges': 'bytes',
      // File names with a content hash never change; all others are asked for again.
      'cache-control':
        hashedNames && /-[A-Za-z0-9_-]{8}\.\w+$/.test(file)
          ? 'public, max-age=31536000, immutable'
          : 'no-cache',
    };
    if (matches(exchange.header('if-none-match'), out['etag'])) {
      exchange.send(304, out);
      return true;
    }
    const range = parseRange(exchange.header('range'), facts.size);
    if (range === 'unsatisfiable') {
      exchange.send(416, { ...out, 'content-range': `bytes */${String(facts.size)}` });
    } else if (range !== undefined) {
      out['content-range'] =
        `bytes ${String(range.start)}-${String(range.end)}/${String(facts.size)}`;
      const sizeBytes = range.end - range.start + 1;
      await exchange.sendSized(206, out, sizeBytes, createReadStream(file, range));
    } else if (facts.size > CACHED_FILE_BYTES) {
      await exchange.sendSized(200, out, facts.size, createReadStream(file));
    } else {
      await this.#sendCached(exchange, file, version, out);
    }
    return true;
  }

  async #sendCached(
    exchange: Exchange,
    file: string,
    version: string,
    headers: Record<string, string>,
  ): Promise<void> {
    const cached = await this.#load(file, version, compressible(headers['content-type'] ?? ''));
    if (cached.packed !== undefined) headers['vary'] = 'Accept-Encoding';
    if (cached.packed !== undefined && acceptsGzip(exchange)) {
      exchange.send(200, { ...headers, 'content-encoding': 'gzip' }, cached.packed);
    } else exchange.send(200, headers, cached.plain);
  }

  async #load(file: string, version: string, packable: boolean): Promise<CachedFile> {
    const known = this.#cache.get(file);
    if (known !== undefined) {
      this.#drop(file, known);
      if (known.version === version) {
        this.#keep(file, known);
        return known;
      }
    }
    const plain = await readFile(file);
    const packed =
      packable && plain.length >= GZIP_FROM_BYTES
        ? await gzipAsync(plain, { level: 9 })
        : undefined;
    const made: CachedFile = { version, plain, packed };
    const raced = this.#cache.get(file);
    if (raced !== undefined) this.#drop(file, raced);
    this.#keep(file, made);
    for (const [oldest, entry] of this.#cache) {
      if (this.#cachedBytes <= CACHE_BYTES) break;
      this.#drop(oldest, entry);
    }
    return made;
  }

  #keep(file: string, entry: CachedFile): void {
    this.#cache.set(file, entry);
    this.#cachedBytes += sizeOf(entry);
  }

  #drop(file: string, entry: CachedFile): void {
    this.#cache.delete(file);
    this.#cachedBytes -= sizeOf(entry);
  }
}

function sizeOf(entry: CachedFile): number {
  return entry.plain.length + (entry.packed?.length ?? 0);
}

function inside(folder: string, path: string): string {
  const root = resolve(folder);
  const file = resolve(root, `./${path}`);
  if (path.includes('\0') || (file !== root && !file.startsWith(root + sep))) {
    throw new EngineError('input.invalid', 'the path leaves the served folder');
  }
  return file;
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
}

/** One range of bytes, both ends included. Several ranges in one request are answered with the whole file. */
export function parseRange(
  header: string | undefined,
  sizeBytes: number,
): { readonly start: number; readonly end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null) return undefined;
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return undefined;
  const start = from === '' ? Math.max(0, sizeBytes - Number(to)) : Number(from);
  const end = from === '' || to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  return start > end || start >= sizeBytes ? 'unsatisfiable' : { start, end };
}
