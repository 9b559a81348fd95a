import { expect, test } from 'vitest';
import type { RuleRow } from '../../actors/automation/automation.types.js';
import type { EdgeOfRule } from '../automation/ports.js';
import { viewOf } from '../notify/facts.js';
import { fill } from '../notify/templates.js';
import { alarmText } from './alarm-text.js';
import { ruleValues } from './testing/edges.js';

const edgeOf = (rule: Partial<RuleRow>, more: Partial<EdgeOfRule> = {}): EdgeOfRule => ({
  rule: { id: 7, ...ruleValues(rule) },
  edge: {
    id: 'rule:7:tank/heat',
    ruleId: 7,
    source: 'tank/heat',
    edge: 1,
    state: 'firing',
    from: 'normal',
    atUnixMs: 0,
    kind: 'firing',
    value: 60,
    snapshot: '{}',
  },
  deviceId: 'tank',
  deviceName: 'Tank 1',
  facts: { heat: 60 },
  ...more,
});

test.each([
  '{{device}} {{device.name}} {{device.id}}',
  '{{rule}} {{rule.name}} {{rule.id}}',
  '{{source}} {{value}} {{severity}} {{state}} {{event}} {{time}}',
  '{{facts.heat}} {{labels.hall}} {{nobody}}',
  '{{#device}}at {{name}}{{/device}}',
])('%s says the same as the text of an alarm and of a notification', (text) => {
  const taken = edgeOf({ text, labels: { hall: 'north' } });
  expect(alarmText(taken)).toBe(fill(text, viewOf(taken, undefined)));
});

test('names stand for what they say, and sections of what is not there are left out', () => {
  const text = '{{device}} = {{device.name}} ({{device.id}}), {{rule}}, {{severity}}';
  expect(alarmText(edgeOf({ text }))).toBe('Tank 1 = Tank 1 (tank), Too hot, major');
  const nowhere = { deviceId: null, deviceName: null };
  expect(alarmText(edgeOf({ text: 'hot{{#device}} at {{device}}{{/device}}' }, nowhere))).toBe(
    'hot',
  );
});

test('a rule without a template says its name, the device and the value, also when that is zero', () => {
  const zero = edgeOf({});
  expect(alarmText(zero)).toBe('Too hot: Tank 1 (60)');
  expect(alarmText({ ...zero, edge: { ...zero.edge, value: 0 } })).toBe('Too hot: Tank 1 (0)');
});

test('a text that is no template is shown as it is, and a long one is cut', () => {
  expect(alarmText(edgeOf({ text: 'broken {{#device}}' }))).toBe('broken {{#device}}');
  expect(alarmText(edgeOf({ text: 'x'.repeat(3_000) }))).toHaveLength(1_000);
});
