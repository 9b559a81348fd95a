import { BlockList, isIP } from 'node:net';
import { EngineError } from '../../engine/errors.js';
import type { RequestHead } from './exchange.js';

/** Who is at the other end, seen through trusted proxies only. */
export class PeerResolver {
  readonly #trusted = new BlockList();
  readonly #any: boolean;

  /** @param trustedProxies addresses or CIDR ranges; only their `X-Forwarded-*` headers count. */
  constructor(trustedProxies: readonly string[]) {
    this.#any = trustedProxies.length > 0;
    for (const entry of trustedProxies) {
      const [address = '', bits] = entry.split('/');
      const family = isIP(address);
      if (family === 0) {
        throw new EngineError(
          'input.invalid',
          `trusted proxy "${entry}" is not an address or range`,
        );
      }
      const type = family === 6 ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#trusted.addAddress(address, type);
      else this.#trusted.addSubnet(address, Number(bits), type);
    }
  }

  /** The nearest address that is not a trusted proxy. */
  address(head: RequestHead): string {
    if (!this.#trusts(head.peer)) return head.peer;
    const hops = (head.headers['x-forwarded-for'] ?? '').split(',').map((hop) => hop.trim());
    for (const hop of hops.reverse()) {
      if (isIP(hop) === 0) break;
      if (!this.#trusts(hop)) return hop;
    }
    return head.peer;
  }

  /** `http://host[:port]` as the client wrote it. */
  origin(head: RequestHead): string {
    const trusted = this.#trusts(head.peer);
    const proto = trusted ? head.headers['x-forwarded-proto']?.split(',')[0]?.trim() : undefined;
    return `${proto === 'https' ? 'https' : 'http'}://${this.host(head)}`;
  }

  host(head: RequestHead): string {
    const forwarded = this.#trusts(head.peer) ? head.headers['x-forwarded-host'] : undefined;
    const host = (forwarded?.split(',')[0] ?? head.headers['host'] ?? '').trim();
    const plain = /^[A-Za-z0-9.:[\]_-]{1,255}$/.test(host) && URL.canParse(`http://${host}`);
    return plain ? host : 'localhost';
  }

  /**
   * True when a browser page of another site sent this: its cookies must not count, or the page could act
   * as the user (cross-site request forgery, also through WebSockets).
   */
  foreign(head: RequestHead): boolean {
    const origin = head.headers['origin'];
    if (origin === undefined) return false;
    if (!URL.canParse(origin)) return true;
    return new URL(origin).host !== this.host(head).toLowerCase();
  }

  #trusts(address: string): boolean {
    if (!this.#any) return false;
    const family = isIP(address);
    return family !== 0 && this.#trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}
