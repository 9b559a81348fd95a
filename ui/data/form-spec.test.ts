import { describe, expect, it } from 'vitest';
import { changesOf, readNumber, textFault, whenFrom, whenText } from './form-spec.js';

describe('a typed number', () => {
  const spec = { min: 0, max: 10 };

  it('is read with a comma or a point', () => {
    expect(readNumber(' 2,5 ', spec)).toEqual({ value: 2.5 });
    expect(readNumber('2.5', spec)).toEqual({ value: 2.5 });
    expect(readNumber('−3', { min: -5, max: 5 })).toEqual({ value: -3 });
  });

  it('may be empty only where that means something', () => {
    expect(readNumber('', spec)).toEqual({ fault: 'Type a number from 0 to 10.' });
    expect(readNumber(' ', { ...spec, empty: 'off' })).toEqual({ value: null });
  });

  it('out of bounds or not a number says what to type', () => {
    expect(readNumber('11', spec)).toEqual({ fault: 'Type a number from 0 to 10.' });
    expect(readNumber('loud', spec)).toMatchObject({ fault: expect.stringContaining('“loud”') });
  });
});

describe('a typed text', () => {
  it('is checked for being there and for its length', () => {
    expect(textFault(' ', { label: 'Name', required: true })).toBe('Name is needed.');
    expect(textFault('abcdef', { label: 'Code', maxLength: 5 })).toContain('At most 5');
    expect(textFault('abc', { label: 'Code', maxLength: 5, required: true })).toBeUndefined();
  });
});

describe('changes of a draft', () => {
  it('hold what differs, lists by their content', () => {
    const base = { name: 'a', ids: [1, 2], size: null as number | null };
    expect(changesOf(base, { name: 'b', ids: [1, 2], size: null })).toEqual({ name: 'b' });
    expect(changesOf(base, { name: 'a', ids: [2, 1], size: 0 })).toEqual({ ids: [2, 1], size: 0 });
    expect(changesOf(base, { ...base })).toEqual({});
  });
});

describe('a typed time', () => {
  it('comes back as it was typed, and empty is none', () => {
    expect(whenFrom('')).toBeNull();
    const at = whenFrom('2026-11-21T14:03');
    expect(whenText(at)).toBe('2026-11-21T14:03');
    expect(whenText(null)).toBe('');
  });
});
