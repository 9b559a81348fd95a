import { EngineError } from '../../engine/errors.js';
import { type BodyBudget, BodyStream } from './body.js';
import type { HttpRequest, HttpResponse } from './uws.js';

export type Headers = Readonly<Record<string, string>>;

/** What the client sent before its body; copied, since the server's own object is gone after the first `await`. */
export interface RequestHead {
  /** Upper case. */
  readonly method: string;
  /** Raw, not percent-decoded. */
  readonly path: string;
  /** Raw, without `?`. */
  readonly query: string;
  /** Lower-case names; a repeated header holds its values joined with `, `. */
  readonly headers: Headers;
  /** Address of the peer socket. */
  readonly peer: string;
  /** Of path, query and headers, about. */
  readonly sizeBytes: number;
}

export function readHead(res: HttpResponse, req: HttpRequest): RequestHead {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  const path = req.getUrl();
  const query = queryOf(req);
  let sizeBytes = path.length + query.length;
  req.forEach((name, value) => {
    sizeBytes += name.length + value.length + 4;
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  });
  return {
    method: req.getCaseSensitiveMethod().toUpperCase(),
    path,
    query,
    headers,
    peer: addressText(new Uint8Array(res.getRemoteAddress())),
    sizeBytes,
  };
}

/** Without a `?` the package gives `undefined`, against its types. */
function queryOf(req: HttpRequest): string {
  const query: string | undefined = req.getQuery();
  return query ?? '';
}

/** Text of a 4- or 16-byte address; an IPv4 address mapped into IPv6 is written as IPv4. */
export function addressText(bytes: Uint8Array): string {
  const mapped =
    bytes.length === 16 &&
    bytes.subarray(0, 10).every((b) => b === 0) &&
    bytes[10] === 255 &&
    bytes[11] === 255;
  if (bytes.length === 4 || mapped) return [...bytes.subarray(bytes.length - 4)].join('.');
  const words: string[] = [];
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    words.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  }
  return new URL(`http://[${words.join(':')}]`).hostname.slice(1, -1);
}

/**
 * One HTTP request in flight. The response is never touched after the client went away or the answer ended;
 * calls made then do nothing and say so by their result.
 */
export class Exchange {
  readonly head: RequestHead;
  readonly requestId: string;
  readonly #res: HttpResponse;
  #closed = false;
  #status: number | undefined;
  #controller: AbortController | undefined;
  readonly #onClose: (() => void)[] = [];
  #onDrain: (() => void) | undefined;
  #body: BodyStream | undefined;

  /** Must be made in the server's handler itself, before any `await`. */
  constructor(res: HttpResponse, head: RequestHead, requestId: string) {
    this.#res = res;
    this.head = head;
    this.requestId = requestId;
    res.onAborted(() => {
      this.#close();
      this.abort(new EngineError('link.closed', 'the client went away'));
    });
  }

  /** True when nothing more can be sent. */
  get closed(): boolean {
    return this.#closed;
  }

  /** True when the status line left. */
  get started(): boolean {
    return this.#status !== undefined;
  }

  /** Of the answer; undefined until the status line left. */
  get status(): number | undefined {
    return this.#status;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#closed) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  header(name: string): string | undefined {
    return this.head.headers[name.toLowerCase()];
  }

  /** Tells the handler to give up; sends nothing. */
  abort(reason: unknown): void {
    this.#controller?.abort(reason);
  }

  /** Runs once when the answer ended or the client went away; at once when that has happened. */
  onClose(fn: () => void): void {
    if (this.#closed) fn();
    else this.#onClose.push(fn);
  }

  /** The body in pieces. Must be called before any `await`. */
  streamBody(maxBytes: number): BodyStream {
    const declared = Number(this.head.headers['content-length'] ?? 0);
    const res = this.#res;
    const body = new BodyStream(
      {
        pause: () => {
          if (!this.#closed) res.pause();
        },
        resume: () => {
          if (!this.#closed) res.resume();
        },
      },
      maxBytes,
      declared,
    );
    this.#body = body;
    this.onClose(() => {
      body.fail(
        new EngineError('link.closed', 'the client went away before its request was whole'),
      );
    });
    res.onData((chunk, isLast) => {
      body.push(chunk, isLast);
    });
    return body;
  }

  /**
   * Gathers the body; its bytes count in `budget` until the answer ended. Must be called before any `await`.
   * @throws EngineError `input.too-large` past the limit, `server.busy` when the budget is used up.
   */
  readBody(maxBytes: number, budget?: BodyBudget): Promise<Uint8Array> {
    const declared = Number(this.head.headers['content-length'] ?? 0);
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      let refused = false;
      let taken = 0;
      const refuse = (error: EngineError): void => {
        refused = true;
        chunks.length = 0;
        budget?.give(taken);
        taken = 0;
        reject(error);
      };
      const tooLarge = () =>
        new EngineError('input.too-large', `the body may have at most ${String(maxBytes)} bytes`);
      if (declared > maxBytes) refuse(tooLarge());
      this.onClose(() => {
        budget?.give(taken);
        taken = 0;
        refused = true;
        reject(new EngineError('link.closed', 'the client went away before its request was whole'));
      });
      this.#res.onData((chunk, isLast) => {
        if (refused) return;
        size += chunk.byteLength;
        if (size > maxBytes) {
          refuse(tooLarge());
          return;
        }
        try {
          budget?.take(chunk.byteLength);
          taken += chunk.byteLength;
        } catch (error) {
          refuse(EngineError.from(error));
          return;
        }
        if (chunk.byteLength > 0) chunks.push(new Uint8Array(chunk.slice(0)));
        if (!isLast) return;
        const only = chunks[0];
        resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
      });
    });
  }

  /** Sends a whole answer. False: the client is gone. */
  send(status: number, headers: Headers, body?: Uint8Array | string, closeAfter = false): boolean {
    if (this.#closed || this.started) return false;
    const empty = status === 204 || status === 304;
    this.#body?.discard();
    this.#status = status;
    this.#res.cork(() => {
      this.#writeHead(status, headers);
      if (this.head.method === 'HEAD') {
        const sizeBytes = body === undefined ? 0 : Buffer.byteLength(body);
        this.#res.endWithoutBody(sizeBytes, closeAfter);
      } else if (empty) this.#res.endWithoutBody(undefined, closeAfter);
      else this.#res.end(body ?? '', closeAfter);
    });
    this.#close();
    return true;
  }

  /** Starts an answer of unknown length; then `write` and `end`. False: the client is gone. */
  start(status: number, headers: Headers): boolean {
    if (this.#closed || this.started) return false;
    this.#status = status;
    this.#res.onWritable(() => {
      this.#onDrain?.();
      return true;
    });
    this.#res.cork(() => {
      this.#writeHead(status, headers);
    });
    return true;
  }

  /** Sends a part. False: the client is gone, or it is behind: write more only after `onDrain`. */
  write(chunk: Uint8Array | string): boolean {
    if (this.#closed || !this.started) return false;
    if (this.head.method === 'HEAD' || chunk.length === 0) return true;
    let flushed = true;
    this.#res.cork(() => {
      flushed = this.#res.write(chunk);
    });
    return flushed;
  }

  /** Runs each time the client caught up. Bytes the server holds for it until then are bounded by the caller. */
  onDrain(fn: () => void): void {
    this.#onDrain = fn;
  }

  end(): void {
    if (this.#closed) return;
    this.#body?.discard();
    this.#res.cork(() => {
      if (this.head.method === 'HEAD') this.#res.endWithoutBody();
      else this.#res.end();
    });
    this.#close();
  }

  /** Cuts the connection. */
  destroy(): void {
    if (this.#closed) return;
    this.#res.close();
    this.#close();
  }

  /** Sends a stream, never holding more than one chunk that the client has not taken. */
  async stream(status: number, headers: Headers, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const skip = !this.start(status, headers) || this.head.method === 'HEAD';
    let wake: (() => void) | undefined;
    const go = (): void => wake?.();
    this.onDrain(go);
    this.onClose(go);
    for await (const chunk of chunks) {
      // Leaving the loop closes the source; one that was never begun would stay open.
      if (skip || this.#closed) break;
      if (this.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (this.#closed) resolve();
      });
    }
    this.end();
  }

  /**
   * Sends a body whose size is known, so that players may seek; never holds more than one chunk that the client has
   * not taken. The chunks must add up to `sizeBytes`; fewer cut the connection.
   */
  async sendSized(
    status: number,
    headers: Headers,
    sizeBytes: number,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    if (this.#closed || this.started) return;
    this.#body?.discard();
    this.#status = status;
    const res = this.#res;
    let wake: (() => void) | undefined;
    this.onClose(() => wake?.());
    const head = this.head.method === 'HEAD';
    res.cork(() => {
      this.#writeHead(status, headers);
      if (head) res.endWithoutBody(sizeBytes);
    });
    if (head) {
      this.#close();
      return;
    }
    for await (const chunk of chunks) {
      let rest = chunk;
      while (rest.length > 0 && !this.#closed) {
        const before = res.getWriteOffset();
        let sent: [boolean, boolean] = [false, false];
        res.cork(() => {
          sent = res.tryEnd(rest, sizeBytes);
        });
        const [taken, done] = sent;
        if (done) {
          this.#close();
          return;
        }
        if (taken) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
          res.onWritable(() => {
            resolve();
            return true;
          });
        });
        if (this.#closed) return;
        rest = rest.subarray(res.getWriteOffset() - before);
      }
      if (this.#closed) return;
    }
    this.destroy();
  }

  #writeHead(status: number, headers: Headers): void {
    this.#res.writeStatus(`${String(status)} ${REASONS[status] ?? 'Status'}`);
    for (const name of Object.keys(headers)) {
      const value = headers[name];
      if (value !== undefined) this.#res.writeHeader(name, value.replace(/[\r\n\0]/g, ' '));
    }
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const fn of this.#onClose.splice(0)) fn();
  }
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  507: 'Insufficient Storage',
};
