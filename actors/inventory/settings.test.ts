import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { requireSetting, SETTING_DEFINITIONS, SETTINGS, SettingsBook } from './settings.js';

const DEVICE = 'shure-text:3:10.0.0.7';
const row = (scope: 'site' | 'instance' | 'device', key: string, value: unknown) => ({
  id: 1,
  scope,
  scopeId: { site: '', instance: '3', device: DEVICE }[scope],
  key,
  value,
});

describe('settings', () => {
  test('take the nearest of device, instance, site and default, whatever is set and in whatever order', () => {
    const definition = fc.constantFrom(...SETTING_DEFINITIONS);
    const scopes = fc.shuffledSubarray(['site', 'instance', 'device'] as const);
    fc.assert(
      fc.property(definition, scopes, fc.infiniteStream(fc.nat()), (known, set, numbers) => {
        const allowed = set.filter((scope) => known.scopes.includes(scope));
        const values = new Map(
          allowed.map((scope) => {
            const span = known.max - known.min;
            return [scope, known.min + (Number(numbers.next().value) % (span + 1))];
          }),
        );
        const book = new SettingsBook(
          allowed.map((scope) => row(scope, known.key, values.get(scope))),
        );
        const nearest = (['device', 'instance', 'site'] as const).find((scope) =>
          values.has(scope),
        );
        expect(book.explain(known, { instanceId: 3, deviceId: DEVICE })).toEqual({
          value: nearest === undefined ? known.default : values.get(nearest),
          from: nearest ?? 'default',
        });
        // Others' overrides are not ours.
        const other = values.get('site') ?? known.default;
        expect(book.explain(known, { instanceId: 4, deviceId: 'x' }).value).toBe(other);
      }),
      { numRuns: 500 },
    );
  });

  test('have defaults within their own bounds, under keys of their own', () => {
    for (const { min, max, default: standard } of SETTING_DEFINITIONS) {
      expect(standard).toBeGreaterThanOrEqual(min);
      expect(standard).toBeLessThanOrEqual(max);
    }
    expect(new Set(SETTING_DEFINITIONS.map(({ key }) => key)).size).toBe(
      SETTING_DEFINITIONS.length,
    );
  });

  test.each([
    [{ ...row('site', 'meters.fast', 100) }, /^key: .*definitions/],
    [{ ...row('device', 'limits.maxConnections', 5) }, /^scope: .*site and instance only/],
    [{ ...row('site', 'meters.fastMs', 5) }, /^value: .*whole number from 30 to 60000 \(ms\)/],
    [{ ...row('site', 'meters.fastMs', '100') }, /^value: /],
    [{ ...row('site', 'meters.fastMs', 100.5) }, /^value: /],
    [{ ...row('site', 'meters.fastMs', null) }, /^value: /],
    [{ ...row('site', 'meters.fastMs', Number.NaN) }, /^value: /],
    [{ ...row('site', 'meters.fastMs', 100), scopeId: 'x' }, /^scopeId: must be empty/],
    [{ ...row('instance', 'meters.fastMs', 100), scopeId: '03' }, /^scopeId: .*number/],
    [{ ...row('device', 'meters.fastMs', 100), scopeId: '' }, /^scopeId: .*id of a device/],
  ])('refuse %j naming field and remedy, and it has no effect', (override, words) => {
    expect(() => requireSetting(override)).toThrow(words);
  });

  test('that do not hold in the store have no effect', () => {
    const book = new SettingsBook([row('site', 'meters.fastMs', 'x'), row('site', 'gone.key', 1)]);
    expect(book.of({}).meterFastMs).toBe(100);
  });

  test('become those of a connection and of an instance; a plugin’s defaults give way to what is set', () => {
    const book = new SettingsBook([
      row('instance', 'connection.staleAfterMs', 20_000),
      row('device', 'meters.fastMs', 10_000),
      row('instance', 'limits.maxConnecting', 8),
    ]);
    const of = { instanceId: 3, deviceId: DEVICE };
    expect(book.connection(of, { staleAfterMs: 10_000, holdDownMs: 1 })).toEqual({
      connectTimeoutMs: 10_000,
      backoffFirstMs: 1_000,
      backoffMaxMs: 60_000,
      maxAttempts: 5,
      staleAfterMs: 20_000,
      holdDownMs: 1,
      meterFastMs: 10_000,
      // Never faster unwatched than watched.
      meterSlowMs: 10_000,
    });
    expect(book.limits(3)).toEqual({
      maxConnections: 4_096,
      maxConnecting: 8,
      rotationMs: 300_000,
      maxReadsPerS: 2_000,
    });
    expect(book.net(3)).toEqual({ timeoutMs: 10_000, retries: 3, requestsPerS: 50 });
    expect(book.limits(4).maxConnecting).toBe(SETTINGS.maxConnecting.default);
  });
});
