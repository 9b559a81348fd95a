import { lookup as dnsLookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { EngineError } from '../../engine/errors.js';

const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  PRIVATE.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(net, bits, 'ipv6');
}

/** Loopback, private networks, link-local, multicast and the like; an IPv4 address inside an IPv6 one counts as itself. */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  const family = isIP(plain);
  if (family === 0) return true;
  if (family === 6 && /^::ffff:/i.test(plain)) return true;
  return PRIVATE.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

export interface OutsideCall {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Else loopback and private networks are refused, also behind a name. */
  readonly allowPrivate: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Calls a server that somebody named. The address that is connected to is the one that was checked, so that no name
 * can lead inside between the check and the call. Redirects are not followed: the answer is the caller's to judge.
 * @throws EngineError `input.invalid` for a refused address, `link.closed`, `link.deadline`.
 */
export async function callOutside(url: string, wish: OutsideCall): Promise<IncomingMessage> {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target === undefined || !/^https?:$/.test(target.protocol)) {
    throw new EngineError('input.invalid', `"${url.slice(0, 200)}" is no http or https address`);
  }
  const host = target.hostname.replace(/^\[|\]$/g, '');
  if (!wish.allowPrivate && isIP(host) !== 0 && isPrivateAddress(host)) throw inside(host);
  const lookup: LookupFunction = (name, options, done) => {
    dnsLookup(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        done(error, '', 0);
        return;
      }
      const bad = addresses.find(({ address }) => !wish.allowPrivate && isPrivateAddress(address));
      const [first] = addresses;
      if (bad !== undefined) done(inside(name), '', 0);
      else if (options.all === true) done(null, addresses);
      else if (first === undefined) done(new Error(`${name} has no address`), '', 0);
      else done(null, first.address, first.family);
    });
  };
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return await new Promise((resolve, reject) => {
    const call = send(
      target,
      {
        method: wish.method,
        headers: { 'user-agent': 'earshot', ...wish.headers },
        lookup,
        timeout: wish.timeoutMs,
        ...(wish.signal === undefined ? {} : { signal: wish.signal }),
      },
      resolve,
    );
    call.on('timeout', () => {
      call.destroy(
        new EngineError('link.deadline', `${target.host} did not answer in ${wish.timeoutMs} ms`),
      );
    });
    call.on('error', (cause: Error) => {
      if (cause instanceof EngineError) reject(cause);
      else {
        reject(new EngineError('link.closed', `${target.host}: ${cause.message}`, { cause }));
      }
    });
    call.end(wish.body);
  });
}

const inside = (host: string) =>
  new EngineError(
    'input.invalid',
    `${host} is a private or loopback address: it is only called when the configuration allows it`,
  );
