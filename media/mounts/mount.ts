import { EngineError } from '../../engine/errors.js';
import { MountListener, type MountSink } from './listener.js';

export interface MountOptions {
  /** `/stream<id>.mp3`. */
  readonly path: string;
  readonly name: string;
  readonly contentType: string;
  readonly bitrateKbps: number;
  readonly startedUnixMs: number;
  /** Its stream leaves by Icecast alone: players are sent away, only low-latency sockets may listen. Default false. */
  readonly hidden?: boolean;
  /** One person's stream: players that know its path play it, `/status-json.xsl` does not say it. Default false. */
  readonly personal?: boolean;
  /** Default `BURST_MS`; 0: a listener begins with the sound of now. */
  readonly burstMs?: number;
  /** Somebody came or went. Must not throw. */
  readonly onListeners?: (mount: Mount) => void;
  /** Listeners of all mounts of the process; default: of this one. */
  readonly siteListeners?: () => number;
}

/** A new listener gets this much of the latest sound at once, so that a player starts without waiting. */
export const BURST_MS = 400;
/** Up to so many listeners each gets every packet at once: one person's stream follows their steps without delay. */
const PROMPT_LISTENERS = 8;
/**
 * Above that packets are gathered, so that the whole site makes about 20,000 writes a second, each of which costs some
 * microseconds whatever its size: 1 ms for each 20 listeners of the site, within these. A hundred people at one mount do not steer it.
 */
const GATHER_LEAST_MS = 60;
const GATHER_MOST_MS = 250;
const LISTENERS_PER_MS = 20;

/**
 * One stream's mount: the encoded bytes of now, the listeners attached to it and a short memory for the
 * burst. Holds no socket: listeners write through the `MountSink` they were attached with. Bytes are copied at most
 * once a mount, never for each listener.
 */
export class Mount {
  readonly options: MountOptions;
  readonly #listeners = new Set<MountListener>();
  /** Those who get each packet at once, without burst: low-latency sockets. */
  readonly #prompt = new Set<MountListener>();
  readonly #recent: Uint8Array[] = [];
  readonly #burstLimitBytes: number;
  #recentBytes = 0;
  #gathered: Uint8Array[] = [];
  #gatheredSinceMonoMs = 0;
  #header: Uint8Array = new Uint8Array(0);
  #title = '';
  #peak = 0;
  #bytesOut = 0;

  constructor(options: MountOptions) {
    this.options = options;
    const { bitrateKbps, burstMs = BURST_MS } = options;
    this.#burstLimitBytes = Math.round((bitrateKbps * 125 * burstMs) / 1_000);
  }

  get listeners(): number {
    return this.#listeners.size + this.#prompt.size;
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
   * Bytes every listener needs first (Ogg headers). Those who are there get them now; an equal header is not sent
   * again. Another one begins a new logical stream: what came before it is not for the next listener.
   */
  setHeader(header: Uint8Array, atMonoMs: number): void {
    if (Buffer.compare(header, this.#header) === 0) return;
    this.#flush(atMonoMs);
    this.forgetRecent();
    this.#header = header;
    for (const listener of this.#prompt) listener.deliver(header, this.#title, atMonoMs);
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
    for (const listener of this.#prompt) {
      listener.deliver(bytes, this.#title, atMonoMs);
      this.#bytesOut += bytes.length;
    }
    if (this.#gathered.length === 0) this.#gatheredSinceMonoMs = atMonoMs;
    this.#gathered.push(bytes);
    const sinceMs = atMonoMs - this.#gatheredSinceMonoMs;
    const own = this.#listeners.size;
    const ofSite = own > PROMPT_LISTENERS ? (this.options.siteListeners?.() ?? own) : own;
    if (sinceMs >= gatherMs(own, ofSite)) this.#flush(atMonoMs);
  }

  /** The listener stays until `detach`; its sink is called at once with header and burst. */
  attach(sink: MountSink, icy: boolean, atMonoMs: number): MountListener {
    const listener = this.#join(this.#listeners, sink, icy, atMonoMs);
    // What is gathered reaches it with the next write, together with the others.
    for (const part of this.#recent) listener.deliver(part, this.#title, atMonoMs);
    this.options.onListeners?.(this);
    return listener;
  }

  /** As `attach`, but it begins with the sound of now and gets each packet as it comes. */
  attachPrompt(sink: MountSink, atMonoMs: number): MountListener {
    const listener = this.#join(this.#prompt, sink, false, atMonoMs);
    this.options.onListeners?.(this);
    return listener;
  }

  /** False when it was not attached (any more). */
  detach(listener: MountListener): boolean {
    const was = this.#listeners.delete(listener) || this.#prompt.delete(listener);
    if (was) this.options.onListeners?.(this);
    return was;
  }

  /** Ends every listener's connection. */
  close(): void {
    for (const listener of [...this.#listeners, ...this.#prompt]) listener.close();
    this.#listeners.clear();
    this.#prompt.clear();
    this.#gathered = [];
    this.forgetRecent();
  }

  #join(among: Set<MountListener>, sink: MountSink, icy: boolean, atMonoMs: number): MountListener {
    const listener = new MountListener(sink, icy, this.options.bitrateKbps);
    among.add(listener);
    this.#peak = Math.max(this.#peak, this.listeners);
    if (this.#header.length > 0) listener.deliver(this.#header, this.#title, atMonoMs);
    return listener;
  }

  #flush(atMonoMs: number): void {
    const [first, second] = this.#gathered;
    if (first === undefined) return;
    const bytes = second === undefined ? first : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#recent.push(bytes);
    this.#recentBytes += bytes.length;
    while (this.#recentBytes > this.#burstLimitBytes) {
      const oldest = this.#recent.shift();
      if (oldest === undefined) break;
      this.#recentBytes -= oldest.length;
    }
    for (const listener of this.#listeners) {
      listener.deliver(bytes, this.#title, atMonoMs);
      this.#bytesOut += bytes.length;
    }
  }
}

function gatherMs(listeners: number, ofSite: number): number {
  if (listeners <= PROMPT_LISTENERS) return 0;
  return Math.min(GATHER_MOST_MS, Math.max(GATHER_LEAST_MS, ofSite / LISTENERS_PER_MS));
}

/** Every mount of the process, by path. */
export class MountTable {
  readonly #mounts = new Map<string, Mount>();
  readonly #maxListeners: number;
  readonly #burstMs: number;
  #onListeners: (mount: Mount) => void = () => undefined;
  #listeners = 0;

  /** @param burstMs of every mount that does not say its own. */
  constructor(maxListeners: number, burstMs = BURST_MS) {
    this.#maxListeners = maxListeners;
    this.#burstMs = burstMs;
  }

  /** @throws EngineError `conflict` when the path is taken. */
  add(options: MountOptions): Mount {
    if (this.#mounts.has(options.path)) {
      throw new EngineError('conflict', `mount ${options.path} exists already`);
    }
    const mount = new Mount({
      burstMs: this.#burstMs,
      siteListeners: () => this.#listeners,
      onListeners: (changed) => {
        this.#count();
        this.#onListeners(changed);
      },
      ...options,
    });
    this.#mounts.set(options.path, mount);
    return mount;
  }

  /** Who is told when somebody came to a mount or left it; one, the last wins. Must not throw. */
  watch(onListeners: (mount: Mount) => void): void {
    this.#onListeners = onListeners;
  }

  get(path: string): Mount | undefined {
    return this.#mounts.get(path);
  }

  remove(path: string): boolean {
    this.#mounts.get(path)?.close();
    const was = this.#mounts.delete(path);
    this.#count();
    return was;
  }

  all(): IterableIterator<Mount> {
    return this.#mounts.values();
  }

  get listeners(): number {
    return this.#listeners;
  }

  /** True when one more listener is allowed. */
  get hasRoom(): boolean {
    return this.#listeners < this.#maxListeners;
  }

  #count(): void {
    let count = 0;
    for (const mount of this.#mounts.values()) count += mount.listeners;
    this.#listeners = count;
  }
}
