import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { EngineError } from '../../engine/errors.js';

export interface RateLimits {
  /** Requests and socket upgrades of one address (an IPv6 /64 counts as one) in a second. Default 200; 0: no limit. */
  readonly perAddressPerSecond?: number;
  /** Requests of one logged-in user or token in a second. Default 400; 0: no limit. */
  readonly perPrincipalPerSecond?: number;
}

/** Requests are counted over this many seconds, so that short bursts pass. */
const WINDOW_S = 10;
/** Keys are folded into this many buckets: the memory is bounded, strangers share a bucket rarely. */
const BUCKETS = 65_536;

/** Bounded request counters of addresses and principals. */
export class RequestLimits {
  readonly #address: RateLimiterMemory | undefined;
  readonly #principal: RateLimiterMemory | undefined;

  constructor(limits: RateLimits = {}) {
    this.#address = limiter(limits.perAddressPerSecond ?? 200);
    this.#principal = limiter(limits.perPrincipalPerSecond ?? 400);
  }

  /** @throws RateLimited with the wait, when the address asked too often. */
  async takeAddress(address: string): Promise<void> {
    if (this.#address === undefined) return;
    await take(this.#address, addressGroup(address), `address ${address}`);
  }

  /** @throws RateLimited with the wait, when the principal asked too often. */
  async takePrincipal(kind: string, id: string): Promise<void> {
    if (this.#principal === undefined) return;
    await take(this.#principal, `${kind}:${id}`, `${kind} ${id}`);
  }
}

/** `rate.limited` with the time after which asking again makes sense. */
export class RateLimited extends EngineError {
  readonly retryAfterS: number;

  constructor(who: string, waitMs: number) {
    const retryAfterS = Math.max(1, Math.ceil(waitMs / 1_000));
    super('rate.limited', `too many requests from ${who}: try again in ${String(retryAfterS)} s`);
    this.retryAfterS = retryAfterS;
  }
}

function limiter(perSecond: number): RateLimiterMemory | undefined {
  if (perSecond === 0) return undefined;
  return new RateLimiterMemory({ points: perSecond * WINDOW_S, duration: WINDOW_S });
}

async function take(by: RateLimiterMemory, key: string, who: string): Promise<void> {
  try {
    await by.consume(bucketOf(key));
  } catch (thrown) {
    if (thrown instanceof RateLimiterRes) throw new RateLimited(who, thrown.msBeforeNext);
    throw thrown;
  }
}

/** Whom an address stands for: whoever has an IPv6 address has all of its /64, so its first four words are the key. */
export function addressGroup(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = ''] = address.split('::');
  const words = head.split(':');
  while (words.length < 4) words.push('0');
  return words.slice(0, 4).join(':');
}

/** FNV-1a. */
function bucketOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % BUCKETS;
}
