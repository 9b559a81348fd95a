/** One choice of a group; `parentId` names the item that must be chosen before this one is offered. */
export interface ChoiceItem {
  readonly id: number;
  readonly tagId: number;
  readonly parentId: number | null;
  readonly text: string | null;
  readonly isDefault: boolean;
}

export interface ChoiceGroup {
  readonly id: number;
  readonly name: string;
  readonly header: string | null;
  /** `single`: one of them; `multi`: any number; `min_one`: any number but none. */
  readonly select: 'single' | 'multi' | 'min_one';
  readonly items: readonly ChoiceItem[];
}

/** Ids of chosen items, over all groups. */
export type Chosen = ReadonlySet<number>;

/** Parents may be in another group: an answer opens the next question. */
function parents(groups: readonly ChoiceGroup[]): ReadonlyMap<number, ChoiceItem> {
  return new Map(groups.flatMap((group) => group.items.map((item) => [item.id, item] as const)));
}

function offered(
  item: ChoiceItem,
  chosen: Chosen,
  all: ReadonlyMap<number, ChoiceItem>,
  depth = 0,
): boolean {
  if (item.parentId === null) return true;
  const parent = all.get(item.parentId);
  // A parent that was removed no longer hides anything; a circle of parents hides itself.
  if (parent === undefined) return true;
  if (depth > all.size) return false;
  return chosen.has(parent.id) && offered(parent, chosen, all, depth + 1);
}

/** Items that can be chosen now. */
export function offeredItems(
  group: ChoiceGroup,
  chosen: Chosen,
  groups: readonly ChoiceGroup[],
): readonly ChoiceItem[] {
  const all = parents(groups);
  return group.items.filter((item) => offered(item, chosen, all));
}

/** Without choices whose parent is not chosen any more. */
function pruned(chosen: ReadonlySet<number>, groups: readonly ChoiceGroup[]): Set<number> {
  const all = parents(groups);
  const kept = new Set<number>();
  for (const id of chosen) {
    const item = all.get(id);
    if (item !== undefined && offered(item, chosen, all)) kept.add(id);
  }
  return kept;
}

/** A group that must have an answer gets its first offered item when it has none. */
function completed(chosen: Set<number>, groups: readonly ChoiceGroup[]): Set<number> {
  for (const group of groups) {
    if (group.select !== 'min_one') continue;
    const items = offeredItems(group, chosen, groups);
    const first = items[0];
    if (first !== undefined && !items.some((item) => chosen.has(item.id))) chosen.add(first.id);
  }
  return chosen;
}

/** What is chosen before anybody chose: the defaults, and of `single` only the first of them. */
export function defaultChoice(groups: readonly ChoiceGroup[]): Set<number> {
  const chosen = new Set<number>();
  for (const group of groups) {
    const defaults = group.items.filter((item) => item.isDefault);
    for (const item of group.select === 'single' ? defaults.slice(0, 1) : defaults) {
      chosen.add(item.id);
    }
  }
  return pruned(chosen, groups);
}

/** As `defaultChoice`, and groups that must not be empty are not: what a listener begins with. */
export function listenChoice(groups: readonly ChoiceGroup[]): Set<number> {
  return completed(defaultChoice(groups), groups);
}

/**
 * The choice after a press on `itemId`. `single` takes the new one (a second press takes it back where
 * `mayBeEmpty`); the last of `min_one` stays; children of what was given up go with it.
 */
export function toggled(
  groups: readonly ChoiceGroup[],
  chosen: Chosen,
  itemId: number,
  mayBeEmpty = false,
): Set<number> {
  const group = groups.find((one) => one.items.some((item) => item.id === itemId));
  if (group === undefined) return new Set(chosen);
  const next = new Set(chosen);
  if (next.has(itemId)) {
    const others = group.items.some((item) => item.id !== itemId && next.has(item.id));
    if (group.select === 'multi' || others || mayBeEmpty) next.delete(itemId);
  } else {
    if (group.select === 'single') for (const item of group.items) next.delete(item.id);
    next.add(itemId);
  }
  return pruned(next, groups);
}

/** Groups that still want an answer before a contribution can be sent. */
export function unanswered(groups: readonly ChoiceGroup[], chosen: Chosen): readonly ChoiceGroup[] {
  return groups.filter((group) => {
    if (group.select === 'multi') return false;
    const items = offeredItems(group, chosen, groups);
    return items.length > 0 && !items.some((item) => chosen.has(item.id));
  });
}

/** Tags of the chosen items, each once, ascending. */
export function tagIdsOf(groups: readonly ChoiceGroup[], chosen: Chosen): readonly number[] {
  const ids = new Set<number>();
  for (const group of groups) {
    for (const item of group.items) if (chosen.has(item.id)) ids.add(item.tagId);
  }
  return [...ids].sort((a, b) => a - b);
}

/** The choice that has these tags, as far as the groups know them. */
export function choiceOf(groups: readonly ChoiceGroup[], tagIds: readonly number[]): Set<number> {
  const chosen = new Set<number>();
  for (const group of groups) {
    const matching = group.items.filter((item) => tagIds.includes(item.tagId));
    for (const item of group.select === 'single' ? matching.slice(0, 1) : matching) {
      chosen.add(item.id);
    }
  }
  return completed(pruned(chosen, groups), groups);
}
