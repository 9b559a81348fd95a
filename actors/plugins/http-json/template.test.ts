import { describe, expect, test } from 'vitest';
import { EngineError } from '../../../engine/errors.js';
import { fillBody } from '../sdk/fill.js';
import { fillUrl } from './template.js';

describe('addresses', () => {
  test('words are filled in and cannot leave their place', () => {
    expect(
      fillUrl('http://{address}:{port}/{id}?v={value}', {
        address: '10.0.0.7',
        port: 81,
        id: '../../admin?x=1#',
        value: 'a&b',
      }),
    ).toBe('http://10.0.0.7:81/..%2F..%2Fadmin%3Fx%3D1%23?v=a%26b');
  });

  test('an IPv6 address gets its brackets', () => {
    expect(fillUrl('http://{address}/', { address: 'fe80::1' })).toBe('http://[fe80::1]/');
  });

  test.each([
    ['http://{address}/', { address: 'evil/path' }],
    ['http://{address}/', { address: 'user@host' }],
    ['http://{room}/', { address: 'a' }],
    ['file:///etc/{id}', { id: 'passwd' }],
    ['{id}', { id: 'x' }],
    ['http://{__proto__}/', {}],
  ])('%s with %j is refused', (template, words) => {
    expect(() => fillUrl(template, words)).toThrow(EngineError);
  });
});

describe('bodies', () => {
  test('a value alone keeps its type, inside a text it is text', () => {
    expect(
      fillBody('{"a":"{value}","b":["set {value} of {id}"],"c":"{other}"}', {
        value: 5,
        id: 'x',
      }),
    ).toEqual({ json: true, body: { a: 5, b: ['set 5 of x'], c: '{other}' } });
  });

  test('what is not JSON is a text', () => {
    expect(fillBody('gain={value}', { value: true })).toEqual({ json: false, body: 'gain=true' });
  });
});
