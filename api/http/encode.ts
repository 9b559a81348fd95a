import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Exchange, Headers } from './exchange.js';
import { Reply } from './route.types.js';

const gzipAsync = promisify(gzip);
/** Smaller bodies are sent as they are: compressing them gains nothing. */
export const GZIP_FROM_BYTES = 1_024;

export interface Encoded {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array | string | undefined;
}

/** Sends what a handler returned: JSON, a `Reply`, or nothing, with ETag and compression where they fit. */
export async function sendAnswer(
  exchange: Exchange,
  answer: unknown,
  defaultStatus: number,
  headers: Headers,
): Promise<void> {
  if (answer instanceof Reply && answer.stream !== undefined) {
    await exchange.stream(answer.status, { ...headers, ...lower(answer.headers) }, answer.stream);
    return;
  }
  const encoded = encode(answer, defaultStatus, headers);
  await sendEncoded(exchange, encoded);
}

/** Adds ETag, 304 and gzip to a whole body and sends it. */
async function sendEncoded(exchange: Exchange, encoded: Encoded): Promise<void> {
  const { status, body } = encoded;
  const headers: Record<string, string> = { ...encoded.headers };
  const reading = exchange.head.method === 'GET' || exchange.head.method === 'HEAD';
  if (reading && status === 200 && body !== undefined && headers['cache-control'] !== 'no-store') {
    headers['etag'] ??= weakTag(body);
    headers['cache-control'] ??= 'no-cache';
    if (matches(exchange.header('if-none-match'), headers['etag'])) {
      delete headers['content-type'];
      exchange.send(304, headers);
      return;
    }
  }
  const packed = await pack(exchange, body, headers);
  exchange.send(status, headers, packed);
}

function encode(answer: unknown, defaultStatus: number, headers: Headers): Encoded {
  const reply = answer instanceof Reply ? answer : undefined;
  const status = reply?.status ?? defaultStatus;
  const value = reply === undefined ? answer : reply.body;
  const own = reply === undefined ? {} : lower(reply.headers);
  if (value === undefined) return { status, headers: { ...headers, ...own }, body: undefined };
  const raw = value instanceof Uint8Array || typeof value === 'string';
  if (raw && own['content-type'] !== undefined) {
    return { status, headers: { ...headers, ...own }, body: value };
  }
  const body = JSON.stringify(value);
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json; charset=utf-8', ...own },
    body,
  };
}

async function pack(
  exchange: Exchange,
  body: Encoded['body'],
  headers: Record<string, string>,
): Promise<Encoded['body']> {
  if (body === undefined || body.length < GZIP_FROM_BYTES) return body;
  if (headers['content-encoding'] !== undefined || !compressible(headers['content-type'] ?? '')) {
    return body;
  }
  headers['vary'] =
    headers['vary'] === undefined ? 'Accept-Encoding' : `${headers['vary']}, Accept-Encoding`;
  if (!acceptsGzip(exchange)) return body;
  const packed = await gzipAsync(body, { level: 5 });
  headers['content-encoding'] = 'gzip';
  return packed;
}

/** Text-like types; sound and pictures are compressed already. */
export function compressible(contentType: string): boolean {
  return /^(text\/|application\/(json|problem\+json|javascript|geo\+json|xml|wasm|manifest\+json)|image\/svg\+xml)/.test(
    contentType,
  );
}

export function acceptsGzip(exchange: Exchange): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(\.0*)?\b(?!\.))/i.test(exchange.header('accept-encoding') ?? '');
}

function weakTag(body: Uint8Array | string): string {
  return `W/"${createHash('sha1').update(body).digest('base64url')}"`;
}

/** `If-None-Match` compares weakly, as RFC 9110 asks for reads. */
export function matches(header: string | undefined, tag: string | undefined): boolean {
  if (header === undefined || tag === undefined) return false;
  if (header.trim() === '*') return true;
  const plain = tag.replace(/^W\//, '');
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === plain);
}

function lower(headers: Headers): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name of Object.keys(headers)) out[name.toLowerCase()] = headers[name] ?? '';
  return out;
}
