import type { z } from 'zod';
import type { RuleRow, RuleSourceRow, RuleStateName } from '../../api/contract/automation-rows.js';
import type {
  expressionAnswer,
  ruleAction,
  ruleCondition,
  ruleRow,
  ruleTestAnswer,
} from '../../api/contract/rules.js';
import { call } from './api.js';
import { span } from './format.js';
import type { StateWord } from './states.js';

export type { RuleRow, RuleSourceRow };
export type Rule = z.output<typeof ruleRow>;
export type Condition = z.output<typeof ruleCondition>;
export type ConditionType = Condition['type'];
export type Action = z.output<typeof ruleAction>;
export type TestAnswer = z.output<typeof ruleTestAnswer>;
export type ExpressionAnswer = z.output<typeof expressionAnswer>;
/** What is written of a rule. */
export type RuleDraft = Omit<
  Rule,
  | 'id'
  | 'publicId'
  | 'origin'
  | 'ownerId'
  | 'lastTriggeredAtUnixMs'
  | 'createdAtUnixMs'
  | 'updatedAtUnixMs'
  | 'warnings'
>;

const STATE_WORDS: Readonly<Record<RuleStateName, StateWord>> = {
  firing: { tone: 'critical', word: 'Firing' },
  error: { tone: 'critical', word: 'Error' },
  pending: { tone: 'attention', word: 'Holds, waiting' },
  recovering: { tone: 'attention', word: 'Recovering' },
  'no-data': { tone: 'unknown', word: 'No data' },
  normal: { tone: 'good', word: 'Normal' },
  disabled: { tone: 'off', word: 'Off' },
};
export const ruleStateWord = (state: RuleStateName): StateWord => STATE_WORDS[state];

export const CONDITION_WORDS: readonly { readonly value: ConditionType; readonly word: string }[] =
  [
    { value: 'threshold', word: 'a value crosses a limit' },
    { value: 'range', word: 'a value leaves or enters a range' },
    { value: 'equals', word: 'a value is something' },
    { value: 'rate', word: 'a value changes fast' },
    { value: 'aggregate', word: 'a figure over some time crosses a limit' },
    { value: 'no-data', word: 'a channel falls silent' },
    { value: 'expression', word: 'an expression is true' },
    { value: 'schedule', word: 'a schedule is open' },
  ];
export const COMPARISON_WORDS = [
  { value: '>', word: 'above' },
  { value: '>=', word: 'at or above' },
  { value: '<', word: 'below' },
  { value: '<=', word: 'at or below' },
] as const;
export const FUNCTION_WORDS = [
  { value: 'avg', word: 'average' },
  { value: 'min', word: 'lowest value' },
  { value: 'max', word: 'highest value' },
  { value: 'sum', word: 'sum' },
  { value: 'count', word: 'number of values' },
  { value: 'stddev', word: 'standard deviation' },
  { value: 'range', word: 'spread' },
] as const;

const wordIn = (
  list: readonly { readonly value: string; readonly word: string }[],
  value: string,
): string => list.find((one) => one.value === value)?.word ?? value;

/** A condition of that kind, with what the one before can give to it. */
export function conditionOf(type: ConditionType, before?: Condition): Condition {
  const channel = before !== undefined && 'channel' in before ? before.channel : '';
  const op = before !== undefined && 'op' in before ? before.op : '>';
  const value =
    before !== undefined && 'value' in before && typeof before.value === 'number'
      ? before.value
      : 0;
  switch (type) {
    case 'threshold':
      return { type, channel, op, value };
    case 'range':
      return { type, channel, low: 0, high: 100, when: 'outside' };
    case 'equals':
      return { type, channel, value };
    case 'rate':
      return { type, channel, overMs: 60_000, op, perSecond: 1 };
    case 'no-data':
      return { type, channel, afterMs: 300_000 };
    case 'aggregate':
      return { type, channel, function: 'avg', windowMs: 300_000, op, value };
    case 'expression':
      return { type, text: '' };
    case 'schedule':
      return { type, scheduleId: 0 };
  }
}

/** What of a rule is said in its sentence. */
export type Said = Pick<Rule, 'condition' | 'holdMs'> & Partial<Pick<Rule, 'inARow' | 'each'>>;

/**
 * The condition as people say it.
 * @param schedule the name of a schedule.
 */
export function sentence(rule: Said, schedule = (id: number): string => `schedule ${id}`): string {
  const { holdMs, inARow = 1 } = rule;
  const condition =
    'channel' in rule.condition && rule.condition.channel === ''
      ? { ...rule.condition, channel: 'a channel' }
      : rule.condition;
  const hold = holdMs > 0 ? ` for ${span(holdMs)}` : '';
  const often = inARow > 1 ? `, ${inARow} times in a row` : '';
  const said = phrase(condition, hold, often, schedule);
  if (!rule.each || rule.each.length === 0) return said;
  return `For each of ${rule.each.join(', ')}: w${said.slice(1)}`;
}

function phrase(
  condition: Condition,
  hold: string,
  often: string,
  schedule: (id: number) => string,
): string {
  const op = 'op' in condition ? wordIn(COMPARISON_WORDS, condition.op) : '';
  const until = `${hold}${often}${over(condition)}`;
  switch (condition.type) {
    case 'threshold':
      return `When ${condition.channel} is ${op} ${condition.value}${until}`;
    case 'range':
      return `When ${condition.channel} is ${condition.when} ${condition.low} to ${condition.high}${until}`;
    case 'equals': {
      const near = condition.tolerance ? `, give or take ${condition.tolerance}` : '';
      return `When ${condition.channel} is ${condition.negate ? 'not ' : ''}${String(condition.value)}${near}${until}`;
    }
    case 'rate':
      return `When ${condition.channel} changes by ${op} ${condition.perSecond} a second over ${span(condition.overMs)}${until}`;
    case 'no-data':
      return `When ${condition.channel} says nothing for ${span(condition.afterMs)}${hold === '' ? '' : `, and still${hold}`}${often}`;
    case 'aggregate':
      return `When the ${wordIn(FUNCTION_WORDS, condition.function)} of ${condition.channel} over ${span(condition.windowMs)} is ${op} ${condition.value}${until}`;
    case 'expression':
      return `When ${condition.text}${until}`;
    case 'schedule':
      return `While ${schedule(condition.scheduleId)} is open${hold === '' ? '' : `, after${hold.slice(4)}`}`;
  }
}

/** Where it stops to hold, when that is not where it began. */
function over(condition: Condition): string {
  if (condition.type === 'range') {
    const side = condition.when === 'outside' ? 'inside again' : 'outside again';
    return condition.hysteresis ? `, until it is ${condition.hysteresis} ${side}` : '';
  }
  if (!('clear' in condition) || condition.clear === undefined) return '';
  if (condition.type === 'expression') return `, until ${condition.clear}`;
  const rate = condition.type === 'rate' ? ' a second' : '';
  return `, until it is back at ${condition.clear}${rate}`;
}

/** The channel that a condition watches, as a name that can be read; `@` stands for `source`. */
export function watchedChannel(condition: Condition, source: string): string | undefined {
  if (!('channel' in condition) || condition.channel === '') return undefined;
  if (!condition.channel.startsWith('@')) return condition.channel;
  if (source === '') return undefined;
  if (condition.channel === '@') return source;
  return `${source.slice(0, source.indexOf('/'))}${condition.channel.slice(1)}`;
}

/** Levels that are drawn into the chart of a test. */
export function levelsOf(condition: Condition): readonly number[] {
  switch (condition.type) {
    case 'threshold':
    case 'aggregate':
      return condition.clear === undefined ? [condition.value] : [condition.value, condition.clear];
    case 'range':
      return [condition.low, condition.high];
    case 'equals':
      return typeof condition.value === 'number' ? [condition.value] : [];
    default:
      return [];
  }
}

export const blankRule = (): RuleDraft => ({
  name: '',
  description: '',
  enabled: true,
  condition: conditionOf('threshold'),
  each: null,
  holdMs: 0,
  keepMs: 0,
  cooldownMs: 0,
  inARow: 1,
  noData: 'no-data',
  noDataAfterMs: 0,
  onError: 'error',
  maxPerMinute: 30,
  scheduleId: null,
  severity: 'warning',
  labels: {},
  text: '',
  actions: [],
  parentRuleId: null,
  escalation: [],
});

/** What of a stored rule can be written again. */
export function draftOf(rule: Rule): RuleDraft {
  const {
    id: _id,
    publicId: _publicId,
    origin: _origin,
    ownerId: _ownerId,
    lastTriggeredAtUnixMs: _last,
    createdAtUnixMs: _created,
    updatedAtUnixMs: _updated,
    warnings: _warnings,
    ...draft
  } = rule;
  return draft;
}

/** What stands in the way of saving, by the place; empty: nothing. */
export function draftFaults(draft: RuleDraft): Readonly<Record<string, string>> {
  const faults: Record<string, string> = {};
  const { condition } = draft;
  if (draft.name.trim() === '') faults['name'] = 'Give it a name: it is what an alarm is called.';
  if ('channel' in condition && condition.channel.trim() === '')
    faults['channel'] = 'Choose a channel, such as a device’s temperature.';
  if (condition.type === 'expression' && condition.text.trim() === '')
    faults['text'] = 'Write an expression, such as [tank/level] < 20 %.';
  if (condition.type === 'schedule' && condition.scheduleId === 0)
    faults['scheduleId'] = 'Choose a schedule.';
  if (condition.type === 'range' && condition.low > condition.high)
    faults['high'] = 'Must not be below the lower end.';
  return faults;
}

export const readRule = (id: string, signal: AbortSignal): Promise<Rule> =>
  call('GET', '/v1/rules/{id}', { params: { id }, signal });

export const saveRule = (id: number | undefined, draft: RuleDraft): Promise<Rule> =>
  id === undefined
    ? call('POST', '/v1/rules', { body: draft })
    : call('PATCH', '/v1/rules/{id}', { params: { id }, body: draft });

export const switchRule = (id: string, on: boolean): Promise<unknown> =>
  call('POST', `/v1/rules/{id}/${on ? 'enable' : 'disable'}`, { params: { id } });

export const deleteRule = (id: number): Promise<unknown> =>
  call('DELETE', '/v1/rules/{id}', { params: { id } });

const TEST_LIMIT_MS = 130_000;

export const testRule = (
  draft: RuleDraft,
  fromUnixMs: number,
  toUnixMs: number,
): Promise<TestAnswer> =>
  call('POST', '/v1/rules/test', {
    body: { rule: { ...draft, name: draft.name || 'test' }, fromUnixMs, toUnixMs },
    deadlineMs: TEST_LIMIT_MS,
  });

export const checkExpression = (
  text: string,
  source: string | undefined,
  signal: AbortSignal,
): Promise<ExpressionAnswer> =>
  call('POST', '/v1/expressions/check', {
    body: { text, ...(source === undefined ? {} : { source }) },
    signal,
  });
