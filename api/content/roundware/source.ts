import type { IncomingMessage } from 'node:http';
import { EngineError } from '../../../engine/errors.js';
import { callOutside } from '../outside.js';

/** An object of Roundware's API; nothing about it is sure. */
export type Wire = Readonly<Record<string, unknown>>;

const MAX_JSON_BYTES = 67_108_864;
const PAGE = 500;
const MAX_PAGES = 2_000;
const CALL_MS = 30_000;
const MAX_REDIRECTS = 3;

/** A Roundware server, read over its API v2. */
export class RoundwareSource {
  /** `https://host/api/2/`. */
  readonly base: URL;
  /** Named in the address that was given: `…/projects/7/`. */
  readonly projectId: number | undefined;
  readonly #token: string;
  readonly #allowPrivate: boolean;
  readonly #signal: AbortSignal;

  /** @throws EngineError `input.invalid` for what is no address of API v2. */
  constructor(url: string, token: string, allowPrivate: boolean, signal: AbortSignal) {
    const target = URL.canParse(url) ? new URL(url) : undefined;
    const found = /^(.*\/api\/2)\/?(?:projects\/(\d+)\/?)?$/.exec(target?.pathname ?? '');
    if (target === undefined || found === null || !/^https?:$/.test(target.protocol)) {
      throw new EngineError(
        'input.invalid',
        'url: must be like https://host/api/2/ or https://host/api/2/projects/1/',
      );
    }
    this.base = new URL(`${found[1] ?? ''}/`, target);
    this.projectId = found[2] === undefined ? undefined : Number(found[2]);
    this.#token = token;
    this.#allowPrivate = allowPrivate;
    this.#signal = signal;
  }

  /** All objects of a list, over all of its pages. @throws EngineError naming the list. */
  async list(path: string, query: Readonly<Record<string, string>> = {}): Promise<readonly Wire[]> {
    const all: Wire[] = [];
    for (let page = 1; page <= MAX_PAGES; page++) {
      const pages =
        path === 'assets/' ? { paginate: 'true', page: `${page}`, page_size: `${PAGE}` } : {};
      const value = await this.#json(path, { ...query, ...pages });
      if (Array.isArray(value)) return value as Wire[];
      const { results, next } = value as { results?: unknown; next?: unknown };
      if (!Array.isArray(results)) throw this.#odd(path, 'no list');
      all.push(...(results as Wire[]));
      if (next === null || next === undefined || results.length === 0) return all;
    }
    throw this.#odd(path, `more than ${MAX_PAGES * PAGE} objects`);
  }

  /** One object. @throws EngineError naming it. */
  async object(path: string, query: Readonly<Record<string, string>>): Promise<Wire> {
    const value = await this.#json(path, query);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Wire;
    throw this.#odd(path, 'no object');
  }

  /** Does the server itself have this address, on whichever port? */
  isOwn(address: string): boolean {
    return new URL(address, this.base).hostname === this.base.hostname;
  }

  /**
   * The bytes of a file, unless the address is a live stream, which has no end: then undefined.
   * @throws EngineError `not-found`, `input.too-large`, and when it cannot be had.
   */
  async wholeFile(
    address: string,
    maxBytes: number,
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    const answer = await this.#get(new URL(address, this.base));
    const { statusCode = 0, headers } = answer;
    if (statusCode !== 200) {
      answer.destroy();
      throw new EngineError('not-found', `the server answers ${statusCode}`);
    }
    const sizeBytes = Number(headers['content-length'] ?? Number.NaN);
    const live = Object.keys(headers).some((name) => name.startsWith('icy-'));
    if (live || Number.isNaN(sizeBytes)) {
      answer.destroy();
      return undefined;
    }
    if (sizeBytes <= maxBytes) return answer as AsyncIterable<Uint8Array>;
    answer.destroy();
    throw new EngineError('input.too-large', `it has ${sizeBytes} bytes, more than ${maxBytes}`);
  }

  /** The bytes of a file that an object names. @throws EngineError when it cannot be had. */
  async file(address: string): Promise<AsyncIterable<Uint8Array>> {
    const answer = await this.#get(new URL(address, this.base));
    const { statusCode = 0 } = answer;
    if (statusCode === 200) return answer as AsyncIterable<Uint8Array>;
    answer.destroy();
    throw new EngineError('not-found', `${address}: the server answers ${statusCode}`);
  }

  async #json(path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const answer = await this.#get(url);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer) {
      size += (chunk as Buffer).length;
      if (size > MAX_JSON_BYTES) {
        answer.destroy();
        throw this.#odd(path, `more than ${MAX_JSON_BYTES} bytes`);
      }
      chunks.push(chunk as Buffer);
    }
    const text = Buffer.concat(chunks).toString();
    if (answer.statusCode !== 200) {
      const detail = /"detail":\s*"([^"]{1,200})"/.exec(text)?.[1] ?? '';
      throw this.#odd(path, `${answer.statusCode ?? 0} ${detail}`);
    }
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw this.#odd(path, 'no JSON');
    }
  }

  /** Each address on the way is checked. The token stays with the server it is for. */
  async #get(first: URL): Promise<IncomingMessage> {
    let url = first;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const own = url.origin === this.base.origin;
      const answer = await callOutside(url.href, {
        method: 'GET',
        headers: {
          accept: '*/*',
          ...(own && this.#token !== '' ? { authorization: `token ${this.#token}` } : {}),
        },
        timeoutMs: CALL_MS,
        allowPrivate: this.#allowPrivate,
        signal: this.#signal,
      });
      const { statusCode = 0, headers } = answer;
      if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) return answer;
      answer.destroy();
      url = new URL(headers.location, url);
    }
    throw this.#odd(first.pathname, 'too many redirects');
  }

  #odd(path: string, why: string): EngineError {
    return new EngineError('link.closed', `the Roundware server answers ${path} with ${why}`);
  }
}
