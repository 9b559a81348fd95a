import { EngineError } from '../../engine/errors.js';
import type { Authenticate } from './auth.types.js';
import { requireRole } from './auth.types.js';
import { type RequestHead, readHead } from './exchange.js';
import type { RequestLimits } from './limits.js';
import type { GatewayLog } from './log.types.js';
import type { PeerResolver } from './peer.js';
import { toProblem } from './problem.js';
import type { Principal } from './route.types.js';
import { decodePart } from './router.js';
import { withinSocket } from './scopes.js';
import {
  type GatewaySocket,
  type SocketEndpoint,
  type SocketRequest,
  type SocketSlot,
  stateOf,
} from './socket.types.js';
import type { us_socket_context_t } from './uws.js';
import { type HttpRequest, type HttpResponse, NO_COMPRESSION, type TemplatedApp } from './uws.js';

/** State of a socket that is only open to be told why it is closed. */
class Refused {
  readonly error: EngineError;
  readonly closeCode: number;
  constructor(error: EngineError, closeCode: number) {
    this.error = error;
    this.closeCode = closeCode;
  }
}

export interface SocketServices {
  readonly peers: PeerResolver;
  readonly limits: RequestLimits;
  readonly log: GatewayLog;
  readonly authenticate: Authenticate;
  readonly maxSockets: number;
  newRequestId(head: RequestHead): string;
}

/** WebSocket upgrades and callbacks of every endpoint, with one place that knows all open sockets. */
export class SocketServer {
  readonly #services: SocketServices;
  readonly #open = new Set<GatewaySocket>();
  #stopping = false;

  constructor(services: SocketServices) {
    this.#services = services;
  }

  get size(): number {
    return this.#open.size;
  }

  register(app: TemplatedApp, endpoint: SocketEndpoint): void {
    const names: string[] = [];
    const pattern = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => {
      names.push(name);
      return `:${name}`;
    });
    const guarded = (socket: GatewaySocket, fn: () => void): void => {
      try {
        fn();
      } catch (thrown) {
        this.#fail(socket, thrown, endpoint.path);
      }
    };
    app.ws<SocketSlot<unknown>>(pattern, {
      compression: NO_COMPRESSION,
      maxPayloadLength: endpoint.maxMessageBytes ?? 64 * 1024,
      maxBackpressure: endpoint.maxBufferedBytes ?? 4 * 1024 * 1024,
      idleTimeout: endpoint.idleTimeoutS ?? 60,
      sendPingsAutomatically: true,
      upgrade: (res, req, context) => {
        void this.#upgrade(endpoint, names, res, req, context);
      },
      open: (socket) => {
        const state = stateOf(socket);
        if (state instanceof Refused) {
          socket.end(state.closeCode, closeReason(state.error));
          return;
        }
        this.#open.add(socket);
        guarded(socket, () => endpoint.open?.(socket));
      },
      message: (socket, data, isBinary) => {
        if (stateOf(socket) instanceof Refused) return;
        guarded(socket, () => {
          endpoint.message(socket, new Uint8Array(data), isBinary);
        });
      },
      drain: (socket) => {
        guarded(socket, () => endpoint.drain?.(socket));
      },
      dropped: (socket) => {
        if (stateOf(socket) instanceof Refused) return;
        endpoint.dropped?.(socket);
      },
      close: (socket, code) => {
        if (!this.#open.delete(socket)) return;
        try {
          endpoint.close?.(socket, code);
        } catch (thrown) {
          this.#services.log.error(
            { err: thrown, path: endpoint.path },
            'socket close callback threw',
          );
        }
      },
    });
  }

  /** Tells every client to come back later and closes; new sockets are refused with the same code. */
  stop(): void {
    this.#stopping = true;
    const reason = new EngineError('server.stopping', 'the server is stopping');
    for (const socket of [...this.#open]) socket.end(reason.closeCode, closeReason(reason));
  }

  /** Closes the sockets of somebody whose login changed or ended; with a valid one they may come back at once. */
  closeOf(who: Pick<Principal, 'kind' | 'id'>): void {
    const reason = new EngineError('link.closed', 'your login changed: connect again');
    for (const socket of [...this.#open]) {
      const owner = socket.getUserData().principal;
      if (owner?.kind !== who.kind || owner.id !== who.id) continue;
      socket.end(reason.closeCode, closeReason(reason));
    }
  }

  async #upgrade(
    endpoint: SocketEndpoint,
    names: readonly string[],
    res: HttpResponse,
    req: HttpRequest,
    context: us_socket_context_t,
  ): Promise<void> {
    const head = readHead(res, req);
    const raw = names.map((_, i) => req.getParameter(i));
    let gone = false;
    res.onAborted(() => {
      gone = true;
    });
    const requestId = this.#services.newRequestId(head);
    const address = this.#services.peers.address(head);
    let slot: SocketSlot<unknown>;
    try {
      await this.#services.limits.takeAddress(address);
      slot = await this.#accept(endpoint, names, raw, head, requestId, address);
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code === 'internal') {
        this.#services.log.error({ err: thrown, requestId, path: endpoint.path }, 'upgrade failed');
      }
      slot = { state: new Refused(error, endpoint.closeCodeOf?.(error) ?? error.closeCode) };
      if (error.code === 'rate.limited' && !gone) {
        const problem = toProblem(error, requestId);
        res.cork(() => {
          res.writeStatus('429 Too Many Requests');
          res.writeHeader('content-type', 'application/problem+json');
          res.end(JSON.stringify(problem), true);
        });
        return;
      }
    }
    if (gone) return;
    const offered = (head.headers['sec-websocket-protocol'] ?? '').split(',').map((p) => p.trim());
    const chosen = endpoint.protocols?.find((p) => offered.includes(p)) ?? '';
    res.cork(() => {
      res.upgrade<SocketSlot<unknown>>(
        slot,
        head.headers['sec-websocket-key'] ?? '',
        chosen,
        head.headers['sec-websocket-extensions'] ?? '',
        context,
      );
    });
  }

  async #accept(
    endpoint: SocketEndpoint,
    names: readonly string[],
    raw: readonly string[],
    head: RequestHead,
    requestId: string,
    address: string,
  ): Promise<SocketSlot<unknown>> {
    if (this.#stopping) throw new EngineError('server.stopping', 'the server is stopping');
    if (this.#open.size >= this.#services.maxSockets) {
      throw new EngineError('server.busy', 'there are too many open sockets: try again later');
    }
    const foreign = this.#services.peers.foreign(head);
    const header = (name: string): string | undefined =>
      foreign && name.toLowerCase() === 'cookie' ? undefined : head.headers[name.toLowerCase()];
    const { method, path, query } = head;
    const principal = withinSocket(
      await this.#services.authenticate({ method, path, query, address, header }),
      endpoint,
    );
    requireRole(principal, endpoint.access, `the socket ${endpoint.path}`);
    const params: Record<string, string> = {};
    names.forEach((name, i) => {
      params[name] = decodePart(raw[i] ?? '', `path parameter "${name}"`);
    });
    const origin = this.#services.peers.origin(head);
    const request: SocketRequest = { params, query, principal, requestId, address, origin, header };
    return { state: await endpoint.accept(request), principal };
  }

  #fail(socket: GatewaySocket, thrown: unknown, path: string): void {
    const error = EngineError.from(thrown);
    if (error.code === 'internal') {
      this.#services.log.error({ err: thrown, path }, 'socket callback threw');
    }
    if (this.#open.has(socket)) socket.end(error.closeCode, closeReason(error));
  }
}

/** A close reason may have 123 bytes. */
function closeReason(error: EngineError): string {
  let text = `${error.code}: ${error.code === 'internal' ? 'see the log' : error.message}`;
  while (Buffer.byteLength(text) > 123) text = text.slice(0, -1);
  return text;
}
