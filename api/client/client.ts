import type { AnswerOf, AnyGiven, Given, Method, PathOf } from './calls.types.js';
import { ApiError, refusal, unreachable, unreadable } from './errors.js';

export interface ClientOptions {
  /** `http://host:8080` without a slash at the end; empty: where the page came from. */
  readonly base: string;
  /** Sent with every call, such as `authorization`. A page's cookie needs none. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Until the answer, or of a stream its first byte, is there. Default: none. */
  readonly deadlineMs?: number;
  /** Further attempts of a read when the server is away or busy. Default 0; writes are sent once. */
  readonly retries?: number;
  /** Hears of every answer before it is read, refusals included. `path`: the template. */
  readonly heard?: (answer: Response, path: string) => void;
  /** The answer to a read of this address that somebody asked for before. Undefined: it is asked for now. */
  readonly early?: (address: string) => Promise<Response> | undefined;
}

/** Calls of one server, typed by its contract. Every failure is an `ApiError`, or the signal's own reason. */
export interface Client {
  /** One call with a JSON answer. */
  call<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    ...given: Given<M, P>
  ): Promise<AnswerOf<M, P>>;
  /** One call whose answer is read by the caller, in pieces if wanted; it is a success. */
  open<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    ...given: Given<M, P>
  ): Promise<Response>;
  /** `call` with a path that is made at run time; who calls it knows its types. */
  callAny(method: Method, path: string, given?: AnyGiven): Promise<unknown>;
}

/** Path and query string. Values of the path may hold any character; undefined ones of the query are left out. */
export function addressOf(path: string, given: Pick<AnyGiven, 'params' | 'query'> = {}): string {
  const place = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(given.params?.[name] ?? ''),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(given.query ?? {})) {
    if (value !== undefined) search.set(name, String(value));
  }
  const asked = search.toString();
  return asked === '' ? place : `${place}?${asked}`;
}

const FIRST_PAUSE_MS = 300;

const pause = (delayMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, delayMs));

/** Makes a client. It holds no connection and no state. */
export function createClient(options: ClientOptions): Client {
  async function once<T>(
    method: Method,
    path: string,
    given: AnyGiven,
    read: (answer: Response) => Promise<T>,
  ): Promise<T> {
    const deadlineMs = given.deadlineMs ?? options.deadlineMs;
    const late = new AbortController();
    const timer = deadlineMs === undefined ? undefined : setTimeout(() => late.abort(), deadlineMs);
    try {
      const address = options.base + addressOf(path, given);
      const asked = method === 'GET' ? options.early?.(address) : undefined;
      const answer = await (
        asked ??
        fetch(address, {
          ...said(method, given),
          headers: { accept: 'application/json', ...contentOf(given), ...options.headers?.() },
          signal: given.signal ? AbortSignal.any([given.signal, late.signal]) : late.signal,
        })
      ).catch((cause: unknown) => {
        if (given.signal?.aborted === true) throw cause;
        throw unreachable(cause, late.signal.aborted ? deadlineMs : undefined);
      });
      options.heard?.(answer, path);
      if (!answer.ok) throw await refusal(answer);
      return await read(answer);
    } finally {
      clearTimeout(timer);
    }
  }

  async function patiently<T>(
    method: Method,
    path: string,
    given: AnyGiven,
    read: (answer: Response) => Promise<T>,
  ): Promise<T> {
    const attempts = method === 'GET' ? (options.retries ?? 0) : 0;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await once(method, path, given, read);
      } catch (thrown) {
        if (attempt >= attempts || !mayWorkLater(thrown)) throw thrown;
        await pause(FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random() / 2));
      }
    }
  }

  const callAny = (method: Method, path: string, given: AnyGiven = {}): Promise<unknown> =>
    patiently(method, path, given, (answer) => parsed(answer, given));
  return {
    callAny,
    call: async (method, path, ...[given]) =>
      (await callAny(method, path, given as AnyGiven | undefined)) as AnswerOf<
        typeof method,
        typeof path
      >,
    open: (method, path, ...[given]) =>
      patiently(method, path, (given ?? {}) as AnyGiven, (answer) => Promise.resolve(answer)),
  };
}

const mayWorkLater = (thrown: unknown): boolean => thrown instanceof ApiError && thrown.retry;

function said(method: Method, { body, upload }: AnyGiven): RequestInit & { duplex?: 'half' } {
  return {
    method,
    // What is deleted when a page is left must still arrive.
    keepalive: method === 'DELETE',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(upload === undefined ? {} : { body: upload.body }),
    // Streams are refused without it.
    ...(upload?.body instanceof ReadableStream ? { duplex: 'half' as const } : {}),
  };
}

function contentOf({ body, upload }: AnyGiven): Readonly<Record<string, string>> {
  if (upload !== undefined) {
    const { type, lengthBytes } = upload;
    return {
      'content-type': type,
      ...(lengthBytes === undefined ? {} : { 'content-length': String(lengthBytes) }),
    };
  }
  return body === undefined ? {} : { 'content-type': 'application/json' };
}

async function parsed(answer: Response, { signal }: AnyGiven): Promise<unknown> {
  const text = await answer.text().catch((cause: unknown) => {
    if (signal?.aborted === true) throw cause;
    throw unreachable(cause);
  });
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw unreadable(answer.status, cause);
  }
}
