import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { ChunkReader, FrameReader, MountOrder } from './mount-reader.js';

// Listeners of mounts: `mounts-load HOST PORT COUNT PATH...`. All are in this one process, on raw sockets, spread evenly over
// the paths. Prints `ready` when each has sound, then a line of figures for each line `mark`, for the time since the one before.

/** What one `mark` answers, as JSON. */
export interface LoadFigures {
  readonly listeners: number;
  /** Connections that ended. */
  readonly lost: number;
  readonly frames: number;
  readonly gaps: number;
  /** More than a second behind the quickest listener of their mount. */
  readonly lateListeners: number;
  readonly bytes: number;
  /** Longest time between two reads of a listener: 99th percentile over the listeners, and the worst. */
  readonly p99GapMs: number;
  readonly maxGapMs: number;
}

const CONNECTS_AT_ONCE = 100;
const LATE_FRAMES = 42;

const [host = '127.0.0.1', portText = '', countText = '', ...paths] = process.argv.slice(2);
const orders = new Map(paths.map((path) => [path, new MountOrder()]));

class Listener {
  readonly order: MountOrder;
  readonly reader: FrameReader;
  readonly #chunks = new ChunkReader();
  lost = false;
  longestMs = 0;
  lastMs = 0;

  constructor(path: string, order: MountOrder, port: number, onSound: () => void) {
    this.order = order;
    this.reader = new FrameReader(order);
    const socket = connect({ host, port });
    socket.setNoDelay(true);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    socket.on('data', (bytes: Buffer) => {
      const nowMs = performance.now();
      if (this.lastMs === 0) onSound();
      else this.longestMs = Math.max(this.longestMs, nowMs - this.lastMs);
      this.lastMs = nowMs;
      total += bytes.length;
      this.#chunks.push(bytes, (part) => this.reader.push(part));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.lastMs === 0) onSound();
      this.lost = true;
    });
  }
}

let total = 0;
const listeners: Listener[] = [];

async function connectAll(port: number, count: number): Promise<void> {
  for (let begun = 0; begun < count; begun += CONNECTS_AT_ONCE) {
    const some = Array.from(
      { length: Math.min(CONNECTS_AT_ONCE, count - begun) },
      (_, i) =>
        new Promise<void>((resolve) => {
          const path = paths[(begun + i) % paths.length] ?? '/';
          const order = orders.get(path) ?? new MountOrder();
          listeners.push(new Listener(path, order, port, resolve));
        }),
    );
    await Promise.all(some);
  }
}

function figures(): LoadFigures {
  const waits = listeners.map(({ longestMs }) => longestMs).sort((a, b) => a - b);
  const answer = {
    listeners: listeners.length,
    lost: listeners.filter(({ lost }) => lost).length,
    frames: listeners.reduce((sum, { reader }) => sum + reader.frames, 0),
    gaps: listeners.reduce((sum, { reader }) => sum + reader.gaps, 0),
    lateListeners: listeners.filter(
      ({ reader, order }) => order.frames - 1 - (reader.last ?? 0) > LATE_FRAMES,
    ).length,
    bytes: total,
    p99GapMs: waits[Math.floor(waits.length * 0.99)] ?? 0,
    maxGapMs: waits.at(-1) ?? 0,
  };
  total = 0;
  for (const listener of listeners) {
    listener.longestMs = 0;
    listener.reader.frames = 0;
    listener.reader.gaps = 0;
  }
  return answer;
}

await connectAll(Number(portText), Number(countText));
process.stdout.write('ready\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'mark') process.stdout.write(`${JSON.stringify(figures())}\n`);
});
process.stdin.on('end', () => process.exit(0));
