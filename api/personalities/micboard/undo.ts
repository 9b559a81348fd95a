import { EngineError } from '../../../engine/errors.js';

/** Notes how to take back what was just done. */
export type Undo = (takeBack: () => Promise<unknown>) => void;

/**
 * Work in several steps that is done as a whole or not at all: when one fails, what was done is taken back, the
 * last first, and what failed is thrown. What cannot be taken back is said in the error.
 */
export async function allOrNothing(work: (undo: Undo) => Promise<void>): Promise<void> {
  const done: (() => Promise<unknown>)[] = [];
  try {
    await work((takeBack) => done.push(takeBack));
  } catch (thrown) {
    const left: string[] = [];
    for (const takeBack of done.reverse()) {
      try {
        await takeBack();
      } catch (also) {
        left.push(EngineError.from(also).message);
      }
    }
    const error = EngineError.from(thrown);
    if (left.length === 0) throw error;
    const message = `${error.message}; a part was changed and could not be changed back (${left.join('; ')}): save again`;
    throw new EngineError(error.code, message, { cause: thrown });
  }
}
