import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { EngineError } from '../engine/errors.js';
import { ChunkReader } from './mount-reader.js';

/**
 * Listeners as plain sockets in a process of their own. The first line on standard input is a `LoadOrder`;
 * prints `listening` when every stream has begun, then, on each further line, a `LoadReport` of the time since
 * the line before. Ends with its input.
 */
export interface LoadOrder {
  readonly host: string;
  readonly port: number;
  /** A mount may be named many times: one listener each. */
  readonly paths: readonly string[];
  readonly format: 'mp3' | 'opus';
  /** Bytes of an MP3 frame, all alike. */
  readonly frameBytes: number;
}

export interface LoadReport {
  readonly seconds: number;
  readonly bytes: number;
  /** Streams that got clearly less sound than time passed, or were cut. */
  readonly gapped: number;
  /** The worst one: sound less time, ms. */
  readonly worstMs: number;
  readonly alive: number;
}

const FRAME_MS = 24;
const PAGE_MS = 20;
/** What may be on its way at either end of the time: a crowded mount is written every 250 ms, and read as below. */
const SLACK_MS = 500;
/** Sockets are read in turns: a read for each packet would cost the machine more than the server's write. */
const READ_EVERY_MS = 200;
/** Connects at once. */
const AT_ONCE = 200;

/** Sound of an Ogg stream as it comes: a page is 20 ms, headers are none. */
class OggMeter {
  #need = 0;
  #head = Buffer.alloc(0);

  /** @returns pages that ended in these bytes. */
  take(part: Buffer): number {
    let pages = 0;
    let at = 0;
    while (at < part.length) {
      if (this.#need > 0) {
        const some = Math.min(this.#need, part.length - at);
        this.#need -= some;
        at += some;
        if (this.#need === 0) pages += 1;
        continue;
      }
      this.#head = Buffer.concat([this.#head, part.subarray(at)]);
      at = part.length;
      const segments = this.#head[26];
      if (segments === undefined || this.#head.length < 27 + segments) return pages;
      const body = this.#head.subarray(27, 27 + segments).reduce((sum, size) => sum + size, 0);
      const rest = this.#head.subarray(27 + segments);
      this.#head = Buffer.alloc(0);
      this.#need = body;
      pages += this.take(Buffer.from(rest));
    }
    return pages;
  }
}

class Listener {
  bytes = 0;
  soundMs = 0;
  alive = false;
  socket: Socket | undefined;
  readonly #ogg: OggMeter | undefined;
  readonly #frameBytes: number;
  readonly #chunks = new ChunkReader();

  constructor(order: LoadOrder) {
    this.#ogg = order.format === 'opus' ? new OggMeter() : undefined;
    this.#frameBytes = order.frameBytes;
  }

  open(order: LoadOrder, path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket: Socket = connect({ host: order.host, port: order.port });
      this.socket = socket;
      socket.on('error', reject);
      socket.on('close', () => {
        this.alive = false;
      });
      socket.write(`GET ${path} HTTP/1.1\r\nHost: load\r\n\r\n`);
      socket.on('data', (bytes: Buffer) => {
        try {
          this.#chunks.push(bytes, (part) => {
            this.#take(part);
            this.alive = true;
            resolve();
          });
        } catch (error) {
          reject(EngineError.from(error));
        }
      });
    });
  }

  #take(part: Buffer): void {
    this.bytes += part.length;
    if (this.#ogg === undefined) this.soundMs += (part.length / this.#frameBytes) * FRAME_MS;
    else this.soundMs += this.#ogg.take(part) * PAGE_MS;
  }
}

const lines = createInterface({ input: process.stdin });
let listeners: Listener[] = [];
let sinceMs = 0;

function report(): LoadReport {
  const nowMs = performance.now();
  const elapsedMs = nowMs - sinceMs;
  let [bytes, gapped, worstMs] = [0, 0, 0];
  for (const listener of listeners) {
    const lackMs = listener.soundMs - elapsedMs;
    worstMs = Math.min(worstMs, lackMs);
    if (!listener.alive || lackMs < -SLACK_MS) gapped += 1;
    bytes += listener.bytes;
    listener.bytes = 0;
    listener.soundMs = 0;
  }
  sinceMs = nowMs;
  const alive = listeners.filter((listener) => listener.alive).length;
  return { seconds: elapsedMs / 1_000, bytes, gapped, worstMs, alive };
}

async function begin(order: LoadOrder): Promise<void> {
  listeners = order.paths.map(() => new Listener(order));
  for (let from = 0; from < listeners.length; from += AT_ONCE) {
    await Promise.all(
      listeners
        .slice(from, from + AT_ONCE)
        .map((listener, i) => listener.open(order, order.paths[from + i] ?? '')),
    );
  }
  report();
  for (const { socket } of listeners) socket?.pause();
  setInterval(() => {
    for (const { socket } of listeners) socket?.resume();
    setTimeout(() => {
      for (const { socket } of listeners) socket?.pause();
    }, 5);
  }, READ_EVERY_MS);
  process.stdout.write('listening\n');
}

lines.once('line', (line) => {
  begin(JSON.parse(line) as LoadOrder).then(
    () => {
      lines.on('line', () => void process.stdout.write(`${JSON.stringify(report())}\n`));
    },
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
lines.on('close', () => process.exit(0));
