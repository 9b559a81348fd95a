import { expect, test } from 'vitest';
import type { RuleRow } from '../../actors/automation/automation.types.js';
import { ruleValues } from '../alarms/testing/edges.js';
import { checkTemplates, withWarnings } from './templates.js';

const rule = (given: Partial<RuleRow>): RuleRow => ({ id: 1, ...ruleValues(given) });

test('a rule that says names nothing fills is taken, and its answer warns of each', () => {
  const row = rule({
    text: '{{device.name}} at {{valeu}}',
    actions: [
      { type: 'journal', level: 'info', text: '{{rule}} {{severity}} {{facts.any}} {{hall}}' },
      { type: 'notify', targetId: 1, subject: '{{alarm.text}}', text: '{{labels.any}} {{what}}' },
    ],
  });
  expect(() => checkTemplates(row)).not.toThrow();
  const { warnings } = withWarnings(row);
  expect(warnings.map((text) => text.split(', it')[0])).toEqual([
    'text: nothing fills {{valeu}}',
    'actions.0.text: nothing fills {{hall}}',
    'actions.1.text: nothing fills {{what}}',
  ]);
  expect(warnings[0]).toContain('rule, alarm, source, device, value');
  expect(withWarnings(rule({ text: 'hot {{device}}' })).warnings).toEqual([]);
});

test('a template that cannot be read is refused with its field', () => {
  const refusal = (row: RuleRow): unknown => {
    try {
      checkTemplates(row);
    } catch (thrown) {
      return JSON.stringify(thrown) + String(thrown);
    }
    return undefined;
  };
  expect(refusal(rule({ text: '{{#device}} open' }))).toContain('body.text');
  const journal = { type: 'journal', level: 'info', text: '{{/no}}' } as const;
  expect(refusal(rule({ actions: [journal] }))).toContain('body.actions.0.text');
});
