import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock, TimerHandle } from '../../../engine/clock.js';
import type { Faults } from '../http/faults.js';
import { Microphone } from '../http/microphone.js';
import { Random } from '../http/random.js';
import {
  type Call,
  type EmulatorOptions,
  EmulatorServer,
  type Reply,
  type Site,
} from '../http/server.js';

interface Receiver {
  readonly id: string;
  readonly number: number;
  readonly model: string;
  readonly microphones: readonly Microphone[];
  online: boolean;
}

interface Transport {
  readonly socket: WebSocket;
  readonly raw: Duplex;
  readonly devices: Set<string>;
  stalled: boolean;
}

const MODELS = [
  ['ULXD4Q', 4],
  ['ULXD4D', 2],
  ['QLXD4', 1],
  ['AD4Q', 4],
] as const;
const DEFAULT_KEY = 'emulated-shared-key';
const SUBSCRIPTION = /^\/api\/v1\/devices\/([^/]+)\/[a-z-]+\/subscription\/([^/]+)$/;
const DETAIL = /^\/api\/v1\/devices\/([^/]+)(?:\/(channels|network|status|identify))?$/;
const TRANSMITTER = /^\/api\/v1\/devices\/([^/]+)\/channels\/(\d+)\/tx$/;

/** Shure's System API service with its receivers. */
class ShureSite implements Site {
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #receivers = new Map<string, Receiver>();
  readonly #transports = new Map<string, Transport>();
  readonly #server = new WebSocketServer({ noServer: true });
  #ips: string[] = [];
  #key = DEFAULT_KEY;
  #pageSize = 50;
  #sockets = true;
  #envelope = false;
  #txInChannels = true;
  #eachMs = 1_000;
  #pushes = 0;
  #timer: TimerHandle;

  constructor(options: EmulatorOptions, faults: Faults) {
    this.#clock = options.clock;
    this.#faults = faults;
    const random = new Random(options.seed);
    for (let number = 1; number <= options.devices; number += 1) {
      const own = random.fork();
      const [model, channels] = own.pick<(typeof MODELS)[number]>(MODELS);
      const id = `dd${number.toString(16).padStart(6, '0')}-0000-11dd-a000-000eddcccccc`;
      const microphones = Array.from(
        { length: channels },
        (_, at) => new Microphone(own.fork(), at + 1),
      );
      this.#receivers.set(id, { id, number, model, microphones, online: true });
    }
    this.#timer = this.#tick();
  }

  answer(call: Call): Reply {
    if (call.request.headers['x-api-key'] !== this.#key) return problem(401, 'Unauthorized');
    const type = call.request.headers['content-type'] ?? '';
    if (call.body === '' && type.includes('application/json')) {
      return problem(400, 'application/json without a body');
    }
    const { method, path } = call;
    if (path === '/api/v1/health') return { status: 200, json: { status: 'UP' } };
    if (path.startsWith('/api/v1/config/discovery/ips')) return this.#discovery(call);
    if (path === '/api/v1/devices') return this.#list(call);
    if (path === '/api/v1/devices/models') {
      return { status: 200, json: [...new Set([...this.#receivers.values()].map((r) => r.model))] };
    }
    const [, subscribed, transportId = ''] = SUBSCRIPTION.exec(path) ?? [];
    if (subscribed !== undefined && method === 'POST') {
      const transport = this.#transports.get(transportId);
      if (transport === undefined || !this.#receivers.has(subscribed))
        return problem(404, 'Not Found');
      transport.devices.add(subscribed);
      return { status: 200, json: { status: 'success' } };
    }
    const [, sender, channel] = TRANSMITTER.exec(path) ?? [];
    if (sender !== undefined) {
      const receiver = this.#receivers.get(sender);
      const microphone = receiver?.microphones[Number(channel) - 1];
      if (receiver === undefined || microphone === undefined) return problem(404, 'Not Found');
      return { status: 200, json: this.#transmitter(microphone, receiver) };
    }
    const [, id = '', what] = DETAIL.exec(path) ?? [];
    const receiver = this.#receivers.get(id);
    if (receiver === undefined) return problem(404, 'Not Found');
    if (what === 'channels')
      return { status: 200, json: this.#channels(receiver, this.#txInChannels) };
    return { status: 200, json: this.#device(receiver) };
  }

  upgrade(request: IncomingMessage, raw: Duplex, head: Buffer): void {
    const allowed = request.headers['x-api-key'] === this.#key;
    if (!allowed || !this.#sockets || request.url !== '/api/v1/subscriptions/websocket/create') {
      raw.end(`HTTP/1.1 ${allowed ? 404 : 401} No\r\nconnection: close\r\n\r\n`);
      return;
    }
    this.#server.handleUpgrade(request, raw, head, (socket) => {
      const transportId = randomUUID();
      this.#transports.set(transportId, { socket, raw, devices: new Set(), stalled: false });
      socket.on('close', () => this.#transports.delete(transportId));
      socket.on('error', () => socket.terminate());
      socket.send(JSON.stringify({ transportId }));
    });
  }

  control(wish: Readonly<Record<string, unknown>>): void {
    if (typeof wish['key'] === 'string') this.#key = wish['key'];
    if (typeof wish['pageSize'] === 'number') this.#pageSize = wish['pageSize'];
    if (typeof wish['envelope'] === 'boolean') this.#envelope = wish['envelope'];
    if (typeof wish['txInChannels'] === 'boolean') this.#txInChannels = wish['txInChannels'];
    if (typeof wish['pushEachMs'] === 'number') this.#eachMs = wish['pushEachMs'];
    if (typeof wish['sockets'] === 'boolean') {
      this.#sockets = wish['sockets'];
      if (!this.#sockets) this.drop();
    }
    for (const [field, online] of [
      ['offline', false],
      ['online', true],
    ] as const) {
      const receiver = this.#receivers.get(String(wish[field]));
      if (receiver !== undefined) receiver.online = online;
    }
  }

  drop(): void {
    for (const { socket } of this.#transports.values()) socket.terminate();
    this.#transports.clear();
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  stats(): Readonly<Record<string, unknown>> {
    let subscribed = 0;
    for (const { devices } of this.#transports.values()) subscribed += devices.size;
    return {
      sockets: this.#transports.size,
      subscribed,
      pushes: this.#pushes,
      discoveryIps: this.#ips,
      ids: [...this.#receivers.keys()].slice(0, 100),
    };
  }

  #tick(): TimerHandle {
    for (const [transportId, transport] of this.#transports) this.#push(transportId, transport);
    this.#timer = this.#clock.setTimeout(() => this.#tick(), this.#eachMs);
    return this.#timer;
  }

  #push(transportId: string, transport: Transport): void {
    const { socket, raw, devices } = transport;
    for (const id of devices) {
      const receiver = this.#receivers.get(id);
      if (receiver === undefined || transport.stalled) continue;
      const payload = { ...this.#device(receiver), channels: this.#channels(receiver, true) };
      const event = this.#envelope
        ? { envelope: { eventName: 'DeviceChanged', deviceId: id }, body: payload }
        : payload;
      const text = JSON.stringify(event);
      const fault = this.#faults.strike(['cut', 'stall', 'lie', 'oversize', 'refuse']);
      if (fault === 'cut') {
        // A text frame of 4,096 bytes, of which 40 come.
        raw.write(
          Buffer.concat([Buffer.from([0x81, 0x7e, 0x10, 0x00]), Buffer.from(text.slice(0, 40))]),
        );
        raw.destroy();
        this.#transports.delete(transportId);
        return;
      }
      if (fault === 'refuse') {
        socket.close(1011);
        return;
      }
      if (fault === 'stall') transport.stalled = true;
      else if (fault === 'lie') socket.send(this.#faults.lie(text));
      else if (fault === 'oversize') socket.send('x'.repeat(200_000));
      else socket.send(text);
      this.#pushes += 1;
    }
  }

  #list(call: Call): Reply {
    const all = [...this.#receivers.values()];
    // Zero: the plain list of older services.
    if (this.#pageSize === 0) return { status: 200, json: all.map((one) => this.#device(one)) };
    const from = Number(call.query.get('after') ?? '0');
    const page = all.slice(from, from + this.#pageSize);
    const end = from + page.length;
    return {
      status: 200,
      json: {
        edges: page.map((one) => ({ node: this.#device(one) })),
        pageInfo: { hasNextPage: end < all.length, endCursor: String(end) },
      },
    };
  }

  #discovery(call: Call): Reply {
    if (call.method === 'GET') return { status: 200, json: { ips: this.#ips } };
    let ips: readonly string[];
    try {
      const body = JSON.parse(call.body) as { ips?: unknown };
      ips = Array.isArray(body.ips) ? body.ips.map(String) : [];
    } catch {
      return problem(400, 'The body is not JSON');
    }
    if (call.path.endsWith('/remove')) {
      // This service takes POST only.
      if (call.method !== 'POST') return problem(405, 'Method Not Allowed');
      this.#ips = this.#ips.filter((ip) => !ips.includes(ip));
      return { status: 202 };
    }
    if (call.method !== 'PUT') return problem(405, 'Method Not Allowed');
    this.#ips = [...ips];
    return { status: 202 };
  }

  #device(receiver: Receiver): Record<string, unknown> {
    const { id, number, model, online } = receiver;
    return {
      hardwareIdentity: { deviceId: id, serialNumber: String(4_190_000_000 + number) },
      communicationProtocol: {
        address: `172.21.${number >> 8}.${number & 255}`,
        name: 'CommandStrings',
      },
      softwareIdentity: { model, firmwareVersion: '2.7.6' },
      deviceState: online ? 'ONLINE' : 'OFFLINE',
      compatibility: 'COMPATIBLE',
      capabilities: [],
    };
  }

  #channels(receiver: Receiver, whole: boolean): readonly Record<string, unknown>[] {
    return receiver.microphones.map((microphone, at) => ({
      channel: at + 1,
      name: microphone.name,
      ...(whole ? { tx: this.#transmitter(microphone, receiver) } : {}),
    }));
  }

  #transmitter(microphone: Microphone, receiver: Receiver): Record<string, unknown> {
    const now = microphone.at(this.#clock.monoMs());
    return {
      batteryBars: Math.ceil(now.batteryPercent / 20),
      batteryCharge: receiver.model === 'QLXD4' ? null : now.batteryPercent,
      batteryRuntimeMinutes: now.batteryMinutes,
      batteryHealth: 97,
      batteryCycles: 41,
      batteryTemperatureC: 31,
      batteryType: 'LION',
      audioLevel: Math.min(-1, now.audioDbfs),
      rfLevel: Math.max(now.rssiADbm, now.rssiBDbm),
      rfAntennaA: now.rssiADbm,
      rfAntennaB: now.rssiBDbm,
      frequency: (now.frequencyKhz / 1_000).toFixed(3),
      antenna: now.rssiADbm >= now.rssiBDbm ? 'A' : 'B',
      status: 'ACTIVE',
      audioQuality: Math.ceil(now.qualityPercent / 20),
      txOffset: 255,
      deviceName: now.name,
      slot: receiver.number * 4,
      isMuted: now.muted,
      txPower: 10,
      encryption: 'OFF',
      diversity: 'ON',
      clip: false,
      peak: now.audioDbfs > -8,
    };
  }
}

function problem(status: number, title: string): Reply {
  return { status, json: { type: 'about:blank', title, status } };
}

/** Starts it; the caller stops it. */
export async function startShureSystem(options: EmulatorOptions): Promise<EmulatorServer> {
  const server = new EmulatorServer(options, (faults) => new ShureSite(options, faults));
  await server.start();
  return server;
}
