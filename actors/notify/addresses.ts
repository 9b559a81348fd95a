import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { EngineError } from '../../engine/errors.js';

/** How names become addresses; `dns.lookup` but in tests. */
export type Resolve = (
  name: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** An address of the public Internet; one of IPv4 inside IPv6 counts as itself. */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  return ipaddr.isValid(plain) && ipaddr.process(plain).range() === 'unicast';
}

/** @throws EngineError `input.invalid` for a host that is a private address. Names are looked at when they are resolved. */
export function requireReachable(host: string, allowPrivate: boolean): void {
  const plain = host.replace(/^\[|\]$/g, '');
  if (!allowPrivate && isIP(plain) !== 0 && !isPublicAddress(plain)) throw inside(host);
}

/**
 * Resolves names for connections. The addresses it answers are those that are connected to, so no name can lead inside
 * between the check and the call: one private address among them refuses the name.
 */
export function checkedLookup(allowPrivate: boolean, resolve: Resolve = dnsLookup): LookupFunction {
  return (name, options, done) => {
    resolve(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        done(error, '', 0);
        return;
      }
      const [first] = addresses;
      const bad = addresses.some(({ address }) => !allowPrivate && !isPublicAddress(address));
      if (bad) done(inside(name), '', 0);
      else if (options.all === true) done(null, addresses);
      else if (first === undefined) done(new Error(`${name} has no address`), '', 0);
      else done(null, first.address, first.family);
    });
  };
}

const inside = (host: string): EngineError =>
  new EngineError(
    'input.invalid',
    `${host} is a loopback, private or link-local address: set allowPrivate of the target to call it`,
  );
