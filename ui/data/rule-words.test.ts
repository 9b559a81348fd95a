import { describe, expect, it } from 'vitest';
import { actionFaults, consequences, faultWords, labelLines, labelsFrom } from './rule-words.js';
import { blankRule } from './rules.js';

const names = {
  rule: (id: number) => `rule ${id}`,
  target: (id: number) => `target ${id}`,
  schedule: (id: number) => `schedule ${id}`,
  action: ({ type }: { readonly type: string }) => type,
};

describe('what a rule does, in words', () => {
  it('says what is not as usual', () => {
    expect(consequences(blankRule(), names)).toEqual([
      'It raises a warning alarm.',
      'More than 30 firings a minute stop it.',
    ]);
    const draft = {
      ...blankRule(),
      severity: 'info' as const,
      labels: { area: 'stage' },
      parentRuleId: 4,
      onError: 'firing' as const,
      maxPerMinute: 0,
      escalation: [
        { afterMs: 600_000, targetIds: [2, 3] },
        { afterMs: 300_000, severity: 'critical' as const, targetIds: [] },
      ],
    };
    expect(consequences(draft, names)).toEqual([
      'It raises an info alarm with area stage.',
      'When nobody acknowledges it for 5 min, it becomes critical.',
      'When nobody acknowledges it for 10 min, target 2 and target 3 hear of it.',
      'While “rule 4” has an alarm, nobody is told.',
      'It may fire as often as it likes.',
      'An evaluation that fails counts as firing.',
    ]);
  });

  it('says how long it fires, what it does then, and what silence means', () => {
    const draft = {
      ...blankRule(),
      scheduleId: 2,
      keepMs: 60_000,
      cooldownMs: 3_600_000,
      noData: 'firing' as const,
      noDataAfterMs: 30_000,
      actions: [
        { type: 'webhooks' as const, event: 'a' },
        { type: 'variable' as const, name: 'x', value: 1, on: 'both' as const },
        { type: 'journal' as const, level: 'info' as const, text: 'b', on: 'firing' as const },
      ],
    };
    expect(consequences(draft, names)).toEqual([
      'It raises a warning alarm.',
      'When it fires: webhooks, journal.',
      'When it fires and when it is over: variable.',
      'It watches only while schedule 2 is open.',
      'It keeps firing for 1 min.',
      'Then it rests for 1 h.',
      'Without data it fires, after 30 s.',
      'More than 30 firings a minute stop it.',
    ]);
    expect(consequences({ ...blankRule(), noDataAfterMs: 30_000 }, names)).toContain(
      'It is without data, after 30 s.',
    );
  });

  it('says that it does nothing', () => {
    expect(consequences({ ...blankRule(), severity: null }, names)[0]).toBe(
      'It raises no alarm and does nothing.',
    );
  });
});

it('labels are typed one a line', () => {
  expect(labelsFrom(['area = stage', 'team:sound'])).toEqual({
    labels: { area: 'stage', team: 'sound' },
  });
  expect(labelsFrom(['nothing'])).toHaveProperty('fault');
  expect(labelLines({ area: 'stage' })).toEqual(['area = stage']);
});

it('a fault of the server is said where people look for it', () => {
  expect(faultWords('body.actions.0.targetId')).toBe('Action 1, targetId');
  expect(faultWords('body.escalation.1.afterMs')).toBe('Escalation 2, afterMs');
  expect(faultWords('body.condition.value')).toBe('Condition, value');
  expect(faultWords('body.maxPerMinute')).toBe('Most firings a minute');
  expect(faultWords('body')).toBe('The rule');
  const fields = [
    { field: 'body.actions.1.text', message: 'too long' },
    { field: 'body.name', message: 'missing' },
  ];
  expect([...actionFaults(fields)]).toEqual([[1, { text: 'too long' }]]);
});
