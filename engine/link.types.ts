import type { EngineError } from './errors.js';
import type { Movable } from './link.messages.js';

/**
 * What one side of a link may say to the other: `requests` are answered, `posts` are not, `streams`
 * are answered item by item. Write one interface per direction, a line per method.
 */
export interface LinkContract {
  readonly requests: object;
  readonly posts: object;
  readonly streams: object;
}

type Params<T> = T extends { readonly params: infer P } ? P : never;
type Result<T> = T extends { readonly result: infer R } ? R : never;
type Item<T> = T extends { readonly item: infer I } ? I : never;

/** A request line is `{ params; result }`; a stream line is `{ params; item }`; a post line is its payload. */
export type ParamsOf<T, K extends keyof T> = Params<T[K]>;
export type ResultOf<T, K extends keyof T> = Result<T[K]>;
export type ItemOf<T, K extends keyof T> = Item<T[K]>;

export interface CallOptions {
  /** Rejects with `link.deadline` and tells the other side to cancel. Default 5,000. */
  readonly deadlineMs?: number;
  /** Moved, not copied: detached here. */
  readonly transfer?: readonly Movable[];
  readonly signal?: AbortSignal;
}

/**
 * One end of a connection between two threads (later: nodes). Messages keep their order. Every call
 * settles: by answer, by deadline, by abort, or by `close`. Bounded: with more than the bound of calls
 * in flight, `call` rejects and `post` returns false, both with `link.full`.
 */
export interface Link<Out extends LinkContract, In extends LinkContract> {
  call<M extends keyof Out['requests'] & string>(
    method: M,
    params: ParamsOf<Out['requests'], M>,
    options?: CallOptions,
  ): Promise<ResultOf<Out['requests'], M>>;

  /** Fire and forget, in order. False: the link is closed or over its bound, and the message was not sent. */
  post<T extends keyof Out['posts'] & string>(
    topic: T,
    payload: Out['posts'][T],
    transfer?: readonly Movable[],
  ): boolean;

  /** Pull-driven stream: the producer never sends more than was asked for. */
  stream<M extends keyof Out['streams'] & string>(
    method: M,
    params: ParamsOf<Out['streams'], M>,
    options?: CallOptions,
  ): AsyncIterable<ItemOf<Out['streams'], M>>;

  /**
   * One handler a method; a second registration throws `conflict`. A throw becomes the answer. The signal
   * fires when the caller gives up; only a handler that declares the parameter gets a live one.
   */
  handle<M extends keyof In['requests'] & string>(
    method: M,
    handler: (
      params: ParamsOf<In['requests'], M>,
      signal: AbortSignal,
    ) => ResultOf<In['requests'], M> | Promise<ResultOf<In['requests'], M>>,
  ): void;

  on<T extends keyof In['posts'] & string>(
    topic: T,
    listener: (payload: In['posts'][T]) => void,
  ): void;

  handleStream<M extends keyof In['streams'] & string>(
    method: M,
    handler: (
      params: ParamsOf<In['streams'], M>,
      signal: AbortSignal,
    ) => AsyncIterable<ItemOf<In['streams'], M>>,
  ): void;

  /** Posts sent and not yet taken by the other side. */
  readonly inFlight: number;
  readonly closed: EngineError | undefined;
  /** Settles everything in flight with `reason`. Idempotent. */
  close(reason: EngineError): void;
}
