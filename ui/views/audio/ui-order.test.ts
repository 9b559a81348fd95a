import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tag, UiGroup, UiItem } from '../../data/content.js';
import { byCategory, tagLines, tagName } from './tag-names.js';
import { inOrder, parentChoices, pressed, previewOf, reindexed } from './ui-order.js';

const group = (id: number, more: Partial<UiGroup> = {}): UiGroup => ({
  id,
  projectId: 1,
  categoryId: 1,
  name: `Group ${id}`,
  mode: 'listen',
  select: 'multi',
  active: true,
  index: id,
  itemFilter: 'none',
  headerLocIds: [],
  ...more,
});
const item = (id: number, groupId: number, more: Partial<UiItem> = {}): UiItem => ({
  id,
  groupId,
  tagId: id,
  parentId: null,
  index: id,
  isDefault: false,
  active: true,
  ...more,
});
const tag = (id: number, value: string, description = ''): Tag => ({
  id,
  projectId: 1,
  categoryId: 1,
  value,
  description,
  data: '',
  filter: '',
  location: null,
  descriptionLocIds: [],
  messageLocIds: [],
});

describe('an order', () => {
  it('changes only what stands elsewhere', () => {
    const rows = [item(5, 1, { index: 1 }), item(6, 1, { index: 2 }), item(7, 1, { index: 3 })];
    expect(reindexed(rows, [6, 5, 7])).toEqual([
      [6, 1],
      [5, 2],
    ]);
    expect(reindexed(rows, [5, 6, 7])).toEqual([]);
  });

  it('of any rows is what was asked for', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(50), { minLength: 1 }),
        fc.infiniteStream(fc.nat(9)),
        (ids, indexes) => {
          const rows = ids.map((id) => ({ id, index: indexes.next().value }));
          const changes = new Map(reindexed(rows, ids));
          const after = rows.map((row) => ({ ...row, index: changes.get(row.id) ?? row.index }));
          expect(inOrder(after).map((row) => row.id)).toEqual(ids);
        },
      ),
    );
  });
});

describe('what a visitor sees', () => {
  const groups = [
    group(1),
    group(2, { select: 'single' }),
    group(3, { mode: 'speak' }),
    group(4, { active: false }),
  ];
  const items = [
    item(1, 1),
    item(2, 1, { active: false }),
    item(3, 2, { parentId: 1 }),
    item(4, 2),
    item(5, 3),
    item(6, 4),
  ];
  const tags = [1, 2, 3, 4, 5, 6].map((id) => tag(id, `tag ${id}`));
  const see = (chosen: number[]) =>
    previewOf({
      mode: 'listen',
      groups,
      items,
      tags,
      chosen: new Set(chosen),
      say: () => undefined,
    }).map((one) => [one.header, one.choices.map((choice) => choice.text)]);

  it('are active choices of active groups, and children of what is chosen', () => {
    expect(see([])).toEqual([
      ['Group 1', ['tag 1']],
      ['Group 2', ['tag 4']],
    ]);
    expect(see([1])).toEqual([
      ['Group 1', ['tag 1']],
      ['Group 2', ['tag 3', 'tag 4']],
    ]);
  });

  it('follows the rule of the group when it is pressed', () => {
    const many = [item(1, 1), item(2, 1)];
    const rule = (select: UiGroup['select'], press: number, chosen: number[]) => {
      const one = many.find((each) => each.id === press) ?? item(press, 1);
      return [...pressed(group(1, { select }), one, many, new Set(chosen))].toSorted();
    };
    expect(rule('single', 2, [1])).toEqual([2]);
    expect(rule('single', 2, [2])).toEqual([2]);
    expect(rule('multi', 2, [1])).toEqual([1, 2]);
    expect(rule('multi', 1, [1])).toEqual([]);
    expect(rule('min_one', 1, [1])).toEqual([1]);
    expect(rule('min_one', 1, [1, 2])).toEqual([2]);
  });

  it('lets a choice depend only on what comes before it', () => {
    expect(parentChoices(item(3, 2), items, groups).map((one) => one.id)).toEqual([1, 2]);
    expect(parentChoices(item(1, 1), items, groups)).toEqual([]);
    expect(parentChoices(item(9, 99), items, groups)).toEqual([]);
  });
});

describe('lines of tags', () => {
  it('become tags once each, with words where they are given', () => {
    expect(tagLines('calm\n\nwild = Wild and free\r\nCALM\nold\t Very old ', ['Old'])).toEqual([
      { value: 'calm', description: 'calm' },
      { value: 'wild', description: 'Wild and free' },
    ]);
    expect(tagLines('  \n', [])).toEqual([]);
  });

  it('have names and stand by category', () => {
    expect(tagName(tag(1, 'calm'))).toBe('calm');
    expect(tagName(tag(1, 'calm', 'Very calm'))).toBe('Very calm');
    const sorted = byCategory(
      [tag(1, 'b'), tag(2, 'a')],
      [
        { id: 1, name: 'Mood', data: '' },
        { id: 2, name: 'None', data: '' },
      ],
    );
    expect(sorted.map((one) => one.tags.map((each) => each.id))).toEqual([[2, 1]]);
  });
});
