import { expect, it, vi } from 'vitest';
import type { EngineError } from './errors.js';
import { guarded } from './guarded.js';

/** Waits for a condition; the limit is for a machine that is busy with other things. */
const soon = <T>(check: () => T): Promise<T> => vi.waitFor(check, { timeout: 15_000 });

it('passes arguments on and stays silent when all is well', async () => {
  const onError = vi.fn<(error: EngineError) => void>();
  const callback = vi.fn<(a: number, b: string) => Promise<void>>().mockResolvedValue();
  guarded(callback, onError)(1, 'x');
  await Promise.resolve();
  expect(callback).toHaveBeenCalledWith(1, 'x');
  expect(onError).not.toHaveBeenCalled();
});

it('hands a throw and a rejection to the owner instead of to the process', async () => {
  const errors: string[] = [];
  const note = (error: EngineError): void => void errors.push(error.message);
  guarded(() => {
    throw new Error('thrown');
  }, note)();
  guarded(() => Promise.reject(new Error('rejected')), note)();
  await soon(() => expect(errors).toEqual(['thrown', 'rejected']));
});
