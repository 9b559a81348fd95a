import { createSocket } from 'node:dgram';
import { connect as connectPlain, isIP, isIPv6, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { EngineError } from '../../engine/errors.js';
import type { Severity } from '../rule/rule.types.js';
import { checkedLookup, requireReachable } from './addresses.js';
import type { ConnectionOf, Sending } from './protocol.js';
import { SENT, type Sender, type SendResult } from './sender.types.js';

const LEVELS: Readonly<Record<Severity, number>> = {
  critical: 2,
  major: 3,
  minor: 4,
  warning: 4,
  info: 6,
};
/** A datagram or a line that any receiver takes (RFC 5424 §6.1). */
const MOST_BYTES = 2_048;
/** How long a server may take to end the connection after our end of it. */
const LINGER_MS = 500;

/** One line of RFC 5424, without framing. */
export function syslogLine(sending: Sending, facility: number, host: string): Buffer {
  const priority = facility * 8 + LEVELS[sending.severity ?? 'info'];
  const time = new Date(sending.atUnixMs).toISOString();
  const event = sending.event.replaceAll(/[^\x21-\x7e]/g, '').slice(0, 32) || '-';
  const quoted = (text: string) => text.replaceAll(/["\\\]]/g, (sign) => `\\${sign}`);
  const data = `[delivery@32473 key="${quoted(sending.key.slice(0, 300))}"]`;
  const words = `${sending.subject}: ${sending.text}`.replaceAll(/[\p{Cc}]+/gu, ' ').trim();
  const head = `<${priority}>1 ${time} ${host} earshot - ${event} ${data} `;
  const line = Buffer.from(`${head}\ufeff${words}`, 'utf8');
  if (line.length <= MOST_BYTES) return line;
  // Not in the middle of a letter.
  let end = MOST_BYTES;
  while (end > 0 && ((line[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return line.subarray(0, end);
}

/** A log server. UDP and TCP tell nothing back: `sent` means that it left this machine. */
export class SyslogSender implements Sender {
  readonly #connection: ConnectionOf<'syslog'>;
  readonly #host =
    hostname()
      .replaceAll(/[^\x21-\x7e]/g, '')
      .slice(0, 255) || '-';

  /** @throws EngineError `input.invalid` for a private address. */
  constructor(connection: ConnectionOf<'syslog'>) {
    requireReachable(connection.host, connection.allowPrivate);
    this.#connection = connection;
  }

  async send(sending: Sending, signal: AbortSignal): Promise<SendResult> {
    const line = syslogLine(sending, this.#connection.facility, this.#host);
    if (this.#connection.protocol === 'udp') await this.#datagram(line);
    else await this.#stream(line, signal);
    return SENT;
  }

  async close(): Promise<void> {}

  async #datagram(line: Buffer): Promise<void> {
    const { host, port, allowPrivate } = this.#connection;
    const lookup = checkedLookup(allowPrivate);
    const plain = host.replace(/^\[|\]$/g, '');
    const address = await new Promise<string>((resolve, reject) => {
      lookup(plain, {}, (error, found) => {
        if (error === null) resolve(String(found));
        else reject(error);
      });
    });
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.send(line, port, address, (error) => (error === null ? resolve() : reject(error)));
      });
    } finally {
      socket.close();
    }
  }

  // A connection a line: its orderly end shows that the server did not refuse it.
  async #stream(line: Buffer, signal: AbortSignal): Promise<void> {
    const { host: given, port, protocol, verifyTls, allowPrivate } = this.#connection;
    const host = given.replace(/^\[|\]$/g, '');
    const lookup = checkedLookup(allowPrivate);
    const socket: Socket =
      protocol === 'tls'
        ? connectTls({
            host,
            port,
            lookup,
            rejectUnauthorized: verifyTls,
            // An address is no server name (RFC 6066 §3).
            ...(isIP(host) === 0 ? { servername: host } : {}),
          })
        : connectPlain({ host, port, lookup });
    const stop = () => socket.destroy(new EngineError('link.deadline', 'took too long'));
    signal.addEventListener('abort', stop, { once: true });
    let linger: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.once('close', (hadError) => {
          if (!hadError) resolve();
        });
        socket.once(protocol === 'tls' ? 'secureConnect' : 'connect', () => {
          socket.end(Buffer.concat([Buffer.from(`${line.length} `), line]), () => {
            linger = setTimeout(resolve, LINGER_MS);
          });
          socket.resume();
        });
      });
    } finally {
      clearTimeout(linger);
      signal.removeEventListener('abort', stop);
      socket.on('error', () => socket.destroy());
      socket.destroy();
    }
  }
}
