import type { z } from 'zod';
import type { Role } from '../contract/rest.js';

/** Who asks. `anonymous` reaches only routes with `access: 'open'`. */
export interface Principal {
  readonly kind: 'anonymous' | 'user' | 'token' | 'device';
  /** User id, token id or device id; empty for anonymous. */
  readonly id: string;
  readonly name: string;
  readonly role: Role | undefined;
  /** What a token is bound to; absent: all that the role may. */
  readonly scopes?: readonly string[] | undefined;
}

export interface RequestContext<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly principal: Principal;
  readonly requestId: string;
  /** Client's address; `X-Forwarded-For` only from a trusted proxy. */
  readonly address: string;
  /** Origin as the client sees it, e.g. `http://host:8080`, for absolute URLs in answers. */
  readonly origin: string;
  header(name: string): string | undefined;
  /** Aborted when the client went away or the time limit passed. */
  readonly signal: AbortSignal;
  /**
   * What the audit log says of this change, when it knows more than the body: the thing before and after. A call
   * of an open route is in the log only when it says so here. A path with its parameters is the subject, unless it names another.
   */
  audit(facts: AuditFacts): void;
}

export interface AuditFacts {
  readonly subject?: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** Who it was, where the login is made only by this call. */
  readonly by?: string;
}

/** A change that was done, as the audit log takes it. Secrets are still in it. */
export interface Audited {
  readonly by: string;
  readonly address: string;
  /** `POST /v1/rules/{id}` */
  readonly action: string;
  readonly subject: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string;
}

/** An answer that is not JSON, or needs headers of its own. */
export class Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Streams honour the client's back-pressure. */
  readonly stream: AsyncIterable<Uint8Array> | undefined;

  constructor(options: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    /** JSON value; a `Uint8Array` or string with a `content-type` header is sent as it is. */
    readonly body?: unknown;
    readonly stream?: AsyncIterable<Uint8Array>;
  }) {
    this.status = options.status ?? 200;
    this.headers = options.headers ?? {};
    this.body = options.body;
    this.stream = options.stream;
  }
}

/** One REST call. The same schemas validate and make the OpenAPI document. */
export interface Route<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** OpenAPI style: `/v1/devices/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  /** Lowest role; `open` needs no login. */
  readonly access: 'open' | Role;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /**
   * `bytes`: the body arrives as a `Uint8Array` of any content type, for small forms. `stream`: as a `BodyStream`, in
   * pieces and never held whole, for uploads; give it a `timeLimitMs` that a slow phone can keep. Default `json`.
   */
  readonly bodyType?: 'json' | 'bytes' | 'stream';
  /** Further headers of every answer, errors and OPTIONS included. */
  readonly headers?: Readonly<Record<string, string>>;
  /** False: a call that is no GET and changes nothing, so it is not in the audit log. Default true. */
  readonly changes?: boolean;
  /** Of the success answer; documentation, and checked in tests. */
  readonly response?: z.ZodType;
  /** Default 200; 204 sends no body. */
  readonly status?: number;
  /** Default 64 KiB. */
  readonly maxBodyBytes?: number;
  /** Default 30,000. */
  readonly timeLimitMs?: number;
  handler(
    context: RequestContext<z.output<P>, z.output<Q>, z.output<B>>,
  ): Promise<unknown> | unknown;
}

/** Keeps the schema types of a route while it is put into a list. */
export function route<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  definition: Route<P, Q, B>,
): Route {
  return definition as unknown as Route;
}
