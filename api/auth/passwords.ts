import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { usernameOf } from '../../actors/control/users.js';
import { EngineError } from '../../engine/errors.js';

/** Cost of one guess. */
export interface PasswordCost {
  readonly memoryKiB: number;
  readonly passes: number;
}

/** OWASP's argon2id setting of 2024: 19 MiB, two passes, one lane; some 30 ms. */
const COST: PasswordCost = { memoryKiB: 19_456, passes: 2 };

/** Checks at once; more wait. The threads that do them also read files, and must not all be taken. */
const AT_ONCE = 2;
/** Checks that may wait; more are refused with `server.busy`. */
const MAX_WAITING = 64;

/** Argon2id hashes of passwords. */
export class Passwords {
  readonly #options: {
    readonly memoryCost: number;
    readonly timeCost: number;
    readonly parallelism: number;
  };
  /** What an unknown user's password is checked against, so that it takes as long. */
  readonly #nobody: string;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  private constructor(cost: PasswordCost, nobody: string) {
    this.#options = { memoryCost: cost.memoryKiB, timeCost: cost.passes, parallelism: 1 };
    this.#nobody = nobody;
  }

  static async open(cost: PasswordCost = COST): Promise<Passwords> {
    const passwords = new Passwords(cost, '');
    return new Passwords(cost, await passwords.hash(randomBytes(32).toString('base64')));
  }

  /** @throws EngineError `server.busy`. */
  async hash(password: string): Promise<string> {
    return await this.#inTurn(() => hash(password.normalize('NFKC'), this.#options));
  }

  /**
   * True when `password` is the one of `stored`. Takes the same work when `stored` is undefined.
   * @throws EngineError `server.busy`; `store.refused` when the stored hash is damaged.
   */
  async verify(stored: string | undefined, password: string): Promise<boolean> {
    const right = await this.#inTurn(async () => {
      try {
        return await verify(stored ?? this.#nobody, password.normalize('NFKC'));
      } catch (cause) {
        throw new EngineError('store.refused', 'the stored password hash is damaged', { cause });
      }
    });
    return right && stored !== undefined;
  }

  /** True when `stored` was made with other settings than today's. */
  isOutdated(stored: string): boolean {
    const used = parseOptions(stored);
    return used.memoryCost !== this.#options.memoryCost || used.timeCost !== this.#options.timeCost;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new EngineError('server.busy', 'too many people log in at once: try again');
      }
      // Whoever ends hands its place over, so `#running` does not change here.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

/** @throws EngineError `input.invalid` */
export function requireUsablePassword(username: string, password: string): void {
  if (password.length >= 10 && password.length <= 512 && usernameOf(password) !== username) return;
  throw new EngineError(
    'input.invalid',
    'the password must have at least 10 characters and must not be the username',
  );
}
