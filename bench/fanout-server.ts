import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { Server as SocketIo } from 'socket.io';
import { WebSocketServer } from 'ws';
import { createGateway } from '../api/http/server.js';
import { createApp, listenExclusive, localPort } from '../api/http/uws.js';
import { LiveHub } from '../api/live/hub.js';
import { MemoryTable } from '../api/live/table.js';
import { SystemClock } from '../engine/clock.js';
import { EngineError } from '../engine/errors.js';
import {
  DEVICES,
  deviceId,
  encodePatch,
  encodeUpdate,
  generate,
  TICK_MS,
} from './fanout-scenario.js';

// A server process of the fan-out bench: `fanout-server KIND WINDOWS`. Prints its port, then obeys lines on
// standard input: `run UPDATES_PER_SECOND`, `rest`, `memory`, `end` (for a profile).

interface Subject {
  readonly port: number;
  update(device: number, stamp: number): void;
}

/** The real gateway, hub and table. */
async function earshot(): Promise<Subject> {
  const table = new MemoryTable('devices');
  for (let i = 0; i < DEVICES; i++) {
    const id = deviceId(i);
    table.put({ id, name: `Device ${String(i)}`, state: 'connected', 'values.level': 0 });
  }
  const hub = new LiveHub({
    tables: [table],
    clock: new SystemClock(),
    limits: { tickMs: TICK_MS },
  });
  const gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    sockets: [hub.endpoint()],
    limits: { perAddressPerSecond: 0, perPrincipalPerSecond: 0 },
    authenticate: () => ({ kind: 'token', id: 'bench', name: 'bench', role: 'viewer' }),
  });
  hub.start((channel, message, isBinary) => {
    gateway.publish(channel, message, isBinary);
  });
  const ids = Array.from({ length: DEVICES }, (_, i) => deviceId(i));
  return {
    port: gateway.port,
    update: (device, stamp) => {
      table.set(ids[device] ?? '', 'values.level', stamp);
    },
  };
}

/** The latest update of each device in a tick, gathered for each window, in the bytes that Earshot sends. */
function gatherer(windows: number, send: (window: number, message: string) => void) {
  const rows: Map<number, string>[] = Array.from(
    { length: windows },
    () => new Map<number, string>(),
  );
  const perWindow = DEVICES / windows;
  let revision = 0;
  setInterval(() => {
    revision++;
    rows.forEach((list, window) => {
      if (list.size === 0) return;
      send(window, encodePatch(window, revision, [...list.values()].join(',')));
      list.clear();
    });
  }, TICK_MS);
  return (device: number, stamp: number): void => {
    rows[Math.floor(device / perWindow)]?.set(device, encodeUpdate(device, stamp));
  };
}

/** uWebSockets.js with nothing around it: one publish a window and tick. */
async function uws(windows: number): Promise<Subject> {
  const app = createApp();
  app.ws('/*', {
    maxBackpressure: 64 * 1024 * 1024,
    message: (socket, data) => {
      socket.subscribe(`w${Buffer.from(data).toString()}`);
    },
  });
  const listening = await listenExclusive(app, '127.0.0.1', 0);
  if (listening === false) throw new EngineError('conflict', 'no free port');
  const update = gatherer(windows, (window, message) => {
    app.publish(`w${String(window)}`, message, false);
  });
  return { port: localPort(listening), update };
}

/** The `ws` package: one send a client and update, or gathered by the same tick. */
async function ws(windows: number, gathered: boolean): Promise<Subject> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await new Promise((resolve) => server.once('listening', resolve));
  const clients: Set<import('ws').WebSocket>[] = Array.from({ length: windows }, () => new Set());
  server.on('connection', (socket) => {
    socket.once('message', (data: Buffer) => clients[Number(data.toString())]?.add(socket));
  });
  const send = (window: number, message: string): void => {
    const bytes = Buffer.from(message);
    for (const socket of clients[window] ?? []) socket.send(bytes, { binary: false });
  };
  const perWindow = DEVICES / windows;
  const update = gathered
    ? gatherer(windows, send)
    : (device: number, stamp: number): void => {
        send(Math.floor(device / perWindow), encodeUpdate(device, stamp));
      };
  return { port: (server.address() as AddressInfo).port, update };
}

async function socketio(windows: number): Promise<Subject> {
  const http = createServer();
  const io = new SocketIo(http, { transports: ['websocket'], pingInterval: 600_000 });
  io.on('connection', (socket) => {
    void socket.join(`w${String(socket.handshake.query['window'])}`);
  });
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const perWindow = DEVICES / windows;
  return {
    port: (http.address() as AddressInfo).port,
    update: (device, stamp) => {
      const window = Math.floor(device / perWindow);
      io.to(`w${String(window)}`).emit('u', [deviceId(device), { 'values.level': stamp }]);
    },
  };
}

const [kind = '', windowsText = '1'] = process.argv.slice(2);
const windows = Number(windowsText);
const makers: Readonly<Record<string, () => Promise<Subject>>> = {
  earshot,
  uws: () => uws(windows),
  ws: () => ws(windows, false),
  wsGathered: () => ws(windows, true),
  socketio: () => socketio(windows),
};
const make = makers[kind];
if (make === undefined) throw new EngineError('input.invalid', `no such server: ${kind}`);
const subject = await make();
let rest: () => void = () => undefined;
createInterface({ input: process.stdin }).on('line', (line) => {
  const [word, rate] = line.split(' ');
  if (word === 'run') rest = generate(Number(rate), subject.update);
  else if (word === 'rest') rest();
  else if (word === 'end') process.exit(0);
  else if (word === 'memory') {
    globalThis.gc?.();
    globalThis.gc?.();
    process.stdout.write(`memory ${String(process.memoryUsage().rss)}\n`);
  }
});
process.stdout.write(`ready ${String(subject.port)}\n`);
