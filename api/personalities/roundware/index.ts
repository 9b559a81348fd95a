/**
 * Roundware API v2, both generations of it: `/api/2/…` on the main port. Translates onto the content store, the
 * sound and the ingest; holds no state and no rules of its own. What the clients need is in
 * `docs/conformance-roundware.md`, field by field.
 */
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { Log } from '../../../engine/log.js';
import { isCrossSite } from '../../auth/cross-site.js';
import type { AuditPort } from '../../automation/ports.js';
import type { UploadLimits } from '../../content/upload-limits.js';
import type { Authenticate } from '../../http/auth.types.js';
import type { RawRequest, RawRoute } from '../../http/dispatch.js';
import type { Exchange, Headers } from '../../http/exchange.js';
import { Router } from '../../http/router.js';
import type { Ask, Call } from './http/ask.js';
import { type Form, readForm, removeFiles, type TakeFile } from './http/body.js';
import { Query } from './http/query.js';
import { denied, notFound, Refusal, refusalOf, unauthorized, wrongMethod } from './http/refusal.js';
import { send, unchanged } from './http/send.js';
import { isStaff, NOBODY, type People, type Who } from './people.js';
import type { Services } from './services.js';
import { type DayLimits, Throttle } from './throttle.js';
import { Trail } from './trail.js';

export interface RoundwareOptions {
  readonly calls: readonly Call[];
  readonly services: Services;
  readonly people: People;
  /** For cookies of staff and tokens of programs. */
  readonly authenticate: Authenticate;
  readonly clock: Clock;
  /** Shared with the other ways to bring a file. */
  readonly uploadLimits: UploadLimits;
  /** Undefined: nobody keeps a log of changes. */
  readonly audit?: AuditPort | undefined;
  readonly log: Pick<Log, 'error'>;
  readonly dayLimits?: DayLimits;
}

const BASE = '/api/2';
/** Beside the file: fields, boundaries. */
const FORM_SLACK_BYTES = 8 * 1024 * 1024;
/** Bodies read at once; more are told to come back. */
const MAX_BODIES = 500;

const CORS: Headers = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, HEAD, OPTIONS, PUT, DELETE, PATCH',
  'access-control-allow-headers':
    'authorization, content-type, accept, accept-encoding, origin, user-agent, x-csrftoken, x-requested-with, if-none-match',
  'access-control-expose-headers': 'ETag, Retry-After, WWW-Authenticate',
  'access-control-max-age': '86400',
};

/** The routes of the personality, for `GatewayOptions.raw`. */
export function roundwareRoutes(options: RoundwareOptions): readonly RawRoute[] {
  const site = new Personality(options);
  const maxBodyBytes = options.services.drop.maxBytes + FORM_SLACK_BYTES;
  const handler = (exchange: Exchange, request: RawRequest): Promise<void> =>
    site.answer(exchange, request);
  return [`${BASE}`, `${BASE}/`, `${BASE}/{rest...}`].map((path) => ({
    method: 'ANY' as const,
    path,
    maxBodyBytes,
    handler,
  }));
}

const TOKEN = /^token +([0-9a-f]{40}) *$/i;

class Personality {
  readonly #options: RoundwareOptions;
  readonly #router = new Router<Call>();
  readonly #throttle: Throttle;
  readonly #trail: Trail;
  readonly #resources: readonly string[];
  #bodies = 0;

  constructor(options: RoundwareOptions) {
    this.#options = options;
    this.#throttle = new Throttle(options.dayLimits);
    const { calls, audit } = options;
    this.#trail = new Trail(audit, calls);
    for (const call of calls) this.#router.add(call.method, `/${call.path}`, call);
    const lists = calls.filter(({ method, path }) => method === 'GET' && !path.includes('/'));
    this.#resources = lists.map(({ path }) => path).sort();
  }

  async answer(exchange: Exchange, request: RawRequest): Promise<void> {
    const headers: Headers = { ...request.headers, ...CORS, vary: 'Accept, Authorization' };
    try {
      await this.#answer(exchange, request, headers);
    } catch (thrown) {
      this.#refuse(exchange, thrown, headers);
    }
  }

  async #answer(exchange: Exchange, request: RawRequest, headers: Headers): Promise<void> {
    const { head } = exchange;
    const path = tidy(head.path);
    if (head.method === 'OPTIONS') {
      exchange.send(200, { ...headers, allow: CORS['access-control-allow-methods'] ?? '' });
      return;
    }
    if (path === '/') {
      if (head.method !== 'GET' && head.method !== 'HEAD') throw wrongMethod(head.method, ['GET']);
      const links = this.#resources.map((name) => [name, `${request.origin}${BASE}/${name}/`]);
      await send(exchange, Object.fromEntries(links), headers);
      return;
    }
    const match = this.#router.find(head.method, path);
    if (match.kind === 'none') throw notFound();
    if (match.kind === 'method') throw wrongMethod(head.method, match.allow);
    const call = match.target;
    const who = await this.#who(exchange, request, call.access === 'open');
    await this.#throttle.take(who, request.address);
    if (call.access !== 'open' && who.visitor === undefined && who.role === undefined) {
      throw unauthorized();
    }
    if (call.access === 'staff' && !isStaff(who)) throw denied();
    const tag = await this.#tag(head.method, head.query, path, who, request.origin);
    if (tag !== undefined && unchanged(exchange, tag, headers)) return;
    const tagged =
      tag === undefined ? headers : { ...headers, etag: tag, 'cache-control': 'no-cache' };
    const forms: Form[] = [];
    try {
      const ask = this.#ask(exchange, request, call, match.params, path, who, forms);
      const answer = await this.#trail.run(call, ask, exchange.requestId);
      await send(exchange, answer, tagged);
    } finally {
      for (const form of forms) await removeFiles(form.files);
    }
  }

  #ask(
    exchange: Exchange,
    request: RawRequest,
    call: Call,
    params: Readonly<Record<string, string>>,
    path: string,
    who: Who,
    forms: Form[],
  ): Ask {
    let form: Promise<Form> | undefined;
    return {
      method: exchange.head.method,
      params,
      query: new Query(exchange.head.query),
      who,
      address: request.address,
      origin: request.origin,
      path: `${BASE}${path}/`,
      header: (name) => exchange.header(name),
      unchanged: () => undefined,
      form: () => {
        form ??= this.#read(
          exchange.header('content-type'),
          request,
          call.files === true ? (bytes) => this.#takeFile(bytes, request.address) : undefined,
        ).then((read) => {
          forms.push(read);
          return read;
        });
        return form;
      },
    };
  }

  async #read(
    type: string | undefined,
    { body }: RawRequest,
    takeFile: TakeFile | undefined,
  ): Promise<Form> {
    if (body === undefined) return { fields: {}, files: [] };
    if (this.#bodies >= MAX_BODIES) {
      throw new EngineError('server.busy', 'too many uploads at once: try again');
    }
    this.#bodies++;
    try {
      return await readForm(type, body, takeFile);
    } finally {
      this.#bodies--;
    }
  }

  /** As other uploads: an address has so many files and bytes an hour. */
  async #takeFile(bytes: AsyncIterable<Uint8Array>, address: string): Promise<string> {
    const { services, uploadLimits } = this.#options;
    await uploadLimits.takeFile(address);
    return await services.drop.save(uploadLimits.counted(bytes, address));
  }

  /** A wrong token does not keep anybody from what needs none: an old app may send one that is gone. */
  async #who(exchange: Exchange, request: RawRequest, open: boolean): Promise<Who> {
    try {
      return await this.#recognise(exchange, request);
    } catch (thrown) {
      if (open && refusalOf(thrown).status === 401) return NOBODY;
      throw thrown;
    }
  }

  async #recognise(exchange: Exchange, { address }: RawRequest): Promise<Who> {
    const { people, authenticate } = this.#options;
    const shown = exchange.header('authorization');
    const token = TOKEN.exec(shown ?? '')?.[1];
    if (token !== undefined) return await people.byToken(token);
    if (/^token\b/i.test(shown ?? '')) throw unauthorized('Invalid token.');
    const { method, path, query } = exchange.head;
    const header = (name: string): string | undefined => exchange.header(name);
    const foreign = isCrossSite({ method, header });
    const principal = await authenticate({
      method,
      path,
      query,
      address,
      header: (name) => (foreign && name.toLowerCase() === 'cookie' ? undefined : header(name)),
    });
    return await people.byPrincipal(principal);
  }

  /** Names the state that a reading of all content has; undefined where an answer depends on more. */
  async #tag(
    method: string,
    query: string,
    path: string,
    who: Who,
    origin: string,
  ): Promise<string | undefined> {
    const reading = method === 'GET' || method === 'HEAD';
    if (!reading || path === '/assets/random' || path.startsWith('/streams')) return undefined;
    return await this.#options.services.tagOf([origin, path, query, who.name, who.role ?? '']);
  }

  #refuse(exchange: Exchange, thrown: unknown, headers: Headers): void {
    const refusal = refusalOf(thrown);
    if (refusal.status >= 500 && !exchange.closed && !(thrown instanceof Refusal)) {
      const { method, path } = exchange.head;
      const fields = { err: thrown, requestId: exchange.requestId, method, path };
      if (refusal.status === 500) this.#options.log.error(fields, 'request failed');
    }
    if (exchange.closed) return;
    if (exchange.started) {
      exchange.destroy();
      return;
    }
    const own = { ...refusal.headers, 'content-type': 'application/json; charset=utf-8' };
    exchange.send(
      refusal.status,
      { ...headers, ...own, 'cache-control': 'no-store' },
      JSON.stringify(refusal.body),
      refusal.status === 413,
    );
  }
}

/** What follows the base, without its last slash and `.json`. */
function tidy(path: string): string {
  const rest = path
    .slice(BASE.length)
    .replace(/\/+$/, '')
    .replace(/\.json$/i, '');
  return rest === '' ? '/' : rest;
}
