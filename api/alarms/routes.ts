import { z } from 'zod';
import type { AlarmEvent } from '../../actors/alarm/alarm.machine.js';
import type { AlarmRow } from '../../actors/automation/automation.types.js';
import type { Condition } from '../../actors/content/store.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { SeriesReader } from '../../engine/series/series.types.js';
import * as contract from '../contract/alarms.js';
import { type Principal, type Route, route } from '../http/route.types.js';
import { invalid } from '../routes/table-routes.js';
import { isOverdue, OVERDUE_AFTER_MS } from './live-rows.js';
import { preferenceRoutes } from './preference-routes.js';
import type { AlarmService } from './service.js';
import { tableResources } from './tables.js';

export interface AlarmRoutesOptions {
  readonly service: AlarmService;
  readonly store: Pick<SiteStore, 'control' | 'automation'>;
  readonly reader: Pick<SeriesReader, 'events'>;
  readonly clock: Clock;
}

const tag = 'alarms';
const params = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });
/** Comments that are answered, the newest; of the history likewise. */
const MOST = 1_000;

/** Everything of the alarm desk. */
export function alarmRoutes(options: AlarmRoutesOptions): Route[] {
  return [
    listRoute(options),
    // Before `/v1/alarms/{id}`.
    actionsRoute(options),
    oneRoute(options),
    historyRoute(options),
    commentRoute(options),
    ...tableResources(options),
    ...preferenceRoutes(options),
  ];
}

function listRoute(options: AlarmRoutesOptions): Route {
  const { alarms } = options.store.automation;
  return route({
    method: 'GET',
    path: '/v1/alarms',
    summary: 'List alarms, the newest first, also those that are over',
    tag,
    access: 'viewer',
    query: contract.alarmQuery,
    response: z.object({
      total: z.int(),
      offset: z.int(),
      limit: z.int(),
      items: z.array(contract.alarm),
    }),
    handler: async ({ query, principal }) => {
      const { offset, limit } = query;
      const where = conditionsOf(options, query, principal);
      const [items, total] = await Promise.all([
        alarms.find({ where, offset, limit, order: { by: 'raisedAtUnixMs', direction: 'desc' } }),
        alarms.count({ where }),
      ]);
      return { total, offset, limit, items: items.map((row) => shown(options, row)) };
    },
  });
}

function conditionsOf(
  { service, clock }: AlarmRoutesOptions,
  query: z.output<typeof contract.alarmQuery>,
  principal: Principal,
): Condition<AlarmRow>[] {
  const where: Condition<AlarmRow>[] = [];
  const { active, acknowledged, overdue } = query;
  if (active !== undefined) where.push({ field: 'clearedAtUnixMs', op: 'isNull', value: active });
  if (acknowledged !== undefined) {
    where.push({ field: 'acknowledgedAtUnixMs', op: 'isNull', value: !acknowledged });
  }
  if (overdue === true) {
    where.push(
      { field: 'clearedAtUnixMs', op: 'isNull', value: true },
      { field: 'acknowledgedAtUnixMs', op: 'isNull', value: true },
      { field: 'raisedAtUnixMs', op: '<=', value: clock.nowMs() - OVERDUE_AFTER_MS },
    );
  }
  for (const field of ['severity', 'type', 'ruleId', 'deviceId', 'assignedTo'] as const) {
    const value = query[field];
    if (value !== undefined) where.push({ field, op: '=', value });
  }
  if (query.text !== undefined) where.push({ field: 'text', op: 'contains', value: query.text });
  if (query.from !== undefined) {
    where.push({ field: 'raisedAtUnixMs', op: '>=', value: query.from });
  }
  if (query.to !== undefined) where.push({ field: 'raisedAtUnixMs', op: '<', value: query.to });
  if (query.mine === true) {
    const own = service.preferences.of(principal.id);
    where.push(
      own === undefined || own.method === 'none'
        ? { field: 'assignedTo', op: '=', value: principal.name }
        : { field: 'type', op: 'in', value: own.types },
    );
  }
  return where;
}

function oneRoute(options: AlarmRoutesOptions): Route {
  return route({
    method: 'GET',
    path: '/v1/alarms/{id}',
    summary: 'Read an alarm with its comments',
    tag,
    access: 'viewer',
    params,
    response: contract.alarm.omit({ comments: true }).extend({
      comments: z.array(contract.alarmComment),
    }),
    handler: async ({ params: { id } }) => {
      const row = await required(options, id);
      const comments = await options.store.automation.alarmComments.find({
        where: [{ field: 'alarmId', op: '=', value: id }],
        order: { by: 'id', direction: 'desc' },
        limit: MOST,
      });
      return {
        ...shown(options, row),
        comments: comments
          .toReversed()
          .map(({ id: commentId, atUnixMs, by, text }) => ({ id: commentId, atUnixMs, by, text })),
      };
    },
  });
}

function historyRoute(options: AlarmRoutesOptions): Route {
  return route({
    method: 'GET',
    path: '/v1/alarms/{id}/history',
    summary: 'Every change of an alarm, the newest first',
    tag,
    access: 'viewer',
    params,
    response: z.object({ items: z.array(contract.alarmEvent) }),
    handler: async ({ params: { id } }) => {
      const { raisedAtUnixMs } = await required(options, id);
      const events = await options.reader.events({
        subject: String(id),
        // Clocks differ, and what raised it may have been told late.
        fromUnixMs: Math.max(0, raisedAtUnixMs - 86_400_000),
        toUnixMs: options.clock.nowMs() + 86_400_000,
        limit: MOST,
      });
      return {
        items: events
          .filter(({ kind }) => kind.startsWith('alarm.'))
          .map(({ atUnixMs, kind, detail }) => ({ atUnixMs, kind, detail })),
      };
    },
  });
}

function commentRoute(options: AlarmRoutesOptions): Route {
  return route({
    method: 'POST',
    path: '/v1/alarms/{id}/comments',
    summary: 'Say something about an alarm',
    tag,
    access: 'operator',
    params,
    body: contract.commentMake,
    response: contract.alarmComment,
    status: 201,
    handler: async ({ params: { id }, body: { text }, principal }) => {
      await required(options, id);
      const atUnixMs = options.clock.nowMs();
      const made: { id: number }[] = [];
      await options.service.desk.move(
        [id],
        () => ({ type: 'commented', atUnixMs, by: principal.name }),
        async (scope) => {
          const comment = { alarmId: id, atUnixMs, by: principal.name, text };
          made.push(
            ...(await options.store.automation.alarmComments.createManyIn(scope, [comment])),
          );
        },
        { by: principal.name, comment: text },
      );
      return { id: made[0]?.id ?? 0, atUnixMs, by: principal.name, text };
    },
  });
}

function actionsRoute(options: AlarmRoutesOptions): Route {
  const { service, clock, store } = options;
  return route({
    method: 'POST',
    path: '/v1/alarms/actions',
    summary: 'Acknowledge, assign, shelve or clear up to 1,000 alarms at once',
    tag,
    access: 'operator',
    body: contract.alarmActions,
    response: contract.alarmActionsResult,
    handler: async ({ body, principal }) => {
      const atUnixMs = clock.nowMs();
      const by = principal.name;
      const event = eventOf(body, atUnixMs, by);
      const { comment } = body;
      const { done, refused } = await service.desk.move(
        body.ids,
        () => event,
        async (scope, row) => {
          if (comment === undefined) return;
          await store.automation.alarmComments.createManyIn(scope, [
            { alarmId: row.id, atUnixMs, by, text: comment },
          ]);
        },
        {
          by,
          ...(comment !== undefined && { comment }),
          ...(event.type === 'assigned' && { to: event.to }),
        },
        comment === undefined ? 0 : 1,
      );
      return { done: done.map(({ id }) => id), refused };
    },
  });
}

function eventOf(
  { action, to, untilUnixMs }: z.output<typeof contract.alarmActions>,
  atUnixMs: number,
  by: string,
): AlarmEvent {
  if (to !== undefined && action !== 'assign')
    throw invalid('to', 'belongs to assign: leave it out');
  if (untilUnixMs !== undefined && action !== 'shelve') {
    throw invalid('untilUnixMs', 'belongs to shelve: leave it out');
  }
  switch (action) {
    case 'acknowledge':
      return { type: 'acknowledged', atUnixMs, by };
    case 'unacknowledge':
      return { type: 'unacknowledged', atUnixMs, by };
    case 'clear':
      return { type: 'cleared', atUnixMs, by };
    case 'unshelve':
      return { type: 'unshelved', atUnixMs, by };
    case 'assign':
      if (to === undefined) throw invalid('to', 'is needed: a user name, or null for nobody');
      return { type: 'assigned', atUnixMs, by, to };
    case 'shelve':
      if (untilUnixMs === undefined || untilUnixMs <= atUnixMs) {
        throw invalid('untilUnixMs', `is needed, after now (${Math.round(atUnixMs)})`);
      }
      if (untilUnixMs > atUnixMs + MOST_SHELVED_MS) {
        throw invalid('untilUnixMs', 'may be at most 31 days ahead: make a silence for longer');
      }
      return { type: 'shelved', atUnixMs, by, untilUnixMs };
  }
}

const MOST_SHELVED_MS = 31 * 86_400_000;

async function required({ store }: AlarmRoutesOptions, id: number): Promise<AlarmRow> {
  const row = await store.automation.alarms.get(id);
  if (row === undefined) throw new EngineError('not-found', `/v1/alarms/${id}: there is none`);
  return row;
}

function shown({ service, clock }: AlarmRoutesOptions, row: AlarmRow) {
  const now = clock.nowMs();
  return {
    id: row.id,
    publicId: row.publicId,
    ruleId: row.ruleId,
    ruleName: row.ruleName,
    source: row.source,
    deviceId: row.deviceId,
    type: row.type,
    severity: row.severity,
    text: row.text,
    labels: row.labels,
    value: row.value,
    active: row.clearedAtUnixMs === null,
    acknowledged: row.acknowledgedAtUnixMs !== null,
    raisedAtUnixMs: row.raisedAtUnixMs,
    updatedAtUnixMs: row.updatedAtUnixMs,
    clearedAtUnixMs: row.clearedAtUnixMs,
    acknowledgedAtUnixMs: row.acknowledgedAtUnixMs,
    acknowledgedBy: row.acknowledgedBy,
    assignedTo: row.assignedTo,
    shelvedUntilUnixMs: row.shelvedUntilUnixMs,
    shelvedBy: row.shelvedBy,
    overdue: isOverdue(row, now),
    quiet: row.clearedAtUnixMs === null ? service.quiet.of(row, now) : null,
    repeats: row.repeats,
    escalated: row.escalated,
    parentAlarmId: row.parentAlarmId,
    comments: row.comments,
    facts: row.facts,
  };
}
