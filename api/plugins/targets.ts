import ipaddr from 'ipaddr.js';
import { InvalidRequest } from '../http/problem.js';

/** Hosts of one scan, at most. */
export const MAX_SCAN_HOSTS = 65_536;
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;
const IPV4_BITS = 32;

/**
 * All hosts of ranges (`10.0.0.0/24`, one address) and names, each once.
 * @throws InvalidRequest naming the range or name, also for more than 65,536 hosts
 */
export function scanTargets(cidrs: readonly string[], hosts: readonly string[]): readonly string[] {
  const targets = new Set<string>();
  const bounded = (field: string, more: number): void => {
    if (targets.size + more <= MAX_SCAN_HOSTS) return;
    throw new InvalidRequest([
      { field, message: `one scan asks ${MAX_SCAN_HOSTS} hosts at most: take smaller ranges` },
    ]);
  };
  cidrs.forEach((text, i) => {
    const field = `body.cidrs.${i}`;
    const range = rangeOf(text, field);
    bounded(field, range.last - range.first + 1);
    for (let at = range.first; at <= range.last; at++) targets.add(addressOf(at));
  });
  hosts.forEach((text, i) => {
    const field = `body.hosts.${i}`;
    const host = text.trim();
    if (!ipaddr.isValid(host) && !HOST_NAME.test(host)) {
      throw new InvalidRequest([{ field, message: `"${host}" is no address and no host name` }]);
    }
    bounded(field, 1);
    targets.add(host);
  });
  return [...targets];
}

function rangeOf(text: string, field: string): { readonly first: number; readonly last: number } {
  const invalid = (message: string) => new InvalidRequest([{ field, message }]);
  const [address = '', bitsText, ...rest] = text.trim().split('/');
  if (!ipaddr.IPv4.isValidFourPartDecimal(address) || rest.length > 0) {
    throw invalid(`"${text}" is no range of IPv4 addresses such as 10.0.0.0/24`);
  }
  const bits = bitsText === undefined ? IPV4_BITS : Number(bitsText);
  if (!Number.isInteger(bits) || bits < 0 || bits > IPV4_BITS || bitsText === '') {
    throw invalid(`"${text}": the length after the slash must be 0 to 32`);
  }
  const size = 2 ** (IPV4_BITS - bits);
  const start = Math.floor(numberOf(address) / size) * size;
  // Network and broadcast address answer nothing.
  const inner = size > 2 ? 1 : 0;
  return { first: start + inner, last: start + size - 1 - inner };
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function addressOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
