import { expect, it } from 'vitest';
import { changeWords, faultPlace, tableWord } from './configuration.js';

it('a change of a configuration is said in words', () => {
  expect(changeWords([{ kind: 'added' }, { kind: 'removed' }, { kind: 'added' }])).toBe(
    '2 added, 1 removed',
  );
  expect(tableWord('rules')).toBe('Rules');
  expect(tableWord('routes')).toBe('Routes of alarms');
});

it('a fault of a configuration has a table, a row and a field', () => {
  expect(faultPlace('rules/7/actions.0.targetId')).toEqual({
    where: 'Rules, 7',
    field: 'actions.0.targetId',
  });
  expect(faultPlace('body.tables')).toEqual({ where: '', field: 'body.tables' });
});
