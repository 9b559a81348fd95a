import { randomBytes } from 'node:crypto';
import type { RequestHead } from './exchange.js';

const PREFIX = randomBytes(6).toString('base64url');
let count = 0;

/** The client's `X-Request-Id` when it is plain and short, else a new one: unique over restarts. */
export function newRequestId(head: RequestHead): string {
  const given = head.headers['x-request-id'];
  if (given !== undefined && /^[A-Za-z0-9._:-]{1,64}$/.test(given)) return given;
  count++;
  return `${PREFIX}-${count.toString(36)}`;
}
