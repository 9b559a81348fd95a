import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RuleRow, ScheduleRow } from '../../actors/automation/automation.types.js';
import { AUTOMATION_SPECS } from '../../actors/automation/specs.js';
import type { ContentTable } from '../../actors/content/store.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import { checkExpression } from '../../actors/rule/expression/compile.js';
import { parseExpression } from '../../actors/rule/expression/parse.js';
import { printExpression } from '../../actors/rule/expression/print.js';
import type { RuleChannel } from '../../actors/rule/rule.types.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import {
  expressionAnswer,
  expressionCheck,
  openings,
  ruleInput,
  ruleRow,
  ruleServer,
  ruleSources,
  ruleTest,
  ruleTestAnswer,
  scheduleInput,
  variableInput,
  variableName,
  variableRow,
  variableServer,
  variableValue,
} from '../contract/rules.js';
import { type Route, route } from '../http/route.types.js';
import type { LiveTable } from '../live/table.types.js';
import { type AnyRow, invalid, tableRoutes, type Values } from '../routes/table-routes.js';
import { checkRule } from './check-rule.js';
import { fullName } from './names.js';
import { OpeningTimes, scheduleProblem } from './opening.js';
import type { RuleService } from './service.js';
import { checkTemplates, withWarnings } from './templates.js';
import type { RuleThreads } from './threads.types.js';
import { checkValue, type Variables } from './variables.js';

export interface RuleRoutesOptions {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly service: RuleService;
  readonly threads: RuleThreads;
  readonly variables: Variables;
  readonly channels: Pick<LiveTable, 'get'>;
  readonly clock: Clock;
}

const WEEK_MS = 31 * 86_400_000;
const idParam = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });
const nameParam = z.object({ name: variableName });

/** `/v1/rules`, `/v1/schedules`, `/v1/variables`, `/v1/expressions/check`. */
export function ruleRoutes(options: RuleRoutesOptions): readonly Route[] {
  return [
    // Before `/v1/rules/{id}`.
    testRoute(options),
    ...rules(options),
    ...schedules(options),
    ...variables(options),
    checkRoute(options),
  ];
}

function rules(options: RuleRoutesOptions): readonly Route[] {
  const { store, service, clock } = options;
  const table = store.automation.rules;
  const switched = (word: 'enable' | 'disable'): Route =>
    route({
      method: 'POST',
      path: `/v1/rules/{id}/${word}`,
      summary:
        word === 'enable'
          ? 'Run a rule; one that stands in error is started again'
          : 'Stop a rule; its alarms are cleared',
      tag: 'rules',
      access: 'operator',
      params: idParam,
      response: ruleRow,
      handler: async ({ params: { id } }) => {
        const row = await table.update(id, {
          enabled: word === 'enable',
          updatedAtUnixMs: clock.nowMs(),
        });
        if (row === undefined) throw new EngineError('not-found', `/v1/rules/${id}: there is none`);
        await service.written(id);
        if (word === 'enable') service.again(id);
        return withWarnings(row);
      },
    });
  return [
    ...tableRoutes({
      path: 'rules',
      singular: 'a rule',
      tag: 'rules',
      input: ruleInput,
      server: ruleServer,
      rules: {
        read: 'viewer',
        write: 'operator',
        made: (now) => ({
          publicId: randomUUID(),
          origin: 'native',
          ownerId: null,
          lastTriggeredAtUnixMs: null,
          createdAtUnixMs: now,
          updatedAtUnixMs: now,
        }),
        touched: (now) => ({ updatedAtUnixMs: now }),
      },
      table: table as unknown as ContentTable<AnyRow>,
      columns: AUTOMATION_SPECS.rules.columns as never,
      clock,
      maxBodyBytes: 262_144,
      shown: (row) => withWarnings(row as unknown as RuleRow),
      checked: async (_given, whole, before) => {
        const row = { ...whole, id: before?.id ?? 0 } as unknown as RuleRow;
        checkTemplates(row);
        await checkRule(options, row);
      },
      changed: ({ id }) => service.written(id),
      removing: (id) => Promise.resolve(() => service.written(id)),
    }),
    switched('enable'),
    switched('disable'),
    route({
      method: 'GET',
      path: '/v1/rules/{id}/sources',
      summary: 'Where a rule stands for each of its sources',
      tag: 'rules',
      access: 'viewer',
      params: idParam,
      query: z.strictObject({
        offset: z.coerce.number().int().min(0).default(0),
        limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
      }),
      response: ruleSources,
      handler: ({ params: { id }, query: { offset, limit } }) => {
        if (service.rule(id) === undefined) {
          throw new EngineError('not-found', `/v1/rules/${id}: there is none`);
        }
        const stands = service.sourcesOf(id);
        return {
          total: stands.length,
          items: stands.slice(offset, offset + limit).map(({ ruleId, ...stand }) => ({
            id: `${ruleId}:${stand.source}`,
            ...stand,
          })),
        };
      },
    }),
  ];
}

function testRoute({ service, threads, clock }: RuleRoutesOptions): Route {
  return route({
    method: 'POST',
    path: '/v1/rules/test',
    summary: 'What a rule would have done on stored samples; changes nothing',
    tag: 'rules',
    access: 'operator',
    body: ruleTest,
    maxBodyBytes: 262_144,
    timeLimitMs: 120_000,
    response: ruleTestAnswer,
    handler: async ({ body: { rule, source, fromUnixMs, toUnixMs } }) => {
      if (toUnixMs <= fromUnixMs) throw invalid('toUnixMs', 'must be after fromUnixMs');
      if (toUnixMs - fromUnixMs > WEEK_MS) throw invalid('fromUnixMs', 'try at most 31 days');
      const now = clock.nowMs();
      const row = {
        ...rule,
        enabled: true,
        id: 0,
        publicId: '',
        origin: 'native',
        ownerId: null,
        lastTriggeredAtUnixMs: null,
        createdAtUnixMs: now,
        updatedAtUnixMs: now,
      } as RuleRow;
      const definition = service.definition(row, source);
      if (definition.fault !== undefined) throw invalid('rule.condition', definition.fault);
      const result = await threads.test(definition, fromUnixMs, toUnixMs);
      return { source: definition.source, ...result };
    },
  });
}

function schedules({ store, clock }: RuleRoutesOptions): readonly Route[] {
  const table = store.automation.schedules;
  return [
    ...tableRoutes({
      path: 'schedules',
      singular: 'a schedule',
      tag: 'rules',
      input: scheduleInput,
      server: {},
      rules: {
        read: 'viewer',
        write: 'operator',
        made: () => ({}),
        check: (row) => scheduleProblem(row as unknown as ScheduleRow),
      },
      table: table as unknown as ContentTable<AnyRow>,
      columns: AUTOMATION_SPECS.schedules.columns as never,
      clock,
      shown: (row) => row,
      removing: async (id) => {
        const [used] = (await store.automation.rules.find()).filter(
          ({ scheduleId, condition }) =>
            scheduleId === id || (condition.type === 'schedule' && condition.scheduleId === id),
        );
        if (used !== undefined) {
          throw new EngineError(
            'conflict',
            `schedule ${id} is used by rule ${used.id} (${used.name}): change that first`,
          );
        }
        return () => Promise.resolve();
      },
    }),
    route({
      method: 'GET',
      path: '/v1/schedules/{id}/next',
      summary: 'Whether a schedule is open, and when it opens next',
      tag: 'rules',
      access: 'viewer',
      params: idParam,
      query: z.strictObject({ count: z.coerce.number().int().min(1).max(100).default(5) }),
      response: openings,
      handler: async ({ params: { id }, query: { count } }) => {
        const row = await table.get(id);
        if (row === undefined) {
          throw new EngineError('not-found', `/v1/schedules/${id}: there is none`);
        }
        const times = new OpeningTimes(row);
        const now = clock.nowMs();
        return { open: times.isOpen(now), items: times.next(now, count) };
      },
    }),
  ];
}

function variables(options: RuleRoutesOptions): readonly Route[] {
  const { store, variables: port, clock } = options;
  const table = store.automation.variables;
  const named = (name: string) => {
    const row = port.get(name);
    if (row !== undefined) return row;
    throw new EngineError('not-found', `/v1/variables/${name}: there is none`);
  };
  return [
    ...tableRoutes({
      path: 'variables',
      singular: 'a variable',
      tag: 'rules',
      input: variableInput,
      server: variableServer,
      rules: {
        read: 'viewer',
        write: 'operator',
        made: (now) => ({ updatedAtUnixMs: now, updatedBy: 'operator' }),
        touched: (now) => ({ updatedAtUnixMs: now }),
      },
      table: table as unknown as ContentTable<AnyRow>,
      columns: AUTOMATION_SPECS.variables.columns as never,
      clock,
      shown: (row) => row,
      checked: (_given, whole: Values, before) => {
        if (before !== undefined && (before as Values & AnyRow)['name'] !== whole['name']) {
          throw invalid('name', 'a variable keeps its name: rules know it by that');
        }
        if (before !== undefined && (before as Values & AnyRow)['kind'] !== whole['kind']) {
          throw invalid('kind', 'a variable keeps its kind: make another one');
        }
        checkValue(whole['kind'] as 'number', whole['value']);
        return Promise.resolve();
      },
      can: { make: true, remove: false },
      changed: () => port.settled(),
    })
      .filter(({ method, path }) => method !== 'GET' || path === '/v1/variables')
      .filter(({ method }) => method !== 'PATCH'),
    route({
      method: 'GET',
      path: '/v1/variables/{name}',
      summary: 'Read a variable',
      tag: 'rules',
      access: 'viewer',
      params: nameParam,
      response: variableRow,
      handler: ({ params: { name } }) => named(name),
    }),
    route({
      method: 'PUT',
      path: '/v1/variables/{name}',
      summary: 'Set a variable; rules that name it see it at once',
      tag: 'rules',
      access: 'operator',
      params: nameParam,
      body: variableValue,
      response: variableRow,
      handler: async ({ params: { name }, body: { value }, principal }) => {
        checkValue(named(name).kind, value);
        return await port.set(name, value, principal.name);
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/variables/{name}',
      summary: 'Remove a variable; rules that name it stand in error',
      tag: 'rules',
      access: 'operator',
      params: nameParam,
      status: 204,
      handler: async ({ params: { name } }) => {
        await table.remove(named(name).id);
        await port.settled();
      },
    }),
  ];
}

function checkRoute({ variables: port, channels }: RuleRoutesOptions): Route {
  return route({
    method: 'POST',
    path: '/v1/expressions/check',
    summary: 'What an expression means, and all that is wrong with it',
    tag: 'rules',
    access: 'viewer',
    body: expressionCheck,
    response: expressionAnswer,
    handler: ({ body: { text, source } }) => {
      const checked = checkExpression(text, {
        channel: (name) => {
          const full = fullName(name, source ?? '');
          const row = full === undefined ? undefined : channels.get(full);
          return row as unknown as RuleChannel | undefined;
        },
        variable: (name) => port.get(name),
      });
      const { compiled, problems } = checked;
      return {
        ok: problems.length === 0,
        kind: compiled?.kind ?? null,
        unit: compiled?.unit ?? null,
        text: compiled === undefined ? null : printExpression(parseExpression(text)),
        channels: checked.channels,
        variables: checked.variables,
        problems,
      };
    },
  });
}
