import type {
  Tag,
  TagCategory,
  TagRelationship,
} from '../../../../actors/content/content.types.js';
import { TAG_DEFAULTS } from '../../../../actors/content/defaults.js';
import type { Answer, Ask, Call } from '../http/ask.js';
import {
  blankable,
  choice,
  id,
  ids,
  multiPolygon,
  multiPolygonOf,
  nullable,
  text,
} from '../http/codecs.js';
import { clears, type Inputs, input, required } from '../http/inputs.js';
import { bad } from '../http/refusal.js';
import { by, callsOf, listOf, type Resource } from '../http/resource.js';
import { localisedFields, textsOf } from '../localise.js';
import type { Services } from '../services.js';

const TAG_INPUTS: Inputs<Tag> = {
  projectId: input(['project_id', 'project'], id, required),
  categoryId: input(['tag_category_id', 'tag_category'], id, required),
  value: input('value', text(1_024, 1), required),
  description: input('description', blankable(4_096), clears),
  data: input('data', blankable(65_536), clears),
  filter: input(
    'filter',
    (raw) => choice(['', '_within_10km', '_ten_most_recent_days'])(raw === null ? '' : raw),
    clears,
  ),
  location: input('location', nullable(multiPolygon), clears),
  descriptionLocIds: input(['description_loc_ids', 'loc_description_ids'], ids, clears),
  messageLocIds: input(['msg_loc_ids', 'loc_msg_ids'], ids, clears),
};

const plain = text(4_096);

async function showTags(
  { content }: Services,
  rows: readonly Tag[],
  ask: Ask,
): Promise<readonly object[]> {
  const localised = (row: Tag) => ({
    description_loc: row.descriptionLocIds,
    msg_loc: row.messageLocIds,
  });
  const texts = await textsOf(
    content,
    ask,
    rows.flatMap((row) => Object.values(localised(row)).flat()),
  );
  const relationships =
    rows.length === 0
      ? []
      : await content.tagRelationships.find({
          where: [{ field: 'tagId', op: 'in', value: rows.map((row) => row.id) }],
        });
  return rows.map((row) => ({
    id: row.id,
    value: row.value,
    description: row.description,
    data: row.data,
    filter: row.filter,
    location: row.location === null ? null : multiPolygonOf(row.location),
    project_id: row.projectId,
    tag_category_id: row.categoryId,
    ...localisedFields(texts, localised(row)),
    relationships: relationships.filter(({ tagId }) => tagId === row.id).map(showRelationship),
  }));
}

const showRelationship = (row: TagRelationship): object => ({
  id: row.id,
  tag_id: row.tagId,
  parent_id: row.parentId,
});

function tagResource(services: Services): Resource<Tag> {
  return {
    path: 'tags',
    table: services.content.tags,
    read: 'any',
    write: 'staff',
    inputs: TAG_INPUTS,
    filters: [
      by<Tag, string>('description', plain, 'description', 'contains'),
      by<Tag, string>('data', plain, 'data', 'contains'),
      by<Tag, number>(['project_id', 'project'], id, 'projectId'),
    ],
    show: (rows, ask) => showTags(services, rows, ask),
    fresh: (values) =>
      Promise.resolve({ projectId: 0, categoryId: 0, value: '', ...TAG_DEFAULTS, ...values }),
  };
}

/** Tags of a project. */
export function tagList(services: Services, ask: Ask, projectId: number): Promise<Answer> {
  const resource = tagResource(services);
  return listOf(
    {
      ...resource,
      also: () => Promise.resolve([{ field: 'projectId', op: '=', value: projectId }]),
    },
    ask,
  );
}

export function tagCalls(services: Services): readonly Call[] {
  const { content } = services;
  const categories: Resource<TagCategory> = {
    path: 'tagcategories',
    table: content.tagCategories,
    read: 'any',
    write: 'staff',
    inputs: {
      name: input('name', text(50, 1), required),
      data: input('data', blankable(65_536), clears),
    },
    filters: [by<TagCategory, string>('name', plain, 'name')],
    show: (rows) =>
      Promise.resolve(rows.map(({ id: number, name, data }) => ({ id: number, name, data }))),
    fresh: (values) => Promise.resolve({ name: '', data: '', ...values }),
  };
  const relationships: Resource<TagRelationship> = {
    path: 'tagrelationships',
    table: content.tagRelationships,
    read: 'any',
    write: 'staff',
    inputs: {
      tagId: input(['tag_id', 'tag'], id, required),
      parentId: input(['parent_id', 'parent'], nullable(id), clears),
    },
    filters: [
      by<TagRelationship, number>(['tag_id', 'tag'], id, 'tagId'),
      by<TagRelationship, number>(['parent_id', 'parent'], id, 'parentId'),
    ],
    show: (rows) => Promise.resolve(rows.map(showRelationship)),
    fresh: (values) => Promise.resolve({ tagId: 0, parentId: null, ...values }),
  };
  return [
    {
      method: 'DELETE',
      path: 'tags',
      access: 'staff',
      run: () => Promise.reject(bad('Name one: DELETE /api/2/tags/<id>/.')),
    },
    ...callsOf(tagResource(services)),
    ...callsOf(categories),
    ...callsOf(relationships),
  ];
}
