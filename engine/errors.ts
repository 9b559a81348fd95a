/** What a supervisor may do about a failure. */
export type Remedy = 'retry' | 'park' | 'crash';

interface ErrorSpec {
  readonly remedy: Remedy;
  /** Status of an HTTP answer that carries this error. */
  readonly http: number;
  /** WebSocket close code. 4000–4499: the client should reconnect; 4500–4999: it should not. */
  readonly close: number;
}

const spec = (remedy: Remedy, http: number, close: number): ErrorSpec => ({ remedy, http, close });

/** The one error table: code → remedy, HTTP status, close code. */
const CATALOGUE = {
  internal: spec('crash', 500, 4000),
  'input.invalid': spec('park', 400, 4500),
  'input.too-large': spec('park', 413, 4513),
  'input.unsupported': spec('park', 415, 4515),
  'auth.required': spec('park', 401, 4501),
  'auth.denied': spec('park', 403, 4503),
  'not-found': spec('park', 404, 4504),
  'method.not-allowed': spec('park', 405, 4505),
  conflict: spec('park', 409, 4509),
  'rate.limited': spec('retry', 429, 4029),
  'client.slow': spec('retry', 503, 4008),
  'server.stopping': spec('retry', 503, 4001),
  'server.busy': spec('retry', 503, 4013),
  'device.unreachable': spec('retry', 502, 4002),
  'device.refused': spec('park', 502, 4502),
  'frame.malformed': spec('retry', 400, 4400),
  'link.closed': spec('retry', 503, 4003),
  'link.deadline': spec('retry', 504, 4004),
  'link.full': spec('retry', 503, 4005),
  'call.aborted': spec('retry', 503, 4007),
  'thread.lost': spec('retry', 503, 4006),
  'thread.stuck': spec('retry', 503, 4006),
  'store.away': spec('retry', 503, 4010),
  'store.refused': spec('park', 500, 4510),
  'spool.full': spec('retry', 507, 4011),
  'spool.corrupt': spec('park', 500, 4511),
  'media.unreadable': spec('park', 422, 4522),
  'media.encoder': spec('retry', 500, 4012),
  'icecast.refused': spec('retry', 502, 4014),
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof CATALOGUE;

/**
 * Base of every error we throw; foreign errors are wrapped at the edge, as `cause`.
 * `message` names the field or thing and the remedy, in the user's words.
 */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: ErrorCode;
  /** Facts for the log and for the `problem+json` answer; never secrets. */
  readonly context: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly context?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.context = options.context ?? {};
  }

  get remedy(): Remedy {
    return CATALOGUE[this.code].remedy;
  }

  get httpStatus(): number {
    return CATALOGUE[this.code].http;
  }

  get closeCode(): number {
    return CATALOGUE[this.code].close;
  }

  /** True when the client that got this error should connect again by itself. */
  get reconnect(): boolean {
    return this.closeCode < 4500;
  }

  /** Wraps whatever was thrown; an `EngineError` is returned as it is. */
  static from(thrown: unknown, code: ErrorCode = 'internal'): EngineError {
    if (thrown instanceof EngineError) return thrown;
    return new EngineError(code, thrown instanceof Error ? thrown.message : String(thrown), {
      cause: thrown,
    });
  }

  /** Rebuilds an error that crossed a thread or a process. Unknown codes become `internal`. */
  static fromWire(wire: WireError): EngineError {
    const code = isErrorCode(wire.code) ? wire.code : 'internal';
    return new EngineError(code, wire.message, {
      ...(wire.stack === undefined ? {} : { cause: wire.stack }),
      ...(wire.context === undefined ? {} : { context: { ...wire.context } }),
    });
  }

  toWire(): WireError {
    return { code: this.code, message: this.message, stack: this.stack, context: this.context };
  }
}

/** An error as it crosses a thread: a table code, never a class. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(CATALOGUE, code);
}
