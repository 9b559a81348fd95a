import type { Clock } from '../../engine/clock.js';
import { SystemClock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { ANONYMOUS, type Authenticate } from './auth.types.js';
import { BodyBudget } from './body.js';
import { Dispatcher, type RawRoute } from './dispatch.js';
import { FileServer, type StaticFiles } from './files.js';
import { type RateLimits, RequestLimits } from './limits.js';
import { type GatewayLog, SILENT_LOG } from './log.types.js';
import { PeerResolver } from './peer.js';
import { newRequestId } from './request-id.js';
import type { Audited, Principal, Route } from './route.types.js';
import type { SocketEndpoint } from './socket.types.js';
import { SocketServer } from './sockets.js';
import { closeListenSocket, createApp, listenExclusive, localPort } from './uws.js';

export interface RequestFacts {
  readonly method: string;
  /** The route's path as registered, or `none`. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface GatewayOptions {
  /** Default `0.0.0.0`. */
  readonly host?: string;
  /** 0: any free port, see `Gateway.port`. */
  readonly port: number;
  readonly routes?: readonly Route[];
  readonly sockets?: readonly SocketEndpoint[];
  readonly raw?: readonly RawRoute[];
  readonly files?: readonly StaticFiles[];
  /** Default: everybody is anonymous. */
  readonly authenticate?: Authenticate;
  /** Addresses or CIDR ranges of proxies whose `X-Forwarded-*` headers count. Default none. */
  readonly trustedProxies?: readonly string[];
  readonly limits?: RateLimits;
  /** Request bodies held in memory at once, all together; more are refused with `server.busy`. Default 64 MiB. */
  readonly maxBufferedBytes?: number;
  /** Open WebSockets, all endpoints together; more are closed with `server.busy`. Default 16,000. */
  readonly maxSockets?: number;
  readonly clock?: Clock;
  readonly log?: GatewayLog;
  /** Called after each request, for metrics; must be cheap. */
  onRequest?(facts: RequestFacts): void;
  /** Called after each change that somebody made; must be cheap and not throw. */
  onChange?(change: Audited): void;
}

/** A listening server. Owned by whoever made it; `stop` ends everything it holds. */
export interface Gateway {
  /** The real port. */
  readonly port: number;
  /** Open WebSockets. */
  readonly sockets: number;
  /** Requests being answered. */
  readonly inFlight: number;
  /** Sends to every socket subscribed to a topic (uWebSockets.js `socket.subscribe`). */
  publish(topic: string, message: Uint8Array | string, isBinary: boolean): void;
  /** Closes the sockets of somebody whose login changed or ended; with a valid one they may come back at once. */
  closeSocketsOf(who: Pick<Principal, 'kind' | 'id'>): void;
  /**
   * Stops accepting, closes sockets with `server.stopping`, lets requests in flight end for at most
   * `deadlineMs` (default 5,000), then cuts what is left. Safe to call twice.
   */
  stop(deadlineMs?: number): Promise<void>;
}

/** Starts the server. @throws EngineError `conflict` when the port is taken. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const clock = options.clock ?? new SystemClock();
  const log = options.log ?? SILENT_LOG;
  const services = {
    clock,
    log,
    peers: new PeerResolver(options.trustedProxies ?? []),
    limits: new RequestLimits(options.limits),
    bodies: new BodyBudget(options.maxBufferedBytes ?? 64 * 1024 * 1024),
    authenticate: options.authenticate ?? (() => ANONYMOUS),
    files: new FileServer(options.files ?? []),
    maxSockets: options.maxSockets ?? 16_000,
    newRequestId,
    onRequest: (facts: RequestFacts) => options.onRequest?.(facts),
    audit: (change: Audited) => options.onChange?.(change),
  };
  const app = createApp();
  const sockets = new SocketServer(services);
  const dispatcher = new Dispatcher(services, options.routes ?? [], options.raw ?? []);
  for (const endpoint of options.sockets ?? []) {
    sockets.register(app, endpoint);
    dispatcher.noteSocket(endpoint.path);
  }
  app.any('/*', (res, req) => {
    dispatcher.handle(res, req);
  });
  const host = options.host ?? '0.0.0.0';
  const listening = await listenExclusive(app, host, options.port);
  if (listening === false) {
    throw new EngineError('conflict', `port ${String(options.port)} on ${host} is taken`);
  }
  let stopping: Promise<void> | undefined;
  let closed = false;
  const stop = async (deadlineMs: number): Promise<void> => {
    closeListenSocket(listening);
    dispatcher.stop();
    sockets.stop();
    await dispatcher.idle(deadlineMs);
    dispatcher.abortAll();
    closed = true;
    app.close();
  };
  return {
    port: localPort(listening),
    get sockets() {
      return sockets.size;
    },
    get inFlight() {
      return dispatcher.inFlight;
    },
    closeSocketsOf(who) {
      sockets.closeOf(who);
    },
    publish(topic, message, isBinary) {
      if (!closed) app.publish(topic, message, isBinary);
    },
    stop(deadlineMs = 5_000) {
      stopping ??= stop(deadlineMs);
      return stopping;
    },
  };
}
