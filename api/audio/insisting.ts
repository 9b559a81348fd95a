import type { Clock } from '../../engine/clock.js';

/** Tries, 2, 4, 8 … s apart: four minutes in all. */
const TRIES = 8;
const RETRY_MS = 1_000;

/** Does what a store that is away may refuse, again and again until it is done, given up, or `isOver`. */
export async function insisting(
  clock: Clock,
  isOver: () => boolean,
  failed: (thrown: unknown) => void,
  work: () => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await work();
      return;
    } catch (thrown) {
      if (tries >= TRIES || isOver()) throw thrown;
      failed(thrown);
    }
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, RETRY_MS * 2 ** tries);
    });
  }
}
