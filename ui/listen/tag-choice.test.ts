import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChoiceGroup,
  choiceOf,
  defaultChoice,
  listenChoice,
  offeredItems,
  tagIdsOf,
  toggled,
  unanswered,
} from './tag-choice.js';

const item = (id: number, extra: Partial<ChoiceGroup['items'][number]> = {}) => ({
  id,
  tagId: id * 10,
  parentId: null,
  text: `Item ${id}`,
  isDefault: false,
  ...extra,
});
const group = (
  id: number,
  select: ChoiceGroup['select'],
  items: ChoiceGroup['items'],
): ChoiceGroup => ({ id, name: `G${id}`, header: null, select, items });

const groups = [
  group(1, 'single', [item(1), item(2, { isDefault: true }), item(3, { isDefault: true })]),
  group(2, 'multi', [item(4, { isDefault: true }), item(5)]),
  group(3, 'min_one', [
    item(6, { parentId: 2 }),
    item(7, { parentId: 2 }),
    item(8, { parentId: 1 }),
  ]),
];

describe('the choice of tags', () => {
  it('begins with the defaults, one of them where only one may be', () => {
    expect([...defaultChoice(groups)]).toEqual([2, 4]);
  });

  it('fills a group that must not be empty when somebody listens', () => {
    expect([...listenChoice(groups)]).toEqual([2, 4, 6]);
  });

  it('replaces the one of a single group, and takes it back only where it may be empty', () => {
    const one = toggled(groups, new Set([2]), 1);
    expect([...one]).toEqual([1]);
    expect([...toggled(groups, one, 1)]).toEqual([1]);
    expect([...toggled(groups, one, 1, true)]).toEqual([]);
  });

  it('keeps the last one of a group that wants at least one', () => {
    const both = toggled(groups, new Set([2, 6]), 7);
    expect([...both]).toEqual([2, 6, 7]);
    const last = toggled(groups, both, 6);
    expect([...last]).toEqual([2, 7]);
    expect([...toggled(groups, last, 7)]).toEqual([2, 7]);
  });

  it('offers children only while their parent is chosen, and gives them up with it', () => {
    const third = groups[2];
    if (!third) throw new Error('no group');
    expect(offeredItems(third, new Set([2]), groups).map(({ id }) => id)).toEqual([6, 7]);
    expect(offeredItems(third, new Set([1]), groups).map(({ id }) => id)).toEqual([8]);
    expect([...toggled(groups, new Set([2, 6]), 1)]).toEqual([1]);
  });

  it('names the groups that still want an answer, and not those that offer none', () => {
    expect(unanswered(groups, new Set()).map(({ id }) => id)).toEqual([1]);
    expect(unanswered(groups, new Set([2])).map(({ id }) => id)).toEqual([3]);
    expect(unanswered(groups, new Set([3])).map(({ id }) => id)).toEqual([]);
  });

  it('does not hang on items that are each other’s parents', () => {
    const circle = [group(1, 'multi', [item(1, { parentId: 2 }), item(2, { parentId: 1 })])];
    expect([...toggled(circle, new Set([2]), 1)]).toEqual([]);
  });

  it('comes back from its tags', () => {
    expect([...choiceOf(groups, [10, 50, 80])]).toEqual([1, 5, 8]);
    expect(tagIdsOf(groups, choiceOf(groups, [10, 50, 80]))).toEqual([10, 50, 80]);
    expect([...choiceOf(groups, [999])]).toEqual([]);
  });

  it('holds its rules after any presses', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 30 }), (presses) => {
        let chosen = listenChoice(groups);
        for (const press of presses) {
          const third = groups[2];
          const before = third ? offeredItems(third, chosen, groups).map(({ id }) => id) : [];
          // Only what is on the screen can be pressed.
          if (press >= 6 && !before.includes(press)) continue;
          chosen = toggled(groups, chosen, press);
          expect([1, 2, 3].filter((id) => chosen.has(id)).length).toBe(1);
          for (const one of groups) {
            const on = offeredItems(one, chosen, groups).map(({ id }) => id);
            for (const { id } of one.items) if (chosen.has(id)) expect(on).toContain(id);
          }
        }
      }),
    );
  });
});
