import { expect, test } from 'vitest';
import type { Condition } from '../../actors/rule/rule.types.js';
import { ruleValues } from '../alarms/testing/edges.js';
import { aboutSource, FactNames } from './facts.js';

const row = { id: 'hall', name: 'Hall', 'values.temperature': 21.5, 'values.door': false };
const devices = { get: (id: string) => (id === 'hall' ? row : undefined) };
const ruleOf = (condition: Condition) => ({ id: 1, ...ruleValues({ condition }) });
const warm = ruleOf({ type: 'threshold', channel: 'hall/temperature', op: '>', value: 30 });

test('the facts of an edge have the sample that turned it, though the table has not', () => {
  expect(aboutSource(devices, warm, '', 31)).toEqual({
    deviceId: 'hall',
    deviceName: 'Hall',
    facts: { temperature: 31, door: false },
  });
  const open = ruleOf({ type: 'equals', channel: 'hall/door', value: true });
  expect(aboutSource(devices, open, '', 1).facts).toEqual({ temperature: 21.5, door: true });
  expect(aboutSource(devices, warm, '').facts).toEqual({ temperature: 21.5, door: false });
});

test('a figure of a window or an expression is no sample', () => {
  const mean = ruleOf({
    ...{ type: 'aggregate', channel: 'hall/temperature', function: 'avg', windowMs: 60_000 },
    ...{ op: '>', value: 30 },
  });
  expect(aboutSource(devices, mean, '', 30.7).facts).toEqual({ temperature: 21.5, door: false });
});

test('of a device with many values the facts are the first of its row, also when one goes and others come', () => {
  const names = new FactNames();
  const many: Record<string, unknown> & { id: string } = { id: 'hall', name: 'Hall' };
  const of = () => aboutSource({ get: () => many }, warm, 'hall/x', null, names).facts;
  for (let i = 0; i < 63; i++) many[`values.v${i}`] = i;
  expect(Object.keys(of())).toHaveLength(63);
  for (let i = 63; i < 500; i++) many[`values.v${i}`] = i;
  expect(Object.keys(of())).toEqual(Array.from({ length: 64 }, (_, i) => `v${i}`));
  many['values.v3'] = 'new';
  expect(of()['v3']).toBe('new');
  many['values.v3'] = null;
  many['values.v4'] = undefined;
  delete many['values.v5'];
  expect(Object.keys(of())).toEqual(
    Array.from({ length: 67 }, (_, i) => `v${i}`).filter((name) => !/^v[345]$/.test(name)),
  );
});
