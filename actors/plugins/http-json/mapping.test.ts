import { describe, expect, test } from 'vitest';
import { fuzzPayloads } from '../testing/fuzz.js';
import { RecordingSession } from '../testing/recording-session.js';
import { configuration, type HttpJsonConfig } from './config.js';
import { Mapping } from './mapping.js';

function config(channels: readonly Readonly<Record<string, unknown>>[], more = {}): HttpJsonConfig {
  return configuration.parse({ url: 'http://{address}/', channels, ...more });
}

describe('a mapping', () => {
  test('reads values by path, kind and words', () => {
    const mapping = new Mapping(
      config(
        [
          { id: '1.battery', name: 'Battery', path: 'b[0]', role: 'battery_percent', part: 1 },
          { id: 'on', name: 'On', kind: 'boolean', path: 's', words: { up: true } },
          { id: 'text', name: 'Text', kind: 'text', path: 'n' },
          { id: 'gone', name: 'Gone', path: 'x.y.z' },
          { id: 'wrong', name: 'Wrong', path: 'n' },
        ],
        { identity: { name: 'n', serial: 'sn' } },
      ),
    );
    const session = new RecordingSession();
    const json = { b: ['81'], s: 'up', n: 'Lobby', sn: 17 };
    expect(mapping.identityOf(json)).toEqual({
      role: 'sensor',
      name: 'Lobby',
      serial: '17',
      parts: [{ number: 1, kind: 'rf' }],
    });
    expect(mapping.apply(json, session, mapping.declare(session))).toBe(3);
    expect([...session.values]).toEqual([
      ['1.battery', 81],
      ['on', true],
      ['text', 'Lobby'],
    ]);
  });

  test('factor and offset become conversions both ways', () => {
    const session = new RecordingSession();
    const command = { url: 'http://{address}/', body: '{value}' };
    new Mapping(
      config([{ id: 't', name: 'T', path: 't', factor: 0.1, offset: -40, command }]),
    ).declare(session);
    expect(session.specs[0]).toMatchObject({
      direction: 'bidirectional',
      read: { kind: 'linear', factor: 0.1, offset: -40 },
      write: { kind: 'linear', factor: 10, offset: 400 },
    });
  });

  test('wrong paths, ids that are there twice and a missing address are refused by name', () => {
    expect(() => new Mapping(config([{ id: 'a', name: 'A', path: 'a..b' }]))).toThrow('a..b');
    const twice = { id: 'a', name: 'A', path: 'a' };
    expect(() => new Mapping(config([twice, twice]))).toThrow('"a" is there twice');
    expect(configuration.safeParse({ channels: [twice] }).success).toBe(false);
    expect(configuration.safeParse({ url: 'x', channels: [], extra: 1 }).success).toBe(false);
  });
});

describe('a million wrong answers', () => {
  test('become no value of another kind', () => {
    const mapping = new Mapping(
      config(
        [
          { id: 'n', name: 'N', path: 'a.b[0]["c d"]' },
          { id: 't', name: 'T', kind: 'text', path: 'a.text' },
          { id: 'f', name: 'F', kind: 'boolean', path: 'list[-1]', words: { up: true } },
        ],
        { identity: { name: 'a.text', serial: 'list' }, time: 'at' },
      ),
    );
    const kinds: Readonly<Record<string, string>> = { n: 'number', t: 'string', f: 'boolean' };
    const session = new RecordingSession();
    const handles = mapping.declare(session);
    const seed = {
      a: { b: [{ 'c d': '12.5' }], text: 'Lobby' },
      list: [1, 'up'],
      at: 1_700_000_000,
    };
    const cases = fuzzPayloads([seed], 1_000_000, (payload) => {
      session.values.clear();
      mapping.apply(payload, session, handles);
      mapping.identityOf(payload);
      for (const [id, value] of session.values) {
        if (typeof value !== kinds[id]) throw new TypeError(`${id} became ${typeof value}`);
      }
    });
    expect(cases).toBe(1_000_000);
  }, 180_000);
});
