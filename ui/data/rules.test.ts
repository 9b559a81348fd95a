import { describe, expect, it } from 'vitest';
import {
  blankRule,
  CONDITION_WORDS,
  type Condition,
  conditionOf,
  draftFaults,
  levelsOf,
  type Said,
  sentence,
  watchedChannel,
} from './rules.js';

describe('a rule in words', () => {
  it('is a plain sentence', () => {
    const condition = { type: 'threshold', channel: 'tank/temp', op: '>', value: 20 } as const;
    expect(sentence({ condition, holdMs: 600_000 })).toBe('When tank/temp is above 20 for 10 min');
    expect(sentence({ condition: conditionOf('aggregate', condition), holdMs: 0 })).toBe(
      'When the average of tank/temp over 5 min is above 20',
    );
  });

  it('says how often, for each of which channels, and where it is over', () => {
    const channel = 'a/b';
    const of = (condition: Condition, more: Partial<Said> = {}) =>
      sentence({ condition, holdMs: 0, ...more });
    expect(
      of(
        { type: 'threshold', channel: '@', op: '<=', value: 20, clear: 22 },
        { inARow: 3, holdMs: 60_000, each: ['*/battery', 'x/y'] },
      ),
    ).toBe(
      'For each of */battery, x/y: when @ is at or below 20 for 1 min, 3 times in a row, until it is back at 22',
    );
    expect(of({ type: 'range', channel, low: 0, high: 9, when: 'outside', hysteresis: 1 })).toBe(
      'When a/b is outside 0 to 9, until it is 1 inside again',
    );
    expect(of({ type: 'equals', channel, value: 5, tolerance: 0.5, negate: true })).toBe(
      'When a/b is not 5, give or take 0.5',
    );
    expect(of({ type: 'rate', channel, overMs: 1_000, op: '>', perSecond: 2, clear: 1 })).toBe(
      'When a/b changes by above 2 a second over 1 s, until it is back at 1 a second',
    );
    expect(of({ type: 'expression', text: '[a/b] > 3', clear: '[a/b] < 1' })).toBe(
      'When [a/b] > 3, until [a/b] < 1',
    );
    expect(of({ type: 'no-data', channel, afterMs: 60_000 }, { holdMs: 5_000 })).toBe(
      'When a/b says nothing for 1 min, and still for 5 s',
    );
    expect(
      sentence({ condition: { type: 'schedule', scheduleId: 2 }, holdMs: 0 }, () => 'Nights'),
    ).toBe('While Nights is open');
  });

  it('can be read before a channel is chosen', () => {
    expect(sentence(blankRule())).toBe('When a channel is above 0');
  });

  it('has a sentence for every kind of condition', () => {
    for (const { value } of CONDITION_WORDS) {
      expect(sentence({ condition: conditionOf(value), holdMs: 0 })).toMatch(/^Wh(en|ile) /);
    }
  });
});

describe('a draft of a rule', () => {
  it('keeps channel and limit when its kind changes', () => {
    const before = { type: 'threshold', channel: 'a/b', op: '<', value: 5 } as const;
    expect(conditionOf('aggregate', before)).toMatchObject({ channel: 'a/b', op: '<', value: 5 });
    expect(conditionOf('no-data', before)).toMatchObject({ channel: 'a/b' });
  });

  it('says what is missing', () => {
    expect(Object.keys(draftFaults(blankRule()))).toEqual(['name', 'channel']);
    const named = { ...blankRule(), name: 'x' };
    expect(draftFaults({ ...named, condition: conditionOf('schedule') })).toHaveProperty(
      'scheduleId',
    );
    expect(draftFaults({ ...named, condition: conditionOf('expression') })).toHaveProperty('text');
  });

  it('knows the channel behind @', () => {
    const of = (channel: string) =>
      conditionOf('no-data', { type: 'no-data', channel, afterMs: 1 });
    expect(watchedChannel(of('@'), 'rx/battery')).toBe('rx/battery');
    expect(watchedChannel(of('@/rf'), 'rx/battery')).toBe('rx/rf');
    expect(watchedChannel(of('@'), '')).toBeUndefined();
    expect(watchedChannel(of('tank/temp'), '')).toBe('tank/temp');
  });

  it('has levels for the chart', () => {
    expect(levelsOf({ type: 'threshold', channel: 'a/b', op: '>', value: 5, clear: 4 })).toEqual([
      5, 4,
    ]);
    expect(levelsOf(conditionOf('expression'))).toEqual([]);
  });
});
