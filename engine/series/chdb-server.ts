import { randomUUID, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGunzip, createGzip, type Gzip } from 'node:zlib';
import { EngineError } from '../errors.js';
import { type HttpQuery, parseHttpQuery } from './chdb-request.js';
import type { Answer, ChdbStore } from './chdb-store.js';

/** Largest accepted request body: more than ten million samples. */
const MAX_BODY_BYTES = 268_435_456;
/** All request bodies in memory together. */
const MAX_BODIES_BYTES = 805_306_368;
/** A client that reads nothing for this long gives its query up. */
const STALLED_AFTER_MS = 60_000;
/** Answers shorter than this are not worth compressing. */
const MIN_GZIP_BYTES = 1_024;

/** ClickHouse error numbers a client of its HTTP interface knows. */
const TOO_MANY_QUERIES = 202;
const AUTHENTICATION_FAILED = 516;
const BAD_ARGUMENTS = 36;

interface Failure {
  readonly status: number;
  readonly code: number;
  readonly text: string;
}

/**
 * The part of ClickHouse's HTTP interface that `@clickhouse/client` uses, on loopback: `/ping`, and `POST /`
 * with SQL in `?query=` or the body, settings and `param_*` in the URL. Results are streamed with
 * back-pressure; a failure after the first byte cuts the connection, so that it is never taken for the end.
 */
export class ChdbServer {
  readonly #store: ChdbStore;
  readonly #authorization: Buffer;
  readonly #server: Server;
  #bodiesBytes = 0;

  constructor(store: ChdbStore, username: string, password: string) {
    this.#store = store;
    this.#authorization = Buffer.from(
      `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    );
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = 60_000;
    this.#server.requestTimeout = 120_000;
    this.#server.maxConnections = 256;
  }

  /** @param port 0 takes a free one. Resolves to the port. */
  async listen(port: number): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no new requests; resolves when those under way are answered. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://store');
    if (request.method === 'GET' && url.pathname === '/ping') {
      response.end('Ok.\n');
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    let held = 0;
    try {
      if (!this.#authorized(request)) {
        throw new EngineError('auth.denied', 'wrong user name or password for the series store');
      }
      if (request.method !== 'POST' || url.pathname !== '/') {
        throw new EngineError(
          'method.not-allowed',
          'the series store answers GET /ping and POST /',
        );
      }
      const http = parseHttpQuery(
        url.searchParams,
        String(request.headers['accept-encoding'] ?? ''),
      );
      const body = await this.#readBody(request, (bytes) => {
        held += bytes;
      });
      await this.#store.run(http, body, gone.signal, (answer) => send(response, http, answer));
    } catch (error) {
      fail(response, failureOf(error));
      if (!request.complete) request.resume();
    } finally {
      this.#bodiesBytes -= held;
    }
  }

  #authorized(request: IncomingMessage): boolean {
    const given = Buffer.from(request.headers.authorization ?? '');
    return (
      given.length === this.#authorization.length && timingSafeEqual(given, this.#authorization)
    );
  }

  /** The body as it came, in pieces: what is written to a file need not be joined. */
  async #readBody(request: IncomingMessage, hold: (bytes: number) => void): Promise<Buffer[]> {
    const gzip = request.headers['content-encoding'] === 'gzip';
    const source = gzip ? request.pipe(createGunzip()) : request;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      size += chunk.length;
      this.#bodiesBytes += chunk.length;
      hold(chunk.length);
      if (size > MAX_BODY_BYTES) {
        throw new EngineError('input.too-large', `a request may have ${MAX_BODY_BYTES} bytes`);
      }
      if (this.#bodiesBytes > MAX_BODIES_BYTES) {
        throw new EngineError(
          'server.busy',
          'too many bytes are being inserted at once: try again',
        );
      }
      chunks.push(chunk);
    }
    return chunks;
  }
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  JSON: 'application/json; charset=UTF-8',
  JSONEachRow: 'application/x-ndjson; charset=UTF-8',
  CSV: 'text/csv; charset=UTF-8; header=absent',
  CSVWithNames: 'text/csv; charset=UTF-8; header=present',
  TabSeparated: 'text/tab-separated-values; charset=UTF-8',
};

function headers(http: HttpQuery, answer: Answer): Record<string, string> {
  return {
    'Content-Type': CONTENT_TYPES[answer.format] ?? 'application/octet-stream',
    'X-ClickHouse-Query-Id': http.queryId ?? randomUUID(),
    'X-ClickHouse-Format': answer.format,
    'X-ClickHouse-Summary': JSON.stringify({ written_rows: String(answer.writtenRows) }),
  };
}

async function send(response: ServerResponse, http: HttpQuery, answer: Answer): Promise<void> {
  const { body } = answer;
  if (body instanceof Uint8Array) {
    if (http.gzipAnswer && body.length >= MIN_GZIP_BYTES) {
      await sendStream(response, http, answer, single(body));
      return;
    }
    response.writeHead(200, { ...headers(http, answer), 'Content-Length': body.length });
    response.end(body);
    return;
  }
  await sendStream(response, http, answer, body);
}

async function* single(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}

/** The first chunk is read before the head is written: until then a failure still gets a status of its own. */
async function sendStream(
  response: ServerResponse,
  http: HttpQuery,
  answer: Answer,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const iterator = body[Symbol.asyncIterator]();
  let next = await iterator.next();
  const head = headers(http, answer);
  let sink: ServerResponse | Gzip = response;
  if (http.gzipAnswer) {
    sink = createGzip({ level: 1 });
    response.writeHead(200, { ...head, 'Content-Encoding': 'gzip' });
    sink.pipe(response);
  } else {
    response.writeHead(200, head);
  }
  try {
    while (next.done !== true && !response.destroyed) {
      if (!sink.write(next.value)) await drained(sink, response);
      next = await iterator.next();
    }
  } catch {
    response.destroy();
    return;
  } finally {
    await iterator.return?.();
  }
  if (!response.destroyed) sink.end();
}

/** Resolves also when the client is gone, and gives up a client that takes nothing for a minute. */
function drained(sink: ServerResponse | Gzip, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const stalled = setTimeout(() => response.destroy(), STALLED_AFTER_MS);
    const done = () => {
      clearTimeout(stalled);
      sink.off('drain', done);
      response.off('close', done);
      resolve();
    };
    sink.on('drain', done);
    response.on('close', done);
    if (response.destroyed) done();
  });
}

function failureOf(error: unknown): Failure {
  if (error instanceof EngineError) {
    const code =
      error.httpStatus === 503
        ? TOO_MANY_QUERIES
        : error.code === 'auth.denied'
          ? AUTHENTICATION_FAILED
          : BAD_ARGUMENTS;
    const name = code === TOO_MANY_QUERIES ? 'TOO_MANY_SIMULTANEOUS_QUERIES' : 'BAD_ARGUMENTS';
    const text = `Code: ${code}. DB::Exception: ${error.message}. (${name})`;
    return { status: error.httpStatus, code, text };
  }
  const text = error instanceof Error ? error.message : String(error);
  const found = /Code: (\d+)\. DB::Exception/.exec(text);
  const code = found === null ? 0 : Number(found[1]);
  return {
    status: code === 0 ? 500 : statusOf(code),
    code,
    text: code === 0 ? `Code: 1002. DB::Exception: ${text} (UNKNOWN_EXCEPTION)` : text,
  };
}

/** The statuses ClickHouse itself gives to its errors. */
function statusOf(code: number): number {
  if (code === 60 || code === 81) return 404;
  if ([6, 26, 27, 36, 38, 41, 43, 46, 47, 53, 62, 69, 70, 72, 115, 117, 130, 456].includes(code)) {
    return 400;
  }
  if (code === 202 || code === 252) return 503;
  return 500;
}

function fail(response: ServerResponse, failure: Failure): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(failure.status, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'X-ClickHouse-Exception-Code': String(failure.code),
  });
  response.end(`${failure.text}\n`);
}
