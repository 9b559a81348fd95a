import type { RuleDefinition } from '../rule.types.js';
import type { ExpressionScope, ValueKind } from './expression.types.js';

const KINDS: Readonly<Record<string, ValueKind>> = {
  number: 'number',
  string: 'text',
  boolean: 'boolean',
};

/** What the names in the expressions of a rule mean. */
export function scopeOf(
  rule: Pick<RuleDefinition, 'channels' | 'variables' | 'variableUnits'>,
): ExpressionScope {
  return {
    channel: (name) => (Object.hasOwn(rule.channels, name) ? rule.channels[name] : undefined),
    variable: (name) => {
      const { variables = {}, variableUnits = {} } = rule;
      if (!Object.hasOwn(variables, name)) return undefined;
      const kind = KINDS[typeof variables[name]] ?? 'text';
      return { kind, unit: variableUnits[name] ?? null };
    },
  };
}
