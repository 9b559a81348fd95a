// Over 400 lines: one request from its head to its end, in the order in which it is done.
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { type Authenticate, nameOf, requireRole } from './auth.types.js';
import type { BodyBudget, BodyStream } from './body.js';
import { sendAnswer } from './encode.js';
import { Exchange, type Headers, type RequestHead, readHead } from './exchange.js';
import { type FileServer, wantsPage } from './files.js';
import { corsHeaders, preflightHeaders, SECURITY_HEADERS } from './headers.js';
import { parseJson } from './json.js';
import { RateLimited, type RequestLimits } from './limits.js';
import type { GatewayLog } from './log.types.js';
import type { PeerResolver } from './peer.js';
import { check, toProblem } from './problem.js';
import { parseQuery } from './query.js';
import type { Audited, AuditFacts, Principal, Route } from './route.types.js';
import { decodePart, type Match, Router } from './router.js';
import { within } from './scopes.js';
import type { RequestFacts } from './server.js';
import type { HttpRequest, HttpResponse } from './uws.js';

/** What a raw handler gets besides the exchange. */
export interface RawRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly address: string;
  readonly origin: string;
  /** Security, cross-origin and request id headers, to go first into `exchange.start`. */
  readonly headers: Headers;
  /** Of routes with `maxBodyBytes`. */
  readonly body: BodyStream | undefined;
}

/**
 * A path whose handler writes the answer itself, e.g. an audio mount that never ends. No login, body or time
 * limit; requests of the address still count. HEAD comes here too: send the head and end. A throw becomes a problem when nothing was sent yet, else the
 * connection is cut.
 */
export interface RawRoute {
  /** `ANY`: every method that no other route of the path takes, `OPTIONS` included. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'ANY';
  readonly path: string;
  /** Takes a body of up to so many bytes, in pieces; absent: none is read. */
  readonly maxBodyBytes?: number;
  /** A browser that asks for a page gets the page of this path, when there is one; all others get the route. */
  readonly yieldsToPage?: boolean;
  handler(exchange: Exchange, request: RawRequest): void | Promise<void>;
}

export interface DispatchServices {
  readonly clock: Clock;
  readonly log: GatewayLog;
  readonly peers: PeerResolver;
  readonly limits: RequestLimits;
  readonly bodies: BodyBudget;
  readonly authenticate: Authenticate;
  readonly files: FileServer;
  newRequestId(head: RequestHead): string;
  onRequest(facts: RequestFacts): void;
  /** Each change that somebody with a login made, after it was done. */
  audit(change: Audited): void;
}

type Target =
  | { readonly kind: 'route'; readonly route: Route }
  | { readonly kind: 'raw'; readonly raw: RawRoute };

const MAX_HEAD_BYTES = 16 * 1024;
const DEFAULT_BODY_BYTES = 64 * 1024;
const DEFAULT_TIME_LIMIT_MS = 30_000;
/** Calls being answered at once; more are told to come back. Endless raw answers do not count. */
const MAX_CALLS = 2_000;

/** Takes every HTTP request from the server to its answer. */
export class Dispatcher {
  readonly #services: DispatchServices;
  readonly #router = new Router<Target>();
  readonly #socketPaths = new Router<true>();
  readonly #inFlight = new Set<Exchange>();
  readonly #whenIdle: (() => void)[] = [];
  #stopping = false;
  #calls = 0;

  constructor(services: DispatchServices, routes: readonly Route[], raws: readonly RawRoute[]) {
    this.#services = services;
    for (const route of routes)
      this.#router.add(route.method, route.path, { kind: 'route', route });
    for (const raw of raws) this.#router.add(raw.method, raw.path, { kind: 'raw', raw });
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** A plain GET of a socket's path is told what the path is. */
  noteSocket(path: string): void {
    this.#socketPaths.add('GET', path, true);
  }

  handle(res: HttpResponse, req: HttpRequest): void {
    const head = readHead(res, req);
    const exchange = new Exchange(res, head, this.#services.newRequestId(head));
    const startedMonoMs = this.#services.clock.monoMs();
    this.#inFlight.add(exchange);
    let routePath = 'none';
    exchange.onClose(() => {
      this.#inFlight.delete(exchange);
      if (this.#inFlight.size === 0) for (const fn of this.#whenIdle.splice(0)) fn();
      this.#services.onRequest({
        method: head.method,
        route: routePath,
        status: exchange.status ?? 499,
        durationMs: this.#services.clock.monoMs() - startedMonoMs,
      });
    });
    let headers: Headers = { ...SECURITY_HEADERS, 'x-request-id': exchange.requestId };
    let match: Match<Target> = { kind: 'none' };
    let body: Promise<Uint8Array> | BodyStream | undefined;
    let failed: unknown;
    try {
      if (head.sizeBytes > MAX_HEAD_BYTES) {
        throw new EngineError(
          'input.too-large',
          `the address and headers may have at most ${String(MAX_HEAD_BYTES)} bytes`,
        );
      }
      match = this.#router.find(head.method, head.path);
      if (match.kind === 'found') {
        routePath = match.target.kind === 'raw' ? match.target.raw.path : match.target.route.path;
        const open = match.target.kind === 'raw' || match.target.route.access === 'open';
        headers = {
          ...headers,
          ...corsHeaders(open),
          ...(match.target.kind === 'route' ? match.target.route.headers : {}),
        };
        if (match.target.kind === 'route' && head.method !== 'GET' && head.method !== 'HEAD') {
          const { bodyType, maxBodyBytes = DEFAULT_BODY_BYTES } = match.target.route;
          if (bodyType === 'stream') body = exchange.streamBody(maxBodyBytes);
          else {
            body = exchange.readBody(maxBodyBytes, this.#services.bodies);
            body.catch(() => undefined);
          }
        }
        if (match.target.kind === 'raw' && match.target.raw.maxBodyBytes !== undefined) {
          body = exchange.streamBody(match.target.raw.maxBodyBytes);
        }
      }
    } catch (thrown) {
      failed = thrown;
    }
    const work =
      failed === undefined ? this.#answer(exchange, match, body, headers) : Promise.reject(failed);
    work.catch((thrown: unknown) => {
      this.#fail(exchange, thrown, headers);
    });
  }

  /** New requests are refused with `server.stopping`. */
  stop(): void {
    this.#stopping = true;
  }

  /** Settles when no request is in flight, or after the deadline. */
  idle(deadlineMs: number): Promise<void> {
    if (this.#inFlight.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#services.clock.setTimeout(resolve, deadlineMs);
      this.#whenIdle.push(() => {
        this.#services.clock.clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Tells every handler still running to give up and cuts its connection. */
  abortAll(): void {
    const reason = new EngineError('server.stopping', 'the server is stopping');
    for (const exchange of [...this.#inFlight]) {
      exchange.abort(reason);
      exchange.destroy();
    }
  }

  async #answer(
    exchange: Exchange,
    match: Match<Target>,
    body: Promise<Uint8Array> | BodyStream | undefined,
    headers: Headers,
  ): Promise<void> {
    const { head } = exchange;
    if (this.#stopping) throw new EngineError('server.stopping', 'the server is stopping');
    const address = this.#services.peers.address(head);
    await this.#services.limits.takeAddress(address);
    if (match.kind === 'found' && match.target.kind === 'raw') {
      const page = match.target.raw.yieldsToPage === true && head.method === 'GET';
      if (page && wantsPage(exchange) && (await this.#services.files.serve(exchange, headers))) {
        return;
      }
      const origin = this.#services.peers.origin(head);
      await match.target.raw.handler(exchange, {
        params: match.params,
        address,
        origin,
        headers,
        body: body instanceof Promise ? undefined : body,
      });
    } else if (match.kind === 'found' && match.target.kind === 'route') {
      await this.#route(exchange, match.target.route, match.params, body, address, headers);
    } else if (head.method === 'OPTIONS') {
      this.#preflight(exchange, match, headers);
    } else if (
      match.kind === 'none' &&
      (head.method === 'GET' || head.method === 'HEAD') &&
      (await this.#services.files.serve(exchange, headers))
    ) {
      return;
    } else if (match.kind === 'method') {
      throw new EngineError(
        'method.not-allowed',
        `${head.method} is not possible on ${head.path}: use ${match.allow.join(', ')}`,
        { context: { allow: match.allow } },
      );
    } else if (this.#socketPaths.find('GET', head.path).kind === 'found') {
      throw new EngineError(
        'input.invalid',
        `${head.path} is a WebSocket address: send an upgrade`,
      );
    } else {
      decodePart(head.path, 'path');
      throw new EngineError('not-found', `there is nothing at ${head.path}`);
    }
  }

  async #route(
    exchange: Exchange,
    route: Route,
    rawParams: Readonly<Record<string, string>>,
    body: Promise<Uint8Array> | BodyStream | undefined,
    address: string,
    headers: Headers,
  ): Promise<void> {
    if (this.#calls >= MAX_CALLS) {
      throw new EngineError('server.busy', 'too many calls are being answered: try again');
    }
    this.#calls++;
    exchange.onClose(() => {
      this.#calls--;
    });
    const limitMs = route.timeLimitMs ?? DEFAULT_TIME_LIMIT_MS;
    const answered = this.#call(exchange, route, rawParams, body, address);
    const answer = await this.#inTime(exchange, answered, limitMs, `${route.method} ${route.path}`);
    await sendAnswer(exchange, answer, route.status ?? 200, headers);
  }

  async #call(
    exchange: Exchange,
    route: Route,
    rawParams: Readonly<Record<string, string>>,
    bytes: Promise<Uint8Array> | BodyStream | undefined,
    address: string,
  ): Promise<unknown> {
    const { head } = exchange;
    const principal = within(await this.#principal(exchange, address), route);
    requireRole(principal, route.access, `${route.method} ${route.path}`);
    const query = parseQuery(head.query);
    let said: AuditFacts | undefined;
    const context = {
      params: route.params === undefined ? rawParams : check(route.params, rawParams, 'params'),
      query: route.query === undefined ? query : check(route.query, query, 'query'),
      body: bytes === undefined ? undefined : await this.#body(exchange, route, bytes),
      principal,
      requestId: exchange.requestId,
      address,
      origin: this.#services.peers.origin(head),
      header: (name: string) => exchange.header(name),
      get signal() {
        return exchange.signal;
      },
      audit: (facts: AuditFacts) => {
        said = { ...said, ...facts };
      },
    };
    const answer = await route.handler(context);
    const changes = route.method !== 'GET' && route.access !== 'open' && route.changes !== false;
    if (said !== undefined || changes) {
      this.#services.audit({
        by: said?.by ?? nameOf(principal),
        address,
        action: `${route.method} ${route.path}`,
        subject: said?.subject ?? decoded(head.path),
        before: said?.before,
        after: said?.after ?? (isPlain(context.body) ? context.body : undefined),
        requestId: exchange.requestId,
      });
    }
    return answer;
  }

  async #principal(exchange: Exchange, address: string): Promise<Principal> {
    const { method, path, query } = exchange.head;
    const foreign = this.#services.peers.foreign(exchange.head);
    const header = (name: string): string | undefined =>
      foreign && name.toLowerCase() === 'cookie' ? undefined : exchange.header(name);
    const principal = await this.#services.authenticate({ method, path, query, address, header });
    if (principal.kind !== 'anonymous') {
      await this.#services.limits.takePrincipal(principal.kind, principal.id);
    }
    return principal;
  }

  async #body(
    exchange: Exchange,
    route: Route,
    bytes: Promise<Uint8Array> | BodyStream,
  ): Promise<unknown> {
    if (!(bytes instanceof Promise)) return bytes;
    const body = await bytes;
    if (route.bodyType === 'bytes') return body;
    if (route.body === undefined) return undefined;
    const type = exchange.header('content-type') ?? 'application/json';
    if (!/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
      throw new EngineError(
        'input.unsupported',
        `the body must be application/json, not ${type.slice(0, 100)}`,
      );
    }
    const value =
      body.length === 0 && route.body.safeParse(undefined).success ? undefined : parseJson(body);
    return check(route.body, value, 'body');
  }

  #inTime<T>(exchange: Exchange, work: Promise<T>, limitMs: number, what: string): Promise<T> {
    const { clock } = this.#services;
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => {
        const error = new EngineError(
          'link.deadline',
          `${what} took longer than ${String(limitMs)} ms`,
        );
        exchange.abort(error);
        reject(error);
      }, limitMs);
      work.then(resolve, reject).finally(() => {
        clock.clearTimeout(timer);
      });
    });
  }

  #preflight(exchange: Exchange, match: Match<Target>, headers: Headers): void {
    const asked = exchange.header('access-control-request-method')?.toUpperCase();
    const allow = match.kind === 'method' ? match.allow : undefined;
    const candidates = asked === undefined ? (allow ?? []) : [asked];
    let own: Headers = {};
    const open = candidates.some((method) => {
      const found = this.#router.find(method, exchange.head.path);
      if (found.kind !== 'found') return false;
      if (found.target.kind === 'raw') return true;
      own = found.target.route.headers ?? own;
      return found.target.route.access === 'open';
    });
    exchange.send(204, { ...headers, ...preflightHeaders(open, allow), ...own });
  }

  #fail(exchange: Exchange, thrown: unknown, headers: Headers): void {
    const error = EngineError.from(thrown);
    const { method, path } = exchange.head;
    const gone = exchange.closed && error.code === 'link.closed';
    if (error.httpStatus >= 500 && error.code !== 'server.stopping' && !gone) {
      const fields = { err: thrown, requestId: exchange.requestId, method, path };
      this.#services.log.error(fields, 'request failed');
    }
    if (exchange.closed) return;
    if (exchange.started) {
      exchange.destroy();
      return;
    }
    const problem = toProblem(error, exchange.requestId);
    const allow = error.code === 'method.not-allowed' ? error.context['allow'] : undefined;
    const out: Record<string, string> = {
      ...headers,
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(Array.isArray(allow) ? { allow: allow.join(', ') } : {}),
      ...(error instanceof RateLimited ? { 'retry-after': String(error.retryAfterS) } : {}),
      ...(problem.status === 503 ? { 'retry-after': '2' } : {}),
      ...(error.code === 'auth.required' ? { 'www-authenticate': 'Bearer realm="earshot"' } : {}),
    };
    // A body that was refused half-way cannot be skipped cheaply: the connection ends with the answer.
    const closeAfter = error.code === 'input.too-large' || error.code === 'server.stopping';
    exchange.send(problem.status, out, JSON.stringify(problem), closeAfter);
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // Says what was asked, as it was asked.
    return path;
  }
}

const isPlain = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
