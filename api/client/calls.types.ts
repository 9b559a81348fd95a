import type { Calls } from './calls.gen.js';

export type Method = keyof Calls;
/** Templates, `/v1/rules/{id}`, of all calls with this method. */
export type PathOf<M extends Method> = keyof Calls[M] & string;

/** What a call answers with; `undefined` when it has no body, `unknown` when the contract does not say. */
export type AnswerOf<M extends Method, P extends PathOf<M>> = Calls[M][P] extends {
  readonly answer: infer A;
}
  ? A
  : unknown;

/** Lists that are read in pages. */
export type PagedPath = {
  [P in PathOf<'GET'>]: Calls['GET'][P] extends {
    readonly query: { readonly offset?: number | undefined };
    readonly answer: { readonly total: number; readonly items: readonly unknown[] };
  }
    ? P
    : never;
}[PathOf<'GET'>];

/** A row of a list. */
export type RowOf<P extends PagedPath> =
  AnswerOf<'GET', P> extends { readonly items: readonly (infer R)[] } ? R : never;

/** A body that is not JSON. A stream is sent once, without a second attempt. */
export interface Upload {
  readonly type: string;
  readonly body: NonNullable<RequestInit['body']>;
  /** Where it is known and the body is a stream. */
  readonly lengthBytes?: number;
}

/** How a call is made, beside what it says. */
export interface CallManner {
  readonly signal?: AbortSignal | undefined;
  /** Default: the client's. */
  readonly deadlineMs?: number | undefined;
}

type Part<C, K extends string> = C extends { readonly [key in K]: infer V }
  ? Record<never, never> extends V
    ? { readonly [key in K]?: V | undefined }
    : { readonly [key in K]: V }
  : { readonly [key in K]?: undefined };

type Said<C> = Part<C, 'params'> & Part<C, 'query'> & Part<C, 'body'> & Part<C, 'upload'>;

/** The last arguments of a call: optional where the call needs nothing. */
export type Given<M extends Method, P extends PathOf<M>> =
  Record<never, never> extends Said<Calls[M][P]>
    ? [given?: Said<Calls[M][P]> & CallManner]
    : [given: Said<Calls[M][P]> & CallManner];

/** The same without its types, for code that makes paths. */
export interface AnyGiven extends CallManner {
  readonly params?: Readonly<Record<string, string | number>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
  readonly upload?: Upload | undefined;
}
