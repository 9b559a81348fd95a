import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RuleRow } from '../../../actors/automation/automation.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Action, Condition } from '../../../actors/rule/rule.types.js';
import type { Clock } from '../../../engine/clock.js';
import { body, type Call, done, iso, isoOrNull, made, unprocessable } from './ask.js';
import { listed, rowOf } from './pages.js';
import type { SignalBook } from './signal-book.js';
import { WEBHOOK_EVENTS } from './webhook-calls.js';

export interface RuleParts {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly book: SignalBook;
  readonly clock: Clock;
}

const EQUAL_WITHIN = 1e-9;
const EVENT_LABEL = 'webmacs_event';
const SIGNS = { gt: '>', lt: '<', gte: '>=', lte: '<=' } as const;
const number = z.number().min(-1e300).max(1e300);
const rule = z.object({
  name: z.string().trim().min(1).max(255),
  event_public_id: z.string().min(1).max(100),
  operator: z.enum(['gt', 'lt', 'gte', 'lte', 'eq', 'between', 'not_between']),
  threshold: number,
  threshold_high: number.nullish(),
  action_type: z.enum(['webhook', 'log']),
  webhook_event_type: z.enum(WEBHOOK_EVENTS).nullish(),
  enabled: z.boolean().optional(),
  cooldown_seconds: z.int().min(0).max(86_400_000).optional(),
});
type Fields = z.output<typeof rule>;

const MINE = { field: 'origin', op: '=', value: 'webmacs' } as const;

/** Rules as WebMACS knows them, run as the site's own: one comparison, one action, a cooldown. */
export function ruleCalls({ store, book, clock }: RuleParts): readonly Call[] {
  const { rules, signals } = store.automation;
  const shown = (row: RuleRow) => {
    const { event_public_id: event, ...fields } = fieldsOf(row);
    return {
      public_id: row.publicId,
      ...fields,
      event_public_id: event,
      last_triggered_at: isoOrNull(row.lastTriggeredAtUnixMs),
      created_on: iso(row.createdAtUnixMs),
      user_public_id: row.ownerId,
    };
  };
  const find = async (id = '') => await rowOf(rules, id, 'Rule');
  const stored = async (fields: Fields) => {
    requireRange(fields);
    const signal = await rowOf(signals, fields.event_public_id, 'Event');
    const channel = `${signal.deviceId}/${signal.parameter}`;
    return {
      name: fields.name,
      enabled: fields.enabled ?? true,
      condition: conditionOf(fields, channel),
      cooldownMs: (fields.cooldown_seconds ?? 60) * 1_000,
      labels: { [EVENT_LABEL]: signal.publicId },
      actions: actionsOf(fields),
      updatedAtUnixMs: clock.nowMs(),
    };
  };
  return [
    {
      method: 'GET',
      path: '/rules',
      role: 'viewer',
      run: (ask) => listed(ask, rules, shown, { where: [MINE] }),
    },
    {
      method: 'POST',
      path: '/rules',
      role: 'operator',
      run: async (ask) => {
        const values = await stored(await body(ask, rule));
        const publicId = randomUUID();
        await rules.create({
          ...values,
          publicId,
          description: '',
          each: null,
          holdMs: 0,
          keepMs: 0,
          inARow: 1,
          noData: 'normal',
          noDataAfterMs: 0,
          onError: 'error',
          maxPerMinute: 0,
          scheduleId: null,
          severity: null,
          text: '',
          parentRuleId: null,
          escalation: [],
          origin: 'webmacs',
          ownerId: ask.who.userId,
          lastTriggeredAtUnixMs: null,
          createdAtUnixMs: values.updatedAtUnixMs,
        });
        return made('Rule successfully created.', { public_id: publicId });
      },
    },
    {
      method: 'GET',
      path: '/rules/{id}',
      role: 'viewer',
      run: async ({ params }) => shown(await find(params['id'])),
    },
    {
      method: 'PUT',
      path: '/rules/{id}',
      role: 'operator',
      run: async (ask) => {
        const row = await find(ask.params['id']);
        const given = await body(ask, rule.partial());
        await rules.update(row.id, await stored(merged(fieldsOf(row), given)));
        return done('Rule successfully updated.');
      },
    },
    {
      method: 'DELETE',
      path: '/rules/{id}',
      role: 'operator',
      run: async ({ params }) => {
        await rules.remove((await find(params['id'])).id);
        return done('Rule successfully deleted.');
      },
    },
  ];

  function fieldsOf(row: RuleRow): Fields {
    const { condition, actions } = row;
    const [action] = actions;
    const label = row.labels[EVENT_LABEL] ?? '';
    return {
      name: row.name,
      event_public_id: book.find(label)?.row.publicId ?? label,
      ...comparisonOf(condition),
      action_type: action?.type === 'webhooks' ? 'webhook' : 'log',
      webhook_event_type:
        action?.type === 'webhooks'
          ? (WEBHOOK_EVENTS.find((name) => name === action.event) ?? null)
          : null,
      enabled: row.enabled,
      cooldown_seconds: Math.round(row.cooldownMs / 1_000),
    };
  }
}

function merged(before: Fields, given: object): Fields {
  const changes = Object.entries(given).filter(([, value]) => value !== undefined);
  return rule.parse({ ...before, ...Object.fromEntries(changes) });
}

function requireRange({ operator, threshold, threshold_high: high }: Fields): void {
  if (operator !== 'between' && operator !== 'not_between') return;
  if (typeof high === 'number' && high >= threshold) return;
  const why = 'Value error, threshold_high must be given and at least threshold';
  throw unprocessable(['body', 'threshold_high'], why, 'value_error', high);
}

function conditionOf(
  { operator, threshold, threshold_high: high }: Fields,
  channel: string,
): Condition {
  if (operator === 'eq') {
    return { type: 'equals', channel, value: threshold, tolerance: EQUAL_WITHIN };
  }
  if (operator === 'between' || operator === 'not_between') {
    const when = operator === 'between' ? 'inside' : 'outside';
    return { type: 'range', channel, low: threshold, high: high ?? threshold, when };
  }
  return { type: 'threshold', channel, op: SIGNS[operator], value: threshold };
}

function comparisonOf(
  condition: Condition,
): Pick<Fields, 'operator' | 'threshold' | 'threshold_high'> {
  if (condition.type === 'range') {
    const operator = condition.when === 'inside' ? 'between' : 'not_between';
    return { operator, threshold: condition.low, threshold_high: condition.high };
  }
  if (condition.type === 'equals') {
    return { operator: 'eq', threshold: Number(condition.value), threshold_high: null };
  }
  if (condition.type !== 'threshold') return { operator: 'gt', threshold: 0, threshold_high: null };
  const names = Object.keys(SIGNS) as (keyof typeof SIGNS)[];
  const operator = names.find((name) => SIGNS[name] === condition.op) ?? 'gt';
  return { operator, threshold: condition.value, threshold_high: null };
}

function actionsOf({ action_type: type, webhook_event_type: event }: Fields): readonly Action[] {
  if (type === 'webhook') {
    return [{ type: 'webhooks', event: event ?? 'sensor.threshold_exceeded' }];
  }
  const text = 'Rule "{{rule.name}}" fired: {{source}} is {{value}}';
  return [{ type: 'journal', level: 'warning', text }];
}
