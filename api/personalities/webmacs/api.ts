import type { Clock } from '../../../engine/clock.js';
import type { Log } from '../../../engine/log.js';
import type { AuditPort } from '../../automation/ports.js';
import type { RawRequest } from '../../http/dispatch.js';
import { sendAnswer } from '../../http/encode.js';
import type { Exchange, Headers } from '../../http/exchange.js';
import { Reply } from '../../http/route.types.js';
import { Router } from '../../http/router.js';
import { Answer, type Ask, type Call, gather, Refusal, refusalOf, unauthorised } from './ask.js';
import { bearerIn, type Identity, type Known, NOBODY, requireRole } from './identity.js';
import { MinuteLimit } from './rate.js';
import { Trail } from './trail.js';

export const PREFIX = '/api/v1';
export const MAX_BODY_BYTES = 1_048_576;

/** Takes every request below `/api/v1` from its path to its answer, as WebMACS words it. */
export class Api {
  readonly #identity: Identity;
  readonly #log: Pick<Log, 'error'>;
  readonly #limit: MinuteLimit;
  readonly #trail: Trail;
  readonly #router = new Router<Call>();

  constructor(
    options: {
      readonly identity: Identity;
      readonly clock: Clock;
      readonly log: Pick<Log, 'error'>;
      readonly audit?: AuditPort | undefined;
    },
    calls: readonly Call[],
  ) {
    this.#identity = options.identity;
    this.#log = options.log;
    this.#limit = new MinuteLimit(options.clock);
    this.#trail = new Trail({ audit: options.audit, calls });
    for (const call of calls) this.#router.add(call.method, call.path, call);
  }

  async answer(exchange: Exchange, request: RawRequest): Promise<void> {
    try {
      const { method, path } = exchange.head;
      const below = path.startsWith(PREFIX) ? path.slice(PREFIX.length) : path;
      const rest = below.replace(/\/+$/, '') || '/';
      if (!this.#limit.take(method, rest, request.address)) {
        const detail = 'Rate limit exceeded. Try again later.';
        throw new Refusal(429, detail, { 'retry-after': '60' });
      }
      const match = this.#router.find(method, rest);
      if (method === 'OPTIONS' && match.kind !== 'none') {
        exchange.send(204, { ...request.headers, ...PREFLIGHT });
        return;
      }
      if (match.kind === 'none') throw new Refusal(404, 'Not Found');
      if (match.kind === 'method') {
        throw new Refusal(405, 'Method Not Allowed', { allow: match.allow.join(', ') });
      }
      await this.#run(exchange, request, match.target, match.params, rest);
    } catch (thrown) {
      this.#refuse(exchange, request.headers, thrown);
    }
  }

  async #run(
    exchange: Exchange,
    request: RawRequest,
    call: Call,
    params: Readonly<Record<string, string>>,
    path: string,
  ): Promise<void> {
    const who = call.role === 'open' ? NOBODY : await this.#who(exchange);
    if (call.role !== 'open') requireRole(who, call.role);
    const stream = request.body ?? nothing();
    const ask: Ask = {
      params,
      query: new URLSearchParams(exchange.head.query),
      header: (name) => exchange.header(name),
      address: request.address,
      origin: request.origin,
      who,
      stream,
      bytes: () => gather(stream, MAX_BODY_BYTES),
    };
    const answer: unknown = await this.#trail.run(call, ask, path, exchange.requestId);
    if (answer instanceof Reply) await sendAnswer(exchange, answer, 200, request.headers);
    else if (answer instanceof Answer) {
      const { status, body, headers } = answer;
      const reply = new Reply({
        status,
        body,
        headers: { 'cache-control': 'no-store', ...headers },
      });
      await sendAnswer(exchange, reply, status, request.headers);
    } else {
      const headers = { ...request.headers, 'cache-control': 'no-store' };
      await sendAnswer(exchange, answer, 200, headers);
    }
  }

  #who(exchange: Exchange): Known | Promise<Known> {
    const token = bearerIn(exchange.header('authorization'));
    if (token === undefined) throw unauthorised('Not authenticated');
    return this.#identity.identify(token);
  }

  #refuse(exchange: Exchange, headers: Headers, thrown: unknown): void {
    const refusal = refusalOf(thrown);
    if (refusal.status >= 500 && !(thrown instanceof Refusal)) {
      const { method, path } = exchange.head;
      const fields = { err: thrown, requestId: exchange.requestId, method, path };
      this.#log.error(fields, 'request failed');
    }
    if (exchange.closed) return;
    if (exchange.started) {
      exchange.destroy();
      return;
    }
    const own = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    const body = JSON.stringify({ detail: refusal.detail });
    // A body that was refused half-way cannot be skipped cheaply: the connection ends with the answer.
    const close = refusal.status === 413;
    exchange.send(refusal.status, { ...headers, ...own, ...refusal.headers }, body, close);
  }
}

const PREFLIGHT: Headers = {
  'access-control-allow-methods': 'GET, POST, PUT, DELETE, OPTIONS',
  'access-control-allow-headers': 'authorization, content-type, x-request-id',
  'access-control-max-age': '600',
};

async function* nothing(): AsyncGenerator<Uint8Array> {}
