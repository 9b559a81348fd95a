import type { z } from 'zod';
import { EngineError } from '../../../engine/errors.js';
import type { Role } from '../../contract/rest.js';
import type { Headers } from '../../http/exchange.js';
import { parseJson } from '../../http/json.js';
import type { Known } from './identity.js';

/** A call of the API, once it is known who asks for what. */
export interface Ask {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  readonly address: string;
  readonly origin: string;
  /** Who asks. Of open calls: nobody. */
  readonly who: Known;
  /** The body in pieces, for uploads. */
  readonly stream: AsyncIterable<Uint8Array>;
  /** The whole body. @throws EngineError `input.too-large` */
  bytes(): Promise<Uint8Array>;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`, without a slash at its end: `/events/{id}`. */
  readonly path: string;
  /** Lowest role; `open`: no login. */
  readonly role: 'open' | Role;
  /** Largest body of an upload, bytes. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  run(ask: Ask): Promise<unknown> | unknown;
}

/** An answer that is not a plain 200. */
export class Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;

  constructor(status: number, body: unknown, headers: Headers = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** An answer that is an error; `detail` as FastAPI has it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly detail: unknown;
  readonly headers: Headers;

  constructor(status: number, detail: unknown, headers: Headers = {}) {
    super(typeof detail === 'string' ? detail : JSON.stringify(detail));
    this.status = status;
    this.detail = detail;
    this.headers = headers;
  }
}

export const notFound = (what: string, id: string): Refusal =>
  new Refusal(404, `${what} '${id.slice(0, 200)}' not found.`);

export const alreadyThere = (what: string): Refusal => new Refusal(409, `${what} already exists.`);

export const unauthorised = (detail: string): Refusal =>
  new Refusal(401, detail, { 'www-authenticate': 'Bearer' });

/** What a change is answered with: 201 for new rows, else 200. */
export function done(message: string, more: Readonly<Record<string, unknown>> = {}): object {
  return { status: 'success', message, ...more };
}

export const made = (message: string, more: Readonly<Record<string, unknown>> = {}): Answer =>
  new Answer(201, done(message, more));

/** A field that cannot be taken, as FastAPI tells it. */
export function unprocessable(
  loc: readonly (string | number)[],
  msg: string,
  type = 'value_error',
  input?: unknown,
): Refusal {
  return new Refusal(422, [{ type, loc, msg, input: input ?? null }]);
}

/** Whatever was thrown, as clients shall see it. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  const error = EngineError.from(thrown);
  if (error.code === 'internal') return new Refusal(500, 'Internal server error');
  if (error.code === 'auth.required') return unauthorised(error.message);
  if (error.code === 'input.invalid') {
    return unprocessable(['body'], error.message);
  }
  const wait = error.httpStatus === 503 ? { 'retry-after': '2' } : {};
  return new Refusal(error.httpStatus, error.message, wait);
}

const CODES: Readonly<Record<string, string>> = {
  too_small: 'greater_than_equal',
  too_big: 'less_than_equal',
  invalid_format: 'string_pattern_mismatch',
  invalid_value: 'literal_error',
  unrecognized_keys: 'extra_forbidden',
};

/** `value` as `schema` has it. @throws Refusal 422 with one entry for each field that is wrong. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, where: 'body' | 'query'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const entries = result.error.issues.slice(0, 20).map((issue) => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    const input = path.reduce<unknown>(
      (at, part) => (at as Record<string, unknown> | null | undefined)?.[part as string],
      value,
    );
    const missing = input === undefined && issue.code === 'invalid_type';
    return {
      type: missing ? 'missing' : (CODES[issue.code] ?? 'value_error'),
      loc: [where, ...path],
      msg: missing ? 'Field required' : issue.message,
      input: short(input),
    };
  });
  throw new Refusal(422, entries);
}

/** What was sent is said back, but not a megabyte of it. */
function short(input: unknown): unknown {
  if (typeof input === 'string') return input.slice(0, 200);
  if (typeof input !== 'object' || input === null) return input ?? null;
  const text = JSON.stringify(input);
  return text.length <= 500 ? input : null;
}

/** @throws Refusal 422, EngineError `input.too-large`. */
export async function body<T>(ask: Ask, schema: z.ZodType<T>): Promise<T> {
  return checked(schema, jsonOf(await ask.bytes()), 'body');
}

/** @throws Refusal 422 as FastAPI says it. */
export function jsonOf(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw unprocessable(['body'], 'Field required', 'missing');
  try {
    return parseJson(bytes);
  } catch (thrown) {
    throw unprocessable(['body'], EngineError.from(thrown).message, 'json_invalid');
  }
}

export async function gather(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new EngineError('input.too-large', `the body may have at most ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

/** Times are written as Python does it: ISO 8601, UTC. */
export const iso = (unixMs: number): string => new Date(unixMs).toISOString();
export const isoOrNull = (unixMs: number | null): string | null =>
  unixMs === null ? null : iso(unixMs);
