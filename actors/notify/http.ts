import { createHmac } from 'node:crypto';
import { Pool } from 'undici';
import type { Clock } from '../../engine/clock.js';
import { checkedLookup, type Resolve, requireReachable } from './addresses.js';
import type { ConnectionOf, Sending } from './protocol.js';
import { failed, type Sender, type SendResult } from './sender.types.js';

/** Connections to one target; as many deliveries are under way. */
const AT_ONCE = 10;
/** Of an answer, this much is taken before the connection is given up. */
const ANSWER_BYTES = 65_536;
/** A target may not ask to be left alone for longer. */
const MOST_RETRY_AFTER_MS = 3_600_000;

/** Calls one HTTP server; redirects are not followed. */
export class HttpSender implements Sender {
  readonly #connection: ConnectionOf<'webhook' | 'chat'>;
  readonly #clock: Clock;
  readonly #pool: Pool;
  readonly #path: string;

  /** @throws EngineError `input.invalid` for a private address. */
  constructor(connection: ConnectionOf<'webhook' | 'chat'>, clock: Clock, resolve?: Resolve) {
    const { url, allowPrivate, timeoutMs } = connection;
    const { origin, hostname, pathname, search } = new URL(url);
    requireReachable(hostname, allowPrivate);
    this.#connection = connection;
    this.#clock = clock;
    this.#path = `${pathname}${search}`;
    this.#pool = new Pool(origin, {
      connections: AT_ONCE,
      pipelining: 1,
      connect: { lookup: checkedLookup(allowPrivate, resolve), timeout: timeoutMs },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  async send(sending: Sending, signal: AbortSignal): Promise<SendResult> {
    const connection = this.#connection;
    const body = connection.kind === 'chat' ? chatBody(connection, sending) : sending.body;
    const {
      statusCode,
      headers,
      body: answer,
    } = await this.#pool.request({
      method: 'POST',
      path: this.#path,
      headers: {
        'user-agent': 'earshot',
        ...(connection.kind === 'webhook' ? connection.headers : {}),
        'content-type': 'application/json',
        'idempotency-key': sending.key,
        ...this.#signature(body),
      },
      body,
      signal,
    });
    await answer.dump({ limit: ANSWER_BYTES, signal });
    if (statusCode >= 200 && statusCode < 300) {
      return { ok: true, code: statusCode, error: null, retryAfterMs: null, final: false };
    }
    const redirect = statusCode >= 300 && statusCode < 400 ? ': redirects are not followed' : '';
    return failed(`answered ${statusCode}${redirect}`, {
      code: statusCode,
      retryAfterMs: retryAfterOf(headers['retry-after'], this.#clock.nowMs()),
    });
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #signature(body: string): Record<string, string> {
    const connection = this.#connection;
    if (connection.kind !== 'webhook') return {};
    const timestamp = String(Math.floor(this.#clock.nowMs() / 1_000));
    const { key } = connection;
    if (key === undefined) return { 'x-webhook-timestamp': timestamp };
    return {
      'x-webhook-timestamp': timestamp,
      'x-webhook-signature': createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex'),
    };
  }
}

/** Seconds or a date, as ms from now; null when there is none. */
export function retryAfterOf(
  header: string | readonly string[] | undefined,
  nowUnixMs: number,
): number | null {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (text === undefined || text === '') return null;
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowUnixMs;
  if (!Number.isFinite(waitMs) || waitMs < 0) return null;
  return Math.min(MOST_RETRY_AFTER_MS, waitMs);
}

/** The shape that Slack, Mattermost and others take. */
function chatBody({ channel, username }: ConnectionOf<'chat'>, sending: Sending): string {
  // Their mark-up begins with these three signs; text of ours must not be taken for it.
  const plain = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return JSON.stringify({
    text: `*${plain(sending.subject)}*\n${plain(sending.text)}`,
    ...(channel === undefined ? {} : { channel }),
    ...(username === undefined ? {} : { username }),
  });
}
