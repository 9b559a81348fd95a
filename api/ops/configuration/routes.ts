import { z } from 'zod';
import {
  configurationApplied,
  configurationDiff,
  configurationDiffQuery,
  configurationVersions,
} from '../../contract/configuration.js';
import { InvalidRequest } from '../../http/problem.js';
import { Reply, type Route, route } from '../../http/route.types.js';
import type { ConfigurationBook } from './book.js';
import type { ConfigurationVersions } from './versions.js';

const MAX_BODY_BYTES = 8_388_608;
const common = { tag: 'site', access: 'admin' } as const;
const taken = { ...common, bodyType: 'bytes', maxBodyBytes: MAX_BODY_BYTES } as const;

/** `/v1/configuration`: what makes this site, as YAML. */
export function configurationRoutes(
  book: ConfigurationBook,
  versions: ConfigurationVersions,
): readonly Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: '/v1/configuration',
      summary: 'Rules, targets, dashboards, places … as YAML; without secrets, content and history',
      handler: async () => yaml(await book.text()),
    }),
    route({
      ...taken,
      method: 'POST',
      path: '/v1/configuration/diff',
      summary:
        'What a configuration (YAML) would change here, or how it differs from a version; changes nothing',
      changes: false,
      query: configurationDiffQuery,
      response: configurationDiff,
      handler: async ({ body, query: { against } }) =>
        against === undefined
          ? await book.diff(textOf(body))
          : book.compare(await versions.text(against), textOf(body)),
    }),
    route({
      ...taken,
      method: 'POST',
      path: '/v1/configuration/apply',
      summary: 'Make the site as a configuration (YAML) says: all of it or nothing',
      response: configurationApplied,
      handler: async ({ body, principal, audit }) => {
        const done = await book.apply(textOf(body), principal.name);
        audit({ subject: 'configuration', after: done });
        return done;
      },
    }),
    route({
      ...common,
      method: 'GET',
      path: '/v1/configuration/versions',
      summary: 'Configurations before each change by apply: the newest 50',
      response: configurationVersions,
      handler: async () => ({ items: [...(await versions.list())] }),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/v1/configuration/versions/{id}',
      summary: 'A configuration as it was, to look at or apply again',
      params: z.object({ id: z.string().min(1).max(64) }),
      handler: async ({ params: { id } }) => yaml(await versions.text(id)),
    }),
  ];
}

const yaml = (text: string): Reply =>
  new Reply({
    headers: { 'content-type': 'application/yaml; charset=utf-8', 'cache-control': 'no-store' },
    body: text,
  });

function textOf(body: unknown): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body as Uint8Array);
  } catch {
    throw new InvalidRequest([{ field: 'body', message: 'is no text in UTF-8' }]);
  }
}
