import type { Clock, TimerHandle } from '../../engine/clock.js';

export interface PresenceLimits {
  /** Nobody listens and no word from the client for this long: the session is idle. */
  readonly quietAfterMs: number;
  /** … for this long: it ends. Never shorter than `quietAfterMs`. */
  readonly idleAfterMs: number;
}

export type PresenceEdge = 'presence.back' | 'presence.quiet' | 'presence.expired';

/**
 * Is anybody there? Takes every move, heartbeat and listener count of one session and tells only the edges.
 * A word costs two assignments: the timer is not moved, it looks again when it fires.
 */
export class Presence {
  readonly #clock: Clock;
  readonly #limits: PresenceLimits;
  readonly #onEdge: (edge: PresenceEdge) => void;
  #listeners = 0;
  #heardMonoMs: number;
  #quiet = false;
  #timer: TimerHandle | undefined;
  #closed = false;

  constructor(clock: Clock, limits: PresenceLimits, onEdge: (edge: PresenceEdge) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onEdge = onEdge;
    this.#heardMonoMs = clock.monoMs();
    this.#arm(limits.quietAfterMs);
  }

  get listeners(): number {
    return this.#listeners;
  }

  /** The client said something. */
  word(): void {
    this.#heardMonoMs = this.#clock.monoMs();
    this.#back();
  }

  /** Players attached to the mount now. When the last one leaves, the wait begins. */
  setListeners(count: number): void {
    if (count === this.#listeners) return;
    this.#listeners = count;
    this.#heardMonoMs = this.#clock.monoMs();
    this.#back();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #back(): void {
    if (!this.#quiet || this.#closed) return;
    this.#quiet = false;
    this.#onEdge('presence.back');
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimeout(() => this.#look(), delayMs);
  }

  #look(): void {
    if (this.#closed) return;
    const { quietAfterMs, idleAfterMs } = this.#limits;
    if (this.#listeners > 0) {
      this.#arm(quietAfterMs);
      return;
    }
    const silentMs = this.#clock.monoMs() - this.#heardMonoMs;
    if (silentMs >= idleAfterMs) {
      this.close();
      this.#onEdge('presence.expired');
      return;
    }
    if (silentMs < quietAfterMs) {
      this.#arm(quietAfterMs - silentMs);
      return;
    }
    this.#arm(Math.min(idleAfterMs - silentMs, quietAfterMs));
    if (!this.#quiet) {
      this.#quiet = true;
      this.#onEdge('presence.quiet');
    }
  }
}
