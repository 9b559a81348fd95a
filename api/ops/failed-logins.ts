import type { Clock } from '../../engine/clock.js';
import type { FailedLogin } from '../auth/auth.js';
import type { AuditLog } from './audit.js';

const WINDOW_MS = 60_000;
const IN_A_WINDOW = 20;

/**
 * Writes failed tries to sign in into the audit log: at most 20 a minute, so that somebody who guesses passwords
 * cannot fill it. How many were left out stands in the next entry.
 */
export class FailedLogins {
  readonly #note: AuditLog['note'];
  readonly #clock: Clock;
  #fromMonoMs = Number.NEGATIVE_INFINITY;
  #written = 0;
  #leftOut = 0;

  constructor(note: AuditLog['note'], clock: Clock) {
    this.#note = note;
    this.#clock = clock;
  }

  readonly note = ({ username, address, code }: FailedLogin): void => {
    const nowMonoMs = this.#clock.monoMs();
    if (nowMonoMs - this.#fromMonoMs >= WINDOW_MS) {
      this.#fromMonoMs = nowMonoMs;
      this.#written = 0;
    }
    if (this.#written >= IN_A_WINDOW) {
      this.#leftOut += 1;
      return;
    }
    this.#written += 1;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    this.#note({
      by: username ?? '',
      address,
      action: 'failed sign-in',
      subject: 'login',
      before: undefined,
      after: {
        reason: code === 'rate.limited' ? 'too many tries' : 'wrong name or password',
        ...(leftOut === 0 ? {} : { failedBeforeAndNotListed: leftOut }),
      },
      requestId: null,
    });
  };
}
