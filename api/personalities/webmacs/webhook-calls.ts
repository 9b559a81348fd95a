import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { DeliveryRow, TargetRow } from '../../../actors/automation/automation.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { SecretBox } from '../../../actors/inventory/secrets.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import {
  alreadyThere,
  body,
  type Call,
  checked,
  done,
  iso,
  isoOrNull,
  made,
  notFound,
} from './ask.js';
import { listed, rowOf } from './pages.js';

export const WEBHOOK_EVENTS = [
  'sensor.threshold_exceeded',
  'sensor.reading',
  'experiment.started',
  'experiment.stopped',
  'system.health_changed',
] as const;

export interface WebhookParts {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly sealing: SecretBox;
  readonly clock: Clock;
}

const webhook = z.object({
  url: z
    .string()
    .max(2_000)
    .regex(/^https?:\/\/\S+$/, 'String should match ^https?://'),
  secret: z.string().max(255).nullish(),
  events: z.array(z.enum(WEBHOOK_EVENTS)).min(1).max(WEBHOOK_EVENTS.length),
  enabled: z.boolean().optional(),
});
const STATUS = {
  pending: 'pending',
  delivered: 'delivered',
  failed: 'failed',
  dead: 'dead_letter',
} as const;
const statusQuery = z.object({
  status: z.enum(['pending', 'delivered', 'failed', 'dead_letter']).optional(),
});
const MINE = { field: 'kind', op: '=', value: 'webhook' } as const;

const shown = (row: TargetRow) => ({
  public_id: row.publicId,
  url: String(row.config['url'] ?? ''),
  events: row.events,
  enabled: row.enabled,
  created_on: iso(row.createdAtUnixMs),
  user_public_id: row.ownerId,
});

const shownDelivery = (row: DeliveryRow) => ({
  public_id: row.publicId,
  event_type: row.event,
  status: STATUS[row.state],
  attempts: row.attempts,
  last_error: row.lastError,
  response_code: row.responseCode,
  created_on: iso(row.createdAtUnixMs),
  delivered_on: isoOrNull(row.deliveredAtUnixMs),
});

/** Webhooks, which are the site's targets of that kind, and what was sent to them. */
export function webhookCalls({ store, sealing, clock }: WebhookParts): readonly Call[] {
  const { targets, deliveries } = store.automation;
  const find = async (id = '') => {
    const row = await rowOf(targets, id, 'Webhook');
    if (row.kind !== 'webhook') throw notFound('Webhook', id);
    return row;
  };
  const free = async (url: string, id?: number) => {
    for await (const rows of targets.each({ where: [MINE] })) {
      if (rows.some((row) => row.config['url'] === url && row.id !== id)) {
        throw alreadyThere('Webhook');
      }
    }
  };
  const sealed = (secret: string | null | undefined, publicId: string) =>
    typeof secret === 'string' && secret !== ''
      ? sealing.seal({ key: secret }, `target ${publicId}`)
      : null;
  return [
    {
      method: 'GET',
      path: '/webhooks',
      role: 'admin',
      run: (ask) => listed(ask, targets, shown, { where: [MINE] }),
    },
    {
      method: 'POST',
      path: '/webhooks',
      role: 'admin',
      run: async (ask) => {
        const given = await body(ask, webhook);
        await free(given.url);
        const publicId = randomUUID();
        const row = {
          publicId,
          name: `${given.url.slice(0, 150)} ${publicId.slice(0, 8)}`,
          kind: 'webhook' as const,
          enabled: given.enabled ?? true,
          config: { url: given.url },
          sealed: sealed(given.secret, publicId),
          events: given.events,
          ownerId: ask.who.userId,
          createdAtUnixMs: clock.nowMs(),
        };
        await targets.create(row).catch((thrown: unknown) => {
          if (EngineError.from(thrown).code === 'conflict') throw alreadyThere('Webhook');
          throw thrown;
        });
        return made('Webhook successfully created.', { public_id: publicId });
      },
    },
    {
      method: 'GET',
      path: '/webhooks/{id}',
      role: 'admin',
      run: async ({ params }) => shown(await find(params['id'])),
    },
    {
      method: 'PUT',
      path: '/webhooks/{id}',
      role: 'admin',
      run: async (ask) => {
        const row = await find(ask.params['id']);
        const given = await body(ask, webhook.partial());
        if (given.url !== undefined) await free(given.url, row.id);
        await targets.update(row.id, {
          enabled: given.enabled ?? row.enabled,
          events: given.events ?? row.events,
          config: given.url === undefined ? row.config : { ...row.config, url: given.url },
          sealed: given.secret === undefined ? row.sealed : sealed(given.secret, row.publicId),
        });
        return done('Webhook successfully updated.');
      },
    },
    {
      method: 'DELETE',
      path: '/webhooks/{id}',
      role: 'admin',
      run: async ({ params }) => {
        await targets.remove((await find(params['id'])).id);
        return done('Webhook successfully deleted.');
      },
    },
    {
      method: 'GET',
      path: '/webhooks/{id}/deliveries',
      role: 'admin',
      run: async (ask) => {
        const row = await find(ask.params['id']);
        const asked = ask.query.get('status');
        const { status } = checked(statusQuery, asked === null ? {} : { status: asked }, 'query');
        const state = status === 'dead_letter' ? 'dead' : status;
        return await listed(ask, deliveries, shownDelivery, {
          where: [
            { field: 'targetId', op: '=', value: row.id },
            ...(state === undefined ? [] : [{ field: 'state', op: '=', value: state } as const]),
          ],
          order: { by: 'id', direction: 'desc' },
        });
      },
    },
  ];
}
