import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { EngineError } from '../engine/errors.js';
import { clientFrame, type FrameListener, FrameReader, MessageReader } from './fanout-frames.js';
import { ageOf, DEVICES, type ServerKind } from './fanout-scenario.js';

// The readers of the fan-out bench: `fanout-load KIND PORT CLIENTS WINDOWS QUIET`. All clients are in this one
// process, on raw sockets. Prints `ready` when all are subscribed, then a line of figures for each line `mark`.

const [kindText = '', portText = '', clientsText = '', windowsText = '', quietText = ''] =
  process.argv.slice(2);
const kind = kindText as ServerKind;
const port = Number(portText);
const clients = Number(clientsText);
const windows = Number(windowsText);
const quiet = quietText === 'quiet';

/** Milliseconds 0..4,999, the last also for more. */
const newestMs = new Uint32Array(5_000);
const oldestMs = new Uint32Array(5_000);
let deliveries = 0;
let frames = 0;
let bytes = 0;
let waiting = clients;

const subscribed = (): void => {
  waiting--;
  if (waiting === 0) process.stdout.write('ready\n');
};

interface Content {
  readonly updates: number;
  readonly newest: number;
  readonly oldest: number;
}
/** What a message holds, by topic and revision: parsed once, by the first client of its topic. */
const contents = new Map<number, Content>();
/** How many other clients had a message before it was parsed. */
const early = new Map<number, number>();
const keyOf = (topic: number, revision: number): number => topic * 0x4000000 + revision;

function count(content: Content, times: number): void {
  deliveries += content.updates * times;
  const newest = Math.min(ageOf(content.newest), 4_999);
  const oldest = Math.min(ageOf(content.oldest), 4_999);
  newestMs[newest] = (newestMs[newest] ?? 0) + times;
  oldestMs[oldest] = (oldestMs[oldest] ?? 0) + times;
}

const PATCH_HEAD = '{"type":"patch","topic":'.length;

/** Counts gathered patches by their topic and revision. */
class PatchCounter implements FrameListener {
  #key = -1;

  begin(buffer: Buffer, start: number): void {
    this.#key = -1;
    // The tenth byte tells `patch` from the other types of message.
    if (buffer[start + 9] !== 112) return;
    let at = start + PATCH_HEAD;
    let topic = 0;
    for (let c = buffer[at] ?? 0; c >= 48 && c <= 57; c = buffer[++at] ?? 0)
      topic = topic * 10 + c - 48;
    at += ',"revision":'.length;
    let revision = 0;
    for (let c = buffer[at] ?? 0; c >= 48 && c <= 57; c = buffer[++at] ?? 0) {
      revision = revision * 10 + c - 48;
    }
    this.#key = keyOf(topic, revision);
  }

  end(): void {
    if (this.#key < 0) return;
    frames++;
    const content = contents.get(this.#key);
    if (content !== undefined) count(content, 1);
    else early.set(this.#key, (early.get(this.#key) ?? 0) + 1);
  }
}

/** Reads one client's messages whole, for all that get the same bytes. */
function parsePatch(text: string): void {
  if (!text.startsWith('{"type":"patch"')) return;
  const patch = JSON.parse(text) as {
    readonly topic: number;
    readonly revision: number;
    readonly rows: readonly (readonly [string, Readonly<Record<string, number>>])[];
  };
  let newest = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (const [, fields] of patch.rows) {
    const stamp = fields['values.level'] ?? 0;
    newest = Math.max(newest, stamp);
    oldest = Math.min(oldest, stamp);
  }
  const content = { updates: patch.rows.length, newest, oldest };
  const key = keyOf(patch.topic, patch.revision);
  contents.set(key, content);
  frames++;
  count(content, 1 + (early.get(key) ?? 0));
  early.delete(key);
}

/** Servers that send one frame for each update. */
class UpdateCounter implements FrameListener {
  readonly #first: number;
  #is = false;

  constructor(first: string) {
    this.#first = first.charCodeAt(0);
  }

  begin(buffer: Buffer, start: number, prefixBytes: number): void {
    // Socket.IO: `42["u",[…`; its other packets are shorter. ws: `["dev…`.
    this.#is = prefixBytes >= 36 && buffer[start] === this.#first;
    if (!this.#is) return;
    const text = buffer.toString('latin1', start, start + prefixBytes);
    const stamp = Number(/:(\d{6})/.exec(text)?.[1] ?? 0);
    count({ updates: 1, newest: stamp, oldest: stamp }, 1);
  }

  end(): void {
    if (this.#is) frames++;
  }
}

type Feed = (chunk: Buffer, length: number) => void;

function hello(window: number): string {
  const perWindow = DEVICES / windows;
  if (kind === 'earshot') {
    const filter = quiet ? { filter: { field: 'state', op: '==', value: 'nowhere' } } : {};
    const query = {
      resource: 'devices',
      ...filter,
      fields: ['values.level'],
      window: { offset: window * perWindow, limit: perWindow },
    };
    return JSON.stringify({ type: 'subscribe', id: 's', query });
  }
  return kind === 'socketio' ? '40' : String(window);
}

/** Opens a WebSocket by hand and hands its bytes to `feed` once the handshake is over. */
function open(index: number): void {
  const window = index % windows;
  const reference =
    index < windows && (kind === 'earshot' || kind === 'uws' || kind === 'wsGathered');
  let feed: Feed | undefined;
  let head = '';
  const path =
    kind === 'socketio'
      ? `/socket.io/?EIO=4&transport=websocket&window=${String(window)}`
      : '/v1/live';
  const socket: Socket = connect({
    port,
    host: '127.0.0.1',
    onread: {
      // Each read is handled before the next, so all sockets share one buffer.
      buffer: shared,
      callback: (length, buffer) => {
        bytes += length;
        const chunk = buffer as Buffer;
        if (feed !== undefined) {
          feed(chunk, length);
          return true;
        }
        head += chunk.toString('latin1', 0, length);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return true;
        if (!head.startsWith('HTTP/1.1 101')) {
          throw new EngineError('link.closed', `the server refused: ${head.slice(0, 100)}`);
        }
        const reader = readerOf(reference);
        feed = reader;
        socket.write(clientFrame(hello(window)));
        const rest = Buffer.from(head.slice(end + 4), 'latin1');
        if (rest.length > 0) reader(rest, rest.length);
        subscribed();
        return true;
      },
    },
  });
  socket.on('error', (error) => {
    throw new EngineError('link.closed', `client ${String(index)}: ${error.message}`);
  });
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
}

const shared = Buffer.alloc(256 * 1024);

function readerOf(reference: boolean): Feed {
  if (reference) {
    const reader = new MessageReader(parsePatch);
    return (chunk, length) => {
      reader.feed(chunk, length);
    };
  }
  const single = kind === 'ws' || kind === 'socketio';
  const listener = single ? new UpdateCounter(kind === 'ws' ? '[' : '4') : new PatchCounter();
  const reader = new FrameReader(listener);
  return (chunk, length) => {
    reader.feed(chunk, length);
  };
}

/** NATS over plain TCP: messages have one size, so bytes count them. */
function openNats(): void {
  const messageBytes = 'MSG u 1 36\r\n'.length + 36 + 2;
  let greeted = false;
  let natsBytes = 0;
  let text = '';
  const socket = connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer: shared,
      callback: (length, buffer) => {
        bytes += length;
        const chunk = buffer as Buffer;
        if (greeted) {
          natsBytes += length;
          const whole = Math.floor(natsBytes / messageBytes);
          natsBytes -= whole * messageBytes;
          deliveries += whole;
          frames += whole;
          return true;
        }
        text += chunk.toString('latin1', 0, length);
        if (text.includes('PONG\r\n')) {
          greeted = true;
          subscribed();
        }
        return true;
      },
    },
  });
  socket.on('error', (error) => {
    throw new EngineError('link.closed', `nats client: ${error.message}`);
  });
  socket.write('CONNECT {"verbose":false,"pedantic":false}\r\nSUB u 1\r\nPING\r\n');
}

let opened = 0;
/** A few at a time: a listen queue is short. */
const timer = setInterval(() => {
  for (let i = 0; i < 100 && opened < clients; i++, opened++) {
    if (kind === 'nats') openNats();
    else open(opened);
  }
  if (opened >= clients) clearInterval(timer);
}, 10);

createInterface({ input: process.stdin }).on('line', () => {
  const figures = {
    deliveries,
    frames,
    bytes,
    newestMs: histogram(newestMs),
    oldestMs: histogram(oldestMs),
  };
  newestMs.fill(0);
  oldestMs.fill(0);
  process.stdout.write(`${JSON.stringify(figures)}\n`);
});

function histogram(counts: Uint32Array): { readonly p50: number; readonly p99: number } {
  const total = counts.reduce((sum, n) => sum + n, 0);
  const at = (share: number): number => {
    let seen = 0;
    const index = counts.findIndex((n) => {
      seen += n;
      return seen >= share * total;
    });
    return total === 0 ? -1 : index;
  };
  return { p50: at(0.5), p99: at(0.99) };
}
