import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { acceptsGzip, matches, sendAnswer } from '../../../http/encode.js';
import type { Exchange, Headers } from '../../../http/exchange.js';
import { Reply } from '../../../http/route.types.js';
import { Answer } from './ask.js';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' } as const;

/** Sends what a handler answered. */
export async function send(exchange: Exchange, given: unknown, headers: Headers): Promise<void> {
  const answer = given instanceof Answer ? given : new Answer({ body: given });
  if (answer.pieces !== undefined) {
    await sendPieces(exchange, answer.pieces, { ...headers, ...JSON_TYPE, ...answer.headers });
    return;
  }
  const reply = new Reply({ status: answer.status, headers: answer.headers, body: answer.body });
  await sendAnswer(exchange, reply, answer.status, headers);
}

/** True when the client has this state already; it was told so. */
export function unchanged(exchange: Exchange, tag: string, headers: Headers): boolean {
  if (!matches(exchange.header('if-none-match'), tag)) return false;
  exchange.send(304, { ...headers, etag: tag, 'cache-control': 'no-cache' });
  return true;
}

async function sendPieces(
  exchange: Exchange,
  pieces: AsyncIterable<readonly unknown[]>,
  headers: Headers,
): Promise<void> {
  // The first piece before the head: what fails there still gets an answer that says so.
  const iterator = texts(pieces)[Symbol.asyncIterator]();
  const first = await iterator.next();
  const rest = { [Symbol.asyncIterator]: () => iterator };
  const all = join(first.done === true ? '' : first.value, rest);
  const varied = { ...headers, vary: 'Accept-Encoding' };
  if (!acceptsGzip(exchange)) {
    await exchange.stream(200, varied, bytes(all));
    return;
  }
  await exchange.stream(200, { ...varied, 'content-encoding': 'gzip' }, packed(all));
}

async function* texts(pieces: AsyncIterable<readonly unknown[]>): AsyncIterable<string> {
  let before = '[';
  for await (const piece of pieces) {
    if (piece.length === 0) continue;
    const text = JSON.stringify(piece);
    yield before + text.slice(1, -1);
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

async function* join(first: string, rest: AsyncIterable<string>): AsyncIterable<string> {
  yield first;
  yield* rest;
}

const encoder = new TextEncoder();

async function* bytes(all: AsyncIterable<string>): AsyncIterable<Uint8Array> {
  for await (const text of all) yield encoder.encode(text);
}

/** Compression runs on threads of its own, beside the main one. */
function packed(all: AsyncIterable<string>): AsyncIterable<Uint8Array> {
  const gzip = createGzip({ level: 4 });
  // A failure on either side ends both; the reader of `gzip` is told.
  pipeline(Readable.from(all), gzip, () => undefined);
  return gzip as AsyncIterable<Uint8Array>;
}
