import type { RawRoute } from '../../http/dispatch.js';
import { PREFIX } from './api.js';
import type { Call } from './ask.js';

/** `/openapi.json` with the calls of this API, and `/redoc`, which leads to the site's own pages of its calls. */
export function documents(calls: readonly Call[]): readonly RawRoute[] {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path, role } of calls) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const of = paths[PREFIX + path] ?? {};
    paths[PREFIX + path] = of;
    of[method.toLowerCase()] = {
      tags: [path.split('/')[1] ?? ''],
      parameters: names.map((name) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...(role === 'open' ? {} : { security: [{ bearer: [] }] }),
      'x-role': role,
      responses: { default: { description: 'See docs/conformance-webmacs.md.' } },
    };
  }
  const text = JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'WebMACS on Earshot', version: '1' },
    paths,
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  });
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      handler: (exchange, { headers }) => {
        exchange.send(200, { ...headers, 'content-type': 'application/json' }, text);
      },
    },
    {
      method: 'GET',
      path: '/redoc',
      handler: (exchange, { headers }) => {
        exchange.send(307, { ...headers, location: '/docs' });
      },
    },
  ];
}
