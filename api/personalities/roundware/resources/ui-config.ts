import type { UiGroup, UiItem } from '../../../../actors/content/content.types.js';
import type { ContentStore } from '../../../../actors/content/store.types.js';

/** The listen and speak choices of a project as an app builds its pages from them, in one language. */
export async function uiConfig(
  content: ContentStore,
  projectId: number,
  languageId: number,
): Promise<object> {
  const groups = await content.uiGroups.find({
    where: [
      { field: 'projectId', op: '=', value: projectId },
      { field: 'active', op: '=', value: true },
    ],
    order: { by: 'index', direction: 'asc' },
  });
  const items = await content.uiItems.find({
    where: [
      { field: 'groupId', op: 'in', value: groups.map(({ id }) => id) },
      { field: 'active', op: '=', value: true },
    ],
    order: { by: 'index', direction: 'asc' },
  });
  const tags = new Map(
    (await content.tags.many([...new Set(items.map(({ tagId }) => tagId))])).map((tag) => [
      tag.id,
      tag,
    ]),
  );
  const categories = new Map(
    (await content.tagCategories.many(groups.map(({ categoryId }) => categoryId))).map((row) => [
      row.id,
      row.name,
    ]),
  );
  const texts = await content.texts(
    [
      ...groups.flatMap(({ headerLocIds }) => headerLocIds),
      ...[...tags.values()].flatMap(({ messageLocIds }) => messageLocIds),
    ],
    languageId,
  );
  const textOf = (ids: readonly number[] | undefined): string | null => {
    const found = ids?.find((id) => texts.has(id));
    return found === undefined ? null : (texts.get(found) ?? null);
  };
  const group = (row: UiGroup): object => ({
    select: row.select,
    group_short_name: titleCase(categories.get(row.categoryId) ?? ''),
    header_display_text: textOf(row.headerLocIds),
    uiitem_filter: row.itemFilter,
    display_items: displayed(row, items).map((item) => ({
      id: item.id,
      tag_id: item.tagId,
      parent_id: row.mode === 'listen' ? null : item.parentId,
      default_state: item.isDefault,
      tag_display_text: textOf(tags.get(item.tagId)?.messageLocIds),
    })),
  });
  const ofMode = (mode: UiGroup['mode']): readonly object[] =>
    groups.filter((row) => row.mode === mode).map(group);
  return { listen: ofMode('listen'), speak: ofMode('speak') };
}

/** Speaking keeps every item: conditional trees name a tag several times. Listening shows each tag once. */
function displayed(row: UiGroup, items: readonly UiItem[]): readonly UiItem[] {
  const own = items.filter(({ groupId }) => groupId === row.id);
  if (row.mode !== 'listen') return own;
  const seen = new Set<number>();
  return own.filter(({ tagId }) => !seen.has(tagId) && seen.add(tagId));
}

const titleCase = (name: string): string =>
  name
    .toLowerCase()
    .replace(
      /(^|[^\p{L}])(\p{L})/gu,
      (_, before: string, letter: string) => before + letter.toUpperCase(),
    );
