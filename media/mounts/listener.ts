import { IcyWriter } from './icy.js';

/** Where a listener's bytes go: a socket. */
export interface MountSink {
  /** Takes the bytes; false when it would rather not have more until it drained. */
  write(bytes: Uint8Array): boolean;
  close(): void;
}

/** Unsent sound kept for a listener who reads too slowly; more than that and it skips to now. */
export const QUEUE_MS = 4_000;
/** A listener that took nothing for this long is closed. */
export const STALL_CLOSE_MS = 15_000;

/**
 * One connected player. While it does not read, its sound queues up to `QUEUE_MS` of its bitrate (at
 * 128 kbit/s 16,000 bytes/s, 64,000 bytes); then the queue is emptied and it goes on with the sound of
 * now. After `STALL_CLOSE_MS` without a byte taken it is closed. Others never wait for it.
 */
export class MountListener {
  readonly #sink: MountSink;
  readonly #icy: IcyWriter | undefined;
  readonly #limitBytes: number;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #blockedSinceMonoMs: number | undefined;
  #title = '';
  #skippedBytes = 0;
  #closed = false;

  constructor(sink: MountSink, icy: boolean, bitrateKbps: number) {
    this.#sink = sink;
    this.#icy = icy ? new IcyWriter() : undefined;
    this.#limitBytes = Math.round((bitrateKbps * 125 * QUEUE_MS) / 1_000);
  }

  /** Sound that was dropped because the listener read too slowly. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get closed(): boolean {
    return this.#closed;
  }

  deliver(bytes: Uint8Array, title: string, atMonoMs: number): void {
    if (this.#closed) return;
    this.#title = title;
    if (this.#blockedSinceMonoMs === undefined) {
      this.#send(bytes, atMonoMs);
      return;
    }
    if (atMonoMs - this.#blockedSinceMonoMs > STALL_CLOSE_MS) {
      this.close();
      return;
    }
    if (this.#queuedBytes + bytes.length > this.#limitBytes) {
      this.#skippedBytes += this.#queuedBytes;
      this.#queue = [];
      this.#queuedBytes = 0;
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  /** The sink took what it had: the queue goes out until it blocks again. */
  drained(atMonoMs: number): void {
    if (this.#closed) return;
    this.#blockedSinceMonoMs = undefined;
    const queue = this.#queue;
    let sent = 0;
    for (const part of queue) {
      if (this.#blockedSinceMonoMs !== undefined) break;
      sent += 1;
      this.#queuedBytes -= part.length;
      this.#send(part, atMonoMs);
    }
    this.#queue = queue.slice(sent);
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#sink.close();
  }

  /** The other side closed the connection: nothing may be written any more. */
  gone(): void {
    this.#closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #send(bytes: Uint8Array, atMonoMs: number): void {
    const framed = this.#icy === undefined ? bytes : this.#icy.frame(bytes, this.#title);
    if (!this.#sink.write(framed)) this.#blockedSinceMonoMs = atMonoMs;
  }
}
