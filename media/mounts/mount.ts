import { EngineError } from '../../engine/errors.js';
import { MountListener, type MountSink } from './listener.js';

export interface MountOptions {
  /** `/stream<id>.mp3`. */
  readonly path: string;
  readonly name: string;
  readonly contentType: string;
  readonly bitrateKbps: number;
  readonly startedUnixMs: number;
}

/** A new listener gets this much of the latest sound at once, so that a player starts without waiting. */
export const BURST_MS = 400;

/**
 * One stream's mount: the encoded bytes of now, the listeners attached to it and a short memory for the
 * burst. Holds no socket: listeners write through the `MountSink` they were attached with.
 */
export class Mount {
  readonly options: MountOptions;
  readonly #listeners = new Set<MountListener>();
  readonly #recent: Uint8Array[] = [];
  readonly #burstLimitBytes: number;
  #recentBytes = 0;
  #header: Uint8Array = new Uint8Array(0);
  #title = '';
  #peak = 0;
  #bytesOut = 0;

  constructor(options: MountOptions) {
    this.options = options;
    this.#burstLimitBytes = Math.round((options.bitrateKbps * 125 * BURST_MS) / 1_000);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  get peak(): number {
    return this.#peak;
  }

  get title(): string {
    return this.#title;
  }

  /** Bytes handed to listeners since the mount was made. */
  get bytesOut(): number {
    return this.#bytesOut;
  }

  setTitle(title: string): void {
    this.#title = title;
  }

  /**
   * Bytes every listener needs first (Ogg headers). Those who came before the encoder was there get them now;
   * an equal header is not sent again.
   */
  setHeader(header: Uint8Array, atMonoMs: number): void {
    if (Buffer.compare(header, this.#header) === 0) return;
    this.#header = header;
    for (const listener of this.#listeners) listener.deliver(header, this.#title, atMonoMs);
  }

  /** The sound of the past must not be played to the next listener (after a gap, or a new header). */
  forgetRecent(): void {
    this.#recent.length = 0;
    this.#recentBytes = 0;
  }

  /** Whole encoder packets of one tick. The array is kept for the burst: do not change it afterwards. */
  push(bytes: Uint8Array, atMonoMs: number): void {
    if (bytes.length === 0) return;
    this.#recent.push(bytes);
    this.#recentBytes += bytes.length;
    while (this.#recent.length > 1 && this.#recentBytes > this.#burstLimitBytes) {
      this.#recentBytes -= this.#recent.shift()?.length ?? 0;
    }
    for (const listener of this.#listeners) {
      listener.deliver(bytes, this.#title, atMonoMs);
      this.#bytesOut += bytes.length;
    }
  }

  /** The listener stays until `detach`; its sink is called at once with header and burst. */
  attach(sink: MountSink, icy: boolean, atMonoMs: number): MountListener {
    const listener = new MountListener(sink, icy, this.options.bitrateKbps);
    this.#listeners.add(listener);
    this.#peak = Math.max(this.#peak, this.#listeners.size);
    if (this.#header.length > 0) listener.deliver(this.#header, this.#title, atMonoMs);
    for (const part of this.#recent) listener.deliver(part, this.#title, atMonoMs);
    return listener;
  }

  /** False when it was not attached (any more). */
  detach(listener: MountListener): boolean {
    return this.#listeners.delete(listener);
  }

  /** Ends every listener's connection. */
  close(): void {
    for (const listener of [...this.#listeners]) listener.close();
    this.#listeners.clear();
    this.forgetRecent();
  }
}

/** Every mount of the process, by path. */
export class MountTable {
  readonly #mounts = new Map<string, Mount>();
  readonly #maxListeners: number;

  constructor(maxListeners: number) {
    this.#maxListeners = maxListeners;
  }

  /** @throws EngineError `conflict` when the path is taken. */
  add(options: MountOptions): Mount {
    if (this.#mounts.has(options.path)) {
      throw new EngineError('conflict', `mount ${options.path} exists already`);
    }
    const mount = new Mount(options);
    this.#mounts.set(options.path, mount);
    return mount;
  }

  get(path: string): Mount | undefined {
    return this.#mounts.get(path);
  }

  remove(path: string): boolean {
    this.#mounts.get(path)?.close();
    return this.#mounts.delete(path);
  }

  all(): IterableIterator<Mount> {
    return this.#mounts.values();
  }

  get listeners(): number {
    let count = 0;
    for (const mount of this.#mounts.values()) count += mount.listeners;
    return count;
  }

  /** True when one more listener is allowed. */
  get hasRoom(): boolean {
    return this.listeners < this.#maxListeners;
  }
}
