import type { RuleRow, VariableRow } from '../../../actors/automation/automation.types.js';
import type { SettingOverrideRow } from '../../../actors/inventory/inventory.types.js';
import { requireSetting } from '../../../actors/inventory/settings.js';
import { EngineError } from '../../../engine/errors.js';
import { compileMatchers } from '../../alarms/matching.js';
import { TARGET_CONFIGS } from '../../contract/notify.js';
import { type FieldError, InvalidRequest } from '../../http/problem.js';
import { innerFaults } from '../../http/union-faults.js';
import type { LiveTable } from '../../live/table.types.js';
import { type CheckRuleOptions, checkRule } from '../../rules/check-rule.js';
import { type Opening, scheduleProblem } from '../../rules/opening.js';
import { checkValue } from '../../rules/variables.js';
import { type Configuration, type ConfigurationRow, refuse, type Tables } from './document.js';

export type Channels = Pick<LiveTable, 'get' | 'rows'>;

/**
 * What rows must say to each other, in the configuration as a whole.
 * @throws InvalidRequest with each problem as `table/id/field`.
 */
export async function checkConfiguration(
  tables: Tables,
  whole: Configuration,
  channels: Channels,
): Promise<void> {
  const problems: FieldError[] = [];
  for (const [name, rows] of whole) {
    const refers = Object.entries(tables.get(name)?.refers ?? {});
    const rule = ruleChecks(whole, channels);
    for (const row of rows) {
      const say = (field: string, message: string) =>
        problems.push({ field: `${name}/${row.id}/${field}`, message });
      for (const [field, other] of refers) {
        for (const id of [row[field]].flat()) {
          if (id === null || id === undefined || has(whole, other, id)) continue;
          say(field, `there is no row ${String(id)} in ${other}`);
        }
      }
      const other = name === 'overrides' ? twinOf(rows, row) : undefined;
      if (other !== undefined) say('key', `is set by row ${other.id} too`);
      if ('parentId' in row && isOwnParent(rows, row)) say('parentId', 'it is its own parent');
      try {
        if (name === 'rules') await checkRule(rule, row as unknown as RuleRow);
        else checkRow(name, row);
      } catch (thrown) {
        if (!(thrown instanceof EngineError)) throw thrown;
        const faults =
          thrown instanceof InvalidRequest
            ? thrown.fields
            : [{ field: String(thrown.context['field'] ?? ''), message: thrown.message }];
        for (const { field, message } of faults) say(field.replace(/^body\.?/, ''), message);
      }
    }
  }
  refuse(problems);
}

const has = (whole: Configuration, table: string, id: unknown): boolean =>
  (whole.get(table) ?? []).some((row) => row.id === id);

/** Another row of the same setting. */
const twinOf = (
  rows: readonly ConfigurationRow[],
  row: ConfigurationRow,
): ConfigurationRow | undefined =>
  rows.find(
    (one) =>
      one.id !== row.id && ['scope', 'scopeId', 'key'].every((field) => one[field] === row[field]),
  );

function isOwnParent(rows: readonly ConfigurationRow[], row: ConfigurationRow): boolean {
  const parents = new Map(rows.map(({ id, ...one }) => [id, one['parentId']]));
  let at: unknown = row['parentId'];
  for (let steps = 0; typeof at === 'number'; steps += 1) {
    if (at === row.id || steps > rows.length) return true;
    at = parents.get(at);
  }
  return false;
}

/** What the routes ask of a rule, put to the configuration that is wanted. */
function ruleChecks(whole: Configuration, channels: Channels): CheckRuleOptions {
  const of = (table: string) => ({
    get: (id: number) =>
      Promise.resolve((whole.get(table) ?? []).find((row) => row.id === id) as never),
    many: (ids: readonly number[]) =>
      Promise.resolve((whole.get(table) ?? []).filter(({ id }) => ids.includes(id)) as never),
  });
  const automation = { schedules: of('schedules'), rules: of('rules'), targets: of('targets') };
  const variables = (whole.get('variables') ?? []) as unknown as readonly VariableRow[];
  return {
    store: { automation } as unknown as CheckRuleOptions['store'],
    service: { all: () => (whole.get('rules') ?? []) as unknown as readonly RuleRow[] },
    variables: { get: (name) => variables.find((one) => one.name === name) },
    channels,
  } as CheckRuleOptions;
}

function checkRow(name: string, row: ConfigurationRow): void {
  if (name === 'schedules') {
    const problem = scheduleProblem(row as unknown as Opening);
    if (problem !== undefined) throw invalid(problem[0], problem[1]);
  } else if (name === 'targets') {
    const kind = row['kind'] as keyof typeof TARGET_CONFIGS;
    const checked = TARGET_CONFIGS[kind].safeParse(row['config']);
    if (!checked.success) {
      throw new InvalidRequest(
        innerFaults(checked.error.issues, row['config']).map(({ path, message }) => ({
          field: ['config', ...path.map(String)].join('.'),
          message,
        })),
      );
    }
  } else if (name === 'variables') {
    const { kind, value } = row as unknown as VariableRow;
    checkValue(kind, value);
  } else if (name === 'overrides') {
    requireSetting(row as unknown as SettingOverrideRow);
  } else if (name === 'routes' || name === 'silences') {
    compileMatchers(row['matchers'] as Parameters<typeof compileMatchers>[0]);
    if (name === 'silences' && Number(row['untilUnixMs']) <= Number(row['fromUnixMs'])) {
      throw invalid('untilUnixMs', 'must be after fromUnixMs');
    }
  }
}

const invalid = (field: string, message: string) => new InvalidRequest([{ field, message }]);
