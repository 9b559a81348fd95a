import { EngineError } from '../../../../engine/errors.js';
import type { Headers } from '../../../http/exchange.js';
import { RateLimited } from '../../../http/limits.js';

/** Field → what is wrong with it. */
export type FieldTexts = Readonly<Record<string, readonly string[]>>;

/** An answer that is an error, in the shape clients of the API expect. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly body: { readonly detail: string } | FieldTexts;
  readonly headers: Headers;

  constructor(status: number, body: Refusal['body'], headers: Headers = {}) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** 400 `{"detail": …}` */
export const bad = (detail: string): Refusal => new Refusal(400, { detail });

/** 400 `{"<field>": ["…"]}` */
export const badField = (field: string, text: string): Refusal =>
  new Refusal(400, { [field]: [text] });

export const notFound = (): Refusal => new Refusal(404, { detail: 'Not found.' });

export const denied = (): Refusal =>
  new Refusal(403, { detail: 'You do not have permission to perform this action.' });

export const unauthorized = (detail = 'Authentication credentials were not provided.'): Refusal =>
  new Refusal(401, { detail }, { 'www-authenticate': 'Token' });

export const wrongMethod = (method: string, allow: readonly string[]): Refusal =>
  new Refusal(405, { detail: `Method "${method}" not allowed.` }, { allow: allow.join(', ') });

/** Whatever was thrown, as clients shall see it. `internal` failures keep their text to the log. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  const error = EngineError.from(thrown);
  const detail = error.message;
  if (error instanceof RateLimited) {
    return new Refusal(429, { detail }, { 'retry-after': String(error.retryAfterS) });
  }
  switch (error.httpStatus) {
    // A wish that contradicts what is stored is a bad request here: the API knows no 409 and no 422.
    case 400:
    case 409:
    case 422:
      return bad(detail);
    case 401:
      return unauthorized(detail);
    case 403:
      return new Refusal(403, { detail });
    case 404:
      return new Refusal(404, { detail });
    case 413:
      return new Refusal(413, { detail });
    case 415:
      return new Refusal(415, { detail });
    case 429:
      return new Refusal(429, { detail }, { 'retry-after': '2' });
    case 502:
    case 503:
    case 504:
    case 507:
      return new Refusal(503, { detail }, { 'retry-after': '2' });
    default:
      return new Refusal(500, { detail: 'Something went wrong here; the log has it.' });
  }
}
