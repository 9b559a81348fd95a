import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../engine/clock.js';
import { selfSigned } from './certificate.js';
import { type Fault, Faults, isFault } from './faults.js';
import { Random } from './random.js';

export interface EmulatorOptions {
  readonly devices: number;
  /** Address to listen on. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly seed: number;
  readonly faults: readonly Fault[];
  /** Of all requests, 0 to 1. */
  readonly faultShare: number;
  readonly tls: boolean;
  readonly clock: Clock;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  /** As text; empty: none. */
  readonly body: string;
}

/** An answer as JSON, or a stream that the kind writes itself. */
export type Reply =
  | {
      readonly status: number;
      readonly json?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly stream: (response: ServerResponse) => void };

/** What a kind of emulator answers. */
export interface Site {
  answer(call: Call): Reply;
  /** A WebSocket handshake. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Changes at run time: new credentials and the like; what it does not know it leaves out. */
  control?(wish: Readonly<Record<string, unknown>>): void;
  /** Everything open is dropped: the vendor's server restarts, or the emulator ends. */
  drop(): void;
  /** The emulator ends. */
  close?(): void;
  stats?(): Readonly<Record<string, unknown>>;
}

const RESTART_MS = 300;
const SLOW_MS = 2_000;
const OVERSIZE = `"${'x'.repeat(3 * 1024 * 1024)}"`;
const MAX_BODY = 1024 * 1024;
/** Where tests and plugin authors look and steer; the vendors' servers have nothing there. */
const CONTROL = '/__emulate';

/** An HTTP or HTTPS server with faults on demand; what it says is up to its kind. */
export class EmulatorServer {
  readonly #options: EmulatorOptions;
  readonly #site: Site;
  readonly faults: Faults;
  readonly #certificate: ReturnType<typeof selfSigned> | undefined;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port: number;
  #requests = 0;

  constructor(options: EmulatorOptions, kind: (faults: Faults) => Site) {
    this.#options = options;
    this.#port = options.port;
    this.faults = new Faults(new Random(options.seed), options.faults, options.faultShare);
    this.#certificate = options.tls ? selfSigned('emulated device') : undefined;
    this.#site = kind(this.faults);
  }

  get address(): string {
    return `${this.#certificate === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      this.#receive(request, response);
    };
    const server =
      this.#certificate === undefined
        ? createServer(answer)
        : createTlsServer({ ...this.#certificate }, answer);
    // Devices keep connections open for as long as somebody asks.
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    });
    server.on('upgrade', (request, socket, head) => {
      this.#requests += 1;
      const fault = this.faults.strike(['refuse', 'stall', '401', '429', 'restart']);
      if (fault === 'stall') return;
      if (fault === 'restart') this.restart();
      if (fault !== undefined || this.#site.upgrade === undefined) {
        const status = fault === '401' ? 401 : fault === '429' ? 429 : 404;
        if (fault === 'refuse' || fault === 'restart') socket.destroy();
        else socket.end(`HTTP/1.1 ${status} No\r\nretry-after: 1\r\nconnection: close\r\n\r\n`);
        return;
      }
      this.#site.upgrade(request, socket, head);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, this.#options.host, resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** As a vendor's server does at night: everything is dropped, and after a moment it is back on the same port. */
  restart(): void {
    void this.#shut().then(() => {
      this.#options.clock.setTimeout(
        () => void this.start().catch(() => this.restart()),
        RESTART_MS,
      );
    });
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#site.close?.();
    await this.#shut();
  }

  async #shut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#site.drop();
    for (const socket of this.#sockets) socket.destroy();
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY) request.destroy();
      else chunks.push(chunk);
    });
    request.on('error', () => request.destroy());
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://emulator');
      const call: Call = {
        method: request.method ?? 'GET',
        path: decodeURI(url.pathname),
        query: url.searchParams,
        request,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      if (call.path === CONTROL) this.#steer(call, response);
      else this.#answer(call, response);
    });
  }

  #answer(call: Call, response: ServerResponse): void {
    this.#requests += 1;
    const fault = this.faults.strike();
    if (fault === 'stall') return;
    if (fault === 'refuse') {
      call.request.socket.destroy();
      return;
    }
    if (fault === 'restart') {
      this.restart();
      return;
    }
    if (fault === '401') {
      send(response, 401, problem(401, 'Unauthorized'));
    } else if (fault === '429') {
      send(response, 429, problem(429, 'Too Many Requests'), { 'retry-after': '1' });
    } else if (fault === 'slow') {
      this.#options.clock.setTimeout(() => this.#tell(call, response, undefined), SLOW_MS);
    } else {
      this.#tell(call, response, fault);
    }
  }

  #tell(call: Call, response: ServerResponse, fault: Fault | undefined): void {
    const reply = this.#site.answer(call);
    if ('stream' in reply) {
      reply.stream(response);
      return;
    }
    const truth = reply.json === undefined ? '' : JSON.stringify(reply.json);
    const type = reply.status >= 400 ? 'application/problem+json' : 'application/json';
    const headers: Record<string, string> = {
      ...(truth === '' ? {} : { 'content-type': type }),
      ...reply.headers,
    };
    if (fault === 'cut') {
      response.writeHead(reply.status, { ...headers, 'content-length': truth.length + 64 });
      response.write(truth.slice(0, Math.ceil(truth.length / 2)), () => response.destroy());
      return;
    }
    if (fault === 'lie') delete headers['etag'];
    const text = fault === 'oversize' ? OVERSIZE : fault === 'lie' ? this.faults.lie(truth) : truth;
    response.writeHead(reply.status, headers);
    response.end(text);
  }

  /** Faults (`{"faults": ["cut"], "share": 1}`), a restart, and what its kind knows. */
  control(wish: Readonly<Record<string, unknown>>): void {
    const names = Array.isArray(wish['faults']) ? wish['faults'].map(String) : undefined;
    const share = typeof wish['share'] === 'number' ? wish['share'] : 1;
    if (names !== undefined) this.faults.set(names.filter(isFault), share);
    this.#site.control?.(wish);
  }

  stats(): Readonly<Record<string, unknown>> {
    return {
      requests: this.#requests,
      faults: this.faults.active,
      done: Object.fromEntries(this.faults.done),
      ...this.#site.stats?.(),
    };
  }

  #steer(call: Call, response: ServerResponse): void {
    let wish: unknown = {};
    try {
      if (call.body !== '') wish = JSON.parse(call.body);
    } catch {
      send(response, 400, problem(400, 'The body is not JSON'));
      return;
    }
    if (typeof wish === 'object' && wish !== null) {
      this.control({ ...wish });
      // The answer goes out first: it would never arrive.
      if ('restart' in wish) response.once('finish', () => this.restart());
    }
    send(response, 200, this.stats());
  }
}

function problem(status: number, title: string): Record<string, unknown> {
  return { type: 'about:blank', title, status };
}

function send(
  response: ServerResponse,
  status: number,
  json: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(status, { 'content-type': type, ...headers });
  response.end(JSON.stringify(json));
}
