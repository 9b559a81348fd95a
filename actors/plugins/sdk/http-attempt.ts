import type { Dispatcher } from 'undici';
import type { Clock, TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { HttpAnswer, HttpRequest } from './net.types.js';

const RETRIED: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);
const RETRY_AFTER_MAX_MS = 30_000;
const MAX_WORDS_CHARS = 200;

/** A stream whose headers have come. */
export interface OpenedBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Dispatcher.ResponseData['body'];
  readonly signal: AbortSignal;
  readonly origin: string;
}

export interface AttemptOptions {
  readonly request: HttpRequest;
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Of the instance. */
  readonly ended: AbortSignal;
}

/** One try of a request: its deadline, its end, and what its answer means. */
export class Attempt {
  readonly #options: AttemptOptions;
  readonly #control = new AbortController();
  readonly #abort = (): void => this.#control.abort();
  #timer: TimerHandle | undefined;
  #late = false;

  constructor(options: AttemptOptions) {
    this.#options = options;
    const { request, ended } = options;
    ended.addEventListener('abort', this.#abort, { once: true });
    request.signal?.addEventListener('abort', this.#abort, { once: true });
    if (ended.aborted || request.signal?.aborted === true) this.#control.abort();
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  /** The time for it begins: waiting for its turn does not count. */
  begin(): void {
    const { clock, timeoutMs } = this.#options;
    this.#timer = clock.setTimeout(() => {
      this.#late = true;
      this.#control.abort();
    }, timeoutMs);
  }

  /** The whole answer. */
  async answer(maxBytes: number): Promise<HttpAnswer> {
    try {
      const { statusCode, headers, body } = await this.#send();
      const text = await readAll(body, maxBytes, this.#options.url.origin);
      const answer = answerOf(statusCode, flat(headers), text, this.#options.url.origin);
      this.#release();
      return answer;
    } catch (thrown) {
      throw this.#explain(thrown);
    }
  }

  /** The headers of a stream; its body has no deadline, and ends with `end` or with the signals. */
  async stream(): Promise<OpenedBody> {
    try {
      const { statusCode, headers, body } = await this.#send();
      if (statusCode !== 200) {
        const text = await readAll(body, MAX_WORDS_CHARS * 100, this.#options.url.origin);
        answerOf(statusCode, flat(headers), text, this.#options.url.origin);
        throw new EngineError(
          'frame.malformed',
          `${this.#options.url.origin} answered a stream with status ${statusCode}${words(text)}`,
        );
      }
      this.#options.clock.clearTimeout(this.#timer);
      return {
        headers: flat(headers),
        body,
        signal: this.signal,
        origin: this.#options.url.origin,
      };
    } catch (thrown) {
      throw this.#explain(thrown);
    }
  }

  end(): void {
    this.#release();
    this.#control.abort();
  }

  #release(): void {
    const { clock, ended, request } = this.#options;
    clock.clearTimeout(this.#timer);
    ended.removeEventListener('abort', this.#abort);
    request.signal?.removeEventListener('abort', this.#abort);
  }

  #send(): Promise<Dispatcher.ResponseData> {
    const { request, url, dispatcher } = this.#options;
    const json = request.body !== undefined && typeof request.body !== 'string';
    return dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: request.method ?? 'GET',
      headers: {
        ...(json ? { 'content-type': 'application/json' } : {}),
        ...(url.username === '' ? {} : { authorization: basicOf(url) }),
        ...request.headers,
      },
      body: bodyOf(request.body),
      signal: this.signal,
    });
  }

  #explain(thrown: unknown): EngineError {
    const { url, timeoutMs, clock } = this.#options;
    clock.clearTimeout(this.#timer);
    if (thrown instanceof EngineError) return thrown;
    if (this.#late) {
      const message = `${url.origin} did not answer within ${timeoutMs} ms`;
      return new EngineError('device.unreachable', message);
    }
    if (this.signal.aborted) {
      return new EngineError('call.aborted', `the request to ${url.origin} was given up`);
    }
    const reason = thrown instanceof Error ? reasonOf(thrown) : String(thrown);
    return new EngineError('device.unreachable', `${url.origin}: ${reason}`, { cause: thrown });
  }
}

/** True for what is tried again and what opens the circuit: a broken connection, 429 and 5xx. */
export function isFailure(error: unknown): boolean {
  if (!(error instanceof EngineError)) return false;
  return error.code === 'device.unreachable' || error.code === 'rate.limited';
}

/** What the server asked for, at most 30 s; undefined: it did not. */
export function retryAfterMs(error: EngineError): number | undefined {
  const waitMs = error.context['retryAfterMs'];
  return typeof waitMs === 'number' ? Math.min(RETRY_AFTER_MAX_MS, waitMs) : undefined;
}

function answerOf(
  status: number,
  headers: Readonly<Record<string, string>>,
  text: string,
  origin: string,
): HttpAnswer {
  if (status === 401 || status === 403) {
    throw new EngineError(
      'auth.denied',
      `${origin} refused the login with status ${status}${words(text)}: check user, password or key`,
    );
  }
  if (RETRIED.has(status)) {
    const waitMs = parseRetryAfter(headers);
    throw new EngineError(
      status === 429 ? 'rate.limited' : 'device.unreachable',
      `${origin} answered with status ${status}${words(text)}`,
      waitMs === undefined ? {} : { context: { retryAfterMs: waitMs } },
    );
  }
  if (status >= 500) {
    throw new EngineError(
      'device.refused',
      `${origin} answered with status ${status}${words(text)}`,
    );
  }
  return {
    status,
    headers,
    text,
    json: () => {
      try {
        return JSON.parse(text) as unknown;
      } catch (thrown) {
        throw new EngineError('frame.malformed', `${origin} answered something that is not JSON`, {
          cause: thrown,
        });
      }
    },
  };
}

// Seconds, or a date: the latter is measured by the server's own clock, which may be wrong.
function parseRetryAfter(headers: Readonly<Record<string, string>>): number | undefined {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const untilMs = Date.parse(text) - Date.parse(headers['date'] ?? '');
  return Number.isFinite(untilMs) ? Math.max(0, untilMs) : undefined;
}

async function readAll(
  body: Dispatcher.ResponseData['body'],
  maxBytes: number,
  origin: string,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      body.destroy();
      throw new EngineError('input.too-large', `the answer of ${origin} is over ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function flat(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Readonly<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) result[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return result;
}

function bodyOf(body: unknown): string | null {
  if (body === undefined) return null;
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function basicOf(url: URL): string {
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

function words(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim().slice(0, MAX_WORDS_CHARS);
  return plain === '' ? '' : ` (${plain})`;
}

function reasonOf(error: Error): string {
  const inner = error.cause instanceof Error ? error.cause : error;
  const reasons = inner instanceof AggregateError ? inner.errors : [inner];
  const text = reasons.map((one) => (one instanceof Error ? one.message : String(one))).join('; ');
  return text === '' ? error.name : text;
}
