import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../../engine/clock.js';
import type { Client, EmulatedDevice } from './device.js';
import type { Random } from './radio.js';

export const FAULTS = [
  'cut',
  'refuse',
  'stall',
  'lie',
  'restart',
  'slow',
  'garbage',
  'swap',
] as const;
export type Fault = (typeof FAULTS)[number];

const SLOW_MS = 800;
const SLOW_BYTES = 7;
const DOWN_MS = 1_000;
const MAX_INPUT = 4_096;
/** A client that does not read is dropped, as a small device would. */
const MAX_UNSENT_BYTES = 262_144;
const UDP_FORGET_MS = 120_000;

interface Connected extends Client {
  readonly drop: () => void;
  heardAtMs: number;
  input: string;
}

/** One device on a port of its own: sockets and faults; what is said is `EmulatedDevice`'s. */
export class DeviceListener {
  readonly device: EmulatedDevice;
  readonly host: string;
  port: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #on = new Set<Fault>();
  readonly #clients = new Map<string, Connected>();
  #server: Server | undefined;
  #udp: UdpSocket | undefined;
  #serial = 0;

  constructor(device: EmulatedDevice, host: string, port: number, clock: Clock, random: Random) {
    this.device = device;
    this.host = host;
    this.port = port;
    this.#clock = clock;
    this.#random = random;
  }

  get transport(): 'tcp' | 'udp' {
    return this.device.model.series === 'uhfr' ? 'udp' : 'tcp';
  }

  /** Over UDP: who gets meters. */
  get connections(): number {
    if (this.transport === 'tcp') return this.#clients.size;
    return [...this.#clients.values()].filter((client) => client.everyMs.some((ms) => ms > 0))
      .length;
  }

  async open(): Promise<void> {
    if (this.#server !== undefined || this.#udp !== undefined) return;
    if (this.transport === 'udp') await this.#openUdp();
    else await this.#openTcp();
  }

  async #openTcp(): Promise<void> {
    const server = createServer((socket) => {
      this.#accept(socket);
    });
    server.maxConnections = 64;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: this.host, port: this.port, backlog: 64 }, resolve);
    });
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
    this.#server = server;
  }

  async #openUdp(): Promise<void> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(this.port, this.host, resolve);
    });
    socket.removeAllListeners('error');
    // A client that is gone answers "unreachable"; it is forgotten by itself.
    socket.on('error', () => undefined);
    this.port = socket.address().port;
    socket.on('message', (chunk, from) => {
      const id = `${from.address}:${from.port}`;
      let client = this.#clients.get(id);
      if (client === undefined) {
        client = this.#client(
          (text) => {
            socket.send(Buffer.from(text, 'latin1'), from.port, from.address);
          },
          () => undefined,
        );
        this.#clients.set(id, client);
      }
      client.heardAtMs = this.#clock.monoMs();
      client.input = '';
      this.#hear(client, chunk.toString('latin1'));
    });
    this.#udp = socket;
  }

  #accept(socket: Socket): void {
    socket.setNoDelay(true);
    const id = String(this.#serial++);
    const client = this.#client(
      (text) => {
        if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy();
        else if (socket.writable) socket.write(text, 'latin1');
      },
      () => socket.destroy(),
    );
    this.#clients.set(id, client);
    socket.on('data', (chunk) => {
      client.heardAtMs = this.#clock.monoMs();
      this.#hear(client, chunk.toString('latin1'));
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#clients.delete(id));
  }

  #client(send: (text: string) => void, drop: () => void): Connected {
    let backlog = '';
    const drip = (): void => {
      send(backlog.slice(0, SLOW_BYTES));
      backlog = backlog.slice(SLOW_BYTES);
      if (backlog !== '') this.#clock.setTimeout(drip, 5);
    };
    return {
      everyMs: [],
      dueAtMs: [],
      heardAtMs: this.#clock.monoMs(),
      input: '',
      drop,
      write: (text) => {
        if (text === '' || this.#on.has('stall')) return;
        if (this.#on.has('cut')) {
          this.#on.delete('cut');
          send(text.slice(0, Math.max(1, text.length >> 1)));
          this.#clock.setTimeout(drop, 5);
          return;
        }
        if (!this.#on.has('slow') && backlog === '') {
          send(this.#on.has('garbage') ? this.#noise() + text : text);
          return;
        }
        if (backlog.length > 65_536) return;
        if (backlog === '') this.#clock.setTimeout(drip, SLOW_MS);
        backlog += text;
      },
    };
  }

  #noise(): string {
    let text = '';
    const length = Math.floor(this.#random() * 40);
    for (let i = 0; i < length; i++) text += String.fromCharCode(Math.floor(this.#random() * 256));
    return this.transport === 'udp' ? text.replaceAll('*', '') : text;
  }

  #hear(client: Connected, text: string): void {
    if (this.#on.has('stall')) return;
    client.input = (client.input + text).slice(-MAX_INPUT);
    const [open, close] =
      this.transport === 'udp'
        ? ['*', '*']
        : ['<', this.device.model.series === 'p10t' ? '>\r\n' : '>'];
    for (;;) {
      const from = client.input.indexOf(open);
      if (from === -1) {
        client.input = '';
        return;
      }
      // A name in braces may hold the closing sign.
      const brace = client.input.indexOf('{', from);
      let to = client.input.indexOf(close, from + 1);
      if (brace !== -1 && to !== -1 && brace < to) {
        const end = client.input.indexOf('}', brace);
        to = end === -1 ? -1 : client.input.indexOf(close, end);
      }
      if (to === -1) return;
      const command = client.input.slice(from + 1, to);
      client.input = client.input.slice(to + close.length);
      this.device.command(command, client, this.#clients.values());
    }
  }

  /** Writes what is due. */
  tick(nowMs: number): void {
    for (const [id, client] of this.#clients) {
      if (this.transport === 'udp' && nowMs - client.heardAtMs > UDP_FORGET_MS)
        this.#clients.delete(id);
      else {
        const due = this.device.metersDue(client, nowMs);
        if (due !== '') client.write(due);
      }
    }
  }

  /** Any text, to all who are connected: what a test wants them to hear. */
  say(text: string): void {
    for (const client of this.#clients.values()) client.write(text);
  }

  tellNews(nowMs: number): void {
    const news = this.device.news(nowMs);
    if (news === '' || this.device.lying) return;
    for (const client of this.#clients.values()) client.write(news);
  }

  /** Switches a fault. `cut` and `swap` happen once; `restart` ends by itself. */
  async fault(fault: Fault, on: boolean): Promise<void> {
    if (fault === 'refuse') {
      if (on) await this.close();
      else await this.open();
    } else if (fault === 'lie') this.device.lying = on;
    else if (fault === 'restart' || fault === 'swap') {
      if (!on) return;
      if (fault === 'swap') this.device.replace();
      await this.close();
      await new Promise<void>((resolve) => {
        this.#clock.setTimeout(resolve, DOWN_MS);
      });
      await this.open();
    } else if (on) this.#on.add(fault);
    else this.#on.delete(fault);
  }

  async close(): Promise<void> {
    const server = this.#server;
    const udp = this.#udp;
    this.#server = undefined;
    this.#udp = undefined;
    const closed = new Promise<void>((resolve) => {
      if (server === undefined) resolve();
      else server.close(() => resolve());
    });
    for (const client of this.#clients.values()) client.drop();
    this.#clients.clear();
    await closed;
    if (udp !== undefined) {
      await new Promise<void>((resolve) => {
        udp.close(resolve);
      });
    }
  }
}
