import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../engine/errors.js';
import { matches } from './encode.js';
import { addressText, type RequestHead } from './exchange.js';
import { parseJson } from './json.js';
import { RateLimited, RequestLimits } from './limits.js';
import { PeerResolver } from './peer.js';
import { parseQuery } from './query.js';
import { Router } from './router.js';

const head = (peer: string, headers: Record<string, string>): RequestHead => ({
  method: 'GET',
  path: '/',
  query: '',
  headers,
  peer,
  sizeBytes: 0,
});

describe('the router', () => {
  const router = new Router<string>();
  router.add('GET', '/a/{id}', 'one');
  router.add('GET', '/a/fixed', 'fixed');
  router.add('POST', '/a/{id}', 'post');
  router.add('GET', '/a/{id}/{part}', 'two');
  router.add('GET', '/a/{id}/b', 'b');
  router.add('GET', '/files/{path...}', 'rest');

  it.each([
    ['/a/x', 'one', { id: 'x' }],
    ['/a/fixed', 'fixed', {}],
    ['/a/x%2Fy%3Az', 'one', { id: 'x/y:z' }],
    ['/a/x/b', 'b', { id: 'x' }],
    ['/a/x/c', 'two', { id: 'x', part: 'c' }],
    ['/files/a/b/c.mp3', 'rest', { path: 'a/b/c.mp3' }],
  ])('finds %s', (path, target, params) => {
    expect(router.find('GET', path)).toEqual({ kind: 'found', target, params });
    expect(router.find('HEAD', path)).toMatchObject({ kind: 'found', target });
  });

  it('names the methods of a path that has others, and knows nothing of the rest', () => {
    const wanted = { kind: 'method', allow: ['GET', 'POST', 'HEAD', 'OPTIONS'] };
    expect(router.find('DELETE', '/a/x')).toEqual(wanted);
    for (const path of ['/', '/a', '/a/', '/a//b', '/a/x/y/z', '/files', '/A/x']) {
      expect(router.find('GET', path), path).toEqual({ kind: 'none' });
    }
  });

  it('gives back any parameter that was percent-encoded', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (id) => {
        const found = router.find('GET', `/a/${encodeURIComponent(id)}/end`);
        expect(found).toMatchObject({ kind: 'found', params: { id, part: 'end' } });
      }),
    );
  });

  it('refuses the same route twice', () => {
    expect(() => router.add('GET', '/a/{id}', 'again')).toThrow(/twice/);
  });
});

describe('the query string', () => {
  it('gives back what was encoded', () => {
    const pairs = fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { maxKeys: 10 });
    fc.assert(
      fc.property(pairs, (values) => {
        const parsed = parseQuery(new URLSearchParams(values).toString());
        expect({ ...parsed }).toEqual(values);
      }),
    );
  });

  it('makes a list of a repeated key and takes names of object members as plain keys', () => {
    expect({ ...parseQuery('a=1&a=2&b&a=+%2B') }).toEqual({ a: ['1', '2', ' +'], b: '' });
    expect(Object.keys(parseQuery('__proto__=1&constructor=2'))).toEqual([
      '__proto__',
      'constructor',
    ]);
  });
});

describe('JSON from outside', () => {
  it('ends in a value or in a clear error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseJson(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
          expect((error as EngineError).code).toBe('input.invalid');
        }
      }),
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('does not count brackets inside of text', () => {
    expect(parseJson(JSON.stringify({ a: `\\"${'['.repeat(200)}` }))).toEqual({
      a: `\\"${'['.repeat(200)}`,
    });
  });
});

describe('the peer', () => {
  const plain = new PeerResolver([]);
  const proxied = new PeerResolver(['10.0.0.0/8', '::1']);
  const forwarded = {
    'x-forwarded-for': '6.6.6.6, 7.7.7.7, 10.0.0.2',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'site.example',
    host: 'inside:8080',
  };

  it('is taken from headers of a trusted proxy only', () => {
    expect(plain.address(head('10.0.0.1', forwarded))).toBe('10.0.0.1');
    expect(plain.origin(head('10.0.0.1', forwarded))).toBe('http://inside:8080');
    expect(proxied.address(head('10.0.0.1', forwarded))).toBe('7.7.7.7');
    expect(proxied.origin(head('10.0.0.1', forwarded))).toBe('https://site.example');
    expect(proxied.address(head('8.8.8.8', forwarded))).toBe('8.8.8.8');
    expect(proxied.address(head('::1', { 'x-forwarded-for': 'nonsense' }))).toBe('::1');
  });

  it('with a host that is no host is called localhost', () => {
    for (const host of ['a:b:c', '[', 'x:99999', 'a b', 'a/b']) {
      expect(plain.origin(head('1.1.1.1', { host }))).toBe('http://localhost');
    }
  });

  it('of another site is told by its origin', () => {
    const from = (origin: string) => plain.foreign(head('1.1.1.1', { host: 'a:1', origin }));
    expect(from('http://a:1')).toBe(false);
    expect(from('http://b:1')).toBe(true);
    expect(from('null')).toBe(true);
  });

  it('has its address as text', () => {
    expect(addressText(new Uint8Array([127, 0, 0, 1]))).toBe('127.0.0.1');
    const mapped = new Uint8Array(16).fill(255, 10, 12).fill(9, 12);
    expect(addressText(mapped)).toBe('9.9.9.9');
    expect(addressText(new Uint8Array(16).fill(1, 15))).toBe('::1');
  });

  it('refuses a proxy that is not an address', () => {
    expect(() => new PeerResolver(['proxy.local'])).toThrow(/proxy.local/);
  });
});

describe('the limits', () => {
  it('count an IPv6 network as one and other addresses apart', async () => {
    const limits = new RequestLimits({ perAddressPerSecond: 1 });
    for (let i = 0; i < 10; i++) await limits.takeAddress(`2001:db8:1:2::${String(i)}`);
    await expect(limits.takeAddress('2001:db8:1:2::ffff')).rejects.toBeInstanceOf(RateLimited);
    await limits.takeAddress('2001:db8:1:3::1');
    await limits.takeAddress('9.9.9.9');
  });
});

it('tags are compared weakly and in lists', () => {
  expect(matches('W/"a", "b"', 'W/"b"')).toBe(true);
  expect(matches('*', '"x"')).toBe(true);
  expect(matches('"c"', 'W/"b"')).toBe(false);
  expect(matches(undefined, 'W/"b"')).toBe(false);
});
