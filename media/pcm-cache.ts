import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../engine/errors.js';
import { type DecodedChunk, type DecodeLimits, decodeFile } from './decode.js';
import { CHUNK_FRAMES, type PcmMedia } from './ports.js';

export interface PcmCacheOptions extends Partial<DecodeLimits> {
  /** Where a media's file is. Rejects with `not-found` for an unknown id. */
  readonly locate: (mediaId: string) => string | Promise<string>;
  /** Folder for decoded long media; emptied of ours on `close`. */
  readonly spoolFolder: string;
  /** Most bytes of decoded sound in memory. Default 512 MiB; a minute is 22 MiB. */
  readonly maxBytes?: number;
  /** Most bytes of decoded long media on disk. Default 8 GiB; an hour is 1.3 GiB. */
  readonly maxSpoolBytes?: number;
  /** Decoders at work at once. Default 2. */
  readonly maxDecoders?: number;
}

const DEFAULT_MAX_BYTES = 512 * 1024 * 1024;
const DEFAULT_MAX_SPOOL_BYTES = 8 * 1024 * 1024 * 1024;
const DEFAULT_LIMITS: DecodeLimits = { maxDecodeMs: 180_000, maxDurationS: 4 * 3600 };
const CHUNK_BYTES = CHUNK_FRAMES * 8;

interface Chunk {
  readonly data: SharedArrayBuffer;
  readonly frames: number;
  /** Owner → how often it holds this. */
  readonly pins: Map<string, number>;
}

interface Entry {
  readonly mediaId: string;
  frames: number;
  /** File with all chunks one after the other; undefined for a media of one chunk. */
  spool: string | undefined;
  spoolBytes: number;
  /** Requests under way: it must stay. */
  asking: number;
  /** In order of use: first is the next to go. */
  readonly chunks: Map<number, Chunk>;
  readonly reading: Map<number, Promise<Chunk>>;
  decoding: Promise<void> | undefined;
  decoded: boolean;
}

/**
 * Decoded sound of the whole process, in shared memory. Each media is decoded once, by an ffmpeg
 * process; long ones go to a file and are read from it chunk by chunk. Bounded in memory and on disk: what
 * nobody holds goes first, least recently used first; when everything is held, `acquire` rejects with
 * `server.busy`.
 */
export class PcmCache {
  readonly #locate: PcmCacheOptions['locate'];
  readonly #spoolFolder: string;
  readonly #maxBytes: number;
  readonly #maxSpoolBytes: number;
  readonly #limits: DecodeLimits;
  readonly #entries = new Map<string, Entry>();
  readonly #abort = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #decodersLeft: number;
  #bytes = 0;
  #spoolBytes = 0;
  #decodes = 0;

  constructor(options: PcmCacheOptions) {
    this.#locate = options.locate;
    this.#spoolFolder = options.spoolFolder;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#maxSpoolBytes = options.maxSpoolBytes ?? DEFAULT_MAX_SPOOL_BYTES;
    this.#decodersLeft = options.maxDecoders ?? 2;
    this.#limits = {
      maxDecodeMs: options.maxDecodeMs ?? DEFAULT_LIMITS.maxDecodeMs,
      maxDurationS: options.maxDurationS ?? DEFAULT_LIMITS.maxDurationS,
    };
  }

  get stats(): {
    readonly bytes: number;
    readonly spoolBytes: number;
    readonly media: number;
    readonly decodes: number;
  } {
    return {
      bytes: this.#bytes,
      spoolBytes: this.#spoolBytes,
      media: this.#entries.size,
      decodes: this.#decodes,
    };
  }

  /** Removes what a process that ended badly left in the spool folder. Once, before the first `acquire`. */
  async open(): Promise<void> {
    await mkdir(this.#spoolFolder, { recursive: true });
    for (const name of await readdir(this.#spoolFolder)) {
      if (name.endsWith('.pcm')) await rm(join(this.#spoolFolder, name), { force: true });
    }
  }

  /**
   * A chunk of a media, decoded and held for `owner` until it releases it as often. Equal requests at
   * the same time share one decoding.
   * @throws EngineError `media.unreadable`, `input.too-large`, `not-found`, `server.busy`, `server.stopping`
   */
  async acquire(mediaId: string, chunk = 0, owner = ''): Promise<PcmMedia> {
    const entry = this.#entry(mediaId);
    entry.asking++;
    try {
      return await this.#hold(entry, chunk, owner);
    } finally {
      entry.asking--;
    }
  }

  /** Lets go of one hold. False when `owner` had none. */
  release(mediaId: string, chunk = 0, owner = ''): boolean {
    const pins = this.#entries.get(mediaId)?.chunks.get(chunk)?.pins;
    const held = pins?.get(owner);
    if (pins === undefined || held === undefined) return false;
    if (held > 1) pins.set(owner, held - 1);
    else pins.delete(owner);
    return true;
  }

  /** Lets go of all that a lost thread held. */
  releaseAll(owner: string): void {
    for (const entry of this.#entries.values()) {
      for (const chunk of entry.chunks.values()) chunk.pins.delete(owner);
    }
  }

  /** The file changed: the next `acquire` decodes again. Those who hold the old sound keep it. */
  forget(mediaId: string): void {
    const entry = this.#entries.get(mediaId);
    if (entry !== undefined) this.#remove(entry);
  }

  /** Ends decoders, removes files. Pending `acquire`s reject with `server.stopping`. */
  async close(): Promise<void> {
    this.#abort.abort();
    for (const wake of this.#waiting.splice(0)) wake();
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#bytes = 0;
    await Promise.allSettled(entries.map((entry) => entry.decoding));
    await Promise.all(entries.map((entry) => this.#removeSpool(entry)));
  }

  async #hold(entry: Entry, chunk: number, owner: string): Promise<PcmMedia> {
    const { mediaId } = entry;
    if (!entry.decoded) {
      entry.decoding ??= this.#decode(entry).finally(() => {
        entry.decoding = undefined;
      });
      await entry.decoding;
    }
    if (!(chunk >= 0) || chunk * CHUNK_FRAMES >= entry.frames) {
      throw new EngineError('not-found', `media ${mediaId} has no chunk ${chunk}`);
    }
    const found = entry.chunks.get(chunk) ?? (await this.#read(entry, chunk));
    found.pins.set(owner, (found.pins.get(owner) ?? 0) + 1);
    // Used last: to the end of the order.
    entry.chunks.delete(chunk);
    entry.chunks.set(chunk, found);
    if (this.#entries.get(mediaId) === entry) {
      this.#entries.delete(mediaId);
      this.#entries.set(mediaId, entry);
    }
    return { mediaId, frames: entry.frames, chunk, dataFrames: found.frames, data: found.data };
  }

  #entry(mediaId: string): Entry {
    if (this.#abort.signal.aborted) {
      throw new EngineError('server.stopping', 'the sound cache is closed');
    }
    let entry = this.#entries.get(mediaId);
    if (entry === undefined) {
      entry = {
        mediaId,
        frames: 0,
        spool: undefined,
        spoolBytes: 0,
        asking: 0,
        chunks: new Map(),
        reading: new Map(),
        decoding: undefined,
        decoded: false,
      };
      this.#entries.set(mediaId, entry);
    }
    return entry;
  }

  async #decode(entry: Entry): Promise<void> {
    const spool = join(this.#spoolFolder, `${randomUUID()}.pcm`);
    let first: DecodedChunk | undefined;
    let written = 0;
    const write = async (file: FileHandle, chunk: DecodedChunk): Promise<void> => {
      this.#makeSpoolRoom(chunk.data.byteLength, entry);
      written += chunk.data.byteLength;
      this.#spoolBytes += chunk.data.byteLength;
      await writeChunk(file, chunk);
    };
    let writer: FileHandle | undefined;
    await this.#takeDecoder();
    try {
      this.#decodes++;
      const file = await this.#locate(entry.mediaId);
      entry.frames = await decodeFile(
        file,
        this.#limits,
        async (chunk) => {
          if (chunk.chunk === 0) {
            first = chunk;
            return;
          }
          if (writer === undefined) {
            await mkdir(this.#spoolFolder, { recursive: true });
            writer = await open(spool, 'w');
            if (first !== undefined) await write(writer, first);
          }
          await write(writer, chunk);
        },
        this.#abort.signal,
      );
      if (this.#entries.get(entry.mediaId) !== entry) {
        const why = `media ${entry.mediaId} changed while it was decoded: ask again`;
        throw new EngineError('server.busy', why);
      }
      if (first !== undefined) this.#keep(entry, first);
      entry.spool = writer === undefined ? undefined : spool;
      entry.spoolBytes = written;
      entry.decoded = true;
    } catch (error) {
      if (this.#entries.get(entry.mediaId) === entry) this.#entries.delete(entry.mediaId);
      this.#spoolBytes -= written;
      await rm(spool, { force: true });
      throw error;
    } finally {
      await writer?.close();
      this.#decodersLeft++;
      this.#waiting.shift()?.();
    }
  }

  async #takeDecoder(): Promise<void> {
    while (this.#decodersLeft === 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (this.#abort.signal.aborted) {
        throw new EngineError('server.stopping', 'the sound cache is closed');
      }
    }
    this.#decodersLeft--;
  }

  /** A chunk that is not in memory: from the file of a long media, or by decoding a short one again. */
  #read(entry: Entry, chunk: number): Promise<Chunk> {
    let reading = entry.reading.get(chunk);
    if (reading === undefined) {
      reading = this.#readAnew(entry, chunk).finally(() => entry.reading.delete(chunk));
      entry.reading.set(chunk, reading);
    }
    return reading;
  }

  async #readAnew(entry: Entry, chunk: number): Promise<Chunk> {
    if (entry.spool === undefined) {
      await this.#decode(entry);
      const decoded = entry.chunks.get(chunk);
      if (decoded !== undefined) return decoded;
      throw new EngineError('server.busy', `no memory for media ${entry.mediaId}`);
    }
    const frames = Math.min(CHUNK_FRAMES, entry.frames - chunk * CHUNK_FRAMES);
    const data = new SharedArrayBuffer(frames * 8);
    const file = await open(entry.spool, 'r');
    try {
      const bytes = new Uint8Array(data);
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await file.read(
          bytes,
          at,
          bytes.length - at,
          chunk * CHUNK_BYTES + at,
        );
        if (bytesRead === 0) {
          throw new EngineError('media.unreadable', `the decoded file of ${entry.mediaId} is cut`);
        }
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
    return this.#keep(entry, { chunk, frames, data });
  }

  #keep(entry: Entry, decoded: DecodedChunk): Chunk {
    this.#makeRoom(decoded.data.byteLength, entry);
    const chunk: Chunk = { data: decoded.data, frames: decoded.frames, pins: new Map() };
    entry.chunks.set(decoded.chunk, chunk);
    this.#bytes += decoded.data.byteLength;
    return chunk;
  }

  #makeRoom(bytes: number, asking: Entry): void {
    for (const entry of this.#entries.values()) {
      for (const [number, chunk] of entry.chunks) {
        if (this.#bytes + bytes <= this.#maxBytes) return;
        if (chunk.pins.size > 0) continue;
        entry.chunks.delete(number);
        this.#bytes -= chunk.data.byteLength;
      }
      // A short one of which nothing is left would be decoded again all the same.
      if (entry.chunks.size === 0 && entry.spool === undefined && entry.asking === 0) {
        this.#remove(entry);
      }
    }
    if (this.#bytes + bytes <= this.#maxBytes) return;
    throw new EngineError(
      'server.busy',
      `no memory for media ${asking.mediaId}: ${this.#bytes} of ${this.#maxBytes} bytes of decoded sound are being heard; raise the limit`,
    );
  }

  #makeSpoolRoom(bytes: number, asking: Entry): void {
    for (const entry of this.#entries.values()) {
      if (this.#spoolBytes + bytes <= this.#maxSpoolBytes) return;
      if (entry.spool === undefined || entry.asking > 0) continue;
      if (![...entry.chunks.values()].some((chunk) => chunk.pins.size > 0)) this.#remove(entry);
    }
    if (this.#spoolBytes + bytes <= this.#maxSpoolBytes) return;
    throw new EngineError(
      'server.busy',
      `no room on disk for media ${asking.mediaId}: ${this.#spoolBytes} of ${this.#maxSpoolBytes} bytes of decoded sound are in use; raise the limit or play shorter files`,
    );
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.mediaId);
    for (const chunk of entry.chunks.values()) this.#bytes -= chunk.data.byteLength;
    this.#spoolBytes -= entry.spoolBytes;
    void this.#removeSpool(entry);
  }

  async #removeSpool(entry: Entry): Promise<void> {
    if (entry.spool !== undefined) await rm(entry.spool, { force: true });
  }
}

async function writeChunk(file: FileHandle, chunk: DecodedChunk): Promise<void> {
  const bytes = new Uint8Array(chunk.data);
  let at = 0;
  while (at < bytes.length) at += (await file.write(bytes, at)).bytesWritten;
}
