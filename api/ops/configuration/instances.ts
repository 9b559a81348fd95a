import { isDeepStrictEqual } from 'node:util';
import type { ContentTable } from '../../../actors/content/store.types.js';
import type { PluginInstanceRow } from '../../../actors/inventory/inventory.types.js';
import { EngineError } from '../../../engine/errors.js';
import type { FieldError } from '../../http/problem.js';
import type { Instances } from '../../plugins/instances.js';
import { type Configuration, type ConfigurationRow, refuse } from './document.js';

/** Vendor connections, as far as a configuration asks about them. */
export type InstancesPort = Pick<Instances, 'sealedPaths' | 'problems'>;

interface Sides {
  readonly current: Configuration;
  readonly wanted: Configuration;
  readonly secretsNeeded: readonly string[];
}

/** Sites have so many at most. */
const MOST_INSTANCES = 1_000;

/**
 * Secrets are in no text: it names those that a site keeps, and each site keeps its own. What a text names and this site
 * does not have is still to be given.
 */
export function withOwnSecrets(
  current: Configuration,
  said: Configuration,
): { readonly wanted: Configuration; readonly secretsNeeded: string[] } {
  const own = secretsById(current);
  const secretsNeeded: string[] = [];
  const instances = (said.get('instances') ?? []).map((row) => {
    const secrets = own.get(row.id) ?? [];
    for (const path of namesOf(row)) {
      if (!secrets.includes(path)) secretsNeeded.push(`instances/${row.id}/${path}`);
    }
    return { ...row, secrets };
  });
  return { wanted: new Map([...said, ['instances', instances]]), secretsNeeded };
}

/**
 * What plugins say of vendor connections that are new or other, and settings of vendors that are there.
 * @throws InvalidRequest with each problem as `table/id/field`
 */
export async function checkInstances(
  port: InstancesPort,
  table: Pick<ContentTable<PluginInstanceRow>, 'get'>,
  { current, wanted, secretsNeeded }: Sides,
): Promise<void> {
  const before = new Map((current.get('instances') ?? []).map((row) => [row.id, row]));
  const instances = wanted.get('instances') ?? [];
  const problems: FieldError[] = [];
  const say = (id: number, field: string, message: string): void => {
    problems.push({ field: `instances/${id}/${field}`, message });
  };
  if (instances.length > MOST_INSTANCES) {
    say(instances.at(-1)?.id ?? 0, '', `a site has ${MOST_INSTANCES} plugin instances at most`);
  }
  for (const row of instances) {
    const was = before.get(row.id);
    if (isDeepStrictEqual(was?.['config'], row['config']) && was?.['plugin'] === row['plugin'])
      continue;
    const plugin = String(row['plugin']);
    if (was !== undefined && was['plugin'] !== plugin) {
      say(row.id, 'plugin', `is ${String(was['plugin'])} here and stays so: give it another id`);
      continue;
    }
    const start = `instances/${row.id}/`;
    const lacking = secretsNeeded.flatMap((path) =>
      path.startsWith(start) ? [path.slice(start.length)] : [],
    );
    const config = row['config'] as PluginInstanceRow['config'];
    try {
      const known = was === undefined ? undefined : await table.get(row.id);
      for (const { field, message } of await port.problems(plugin, config, known, lacking)) {
        say(row.id, field === '' ? 'config' : `config.${field}`, message);
      }
    } catch (thrown) {
      say(row.id, 'plugin', EngineError.from(thrown).message);
    }
  }
  const ids = new Set(instances.map(({ id }) => String(id)));
  const kept = new Set((current.get('overrides') ?? []).map(({ id }) => id));
  for (const { id, ...row } of wanted.get('overrides') ?? []) {
    if (row['scope'] !== 'instance' || kept.has(id) || ids.has(String(row['scopeId']))) continue;
    const message = `there is no row ${String(row['scopeId'])} in instances`;
    problems.push({ field: `overrides/${id}/scopeId`, message });
  }
  refuse(problems);
}

const namesOf = (row: ConfigurationRow): readonly string[] => row['secrets'] as readonly string[];

const secretsById = (one: Configuration): ReadonlyMap<number, readonly string[]> =>
  new Map((one.get('instances') ?? []).map((row) => [row.id, namesOf(row)]));
