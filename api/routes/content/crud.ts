import { z } from 'zod';
import { SPECS } from '../../../actors/content/specs.js';
import type { Condition, ContentStore, ContentTable } from '../../../actors/content/store.types.js';
import type { Clock } from '../../../engine/clock.js';
import { mediaUsedBy } from '../../content/removal.js';
import { CONTENT, type ContentResource } from '../../contract/content.js';
import type { Route } from '../../http/route.types.js';
import { type AnyRow, invalid, tableRoutes, type Values } from '../table-routes.js';
import { openOnly, readable } from './open-reads.js';
import { RULES, shown, targetOf } from './resources.js';

export interface ContentRoutesOptions {
  readonly content: ContentStore;
  readonly clock: Clock;
  readonly media: {
    exists(mediaId: string): Promise<boolean>;
    /** Called when a recording, a speaker or a project went: files go with it that nothing else uses. */
    removeUnused(mediaIds: Iterable<string>): Promise<void>;
  };
}

/** A project's shapes may be large. */
const MAX_BODY_BYTES = 4_194_304;

/** `/v1/<resource>` for everything a sounding site is made of: list, read, make, change, remove. */
export function contentRoutes(options: ContentRoutesOptions): readonly Route[] {
  return (Object.keys(CONTENT) as ContentResource[]).flatMap((resource) =>
    resourceRoutes(resource, options),
  );
}

function resourceRoutes(resource: ContentResource, options: ContentRoutesOptions): Route[] {
  const { content, clock, media } = options;
  return tableRoutes({
    ...CONTENT[resource],
    tag: 'content',
    rules: RULES[resource],
    table: content[resource] as unknown as ContentTable<AnyRow>,
    columns: SPECS[resource].columns,
    clock,
    secret: ['tokenHash'],
    maxBodyBytes: MAX_BODY_BYTES,
    ...(resource === 'assets' ? { finding: ASSETS } : {}),
    only: (principal) => openOnly(content, resource, principal),
    shown: (row, principal) => shown(readable(row, principal)),
    checked: async (given) => {
      await requireTargets(content, resource, given);
      const { mediaId } = given;
      if (typeof mediaId === 'string' && !(await media.exists(mediaId))) {
        throw invalid('mediaId', `there is no media "${mediaId}": bring the file first`);
      }
    },
    removing: async (id) => {
      const played = await mediaUsedBy(content, resource, id);
      // Whoever deletes a recording does not want it to be heard any more, by its address either.
      return () => media.removeUnused(played);
    },
  });
}

const idList = z
  .string()
  .regex(/^\d{1,15}(,\d{1,15})*$/, 'must be ids with commas between them')
  .transform((text) => text.split(',').map(Number));

/** More ways to find recordings. */
const ASSETS = {
  query: {
    tagIds: idList.optional(),
    tagIdsAny: idList.optional(),
    text: z.string().max(200).optional(),
    userText: z.string().max(200).optional(),
    minLengthS: z.coerce.number().optional(),
    maxLengthS: z.coerce.number().optional(),
  },
  find: (query: Readonly<Values>) => {
    const where: Condition<AnyRow>[] = [];
    for (const [name, op] of [
      ['minLengthS', '>='],
      ['maxLengthS', '<='],
    ] as const) {
      const value = query[name];
      if (typeof value === 'number') where.push({ field: 'lengthS' as 'id', op, value });
    }
    return {
      where,
      tagIdsAll: query['tagIds'],
      tagIdsAny: query['tagIdsAny'],
      text: query['text'],
      userText: query['userText'],
    };
  },
};

/** @throws EngineError `input.invalid` naming the field that refers to nothing. */
async function requireTargets(
  content: ContentStore,
  resource: ContentResource,
  values: Values,
): Promise<void> {
  for (const [field, value] of Object.entries(values)) {
    const target = targetOf(resource, field);
    if (target === undefined || value === null || value === undefined) continue;
    const ids = [...new Set(Array.isArray(value) ? (value as number[]) : [value as number])];
    if (ids.length === 0) continue;
    const found = await (content[target] as unknown as ContentTable<AnyRow>).many(ids);
    const known = new Set(found.map(({ id }) => id));
    const lost = ids.find((id) => !known.has(id));
    if (lost !== undefined) {
      throw invalid(field, `there is no ${lost} in /v1/${CONTENT[target].path}`);
    }
  }
}
