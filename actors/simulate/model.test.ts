import { expect, test } from 'vitest';
import { DeviceModel } from './model.js';
import { readCount, readFlag, readKind, readUrl } from './questions.js';

const model = (index: number, wave: 'random' | 'linear' | 'sine' = 'random') =>
  new DeviceModel({ serial: '0001', index, wave, max: 100 }, 0.25);

test('a dump has what the first server needs, with underscores but for three', () => {
  const dump = model(0).dump(0.3, '2026-01-01T00:00:00.000Z');
  expect(Object.keys(dump)).toEqual(
    expect.arrayContaining([
      '_power_income',
      '_power_inject',
      '_power_consumption',
      '_battery',
      '_local_time',
      '_software_version',
      '_country',
      '_postcode',
      'solmate_version',
      'pv_connectors',
      'serial_number',
    ]),
  );
});

test('other kinds of devices bring parameters of their own', () => {
  expect(model(7).dump(0.3, '')).toHaveProperty('_rf_level');
  expect(model(9).dump(0.3, '')).toHaveProperty('_temperature_c');
});

test('updates carry one to three plain values within the maximum', () => {
  for (const wave of ['random', 'linear', 'sine'] as const) {
    const device = model(0, wave);
    for (let i = 0; i < 200; i++) {
      const fields = device.update((i * 0.37) % 1);
      const names = Object.keys(fields);
      expect(names.length).toBeGreaterThanOrEqual(1);
      expect(names.length).toBeLessThanOrEqual(3);
      for (const value of Object.values(fields)) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(100);
      }
    }
  }
});

test('a setting is reported from then on', () => {
  const device = model(0);
  expect(device.set('battery', 42)).toEqual({ battery: 42 });
  const seen = Array.from({ length: 20 }, (_, i) => device.update((i * 0.3) % 1));
  expect(seen.flatMap((fields) => fields['battery'] ?? []).every((value) => value === 42)).toBe(
    true,
  );
});

test('what is typed is understood or asked again', () => {
  expect(readUrl('http://host:8080')).toBe('ws://host:8080/update/');
  expect(readUrl('wss://host/old/update/')).toBe('wss://host/old/update/');
  expect(readUrl('host')).toBeUndefined();
  expect(readCount('0')).toBeUndefined();
  expect(readCount('300')).toBe(300);
  expect(readKind('SINE')).toBe('sine');
  expect(readFlag('n')).toBe(false);
  expect(readFlag('perhaps')).toBeUndefined();
});
