import type { Tag, UiGroup, UiItem } from '../../data/content.js';
import { tagName } from './tag-names.js';

/** Rows by their index, ties by id. */
export const inOrder = <T extends { readonly id: number; readonly index: number }>(
  rows: readonly T[],
): T[] => rows.toSorted((a, b) => a.index - b.index || a.id - b.id);

/** What has to change so that rows stand in the order of `ids`, counted from 1; rows not named keep theirs. */
export function reindexed<T extends { readonly id: number; readonly index: number }>(
  rows: readonly T[],
  ids: readonly number[],
): readonly (readonly [id: number, index: number])[] {
  const known = new Map(rows.map((row) => [row.id, row.index]));
  return ids.flatMap((id, place) => {
    const before = known.get(id);
    return before === undefined || before === place + 1 ? [] : [[id, place + 1] as const];
  });
}

/** Items that may be the parent of `item`: of groups that come before its own, in the same mode. */
export function parentChoices(
  item: UiItem,
  items: readonly UiItem[],
  groups: readonly UiGroup[],
): readonly UiItem[] {
  const own = groups.find((group) => group.id === item.groupId);
  if (!own) return [];
  const before = new Set(
    groups
      .filter((group) => group.mode === own.mode && group.id !== own.id && group.index <= own.index)
      .map((group) => group.id),
  );
  return items.filter((one) => before.has(one.groupId));
}

export interface PreviewChoice {
  readonly item: UiItem;
  readonly text: string;
  readonly chosen: boolean;
}
export interface PreviewGroup {
  readonly group: UiGroup;
  readonly header: string;
  readonly choices: readonly PreviewChoice[];
}

/**
 * What a visitor sees: active groups of a mode with their active choices; a choice with a parent only while that
 * parent is chosen. `chosen` holds the ids of chosen items.
 */
export function previewOf(options: {
  readonly mode: UiGroup['mode'];
  readonly groups: readonly UiGroup[];
  readonly items: readonly UiItem[];
  readonly tags: readonly Tag[];
  readonly chosen: ReadonlySet<number>;
  readonly say: (ids: readonly number[]) => string | undefined;
}): readonly PreviewGroup[] {
  const { mode, groups, items, tags, chosen, say } = options;
  const tagById = new Map(tags.map((tag) => [tag.id, tag]));
  return inOrder(groups.filter((group) => group.active && group.mode === mode)).flatMap((group) => {
    const choices = inOrder(
      items.filter((item) => item.groupId === group.id && item.active),
    ).flatMap((item): PreviewChoice[] => {
      if (item.parentId !== null && !chosen.has(item.parentId)) return [];
      const tag = tagById.get(item.tagId);
      if (!tag) return [];
      const text = say(tag.messageLocIds) ?? say(tag.descriptionLocIds) ?? tagName(tag);
      return [{ item, text, chosen: chosen.has(item.id) }];
    });
    if (choices.length === 0) return [];
    return [{ group, header: say(group.headerLocIds) ?? group.name, choices }];
  });
}

/** What is chosen after a press on a choice, by the rule of its group. */
export function pressed(
  group: UiGroup,
  item: UiItem,
  items: readonly UiItem[],
  chosen: ReadonlySet<number>,
): ReadonlySet<number> {
  const next = new Set(chosen);
  const own = items.filter((one) => one.groupId === group.id && one.id !== item.id);
  if (group.select === 'single') {
    for (const one of own) next.delete(one.id);
    next.add(item.id);
  } else if (!next.has(item.id)) next.add(item.id);
  else if (group.select === 'multi' || own.some((one) => next.has(one.id))) next.delete(item.id);
  return next;
}
