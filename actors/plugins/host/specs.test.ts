import { expect, test } from 'vitest';
import type { ChannelSpec } from '../sdk/plugin.types.js';
import { checkSpec } from './specs.js';

const level: ChannelSpec = { id: 'level', name: 'Level', kind: 'number', direction: 'input' };

test('a declaration that can change no more is looked at once', () => {
  const spec = Object.freeze({ ...level });
  expect(checkSpec(spec)).toBe(checkSpec(spec));
});

test('a declaration that its plugin may still change is looked at anew each time', () => {
  const spec = { ...level };
  expect(checkSpec(spec).name).toBe('Level');
  Object.assign(spec, { name: 'Depth' });
  expect(checkSpec(spec).name).toBe('Depth');
  Object.assign(spec, { kind: 'colour' });
  expect(() => checkSpec(spec)).toThrow('kind must be number, text or boolean');
});

test('what lies in a frozen declaration may change, and getters may', () => {
  const options = ['a'];
  const outer = Object.freeze({ ...level, kind: 'text' as const, options });
  expect(checkSpec(outer).options).toEqual(['a']);
  options.push('b');
  expect(checkSpec(outer).options).toEqual(['a', 'b']);
  let name = 'One';
  const told = Object.freeze(
    Object.defineProperty({ ...level }, 'name', { get: () => name, enumerable: true }),
  );
  expect(checkSpec(told).name).toBe('One');
  name = 'Two';
  expect(checkSpec(told).name).toBe('Two');
});
