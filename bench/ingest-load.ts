import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

// The devices of the ingest bench: `ingest-load PORT DEVICES WINDOW`. Raw sockets, one device each, at most
// WINDOW frames not answered; masked with zeros, which costs nothing and is as valid as any mask. Prints `ready`
// when all are registered, then a line of figures since the last for each line `mark` read. `pause` stops sending.

const [port = 0, devices = 0, window = 0] = process.argv.slice(2).map(Number);
const FIELDS = 4;
const FIRST_NUMBER = 1_000_000;

let acknowledged = 0;
let refused = 0;
let sent = 0;
let sending = false;
/** Tenths of milliseconds 0..9,999.9, the last also for more. */
const histogram = new Uint32Array(100_000);

/** Text of `count` frames with numbers and values at fixed places. */
class Device {
  readonly #socket: Socket;
  readonly #frame: Buffer;
  readonly #numberAt: number;
  readonly #valuesAt: readonly number[];
  /** Send times of the frames under way, oldest at `#head`. */
  readonly #sentMs = new Float64Array(window);
  #head = 0;
  #open = 0;
  #number = FIRST_NUMBER;
  #carry: Buffer = Buffer.alloc(0);
  #greeted = false;
  #registered = false;

  constructor(socket: Socket, serial: string) {
    this.#socket = socket;
    const values = ['power_income', 'power_inject', 'power_consumption', 'battery']
      .map((name) => `\\"${name}\\":55.55`)
      .join(',');
    const text = `{"type":"UPDT","message":"${FIRST_NUMBER}:${serial}:{${values}}"}`;
    const head = Buffer.from([0x81, 0xfe, text.length >> 8, text.length & 255, 0, 0, 0, 0]);
    this.#frame = Buffer.concat([head, Buffer.from(text)]);
    this.#numberAt = this.#frame.indexOf(`${FIRST_NUMBER}:`);
    const places: number[] = [];
    for (
      let at = this.#frame.indexOf('55.55');
      at >= 0;
      at = this.#frame.indexOf('55.55', at + 1)
    ) {
      places.push(at);
    }
    this.#valuesAt = places;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => undefined);
  }

  pump(): void {
    const count = Math.min(this.#registered ? window : 1, window) - this.#open;
    if (count <= 0 || !(sending || !this.#registered)) return;
    const size = this.#frame.length;
    const out = Buffer.allocUnsafe(size * count);
    const nowMs = performance.now();
    for (let i = 0; i < count; i++) {
      this.#patch();
      this.#frame.copy(out, i * size);
      this.#sentMs[(this.#head + this.#open) % window] = nowMs;
      this.#open += 1;
    }
    sent += count;
    this.#socket.write(out);
  }

  /** The next running number, and other digits in every value. */
  #patch(): void {
    let rest = this.#number;
    this.#number += 1;
    for (let i = 6; i >= 0; i--) {
      this.#frame[this.#numberAt + i] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    for (const [i, at] of this.#valuesAt.entries()) {
      const mixed = (this.#number * (7 + 2 * i)) % 1_000;
      this.#frame[at + 1] = 48 + (mixed % 10);
      this.#frame[at + 3] = 48 + (Math.floor(mixed / 10) % 10);
      this.#frame[at + 4] = 48 + Math.floor(mixed / 100);
    }
  }

  #read(chunk: Buffer): void {
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    let at = 0;
    if (!this.#greeted) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) {
        this.#carry = bytes;
        return;
      }
      at = end + 4;
      this.#greeted = true;
      this.pump();
    }
    const nowMs = performance.now();
    while (at + 2 <= bytes.length) {
      const short = (bytes[at + 1] ?? 0) & 127;
      const head = short === 126 ? 4 : 2;
      if (at + head > bytes.length) break;
      const size = short === 126 ? bytes.readUInt16BE(at + 2) : short;
      if (at + head + size > bytes.length) break;
      this.#answer(bytes, at + head, size, nowMs);
      at += head + size;
    }
    this.#carry = at === bytes.length ? EMPTY : Buffer.from(bytes.subarray(at));
    if (this.#open <= window / 2) this.pump();
  }

  #answer(bytes: Buffer, at: number, size: number, nowMs: number): void {
    // The greeting starts with W where answers have a digit.
    if (bytes[at + MESSAGE_AT] === 0x57) return;
    const tookMs = nowMs - (this.#sentMs[this.#head] ?? nowMs);
    this.#head = (this.#head + 1) % window;
    this.#open -= 1;
    // …:OK"}
    if (bytes[at + size - 4] !== 0x4f || bytes[at + size - 3] !== 0x4b) refused += 1;
    else acknowledged += 1;
    const slot = Math.min(histogram.length - 1, Math.floor(tookMs * 10));
    histogram[slot] = (histogram[slot] ?? 0) + 1;
    if (!this.#registered) {
      this.#registered = true;
      waiting -= 1;
      if (waiting === 0) process.stdout.write('ready\n');
    }
  }
}

const EMPTY = Buffer.alloc(0);
const MESSAGE_AT = '{"type":"INFO","message":"'.length;
let waiting = devices;
const fleet: Device[] = [];

for (let i = 0; i < devices; i++) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  fleet.push(new Device(socket, String(i + 1).padStart(4, '0')));
  socket.write(
    `GET /update/ HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ZWFyc2hvdC1iZW5jaC1rZXk=\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
}

function percentileMs(share: number): number {
  const total = histogram.reduce((sum, n) => sum + n, 0);
  let seen = 0;
  for (let slot = 0; slot < histogram.length; slot++) {
    seen += histogram[slot] ?? 0;
    if (seen >= total * share && seen > 0) return (slot + 1) / 10;
  }
  return 0;
}

let markMs = performance.now();
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'go') {
    sending = true;
    for (const device of fleet) device.pump();
  } else if (line === 'pause') sending = false;
  const nowMs = performance.now();
  const figures = {
    seconds: (nowMs - markMs) / 1_000,
    acknowledged,
    refused,
    sent,
    fields: FIELDS,
    p50Ms: percentileMs(0.5),
    p99Ms: percentileMs(0.99),
    cpuSeconds: (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  histogram.fill(0);
  acknowledged = 0;
  refused = 0;
  sent = 0;
  markMs = nowMs;
});
