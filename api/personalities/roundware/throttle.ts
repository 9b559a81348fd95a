import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { addressGroup, RateLimited } from '../../http/limits.js';
import type { Who } from './people.js';

/** Calls of a day. */
export interface DayLimits {
  /** Of one address without a login. */
  readonly anonymous: number;
  readonly user: number;
}

export const DAY_LIMITS: DayLimits = { anonymous: 100_000, user: 1_000_000 };
const DAY_S = 86_400;

/** Counts the calls of a day. Keys are folded into 65,536 buckets: the memory is bounded. */
export class Throttle {
  readonly #anonymous: RateLimiterMemory;
  readonly #user: RateLimiterMemory;

  constructor(limits: DayLimits = DAY_LIMITS) {
    this.#anonymous = new RateLimiterMemory({ points: limits.anonymous, duration: DAY_S });
    this.#user = new RateLimiterMemory({ points: limits.user, duration: DAY_S });
  }

  /** @throws RateLimited with the wait. */
  async take(who: Who, address: string): Promise<void> {
    const { visitor, staffId, role, name } = who;
    const own =
      visitor !== undefined
        ? `visitor ${visitor.id}`
        : (staffId ?? (role === undefined ? undefined : `token ${name}`));
    try {
      if (own === undefined) await this.#anonymous.consume(bucketOf(addressGroup(address)));
      else await this.#user.consume(bucketOf(own));
    } catch (thrown) {
      if (!(thrown instanceof RateLimiterRes)) throw thrown;
      throw new RateLimited('you today', thrown.msBeforeNext);
    }
  }
}

function bucketOf(key: string): number {
  return createHash('sha1').update(key).digest().readUInt16BE(0);
}
