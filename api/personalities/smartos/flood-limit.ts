export interface FloodLimits {
  /** Messages of one socket in a second; ten seconds' worth may come at once. */
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Messages over the limit in a row that are answered before the socket is closed. */
  readonly patience: number;
}

export const DEVICE_LIMITS: FloodLimits = {
  messagesPerSecond: 1_000,
  bytesPerSecond: 4_194_304,
  patience: 100,
};

export const BROWSER_LIMITS: FloodLimits = {
  messagesPerSecond: 5,
  bytesPerSecond: 262_144,
  patience: 20,
};

const BURST_S = 10;

/** How a socket stands with its limits: two token buckets and a count. */
export class FloodLimit {
  readonly #limits: FloodLimits;
  #messages: number;
  #bytes: number;
  #over = 0;
  #filledMonoMs: number;

  constructor(limits: FloodLimits, nowMonoMs: number) {
    this.#limits = limits;
    this.#messages = limits.messagesPerSecond * BURST_S;
    this.#bytes = limits.bytesPerSecond * BURST_S;
    this.#filledMonoMs = nowMonoMs;
  }

  /** `refuse`: over the limit, say so. `close`: it goes on and on. */
  take(bytes: number, nowMonoMs: number): 'ok' | 'refuse' | 'close' {
    const { messagesPerSecond, bytesPerSecond, patience } = this.#limits;
    const seconds = Math.max(0, nowMonoMs - this.#filledMonoMs) / 1_000;
    this.#filledMonoMs = nowMonoMs;
    this.#messages = Math.min(
      messagesPerSecond * BURST_S,
      this.#messages + seconds * messagesPerSecond,
    );
    this.#bytes = Math.min(bytesPerSecond * BURST_S, this.#bytes + seconds * bytesPerSecond);
    if (this.#messages >= 1 && this.#bytes >= bytes) {
      this.#messages -= 1;
      this.#bytes -= bytes;
      this.#over = 0;
      return 'ok';
    }
    this.#over += 1;
    return this.#over > patience ? 'close' : 'refuse';
  }
}
