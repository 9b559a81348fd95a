import { createHmac, randomBytes } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { addressGroup, RateLimited } from '../http/limits.js';

/** Wrong passwords allowed in `windowS` seconds. */
export interface LoginLimits {
  readonly windowS: number;
  /** For one username from one address. */
  readonly pair: number;
  /** From one address (an IPv6 /64 counts as one), whatever the username. */
  readonly address: number;
  /** For one username, from wherever: high, since it locks the real user out too. */
  readonly username: number;
}

const LIMITS: LoginLimits = { windowS: 900, pair: 10, address: 60, username: 500 };

/** Against guessing passwords. Memory is bounded: keys fall into 65,536 buckets each, which nobody outside can aim at. */
export class LoginGuard {
  readonly #secret = randomBytes(32);
  readonly #pair: RateLimiterMemory;
  readonly #address: RateLimiterMemory;
  readonly #username: RateLimiterMemory;

  constructor(limits: LoginLimits = LIMITS) {
    const limiter = (points: number) => new RateLimiterMemory({ points, duration: limits.windowS });
    this.#pair = limiter(limits.pair);
    this.#address = limiter(limits.address);
    this.#username = limiter(limits.username);
  }

  /**
   * Counts a try before the password is looked at, so that many at once do not slip through.
   * @throws RateLimited with the wait; the same for usernames that do not exist.
   */
  async begin(username: string, address: string): Promise<void> {
    const from = addressGroup(address);
    await this.#take(this.#pair, `${username}\0${from}`);
    await this.#take(this.#address, from);
    await this.#take(this.#username, username);
  }

  /**
   * Counts nothing: for who shows what was right a moment ago. Without it, one who may not try any more could still
   * learn from the answer which password is right.
   * @throws RateLimited as `begin` would.
   */
  async requireOpen(username: string, address: string): Promise<void> {
    const from = addressGroup(address);
    for (const [by, key] of [
      [this.#pair, `${username}\0${from}`],
      [this.#address, from],
      [this.#username, username],
    ] as const) {
      const state = await by.get(this.#bucket(key));
      if (state !== null && state.remainingPoints <= 0) throw refusal(state);
    }
  }

  /** The password was right: this user's tries from here are forgotten, the rest gets this one back. */
  async succeeded(username: string, address: string): Promise<void> {
    const from = addressGroup(address);
    await this.#pair.delete(this.#bucket(`${username}\0${from}`));
    await this.#address.reward(this.#bucket(from));
    await this.#username.reward(this.#bucket(username));
  }

  async #take(by: RateLimiterMemory, key: string): Promise<void> {
    try {
      await by.consume(this.#bucket(key));
    } catch (thrown) {
      if (thrown instanceof RateLimiterRes) throw refusal(thrown);
      throw thrown;
    }
  }

  #bucket(key: string): number {
    return createHmac('sha256', this.#secret).update(key).digest().readUInt16BE(0);
  }
}

const refusal = ({ msBeforeNext }: RateLimiterRes): RateLimited =>
  new RateLimited('this address or for this user', msBeforeNext);
