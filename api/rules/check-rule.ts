import type { RuleRow } from '../../actors/automation/automation.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import { checkExpression } from '../../actors/rule/expression/compile.js';
import { parseExpression } from '../../actors/rule/expression/parse.js';
import type { RuleChannel } from '../../actors/rule/rule.types.js';
import { EngineError } from '../../engine/errors.js';
import type { LiveTable } from '../live/table.types.js';
import { invalid } from '../routes/table-routes.js';
import { cyclesOf, cycleText } from './cycles.js';
import { fullName, globOf, matchesAny, namesOf } from './names.js';
import type { RuleService } from './service.js';
import { checkValue, type Variables } from './variables.js';

export interface CheckRuleOptions {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly service: Pick<RuleService, 'all'>;
  readonly variables: Pick<Variables, 'get'>;
  readonly channels: Pick<LiveTable, 'get'> & Partial<Pick<LiveTable, 'rows'>>;
}

/**
 * What the fields of a rule must say to each other and to the site. A channel that is not there yet is no error: the rule waits for it.
 * A cycle is none either when the rule is disabled. @throws InvalidRequest naming the field and the remedy.
 */
export async function checkRule(options: CheckRuleOptions, row: RuleRow): Promise<void> {
  checkCondition(options, row);
  await checkReferences(options, row);
  checkActions(options, row);
  if (!row.enabled) return;
  const others = options.service.all().filter(({ id }) => id !== row.id);
  const circle = cyclesOf([row, ...others]).get(row.id);
  if (circle !== undefined) throw invalid('actions', cycleText(circle));
}

function checkCondition(options: CheckRuleOptions, row: RuleRow): void {
  const { condition, each } = row;
  const { channels } = namesOf(condition);
  if (each === null && channels.some((name) => name.startsWith('@'))) {
    throw invalid(
      'each',
      '@ stands for the channels that each names: give the rule each, as in ["*/battery"]',
    );
  }
  if (condition.type === 'range' && condition.low > condition.high) {
    throw invalid('condition.low', 'must not be above high');
  }
  if (condition.type === 'threshold' || condition.type === 'aggregate') {
    const { op, value, clear } = condition;
    if (clear !== undefined && (op.startsWith('>') ? clear > value : clear < value)) {
      throw invalid(
        'condition.clear',
        `must be ${op.startsWith('>') ? 'at or below' : 'at or above'} value, or it would clear while it still holds`,
      );
    }
  }
  if (condition.type === 'expression') checkText(options, row);
}

/** Faults of reading, kind and unit are refused; names that are not there are waited for. */
function checkText(options: CheckRuleOptions, { condition, each }: RuleRow): void {
  if (condition.type !== 'expression') return;
  const source = each === null ? '' : firstOf(options, each);
  for (const field of ['text', 'clear'] as const) {
    const text = condition[field];
    if (text === undefined) continue;
    try {
      parseExpression(text);
    } catch (thrown) {
      throw invalid(`condition.${field}`, EngineError.from(thrown).message);
    }
    let missing = false;
    const { problems, compiled } = checkExpression(text, {
      channel: (name) => {
        const full = fullName(name, source ?? '');
        const row = full === undefined ? undefined : options.channels.get(full);
        missing ||= row === undefined;
        return row as unknown as RuleChannel | undefined;
      },
      variable: (name) => {
        const found = options.variables.get(name);
        missing ||= found === undefined;
        return found;
      },
    });
    if (missing) continue;
    const [first] = problems;
    if (first !== undefined) {
      throw invalid(`condition.${field}`, `${first.message} (character ${first.at + 1})`);
    }
    if (compiled !== undefined && compiled.kind !== 'boolean') {
      throw invalid(
        `condition.${field}`,
        `gives a ${compiled.kind}, not true or false: compare it, as in … > 20`,
      );
    }
  }
}

function firstOf(options: CheckRuleOptions, each: readonly string[]): string | undefined {
  const globs = each.map(globOf);
  for (const { id } of options.channels.rows?.() ?? []) if (matchesAny(globs, id)) return id;
  return undefined;
}

async function checkReferences({ store }: CheckRuleOptions, row: RuleRow): Promise<void> {
  const { automation } = store;
  const scheduleIds = [row.scheduleId];
  if (row.condition.type === 'schedule') scheduleIds.push(row.condition.scheduleId);
  for (const id of scheduleIds) {
    if (id === null || (await automation.schedules.get(id)) !== undefined) continue;
    const field = id === row.scheduleId ? 'scheduleId' : 'condition.scheduleId';
    throw invalid(field, `there is no schedule ${id}: GET /v1/schedules lists them`);
  }
  const { parentRuleId } = row;
  if (parentRuleId !== null) {
    if (parentRuleId === row.id) throw invalid('parentRuleId', 'a rule is not its own parent');
    if ((await automation.rules.get(parentRuleId)) === undefined) {
      throw invalid('parentRuleId', `there is no rule ${parentRuleId}`);
    }
  }
  const targets = new Map<number, string>();
  for (const [index, step] of row.escalation.entries()) {
    for (const id of step.targetIds) targets.set(id, `escalation.${index}.targetIds`);
  }
  for (const [index, action] of row.actions.entries()) {
    if (action.type === 'notify') targets.set(action.targetId, `actions.${index}.targetId`);
  }
  const known = new Set((await automation.targets.many([...targets.keys()])).map(({ id }) => id));
  for (const [id, field] of targets) {
    if (!known.has(id))
      throw invalid(field, `there is no target ${id}: GET /v1/targets lists them`);
  }
}

function checkActions({ variables }: CheckRuleOptions, row: RuleRow): void {
  for (const [index, action] of row.actions.entries()) {
    if (action.type !== 'variable') continue;
    const known = variables.get(action.name);
    const field = `actions.${index}`;
    if (known === undefined) {
      throw invalid(
        `${field}.name`,
        `there is no variable ${action.name}: make it with POST /v1/variables first`,
      );
    }
    const { value } = action;
    try {
      if (typeof value === 'string' && value.startsWith('=')) parseExpression(value.slice(1));
      else checkValue(known.kind, value);
    } catch (thrown) {
      throw invalid(`${field}.value`, EngineError.from(thrown).message.replace(/^value: /, ''));
    }
  }
}
