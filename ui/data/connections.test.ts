import { describe, expect, it } from 'vitest';
import { connectionFilter, percentOf, troubleFirst } from './connections.js';

describe('what is asked of the connections', () => {
  it('is everything without a wish, and every wish narrows it', () => {
    expect(connectionFilter({ show: 'all', instanceId: undefined, text: ' ' })).toBeUndefined();
    expect(connectionFilter({ show: 'error', instanceId: undefined, text: '' })).toEqual({
      field: 'state',
      op: '==',
      value: 'error',
    });
    expect(connectionFilter({ show: 'trouble', instanceId: 3, text: 'vox' })).toMatchObject({
      and: [
        { or: expect.any(Array) },
        { field: 'instanceId', value: 3 },
        { or: expect.any(Array) },
      ],
    });
  });

  it('puts trouble before what is well, and both fill one page', () => {
    const at = (page: number, troubles: number) =>
      troubleFirst({ filter: undefined, page, size: 100, troubles }).map((one) => one.window);
    expect(at(1, 30)).toEqual([
      { offset: 0, limit: 100 },
      { offset: 0, limit: 100 },
    ]);
    expect(at(2, 30)[1]).toEqual({ offset: 70, limit: 100 });
    expect(at(2, 150)).toEqual([
      { offset: 100, limit: 100 },
      { offset: 0, limit: 100 },
    ]);
  });
});

describe('a share in percent', () => {
  it('never hides the last one nor the first one', () => {
    expect(percentOf(999, 1_000)).toBe(99);
    expect(percentOf(1, 1_000)).toBe(1);
    expect(percentOf(0, 0)).toBe(0);
    expect(percentOf(5, 5)).toBe(100);
    expect(percentOf(1, 3)).toBe(33);
  });
});
