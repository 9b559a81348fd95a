import { createWriteStream } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { WebSocketServer } from 'ws';
import { FrameParser } from '../actors/plugins/shure-text/parser.js';

// Peers of the devices bench: `devices-parse-load parse|micboard ADDRESS:PORT,…`. `parse` reads the receivers as we
// do, parses and prints, nothing else. `micboard` does what the predecessor did in its one thread: splits text,
// keeps a state for each channel and writes what changed to all sockets every 50 ms as JSON. Prints `ready PORT` when
// it listens; the first line it is given makes it connect to all receivers, with fast meters. Answers each line with its
// CPU seconds, the first when all are connected.

const [kind = 'parse', list = ''] = process.argv.slice(2);
const receivers = list.split(',').map((text) => text.split(':'));
const out = createWriteStream('/dev/null');
const BATCH_MS = 50;

let left = receivers.length;
let frames = 0;

function start(): void {
  for (const [host = '', port = ''] of receivers) {
    const socket = connect({ host, port: Number(port), noDelay: true });
    socket.once('connect', () => {
      socket.write('< GET 0 ALL >< SET 0 METER_RATE 00100 >');
      left--;
      if (left === 0) say();
    });
    socket.on('error', (error) => {
      throw error;
    });
    const take = kind === 'parse' ? parsing() : splitting(`${host}:${port}`);
    socket.on('data', take);
  }
}

function parsing(): (chunk: Buffer) => void {
  const parser = new FrameParser('angle', (frame) => {
    frames++;
    out.write(`${frame.text()}\n`);
  });
  return (chunk) => {
    parser.push(chunk);
  };
}

interface Shown {
  readonly slot: number;
  readonly raw: Record<string, string>;
  rf: number;
  audio: number;
  antenna: string;
}
const shown = new Map<string, Shown>();
const changed = new Set<Shown>();
const web = kind === 'micboard' ? new WebSocketServer({ port: 0, host: '127.0.0.1' }) : undefined;

function address(): number {
  const bound = web?.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

function splitting(receiver: string): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const parts = (rest + chunk.toString('latin1')).split('>');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      frames++;
      const [verb, channel = '', key = '', ...words] = part.replace('<', '').trim().split(' ');
      const id = `${receiver}/${channel}`;
      let one = shown.get(id);
      if (one === undefined) {
        one = { slot: shown.size + 1, raw: {}, rf: 0, audio: 0, antenna: '' };
        shown.set(id, one);
      }
      if (verb === 'SAMPLE') {
        one.antenna = words[0] ?? '';
        one.rf = (100 * Number(words[1] ?? 0)) / 115;
        one.audio = 2 * Number(words[2] ?? 0);
      } else one.raw[key] = words.join(' ').replace(/[{}]/g, '').trim();
      changed.add(one);
    }
  };
}

if (web !== undefined) {
  setInterval(() => {
    if (changed.size === 0) return;
    const timestamp = Date.now() / 1_000;
    const chart = [...changed].map(({ slot, rf, audio }) => ({
      audio_level: audio,
      rf_level: rf,
      slot,
      type: 'ulxd',
      timestamp,
    }));
    const data = [...changed].map(({ slot, rf, audio, antenna, raw }) => ({
      slot,
      rf_level: rf,
      audio_level: audio,
      antenna,
      name: raw['CHAN_NAME'] ?? '',
      battery: raw['BATT_BARS'] ?? '',
      frequency: raw['FREQUENCY'] ?? '',
      timestamp,
    }));
    changed.clear();
    const text = JSON.stringify({ 'chart-update': chart, 'data-update': data, 'group-update': [] });
    for (const client of web.clients) client.send(text);
  }, BATCH_MS);
  web.once('listening', ready);
} else ready();

function ready(): void {
  process.stdout.write(`ready ${address()}\n`);
  const lines = createInterface({ input: process.stdin });
  lines.once('line', () => {
    start();
    lines.on('line', say);
  });
}

function say(): void {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${JSON.stringify({ cpuSeconds: (user + system) / 1e6, frames })}\n`);
}
