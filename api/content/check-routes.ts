import { z } from 'zod';
import { type Route, route } from '../http/route.types.js';
import { type Checks, checkReport } from './checks.js';

const HOUR_MS = 3_600_000;

/** `/v1/checks`: missing files, unreadable media, unused binaries. */
export function checkRoutes(checks: Checks): readonly Route[] {
  const common = { tag: 'checks', access: 'operator', timeLimitMs: HOUR_MS } as const;
  return [
    route({
      ...common,
      method: 'GET',
      path: '/v1/checks',
      summary:
        'What is missing, unreadable or unused among the media, and what a repair would do; `deep=true` decodes each',
      query: z.object({ deep: z.stringbool().default(false) }),
      response: checkReport,
      handler: async ({ query: { deep }, signal }) =>
        await checks.run({ deep, repair: false, signal }),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/checks/repair',
      summary: 'Do what the check says about each finding',
      body: z.strictObject({ deep: z.boolean().default(false) }).default({ deep: false }),
      response: checkReport,
      handler: async ({ body: { deep }, signal }) =>
        await checks.run({ deep, repair: true, signal }),
    }),
  ];
}
