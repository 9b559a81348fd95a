import type {
  ConfigurationApplied,
  ConfigurationDiff,
  ConfigurationVersionsAnswer,
} from '../../api/contract/configuration.js';
import { ApiError, call, refusal } from './api.js';

export type { ConfigurationApplied, ConfigurationDiff };
export type ConfigurationVersion = ConfigurationVersionsAnswer['items'][number];
export type RowChange = ConfigurationDiff['rows'][number];

const YAML = 'application/yaml';
/** A site of ten thousand rows is checked rule by rule. */
const LIMIT_MS = 120_000;

export const CONFIGURATION_HREF = '/v1/configuration';
export const versionHref = (id: string): string =>
  `/v1/configuration/versions/${encodeURIComponent(id)}`;

export const configurationVersions = async (): Promise<readonly ConfigurationVersion[]> =>
  (await call('GET', '/v1/configuration/versions')).items;

/** The site as it is, or (with an id) as it was. Rejects with `ApiError`. */
export async function configurationText(id?: string): Promise<string> {
  const path = id === undefined ? CONFIGURATION_HREF : versionHref(id);
  let response: Response;
  try {
    response = await fetch(path, { signal: AbortSignal.timeout(LIMIT_MS) });
  } catch {
    throw new ApiError({
      status: 0,
      code: 'unreachable',
      message: 'The server cannot be reached.',
      remedy: 'Check the network and that Earshot is running, then try again.',
      retry: true,
    });
  }
  if (!response.ok) throw await refusal(response, path);
  return await response.text();
}

/** What it would change here; with `against` how it differs from that version. */
export const configurationDiff = (text: string, against?: string): Promise<ConfigurationDiff> =>
  call('POST', '/v1/configuration/diff', {
    upload: { type: YAML, body: text },
    query: { against },
    deadlineMs: LIMIT_MS,
  });

export const applyConfiguration = (text: string): Promise<ConfigurationApplied> =>
  call('POST', '/v1/configuration/apply', {
    upload: { type: YAML, body: text },
    deadlineMs: LIMIT_MS,
  });

const TABLE_WORDS: Readonly<Record<string, string>> = {
  routes: 'Routes of alarms',
  retention: 'How long data is kept',
  widgets: 'Widgets of dashboards',
  groups: 'Groups of the board',
  overrides: 'Settings',
  units: 'Field units',
};
/** `rules` → `Rules`. */
export const tableWord = (table: string): string =>
  TABLE_WORDS[table] ?? `${table.charAt(0).toUpperCase()}${table.slice(1)}`;

/** `2 added, 1 changed` */
export function changeWords(rows: readonly Pick<RowChange, 'kind'>[]): string {
  return (['added', 'changed', 'removed'] as const)
    .map((kind) => [rows.filter((row) => row.kind === kind).length, kind] as const)
    .filter(([amount]) => amount > 0)
    .map(([amount, kind]) => `${amount} ${kind}`)
    .join(', ');
}

/** Where a fault of a configuration is, from `rules/7/condition.value`; what is no such place stands alone. */
export function faultPlace(field: string): { readonly where: string; readonly field: string } {
  const [table, row, ...rest] = field.split('/');
  if (table === undefined || row === undefined) return { where: '', field };
  return { where: `${tableWord(table)}, ${row}`, field: rest.join('/') };
}
