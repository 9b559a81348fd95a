import type { AuditRow } from '../../actors/automation/automation.types.js';
import type { Condition, ContentTable } from '../../actors/content/store.types.js';
import { auditAnswer, auditQuery } from '../contract/ops.js';
import { Reply, type Route, route } from '../http/route.types.js';

/** `GET /v1/audit`: who changed what. */
export function auditRoutes(table: ContentTable<AuditRow>): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/audit',
      summary: 'Who changed what, newest first',
      tag: 'site',
      access: 'admin',
      query: auditQuery,
      response: auditAnswer,
      handler: async ({ query: { by, subject, action, text, from, to, offset, limit } }) => {
        const where: Condition<AuditRow>[] = [];
        if (by !== undefined) where.push({ field: 'by', op: '=', value: by });
        if (subject !== undefined)
          where.push({ field: 'subject', op: 'startsWith', value: subject });
        if (action !== undefined) where.push({ field: 'action', op: 'contains', value: action });
        if (text !== undefined) where.push({ field: 'text', op: 'contains', value: text });
        if (from !== undefined) where.push({ field: 'atUnixMs', op: '>=', value: from });
        if (to !== undefined) where.push({ field: 'atUnixMs', op: '<', value: to });
        const [rows, total] = await Promise.all([
          table.find({ where, order: { by: 'id', direction: 'desc' }, offset, limit }),
          table.count({ where }),
        ]);
        const items = rows.map(({ text: _, ...entry }) => entry);
        return new Reply({
          headers: { 'cache-control': 'no-store' },
          body: { total, offset, limit, items },
        });
      },
    }),
  ];
}
