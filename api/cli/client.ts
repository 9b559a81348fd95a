import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError, type ErrorCode } from '../../engine/errors.js';
import type {
  AnswerOf,
  Given,
  Method,
  PagedPath,
  PathOf,
  RowOf,
  Upload,
} from '../client/calls.types.js';
import { type Client as Calls, createClient } from '../client/client.js';
import { ApiError } from '../client/errors.js';

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

const PAGE = 1_000;

/** Calls to a running server. Every failure is an EngineError in the server's words, with what to do. */
export class Client {
  readonly #server: Server;
  readonly #calls: Calls;

  constructor(server: Server) {
    this.#server = server;
    this.#calls = createClient({
      base: server.url,
      headers: () =>
        server.token === undefined ? {} : { authorization: `Bearer ${server.token}` },
    });
  }

  call<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    ...given: Given<M, P>
  ): Promise<AnswerOf<M, P>> {
    return this.#calls.call(method, path, ...given).catch((thrown) => this.#refused(thrown));
  }

  /** All rows of a list. `query`: beside the page. */
  async rows<P extends PagedPath>(
    path: P,
    query: Readonly<Record<string, string>> = {},
  ): Promise<readonly RowOf<P>[]> {
    const rows: RowOf<P>[] = [];
    for (;;) {
      const page = (await this.#calls
        .callAny('GET', path, { query: { ...query, offset: rows.length, limit: PAGE } })
        .catch((thrown) => this.#refused(thrown))) as { total: number; items: RowOf<P>[] };
      rows.push(...page.items);
      if (page.items.length === 0 || rows.length >= page.total) return rows;
    }
  }

  /** The answer into a file, whole or not at all; `-`: standard output. `told`: bytes so far, and in all where known. */
  async download<P extends PathOf<'GET'>>(
    file: string,
    told: (bytes: number, of: number | undefined) => void,
    path: P,
    ...given: Given<'GET', P>
  ): Promise<number> {
    const answer = await this.#calls
      .open('GET', path, ...given)
      .catch((thrown) => this.#refused(thrown));
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

  #refused(thrown: unknown): never {
    if (!(thrown instanceof ApiError)) throw thrown;
    const { status, cause } = thrown;
    if (status === 0) {
      const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
      throw new EngineError(
        'link.closed',
        `${this.#server.url} cannot be reached (${EngineError.from(reason).message}): is the server running? --url or EARSHOT_CLI_URL names another`,
      );
    }
    const hint =
      status === 401
        ? ': sign in with "earshot login", or give a token with --token or EARSHOT_CLI_TOKEN'
        : '';
    throw new EngineError(CODES[status] ?? 'internal', `${thrown.message}${hint}`);
  }
}

/** A file as the body of a call. @throws EngineError `input.invalid` when it cannot be read. */
export async function fileBody(file: string, type: string): Promise<Upload> {
  const { size } = await stat(file).catch((cause: unknown) => {
    throw new EngineError(
      'input.invalid',
      `${file} cannot be read: ${EngineError.from(cause).message}`,
    );
  });
  const body = Readable.toWeb(createReadStream(file)) as unknown as ReadableStream;
  return { type, body, lengthBytes: size };
}
