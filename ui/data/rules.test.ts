import { describe, expect, it } from 'vitest';
import {
  blankRule,
  CONDITION_WORDS,
  conditionOf,
  draftFaults,
  levelsOf,
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
