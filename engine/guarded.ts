import { EngineError } from './errors.js';

/**
 * Wraps a callback given to a socket, timer or process: a throw, or a rejection of what it returns,
 * goes to `onError` (which sends it to the actor that owns the resource) and not past supervision.
 */
export function guarded<TArgs extends readonly unknown[]>(
  callback: (...args: TArgs) => unknown,
  onError: (error: EngineError) => void,
): (...args: TArgs) => void {
  return (...args) => {
    try {
      const result = callback(...args);
      if (result instanceof Promise) {
        result.catch((thrown: unknown) => {
          onError(EngineError.from(thrown));
        });
      }
    } catch (thrown) {
      onError(EngineError.from(thrown));
    }
  };
}
