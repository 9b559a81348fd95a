import type { EngineError } from '../../../engine/errors.js';

/** Turns of a poll in a row that may fail before the device counts as lost. */
const MAX_MISSES = 3;

/**
 * Decides whether a failed poll means that the device is lost. Requests were tried again before they count here, so a
 * device that cannot be reached is lost at once; answers that make no sense, or a server that asks us to wait, are
 * borne a few times.
 */
export class Misses {
  #count = 0;

  /** True: lost. */
  missed(error: EngineError): boolean {
    this.#count += 1;
    if (error.code === 'device.unreachable' || error.remedy === 'park') return true;
    return this.#count >= MAX_MISSES;
  }

  heard(): void {
    this.#count = 0;
  }
}
