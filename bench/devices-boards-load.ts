import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { EngineError } from '../engine/errors.js';
import { clientFrame, MessageReader } from './fanout-frames.js';

// The boards of the devices bench: `devices-boards-load PORT COOKIE BOARDS GROUPS SLOTS`. Board n shows group
// n mod GROUPS, which is SLOTS places. All are in this one process, on raw sockets; the first of each of the first
// groups reads its messages whole and looks for marks. Prints `ready` when all have their first rows, then a line
// of figures for each line it is given.

const [portText = '', cookie = '', boardsText = '', groupsText = '', slotsText = ''] =
  process.argv.slice(2);
const port = Number(portText);
const boards = Number(boardsText);
const groups = Number(groupsText);
const slots = Number(slotsText);
/** Boards that read what they get. */
const READERS = 4;

let bytes = 0;
let waiting = boards;
let marks: number[] = [];
let seen = new Set<string>();

/** A mark is a channel's name: `T` and the time of its sending, ms, in base 36. */
function look(text: string): void {
  const nowMs = Date.now();
  for (const [, name = ''] of text.matchAll(/"reportedName":"T([0-9a-z]{4,7})"/g)) {
    if (seen.has(name)) continue;
    seen.add(name);
    marks.push(nowMs - parseInt(name, 36) - Math.floor(nowMs / SPAN_MS) * SPAN_MS);
  }
}
const SPAN_MS = 36 ** 6;

function subscription(index: number): string {
  const first = (index % groups) * slots + 1;
  return JSON.stringify({
    type: 'subscribe',
    id: 'board',
    query: {
      resource: 'rf',
      filter: {
        and: [
          { field: 'slot', op: '>=', value: first },
          { field: 'slot', op: '<', value: first + slots },
        ],
      },
      sort: [{ field: 'slot' }],
      window: { offset: 0, limit: slots },
    },
  });
}

const shared = Buffer.alloc(256 * 1_024);

function open(index: number): void {
  const reads = index < Math.min(READERS, groups);
  const reader = new MessageReader(look);
  let head = '';
  let upgraded = false;
  let first = true;
  const feed = (chunk: Buffer, length: number): void => {
    if (first) {
      first = false;
      waiting--;
      if (waiting === 0) process.stdout.write('ready\n');
    }
    if (reads) reader.feed(chunk, length);
  };
  const socket: Socket = connect({
    port,
    host: '127.0.0.1',
    onread: {
      // Each read is handled before the next, so all sockets share one buffer.
      buffer: shared,
      callback: (length, buffer) => {
        bytes += length;
        const chunk = buffer as Buffer;
        if (upgraded) {
          feed(chunk, length);
          return true;
        }
        head += chunk.toString('latin1', 0, length);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return true;
        if (!head.startsWith('HTTP/1.1 101')) {
          throw new EngineError('link.closed', `the server refused: ${head.slice(0, 200)}`);
        }
        upgraded = true;
        socket.write(clientFrame(subscription(index)));
        const rest = Buffer.from(head.slice(end + 4), 'latin1');
        if (rest.length > 0) feed(rest, rest.length);
        return true;
      },
    },
  });
  socket.on('error', (error) => {
    throw new EngineError('link.closed', `board ${index}: ${error.message}`);
  });
  socket.write(
    `GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nCookie: ${cookie}\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
}

let opened = 0;
const timer = setInterval(() => {
  for (let i = 0; i < 20 && opened < boards; i++, opened++) open(opened);
  if (opened >= boards) clearInterval(timer);
}, 10);

createInterface({ input: process.stdin }).on('line', () => {
  process.stdout.write(`${JSON.stringify({ bytes, marksMs: marks })}\n`);
  bytes = 0;
  marks = [];
  seen = new Set();
});
