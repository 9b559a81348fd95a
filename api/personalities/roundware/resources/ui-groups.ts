import type { UiGroup, UiItem } from '../../../../actors/content/content.types.js';
import { UI_GROUP_DEFAULTS, UI_ITEM_DEFAULTS } from '../../../../actors/content/defaults.js';
import type { Answer, Ask, Call } from '../http/ask.js';
import { bool, choice, id, ids, int, lower, nullable, text } from '../http/codecs.js';
import { clears, type Inputs, input, required } from '../http/inputs.js';
import { by, callsOf, listOf, type Resource } from '../http/resource.js';
import { localisedFields, textsOf } from '../localise.js';
import type { Services } from '../services.js';

const MODES = ['listen', 'speak', 'browse'] as const;
const SELECTS = ['single', 'multi', 'min_one'] as const;
const place = int(-1_000_000, 1_000_000);

const GROUP_INPUTS: Inputs<UiGroup> = {
  projectId: input(['project_id', 'project'], id, required),
  categoryId: input(['tag_category_id', 'tag_category'], id, required),
  name: input('name', text(50, 1), required),
  mode: input('ui_mode', choice(MODES, lower)),
  select: input('select', choice(SELECTS, lower)),
  active: input('active', bool),
  index: input('index', place),
  itemFilter: input('uiitem_filter', choice(['none', 'random-1'], lower)),
  headerLocIds: input(['header_text_loc_ids', 'header_text_loc'], ids, clears),
};

const ITEM_INPUTS: Inputs<UiItem> = {
  groupId: input(['ui_group_id', 'ui_group'], id, required),
  tagId: input(['tag_id', 'tag'], id, required),
  parentId: input(['parent_id', 'parent'], nullable(id), clears),
  index: input('index', place),
  isDefault: input('default', bool),
  active: input('active', bool),
};

const showItem = (row: UiItem): object => ({
  id: row.id,
  index: row.index,
  default: row.isDefault,
  active: row.active,
  ui_group_id: row.groupId,
  tag_id: row.tagId,
  parent_id: row.parentId,
});

async function showGroups(
  { content }: Services,
  rows: readonly UiGroup[],
  ask: Ask,
): Promise<readonly object[]> {
  const texts = await textsOf(
    content,
    ask,
    rows.flatMap((row) => row.headerLocIds),
  );
  const items =
    rows.length === 0
      ? []
      : await content.uiItems.find({
          where: [{ field: 'groupId', op: 'in', value: rows.map((row) => row.id) }],
          order: { by: 'index', direction: 'asc' },
        });
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    ui_mode: row.mode,
    select: row.select,
    active: row.active,
    index: row.index,
    uiitem_filter: row.itemFilter,
    ...localisedFields(texts, { header_text_loc: row.headerLocIds }),
    tag_category_id: row.categoryId,
    project_id: row.projectId,
    ui_items: items.filter(({ groupId }) => groupId === row.id).map(showItem),
  }));
}

function groupResource(services: Services): Resource<UiGroup> {
  return {
    path: 'uigroups',
    table: services.content.uiGroups,
    read: 'any',
    write: 'staff',
    inputs: GROUP_INPUTS,
    filters: [
      by<UiGroup, string>('name', text(512), 'name', 'startsWith'),
      by<UiGroup, string>('ui_mode', choice(MODES, lower), 'mode'),
      by<UiGroup, number>(['tag_category_id', 'tag_category'], id, 'categoryId'),
      by<UiGroup, string>('select', choice(SELECTS, lower), 'select'),
      by<UiGroup, boolean>('active', bool, 'active'),
      by<UiGroup, number>('index', place, 'index'),
      by<UiGroup, number>(['project_id', 'project'], id, 'projectId'),
    ],
    show: (rows, ask) => showGroups(services, rows, ask),
    fresh: (values) =>
      Promise.resolve({ projectId: 0, categoryId: 0, name: '', ...UI_GROUP_DEFAULTS, ...values }),
  };
}

/** UI groups of a project. */
export function uiGroupList(services: Services, ask: Ask, projectId: number): Promise<Answer> {
  return listOf(
    {
      ...groupResource(services),
      also: () => Promise.resolve([{ field: 'projectId', op: '=', value: projectId }]),
    },
    ask,
  );
}

export function uiGroupCalls(services: Services): readonly Call[] {
  const { content } = services;
  const items: Resource<UiItem> = {
    path: 'uiitems',
    table: content.uiItems,
    read: 'any',
    write: 'staff',
    inputs: ITEM_INPUTS,
    filters: [
      by<UiItem, number>(['ui_group_id', 'ui_group'], id, 'groupId'),
      by<UiItem, number>(['tag_id', 'tag'], id, 'tagId'),
      by<UiItem, number>(['parent_id', 'parent'], id, 'parentId'),
      by<UiItem, number>('index', place, 'index'),
      by<UiItem, boolean>('default', bool, 'isDefault'),
      by<UiItem, boolean>('active', bool, 'active'),
    ],
    also: async (ask) => {
      const projectId = ask.query.read(id, 'project_id', 'project');
      if (projectId === undefined) return [];
      const groups = await content.uiGroups.find({
        where: [{ field: 'projectId', op: '=', value: projectId }],
      });
      return [{ field: 'groupId', op: 'in', value: groups.map((group) => group.id) }];
    },
    show: (rows) => Promise.resolve(rows.map(showItem)),
    fresh: (values) => Promise.resolve({ groupId: 0, tagId: 0, ...UI_ITEM_DEFAULTS, ...values }),
  };
  return [...callsOf(groupResource(services)), ...callsOf(items)];
}
