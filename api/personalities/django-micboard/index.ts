/**
 * django-micboard below a prefix of the main port: the REST calls of its first version, un-versioned and below `v1/`,
 * the read-only lists of the later one, and its socket. Translates live rows and the inventory; holds no state and no
 * rules of its own. Every field is in `docs/conformance-micboard.md`.
 */
import type { Log } from '../../../engine/log.js';
import type { AuditPort } from '../../automation/ports.js';
import { requireRole } from '../../http/auth.types.js';
import type { RawRequest, RawRoute } from '../../http/dispatch.js';
import { sendAnswer } from '../../http/encode.js';
import type { Exchange, Headers } from '../../http/exchange.js';
import { addressGroup } from '../../http/limits.js';
import { Reply } from '../../http/route.types.js';
import { Router } from '../../http/router.js';
import type { SocketEndpoint } from '../../http/socket.types.js';
import type { WriteAuth } from '../writers.js';
import { openWriters, type Writers } from '../writers.js';
import { Announcer } from './announcer.js';
import { Answer, type Ask, type Call, jsonBody, Refusal, refusalOf, unknownMaker } from './ask.js';
import { assignmentCalls } from './assignments.js';
import { SlidingLimits } from './limits.js';
import { listCalls } from './lists.js';
import { Manufacturers } from './manufacturers.js';
import { API_VERSION, type Parts, readingCalls } from './reading.js';
import { djangoSockets } from './sockets.js';
import { trailed } from './trail.js';
import { writingCalls } from './writing.js';

export interface DjangoOptions extends Omit<Parts, 'makers'> {
  /** `/micboard` */
  readonly prefix: string;
  readonly allowWrites: boolean;
  readonly auth: WriteAuth;
  /** Undefined: nobody keeps a log of changes. */
  readonly audit?: AuditPort | undefined;
  /** Sends to all sockets that subscribed to a topic: `Gateway.publish` with text. */
  readonly publish: (topic: string, text: string) => void;
  readonly log: Pick<Log, 'error'>;
}

export interface DjangoMicboard {
  readonly raw: readonly RawRoute[];
  readonly sockets: readonly SocketEndpoint[];
  stop(): void;
}

const MAX_BODY_BYTES = 1024 * 1024;
const VERSION: Headers = {
  'x-api-version': API_VERSION,
  'x-api-compatible': API_VERSION,
};

/** The personality, for the main gateway. */
export function openDjangoMicboard(options: DjangoOptions): DjangoMicboard {
  const { prefix, tables, clock, publish } = options;
  const makers = new Manufacturers(tables);
  const api = new Api(options, { ...options, makers });
  const announcer = new Announcer({ tables, makers, clock, publish });
  return {
    raw: [
      {
        method: 'ANY',
        path: `${prefix}/api/{rest...}`,
        maxBodyBytes: MAX_BODY_BYTES,
        handler: (exchange, request) => api.answer(exchange, request),
      },
    ],
    sockets: djangoSockets(prefix, announcer, makers),
    stop: () => announcer.stop(),
  };
}

class Api {
  readonly #options: DjangoOptions;
  readonly #makers: Manufacturers;
  readonly #writers: Writers;
  readonly #limits: SlidingLimits;
  readonly #router = new Router<Call>();

  constructor(options: DjangoOptions, parts: Parts) {
    this.#options = options;
    this.#makers = parts.makers;
    this.#limits = new SlidingLimits(options.clock);
    const setting = 'personalities.djangoMicboard.allowWrites';
    this.#writers = openWriters({ ...options, setting });
    const calls = [
      ...readingCalls(parts),
      ...writingCalls(parts),
      ...assignmentCalls(parts),
      ...listCalls(parts),
    ];
    for (const call of calls) {
      this.#router.add(call.method, `/v1/${call.path}`, call);
      if (call.v1Only !== true) this.#router.add(call.method, `/${call.path}`, call);
    }
  }

  async answer(exchange: Exchange, request: RawRequest): Promise<void> {
    const headers = { ...request.headers, ...VERSION };
    const { method, path } = exchange.head;
    let drf = path.startsWith(`${this.#options.prefix}/api/v1/`);
    try {
      if (method === 'OPTIONS') {
        exchange.send(200, { ...headers, allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' });
        return;
      }
      const rest = path.slice(`${this.#options.prefix}/api`.length).replace(/\/+$/, '');
      const match = this.#router.find(method, rest === '' ? '/' : rest);
      if (match.kind === 'none') throw new Refusal(404, { error: 'Not found' });
      if (match.kind === 'method') {
        const allow = match.allow.join(', ');
        throw new Refusal(405, { detail: `Method "${method}" not allowed.` }, { allow });
      }
      const call = match.target;
      drf = call.drf === true;
      await this.#run(exchange, request, call, match.params, headers);
    } catch (thrown) {
      this.#refuse(exchange, headers, thrown, drf);
    }
  }

  async #run(
    exchange: Exchange,
    request: RawRequest,
    call: Call,
    params: Readonly<Record<string, string>>,
    headers: Headers,
  ): Promise<void> {
    const { address, origin } = request;
    const basic = /^basic /i.test(exchange.header('authorization') ?? '');
    // Checking a password is work: an address may ask for no more of it than for anything else.
    if (basic) this.#limit(call, addressGroup(address));
    const who = await this.#writers.who(exchange, address);
    if (who.kind !== 'anonymous') this.#limit(call, `${who.kind} ${who.id}`);
    else if (!basic) this.#limit(call, addressGroup(address));
    if (call.access === 'viewer') requireRole(who, 'viewer', 'this list');
    if (call.access === 'write') await this.#writers.requireWriter(exchange, address, who);
    const query = new URLSearchParams(exchange.head.query);
    const makerOf = (code: string) => {
      const maker = this.#makers.find(code);
      if (maker === undefined) throw unknownMaker(code);
      return maker;
    };
    const asked = query.get('manufacturer') ?? '';
    const versioned = exchange.head.path.startsWith(`${this.#options.prefix}/api/v1/`);
    let body: Promise<unknown> | undefined;
    const ask: Ask = {
      method: exchange.head.method,
      params,
      query,
      maker: asked === '' ? undefined : makerOf(asked),
      origin,
      base: `${this.#options.prefix}/api/${versioned ? 'v1/' : ''}`,
      who,
      body: () => {
        body ??= jsonBody(request.body);
        return body;
      },
      makerOf,
    };
    const base = `${this.#options.prefix}/api/`;
    const answer = await trailed(this.#options.audit, call, ask, {
      address,
      action: `${ask.method} ${base}${call.path}`,
      requestId: exchange.requestId,
      subject: exchange.head.path.slice(ask.base.length).replace(/\/+$/, ''),
    });
    const reply =
      answer instanceof Answer
        ? new Reply({ status: answer.status, body: answer.body })
        : new Reply({ body: answer });
    await sendAnswer(exchange, reply, 200, headers);
  }

  #limit({ limit: [name, perMinute] }: Call, asker: string): void {
    const waitS = this.#limits.take(name, asker, perMinute);
    if (waitS === undefined) return;
    throw new Refusal(
      429,
      {
        error: 'Rate limit exceeded',
        detail: `Maximum ${perMinute} requests per 60 seconds`,
        retry_after: waitS,
      },
      { 'retry-after': String(waitS) },
    );
  }

  #refuse(exchange: Exchange, headers: Headers, thrown: unknown, drf: boolean): void {
    const refusal = refusalOf(thrown, drf);
    if (refusal.status === 500 && !(thrown instanceof Refusal)) {
      const { method, path } = exchange.head;
      const fields = { err: thrown, requestId: exchange.requestId, method, path };
      this.#options.log.error(fields, 'request failed');
    }
    if (exchange.closed) return;
    if (exchange.started) {
      exchange.destroy();
      return;
    }
    const own = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    const out = { ...headers, ...own, ...refusal.headers };
    exchange.send(refusal.status, out, JSON.stringify(refusal.body), refusal.status === 413);
  }
}
