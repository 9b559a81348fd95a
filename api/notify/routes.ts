import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { DeliveryRow } from '../../actors/automation/automation.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import {
  deliveryAnswer,
  deliveryList,
  deliveryQuery,
  targetAnswer,
  targetCreate,
  targetList,
  targetPatch,
} from '../contract/notify.js';
import { type Route, route } from '../http/route.types.js';
import type { Dispatcher } from './dispatcher.js';
import { payloadOf } from './message.js';
import type { KnownTarget, TargetBook } from './target-book.js';
import type { Targets } from './targets.js';

const params = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });
const tested = z.object({
  ok: z.boolean(),
  responseCode: z.int().nullable(),
  error: z.string().nullable(),
  tookMs: z.number(),
});
/** Longer than any try may take. */
const TEST_LIMIT_MS = 65_000;
/** Tickets of tests: apart from those of deliveries, which are above 0. */
let nextTest = -1;

/** `/v1/targets` and `/v1/deliveries`. */
export function notifyRoutes(options: {
  readonly store: SiteStore;
  readonly book: TargetBook;
  readonly targets: Targets;
  readonly dispatcher: Dispatcher;
  readonly again: (key: string) => void;
  readonly clock: Clock;
}): readonly Route[] {
  const { store, book, targets, dispatcher, clock } = options;
  const shown = (id: number): z.infer<typeof targetAnswer> => {
    const known = book.get(id);
    if (known === undefined) throw new EngineError('not-found', `there is no target ${id}`);
    return { ...plain(known), circuit: dispatcher.circuitOf(id) };
  };
  const delivery = (row: DeliveryRow): z.infer<typeof deliveryAnswer> => {
    const { publicId: key, ...rest } = row;
    const targetName = row.targetId === null ? null : (book.get(row.targetId)?.row.name ?? null);
    return { ...rest, key, targetName };
  };
  return [
    route({
      method: 'GET',
      path: '/v1/targets',
      summary: 'Who is told: webhooks, addresses, chats, topics, log servers',
      tag: 'notifications',
      access: 'viewer',
      response: targetList,
      handler: () => ({
        items: [...book.all()].map(({ row }) => shown(row.id)).sort((a, b) => a.id - b.id),
      }),
    }),
    route({
      method: 'POST',
      path: '/v1/targets',
      summary: 'Make a target; its secrets are sealed and never shown',
      tag: 'notifications',
      access: 'admin',
      body: targetCreate,
      response: targetAnswer,
      status: 201,
      handler: async ({ body, principal }) => {
        const owner = principal.kind === 'user' ? principal.id : null;
        return shown((await targets.create(body, owner)).id);
      },
    }),
    route({
      method: 'GET',
      path: '/v1/targets/{id}',
      summary: 'A target, and whether it is left alone for failing',
      tag: 'notifications',
      access: 'viewer',
      params,
      response: targetAnswer,
      handler: ({ params: { id } }) => shown(id),
    }),
    route({
      method: 'PATCH',
      path: '/v1/targets/{id}',
      summary: 'Change a target; what waits for it is tried at once',
      tag: 'notifications',
      access: 'admin',
      params,
      body: targetPatch,
      response: targetAnswer,
      handler: async ({ params: { id }, body }) => shown((await targets.change(id, body)).id),
    }),
    route({
      method: 'DELETE',
      path: '/v1/targets/{id}',
      summary: 'Remove a target with all that waits for it',
      tag: 'notifications',
      access: 'admin',
      params,
      status: 204,
      handler: async ({ params: { id } }) => {
        await targets.remove(id);
      },
    }),
    route({
      method: 'POST',
      path: '/v1/targets/{id}/test',
      summary: 'Tell a target something now, beside the queue, and say what came of it',
      tag: 'notifications',
      access: 'admin',
      params,
      response: tested,
      timeLimitMs: TEST_LIMIT_MS,
      handler: async ({ params: { id } }) => {
        const { row } = known(book, id);
        const atUnixMs = clock.nowMs();
        const text = `This is a test of ${row.name}.`;
        const body = { type: 'test', time: new Date(atUnixMs).toISOString(), text };
        const startMonoMs = clock.monoMs();
        const tried = await dispatcher.probe({
          id: nextTest--,
          publicId: `test:${randomUUID()}`,
          kind: 'target',
          targetId: id,
          event: 'test',
          payload: payloadOf({ subject: 'Earshot: a test', text, severity: 'info', body }),
          subject: null,
          alarmId: null,
          state: 'pending',
          attempts: 0,
          nextAtUnixMs: null,
          lastError: null,
          responseCode: null,
          createdAtUnixMs: atUnixMs,
          deliveredAtUnixMs: null,
        });
        const { ok, code: responseCode, error } = tried;
        return { ok, responseCode, error, tookMs: clock.monoMs() - startMonoMs };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/deliveries',
      summary: 'What was told and done, what waits, and what was given up; newest first',
      tag: 'notifications',
      access: 'viewer',
      query: deliveryQuery,
      response: deliveryList,
      handler: async ({ query }) => {
        const { offset, limit, ...fields } = query;
        const where = Object.entries(fields).flatMap(([field, value]) =>
          value === undefined ? [] : [{ field: field as 'id', op: '=' as const, value }],
        );
        const table = store.automation.deliveries;
        const order = { by: 'id', direction: 'desc' } as const;
        const [rows, total] = await Promise.all([
          table.find({ where, order, offset, limit }),
          table.count({ where }),
        ]);
        return { total, offset, limit, items: rows.map(delivery) };
      },
    }),
    route({
      method: 'POST',
      path: '/v1/deliveries/{id}/replay',
      summary: 'Begin a delivery anew, under its old key',
      tag: 'notifications',
      access: 'operator',
      params,
      response: deliveryAnswer,
      handler: async ({ params: { id } }) => {
        const row = await store.automation.deliveries.get(id);
        if (row === undefined) throw new EngineError('not-found', `there is no delivery ${id}`);
        options.again(row.publicId);
        return delivery(await dispatcher.replay(row));
      },
    }),
  ];
}

function known(book: TargetBook, id: number): KnownTarget {
  const target = book.get(id);
  if (target !== undefined) return target;
  throw new EngineError('not-found', `there is no target ${id}; GET /v1/targets lists them`);
}

function plain({ row, secret }: KnownTarget): Omit<z.infer<typeof targetAnswer>, 'circuit'> {
  const { sealed: _sealed, ownerId: _owner, ...rest } = row;
  return {
    ...rest,
    config: { ...row.config },
    events: [...row.events],
    secrets: Object.keys(secret),
  };
}
