import type { RuleRow, VariableRow } from '../../actors/automation/automation.types.js';
import { checkExpression } from '../../actors/rule/expression/compile.js';
import { scopeOf } from '../../actors/rule/expression/scope.js';
import type { RuleChannel, RuleDefinition } from '../../actors/rule/rule.types.js';
import { withoutMissing } from './missing.js';
import { fullName, type Named, namesOf } from './names.js';

/** What a rule's definition is made of beside its row. */
export interface DefinitionWorld {
  /** By full name. */
  channel(name: string): RuleChannel | undefined;
  variable(name: string): VariableRow | undefined;
  /** Undefined: there is none. */
  scheduleOpen(id: number): boolean | undefined;
  /** Rules on a cycle, with the names on it. */
  cycleOf(ruleId: number): string | undefined;
}

export const instanceId = (ruleId: number, source: string): string => `rule:${ruleId}:${source}`;

/**
 * A rule as its thread runs it for one source. What is missing becomes a fault that says so; it is made again when that appears.
 */
export function definitionOf(
  row: RuleRow,
  source: string,
  named: Named,
  world: DefinitionWorld,
): RuleDefinition {
  const channels: Record<string, RuleChannel> = {};
  const variables: Record<string, number | string | boolean> = {};
  const variableUnits: Record<string, string> = {};
  let fault = world.cycleOf(row.id) ?? named.fault;
  const missing = new Set<string>();
  for (const name of named.channels) {
    const full = fullName(name, source);
    const found = full === undefined ? undefined : world.channel(full);
    if (found !== undefined) channels[name] = found;
    else missing.add(name);
  }
  const condition =
    named.fault === undefined ? withoutMissing(row.condition, missing) : row.condition;
  for (const name of missing.size === 0 ? [] : namesOf(condition).channels) {
    if (missing.has(name)) fault ??= missingChannel(name, fullName(name, source));
  }
  for (const name of named.variables) {
    const found = world.variable(name);
    if (found === undefined) {
      fault ??= `there is no variable ${name}: make it, and the rule runs by itself`;
      continue;
    }
    variables[name] = found.value;
    if (found.unit !== null) variableUnits[name] = found.unit;
  }
  fault ??= faultOf(condition, { channels, variables, variableUnits }, world);
  const open = row.scheduleId === null ? true : world.scheduleOpen(row.scheduleId);
  return {
    id: instanceId(row.id, source),
    ruleId: row.id,
    source,
    enabled: row.enabled && open !== false,
    condition,
    channels,
    holdMs: row.holdMs,
    keepMs: row.keepMs,
    cooldownMs: row.cooldownMs,
    inARow: row.inARow,
    noData: row.noData,
    noDataAfterMs: row.noDataAfterMs,
    onError: row.onError,
    maxPerMinute: row.maxPerMinute,
    ...(row.origin === 'webmacs' ? { repeats: true } : {}),
    ...(fault === undefined ? {} : { fault }),
    ...(named.variables.length === 0 ? {} : { variables, variableUnits }),
  };
}

const missingChannel = (name: string, full: string | undefined): string =>
  full === undefined
    ? `${name} stands for the channel of a rule that runs for each of several: give the rule each`
    : `there is no channel ${full}: the rule runs by itself when it appears`;

function faultOf(
  condition: RuleRow['condition'],
  parts: Parameters<typeof scopeOf>[0],
  world: DefinitionWorld,
): string | undefined {
  if (condition.type === 'schedule') {
    const known = world.scheduleOpen(condition.scheduleId) !== undefined;
    return known ? undefined : `there is no schedule ${condition.scheduleId}: choose another`;
  }
  if (condition.type !== 'expression') return undefined;
  for (const text of [condition.text, condition.clear]) {
    if (text === undefined) continue;
    const { problems, compiled } = checkExpression(text, scopeOf(parts));
    const [first] = problems;
    if (first !== undefined) return `${first.message} (character ${first.at + 1})`;
    if (compiled !== undefined && compiled.kind !== 'boolean') {
      return `the expression gives a ${compiled.kind}, not true or false: compare it, as in … > 20`;
    }
  }
  return undefined;
}

/** The same text: the rule need not be told again. Values of variables travel by themselves. */
export const definitionKey = (definition: RuleDefinition): string =>
  JSON.stringify({ ...definition, variables: Object.keys(definition.variables ?? {}) });
