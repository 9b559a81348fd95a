import { expect, test } from 'vitest';
import { EngineError, isErrorCode } from './errors.js';

test('an error that crossed a thread keeps its code, and an unknown code becomes internal', () => {
  const error = new EngineError('store.away', 'the series store is away', {
    context: { url: 'x' },
  });
  expect(EngineError.fromWire(error.toWire())).toMatchObject({
    code: 'store.away',
    context: { url: 'x' },
  });
  expect(EngineError.fromWire({ code: 'nope', message: 'm' }).code).toBe('internal');
  expect(isErrorCode('toString')).toBe(false);
});
