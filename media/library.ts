import type { Clock } from '../engine/clock.js';
import { EngineError } from '../engine/errors.js';
import { PcmSource } from './mixer/source.js';
import { BLOCK_FRAMES, CHUNK_FRAMES, type PcmMedia } from './ports.js';

/** Unused chunks and media stay this long, for a listener who turns round. */
const KEEP_MS = 15_000;
/** Reading ahead starts when less than this is left of the chunk that plays. */
const AHEAD_FRAMES = CHUNK_FRAMES / 2;
const RETRY_FIRST_MS = 2_000;
const RETRY_MAX_MS = 60_000;

export interface MediaAccess {
  /** Chunk `chunk` of a media, decoded. Rejects with `media.unreadable` or `not-found`. */
  acquire(mediaId: string, chunk: number): Promise<PcmMedia>;
  /** Says that an acquired chunk is no longer read here. */
  release(mediaId: string, chunk: number): void;
}

interface Entry {
  readonly source: PcmSource;
  /** Chunk → last time somebody needed it, monotonic ms. */
  readonly neededMs: Map<number, number>;
  readonly loading: Set<number>;
  usedMs: number;
  retryMs: number;
  failures: number;
  /** Why it cannot be had now. */
  failure: string | undefined;
}

/** The decoded media one engine reads: acquires what voices need, reads ahead, lets go of the rest. */
export class MediaLibrary {
  readonly #access: MediaAccess;
  readonly #clock: Clock;
  readonly #onFailure: (mediaId: string, error: EngineError) => void;
  readonly #entries = new Map<string, Entry>();
  #nextNo = 1;
  #closed = false;

  constructor(
    access: MediaAccess,
    clock: Clock,
    onFailure: (mediaId: string, error: EngineError) => void,
  ) {
    this.#access = access;
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  /** Source of a media; its sound arrives later. A media that failed is tried again by `sweep`. */
  sourceOf = (mediaId: string): PcmSource => {
    let entry = this.#entries.get(mediaId);
    if (entry === undefined) {
      entry = {
        source: new PcmSource(mediaId, this.#nextNo++),
        neededMs: new Map(),
        loading: new Set(),
        usedMs: 0,
        retryMs: 0,
        failures: 0,
        failure: undefined,
      };
      this.#entries.set(mediaId, entry);
      this.#load(entry, 0);
    }
    entry.usedMs = this.#clock.monoMs();
    return entry.source;
  };

  /** Media held or on their way. */
  get size(): number {
    return this.#entries.size;
  }

  /** Why a media could not be had when it was last tried; undefined: it is here, or on its way. */
  failureOf = (mediaId: string): string | undefined => this.#entries.get(mediaId)?.failure;

  /** A voice reads `source` at `frame` now: keeps that chunk and the next, soon to be needed one. */
  need(source: PcmSource, frame: number): void {
    const entry = this.#entries.get(source.mediaId);
    if (entry === undefined) return;
    const nowMs = this.#clock.monoMs();
    entry.usedMs = nowMs;
    if (source.frames === 0) {
      this.#load(entry, Math.floor(frame / CHUNK_FRAMES));
      return;
    }
    this.#needChunk(entry, Math.floor(frame / CHUNK_FRAMES), nowMs);
    const ahead = frame + AHEAD_FRAMES + BLOCK_FRAMES;
    this.#needChunk(entry, Math.floor((ahead % source.frames) / CHUNK_FRAMES), nowMs);
  }

  /** Loads what is missing, releases what nobody needed for a while. Call a few times a second. */
  sweep(): void {
    const nowMs = this.#clock.monoMs();
    for (const [mediaId, entry] of this.#entries) {
      const used = nowMs - entry.usedMs < KEEP_MS;
      if (used && entry.source.frames === 0) this.#load(entry, 0);
      for (const [chunk, neededMs] of entry.neededMs) {
        if (nowMs - neededMs < KEEP_MS) {
          this.#load(entry, chunk);
        } else {
          entry.neededMs.delete(chunk);
          this.#drop(entry, chunk);
        }
      }
      if (used || entry.loading.size > 0) continue;
      for (let chunk = 0; chunk < entry.source.chunks; chunk++) this.#drop(entry, chunk);
      this.#entries.delete(mediaId);
    }
  }

  /** Releases everything. */
  close(): void {
    this.#closed = true;
    for (const entry of this.#entries.values()) {
      for (let chunk = 0; chunk < entry.source.chunks; chunk++) this.#drop(entry, chunk);
    }
    this.#entries.clear();
  }

  #needChunk(entry: Entry, chunk: number, nowMs: number): void {
    if (!(chunk >= 0 && chunk < entry.source.chunks)) return;
    entry.neededMs.set(chunk, nowMs);
    this.#load(entry, chunk);
  }

  #drop(entry: Entry, chunk: number): void {
    if (!entry.source.has(chunk)) return;
    entry.source.drop(chunk);
    this.#access.release(entry.source.mediaId, chunk);
  }

  #load(entry: Entry, chunk: number): void {
    const { source, loading } = entry;
    if (loading.has(chunk) || source.has(chunk) || this.#clock.monoMs() < entry.retryMs) return;
    loading.add(chunk);
    this.#access.acquire(source.mediaId, chunk).then(
      (media) => {
        loading.delete(chunk);
        if (this.#closed || this.#entries.get(source.mediaId) !== entry) {
          this.#access.release(source.mediaId, chunk);
          return;
        }
        entry.failures = 0;
        entry.failure = undefined;
        entry.neededMs.set(chunk, this.#clock.monoMs());
        source.put(media);
      },
      (error: unknown) => {
        loading.delete(chunk);
        const waitMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** entry.failures);
        entry.failures++;
        entry.retryMs = this.#clock.monoMs() + waitMs;
        const failure = EngineError.from(error, 'media.unreadable');
        entry.failure = failure.message;
        this.#onFailure(source.mediaId, failure);
      },
    );
  }
}
