import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError, type ErrorCode } from '../../engine/errors.js';

/** Exit codes, for scripts. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  denied: 4,
  notFound: 5,
  /** The command worked; what it looked at is in trouble. */
  trouble: 6,
} as const;

export function exitCodeOf(error: EngineError): number {
  if (error.code === 'link.closed') return EXIT.unreachable;
  if (error.code === 'auth.required' || error.code === 'auth.denied') return EXIT.denied;
  if (error.code === 'not-found') return EXIT.notFound;
  return error.code === 'input.invalid' ? EXIT.usage : EXIT.failed;
}

export interface Server {
  /** `http://host:8080`, without a slash at the end. */
  readonly url: string;
  readonly token: string | undefined;
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'input.invalid',
  401: 'auth.required',
  403: 'auth.denied',
  404: 'not-found',
  409: 'conflict',
  413: 'input.too-large',
  429: 'rate.limited',
  503: 'server.busy',
};

/** Calls to a running server. Every failure is an EngineError in the server's words, with what to do. */
export class Client {
  readonly server: Server;

  constructor(server: Server) {
    this.server = server;
  }

  async get<T>(path: string): Promise<T> {
    return (await (await this.#call('GET', path)).json()) as T;
  }

  async send<T>(
    method: 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<T> {
    const answer = await this.#call(method, path, {
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** A file as the body. */
  async upload<T>(path: string, file: string, type: string): Promise<T> {
    const { size } = await stat(file).catch((cause: unknown) => {
      throw new EngineError(
        'input.invalid',
        `${file} cannot be read: ${EngineError.from(cause).message}`,
      );
    });
    const answer = await this.#call('POST', path, {
      body: Readable.toWeb(createReadStream(file)) as unknown as ReadableStream,
      headers: { 'content-type': type, 'content-length': String(size) },
      duplex: 'half',
    });
    return (await answer.json()) as T;
  }

  /** The answer into a file, whole or not at all; `-`: standard output. `told`: bytes so far, and in all where known. */
  async download(
    path: string,
    file: string,
    told: (bytes: number, of: number | undefined) => void = () => undefined,
  ): Promise<number> {
    const answer = await this.#call('GET', path);
    const length = answer.headers.get('content-length');
    const total = length === null ? undefined : Number(length);
    let bytes = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _, done) {
        bytes += chunk.length;
        told(bytes, total);
        done(null, chunk);
      },
    });
    const source = Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]);
    if (file === '-') {
      await pipeline(source, meter, process.stdout, { end: false });
      return bytes;
    }
    const part = `${file}.part`;
    try {
      // One that was left behind keeps its mode: what is written holds secrets.
      await rm(part, { force: true });
      await pipeline(source, meter, createWriteStream(part, { mode: 0o600 }));
      await rename(part, file);
    } finally {
      await rm(part, { force: true });
    }
    return bytes;
  }

  async #call(
    method: string,
    path: string,
    init: RequestInit & { duplex?: 'half' } = {},
  ): Promise<Response> {
    const { url, token } = this.server;
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    let answer: Response;
    try {
      answer = await fetch(`${url}${path}`, { ...init, method, headers });
    } catch (thrown) {
      const cause =
        thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
      throw new EngineError(
        'link.closed',
        `${url} cannot be reached (${EngineError.from(cause).message}): is the server running? --url or EARSHOT_CLI_URL names another`,
      );
    }
    if (answer.ok) return answer;
    const text = await answer.text();
    const said = /"detail":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]?.replaceAll('\\"', '"');
    const hint =
      answer.status === 401
        ? ': sign in with "earshot login", or give a token with --token or EARSHOT_CLI_TOKEN'
        : '';
    throw new EngineError(
      CODES[answer.status] ?? 'internal',
      `${said ?? text.slice(0, 300)}${hint}`,
    );
  }
}
