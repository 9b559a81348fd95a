import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../../engine/errors.js';
import { pluginError } from '../sdk/errors.js';
import { plainText, textOf } from '../sdk/plain.js';
import type { ChannelSpec } from '../sdk/plugin.types.js';
import { checkSpec } from './specs.js';
import { foundOf, healthOf, identityOf } from './told.js';

const odd = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withMap: true }),
  fc.string({ unit: 'binary', maxLength: 5_000 }),
  fc.constantFrom(
    null,
    Number.NaN,
    -1,
    0,
    65_536,
    'x'.repeat(100_000),
    '\u0000\u001b[2J',
    '\ud83c',
  ),
  fc.func(fc.anything()),
);
const kept = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean());

/** Objects with these fields, each good, odd or not there. */
function near(good: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const fields = Object.entries(good).map(
    ([name, value]) => [name, fc.oneof({ weight: 4, arbitrary: value }, odd)] as const,
  );
  return fc.oneof(
    { weight: 9, arbitrary: fc.record(Object.fromEntries(fields), { requiredKeys: [] }) },
    odd,
  );
}

const text = fc.string({ unit: 'binary', maxLength: 300 });
const role = fc.constantFrom('receiver', 'charger', 'robot');
const found = near({
  externalId: fc.constantFrom('10.0.0.1', 'é', ''),
  address: text,
  role,
  port: fc.integer(),
  name: text,
  serial: text,
  mac: text,
  channels: fc.integer({ min: 0, max: 600 }),
  config: fc.object(),
});
const identity = near({
  role,
  name: text,
  model: text,
  firmware: text,
  parts: fc.array(near({ number: fc.integer({ min: 0, max: 8 }), kind: fc.constant('rf') })),
});
const health = near({
  status: fc.constantFrom('healthy', 'error'),
  message: text,
  detail: fc.dictionary(text, kept, { maxKeys: 100 }),
});
const spec = near({
  id: fc.constantFrom('a', '1.rf_a', '\u0007'),
  name: text,
  kind: fc.constantFrom('number', 'text', 'boolean'),
  direction: fc.constantFrom('input', 'output'),
  unit: fc.constantFrom('dB', '%'),
  min: fc.double(),
  max: fc.double(),
  part: fc.integer({ min: 0, max: 9 }),
  read: fc.constantFrom({ kind: 'divide', by: 0 }, { kind: 'linear', factor: 2, offset: 1 }),
  options: fc.array(text),
  safeValue: kept,
});

/** Every text that is in it, names of fields too. */
function texts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [key, ...texts(one)]);
}

function holds(make: (told: unknown) => object, told: unknown, plain: (made: object) => object) {
  let made: object;
  try {
    made = make(told);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(EngineError);
    const { code, message } = thrown as EngineError;
    expect(code).toBe('input.invalid');
    expect(message.length).toBeLessThan(600);
    return;
  }
  // It goes to another thread as it is, and none of it is what the plugin still holds.
  expect(structuredClone(made)).toEqual(made);
  expect(made).not.toBe(told);
  expect(JSON.stringify(made).length).toBeLessThan(1_000_000);
  for (const one of texts(plain(made))) {
    expect(one.length).toBeLessThanOrEqual(1_000);
    expect(one).not.toMatch(/[\p{Cc}\p{Cs}]/u);
  }
}

describe('whatever a plugin tells', () => {
  const runs = { numRuns: 1_000 };
  test('a found device is plain, bounded and of the right types, or refused by the name of the field', () => {
    // Its configuration is the plugin's own JSON: only its size is bounded.
    const shown = (made: object) => ({ ...made, config: undefined });
    fc.assert(
      fc.property(found, (told) => holds(foundOf, told, shown)),
      runs,
    );
  });

  test('an identity is', () => {
    fc.assert(
      fc.property(identity, (told) => holds(identityOf, told, (made) => made)),
      runs,
    );
  });

  test('a health report is', () => {
    fc.assert(
      fc.property(health, (told) => holds(healthOf, told, (made) => made)),
      runs,
    );
  });

  test('a parameter is', () => {
    // Words that can be set are sent as they are.
    const shown = (made: object) => ({ ...made, options: undefined, safeValue: undefined });
    fc.assert(
      fc.property(spec, (told) => holds((one) => checkSpec(one as ChannelSpec), told, shown)),
      runs,
    );
  });

  test('an error is one of ours with a short message, also one of another class', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          odd,
          text.map((words) => new Error(words)),
        ),
        (thrown) => {
          const { message } = pluginError(thrown);
          expect(message.length).toBeGreaterThan(0);
          expect(message.length).toBeLessThanOrEqual(1_000);
          expect(message).not.toMatch(/[\p{Cc}\p{Cs}]/u);
        },
      ),
      runs,
    );
    expect(pluginError(new EngineError('auth.denied', 'no\nway'))).toMatchObject({
      code: 'auth.denied',
      message: 'no way',
    });
  });
});

describe('text to show', () => {
  test('is cut between two characters and says so', () => {
    expect(plainText('abcdef', 6)).toBe('abcdef');
    expect(plainText('abcdefg', 6)).toBe('abcde…');
    expect(plainText('abcd🎤🎤🎤', 6)).toBe('abcd…');
  });

  test('is made of anything', () => {
    const mute = { [Symbol.toPrimitive]: () => Promise.reject };
    expect(textOf(Object.create(null))).toBe('something without a text');
    expect(textOf(mute)).toBe('something without a text');
    expect(textOf(7)).toBe('7');
  });
});

test('fields of the wrong type are refused by name, and absent ones stay absent', () => {
  const device = { externalId: 'a', address: undefined, role: 'receiver' };
  expect(foundOf({ ...device, serial: null, color: 'red' })).toEqual(device);
  expect(() => foundOf({ ...device, serial: 42 })).toThrow('serial must be text, it is a number');
  expect(() => foundOf({ ...device, port: 70_000 })).toThrow('port must be a whole number');
  expect(() => foundOf({ ...device, externalId: 'x'.repeat(201) })).toThrow('externalId must be');
  expect(() => foundOf({ ...device, config: { big: 'x'.repeat(20_000) } })).toThrow('config must');
  expect(() => identityOf({ parts: [{ number: 0, kind: 'rf' }] })).toThrow('number must be');
  expect(identityOf({ name: 'Stage\nleft' })).toEqual({ name: 'Stage left' });
});
