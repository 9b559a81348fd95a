import type { Headers } from '../../../http/exchange.js';
import type { Who } from '../people.js';
import type { Form } from './body.js';
import { type Codec, id, isAbsent, ValueFault } from './codecs.js';
import type { Query } from './query.js';
import { badField, notFound } from './refusal.js';

/** One call, as handlers see it. */
export interface Ask {
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly who: Who;
  readonly address: string;
  /** Of the main port as the client sees it. */
  readonly origin: string;
  /** Path with its trailing slash, without origin and query. */
  readonly path: string;
  /** Reads the body, once; later calls get the same. @throws Refusal 400, 413, 415. */
  form(): Promise<Form>;
  header(name: string): string | undefined;
  /** Says that all was so already: this call changes nothing, and is in no log of changes. */
  unchanged(): void;
}

/** What a handler answers; plain values are answered with 200. */
export class Answer {
  readonly status: number;
  readonly body: unknown;
  /** Elements of a JSON array, in pieces; sent as they come. */
  readonly pieces: AsyncIterable<readonly unknown[]> | undefined;
  readonly headers: Headers;

  constructor(options: {
    readonly status?: number;
    readonly body?: unknown;
    readonly pieces?: AsyncIterable<readonly unknown[]>;
    readonly headers?: Headers;
  }) {
    this.status = options.status ?? 200;
    this.body = options.body;
    this.pieces = options.pieces;
    this.headers = options.headers ?? {};
  }
}

export const NOTHING = new Answer({ status: 204 });

/** `open`: nobody needs a token; `any`: any token; `staff`: operators and admins. */
export type Access = 'open' | 'any' | 'staff';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/2/`, without slashes at the ends: `speakers/{id}`. */
  readonly path: string;
  readonly access: Access;
  /** Its form may bring files. Others refuse them, so that nobody unknown fills the disk. */
  readonly files?: true;
  /** False: a call that is no GET and changes nothing of the site, as listening does not. Default true. */
  readonly changes?: false;
  /** What it changes, as it is now. Absent: as the GET of its path says. */
  look?(ask: Ask): Promise<unknown>;
  run(ask: Ask): Promise<unknown>;
}

/** Id in the path. @throws Refusal 404 for what can be nobody's id. */
export function pathId(ask: Ask): number {
  try {
    return id(ask.params['id']);
  } catch {
    throw notFound();
  }
}

/** @throws Refusal 400 naming the field. */
export function field<T>(form: Form, codec: Codec<T>, ...names: readonly string[]): T | undefined {
  const name = names.find((candidate) => !isAbsent(ownField(form, candidate)));
  if (name === undefined) return undefined;
  try {
    return codec(ownField(form, name));
  } catch (thrown) {
    if (thrown instanceof ValueFault) throw badField(name, thrown.message);
    throw thrown;
  }
}

/** @throws Refusal 400 naming the first of the names. */
export function needed<T>(form: Form, codec: Codec<T>, ...names: readonly string[]): T {
  const value = field(form, codec, ...names);
  if (value === undefined) throw badField(names[0] ?? '', 'This field is required.');
  return value;
}

/** Never one that objects have by nature. */
export function ownField(form: Form, name: string): unknown {
  return Object.hasOwn(form.fields, name) ? form.fields[name] : undefined;
}
