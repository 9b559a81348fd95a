import { z } from 'zod';
import { EngineError } from '../../../engine/errors.js';
import type { Headers } from '../../http/exchange.js';
import { parseJson } from '../../http/json.js';
import type { Principal } from '../../http/route.types.js';
import type { Manufacturer } from './manufacturers.js';

/** A call of the API, once it is known who asks for what. */
export interface Ask {
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Of `?manufacturer=`; undefined: all. */
  readonly maker: Manufacturer | undefined;
  readonly origin: string;
  /** `/micboard/api/v1/` */
  readonly base: string;
  readonly who: Principal;
  /** The JSON body, read once; an empty one is `{}`. @throws EngineError `input.invalid`, `input.too-large` */
  body(): Promise<unknown>;
  /** @throws Refusal 404 as the API says it */
  makerOf(code: string): Manufacturer;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `api/`, without slashes at its ends: `receivers/{id}`. */
  readonly path: string;
  /** Only below `api/v1/`, as the later generation serves it. */
  readonly v1Only?: boolean;
  /** Who may; `write`: everybody where writes are allowed, else operators. */
  readonly access: 'open' | 'viewer' | 'write';
  /** Requests a minute, counted together for all calls of the same name. */
  readonly limit: readonly [name: string, perMinute: number];
  /** Errors as Django REST framework says them. */
  readonly drf?: boolean;
  /** False: a call that is no GET and changes nothing, as a search does not. Default true. */
  readonly changes?: false;
  /** What it changes, as it is now; undefined: it is not there. Absent: the call makes something. */
  look?(ask: Ask): Promise<unknown>;
  run(ask: Ask): Promise<unknown> | unknown;
}

/** An answer that is not a plain 200. */
export class Answer {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body?: unknown) {
    this.status = status;
    this.body = body;
  }
}

/** An answer that is an error. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly body: object;
  readonly headers: Headers;

  constructor(status: number, body: object, headers: Headers = {}) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

export const unknownMaker = (code: string): Refusal =>
  new Refusal(404, { error: `Manufacturer '${code.slice(0, 100)}' not found` });

/** Whatever was thrown, as clients shall see it. */
export function refusalOf(thrown: unknown, drf: boolean): Refusal {
  if (thrown instanceof Refusal) return thrown;
  const error = EngineError.from(thrown);
  const hidden = error.code === 'internal';
  const text = hidden ? 'Something went wrong here; the log has it.' : error.message;
  const status = error.httpStatus;
  return new Refusal(
    status,
    drf ? { detail: text } : { error: text },
    status === 401 ? { 'www-authenticate': 'Basic realm="earshot"' } : {},
  );
}

/** @throws EngineError `input.invalid` naming the field. */
export async function read<T>(ask: Ask, schema: z.ZodType<T>): Promise<T> {
  const result = schema.safeParse(await ask.body());
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') || 'the body';
  throw new EngineError('input.invalid', `${field}: ${issue?.message ?? 'is not usable'}`);
}

const MAX_BODY_BYTES = 1024 * 1024;

export async function jsonBody(body: AsyncIterable<Uint8Array> | undefined): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw new EngineError('input.too-large', `the body may have ${MAX_BODY_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return size === 0 ? {} : parseJson(Buffer.concat(chunks));
}

/** Simple values of a configuration. */
export const flatValues = z.record(
  z.string().min(1).max(100),
  z.union([z.string().max(10_000), z.number(), z.boolean(), z.null()]),
);
