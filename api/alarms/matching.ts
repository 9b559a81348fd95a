import type { AlarmRow, Matcher } from '../../actors/automation/automation.types.js';
import { compilePattern } from './pattern.js';

/** What matchers and groups see of an alarm. */
export function labelOf(row: AlarmRow, label: string): string {
  switch (label) {
    case 'rule':
      return row.ruleName;
    case 'device':
      return row.deviceId ?? '';
    case 'source':
      return row.source;
    case 'severity':
      return row.severity;
    case 'type':
      return row.type;
    default:
      return Object.hasOwn(row.labels, label) ? (row.labels[label] ?? '') : '';
  }
}

export type Matches = (row: AlarmRow) => boolean;

/** All matchers hold; none hold always. @throws EngineError `input.invalid` for a pattern that cannot be read. */
export function compileMatchers(matchers: readonly Matcher[]): Matches {
  const tests = matchers.map(({ label, op, value }): Matches => {
    if (op === '=') return (row) => labelOf(row, label) === value;
    if (op === '!=') return (row) => labelOf(row, label) !== value;
    const matches = compilePattern(value);
    return op === '=~'
      ? (row) => matches(labelOf(row, label))
      : (row) => !matches(labelOf(row, label));
  });
  return (row) => tests.every((test) => test(row));
}
