import type { DashboardRow, WidgetRow } from '../../actors/automation/automation.types.js';
import type { Filter, LiveResource } from '../contract/live.js';
import { filterFields } from '../live/filter.js';

/** Channels that the variables of one dashboard may lead to, at most. */
const MAX_CHANNELS = 1_000;

/** Rows of a resource, with some of their columns. */
interface ShownRows {
  readonly filter: Filter;
  readonly fields: ReadonlySet<string>;
}

/** What the widgets of a dashboard show, and nothing else may be read through its link. */
export interface Shown {
  readonly channels: ReadonlySet<string>;
  /** One entry a widget: columns of one are not columns of the rows of another. */
  readonly rows: ReadonlyMap<LiveResource, readonly ShownRows[]>;
}

const CHANNEL_FIELDS = ['id', 'deviceId', 'name', 'kind', 'unit', 'value', 'atUnixMs'];
const ALARM_FIELDS = [
  'id',
  'deviceId',
  'deviceName',
  'source',
  'severity',
  'severityRank',
  'text',
  'active',
  'acknowledged',
  'raisedAtUnixMs',
  'clearedAtUnixMs',
  'repeats',
];

/** Tables that a link may show; what says who listens, who did what or how the engine is built stays inside. */
const TABLES: ReadonlySet<LiveResource> = new Set([
  'devices',
  'channels',
  'alarms',
  'rf',
  'charger-slots',
  'groups',
  'experiments',
  'variables',
]);

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly options: readonly string[];
}

/** Every text that a template with `$name` may become, when each variable takes what the link lets it take. */
export function expand(template: string, variables: readonly Variable[]): readonly string[] {
  let texts = [template];
  // Longer names first: `$place` is not `$p` and `lace`.
  for (const { name, value, options } of variables.toSorted(
    (a, b) => b.name.length - a.name.length,
  )) {
    if (!texts.some((text) => text.includes(`$${name}`))) continue;
    const values = [...new Set([value, ...options])];
    texts = texts
      .flatMap((text) => values.map((one) => text.replaceAll(`$${name}`, one)))
      .slice(0, MAX_CHANNELS);
  }
  return texts;
}

export function shownBy(
  dashboard: Pick<DashboardRow, 'variables'>,
  widgets: readonly WidgetRow[],
  signalChannels: ReadonlyMap<number, string>,
): Shown {
  const variables = dashboard.variables.map(variableOf);
  const channels = new Set<string>();
  const rows = new Map<LiveResource, ShownRows[]>();
  const add = (resource: LiveResource, filter: Filter, fields: readonly string[]): void => {
    const part = { filter, fields: new Set(['id', ...fields]) };
    rows.set(resource, [...(rows.get(resource) ?? []), part]);
  };
  for (const { type, config, signalId } of widgets) {
    const signal = signalId === null ? undefined : signalChannels.get(signalId);
    for (const template of [...channelsIn(config), ...(signal === undefined ? [] : [signal])]) {
      for (const name of expand(template, variables)) {
        if (channels.size < MAX_CHANNELS) channels.add(name);
      }
    }
    if (type === 'alarm_list') add('alarms', alarmFilter(config, variables), ALARM_FIELDS);
    if (type === 'table') {
      const query = queryIn(config);
      if (query === undefined || !TABLES.has(query.resource)) continue;
      const sorts = query.sort.map(({ field }) => field);
      const filtered = [...filterFields(query.filter)];
      add(query.resource, query.filter ?? { and: [] }, [...query.fields, ...sorts, ...filtered]);
    }
  }
  if (channels.size > 0) {
    const names = [...channels];
    const filter: Filter = { or: names.map((id) => ({ field: 'id', op: '==', value: id })) };
    add('channels', filter, CHANNEL_FIELDS);
  }
  return { channels, rows };
}

/** Channel names, with variables, that a widget's config says. */
function channelsIn(config: WidgetRow['config']): readonly string[] {
  const one = config['channel'];
  const several = config['channels'];
  const names = Array.isArray(several)
    ? several.map((entry: unknown) =>
        typeof entry === 'object' && entry !== null && 'channel' in entry ? entry.channel : entry,
      )
    : [];
  return [one, ...names].filter((name) => typeof name === 'string' && name !== '') as string[];
}

function alarmFilter(config: WidgetRow['config'], variables: readonly Variable[]): Filter {
  const all: Filter[] = [];
  const { device, severity } = config;
  if (typeof severity === 'string' && severity in RANKS) {
    all.push({ field: 'severityRank', op: '<=', value: RANKS[severity] ?? 0 });
  }
  if (typeof device === 'string' && device !== '') {
    const names = expand(device, variables);
    all.push({ or: names.map((value) => ({ field: 'deviceId', op: '==', value })) });
  }
  return { and: all };
}

const RANKS: Readonly<Record<string, number>> = {
  critical: 0,
  major: 1,
  minor: 2,
  warning: 3,
  info: 4,
};

interface TableOf {
  readonly resource: LiveResource;
  readonly filter: Filter | undefined;
  readonly sort: readonly { readonly field: string }[];
  readonly fields: readonly string[];
}

/** Was checked when it was written; a table that names no columns shows its id only, as others could be added later. */
function queryIn(config: WidgetRow['config']): TableOf | undefined {
  const query = config['query'] as Partial<TableOf> | undefined;
  if (typeof query !== 'object' || query === null || query.resource === undefined) return undefined;
  const { resource, filter, sort = [], fields = [] } = query;
  return { resource, filter, sort, fields };
}

function variableOf(given: Readonly<Record<string, unknown>>): Variable {
  const { name, value, options } = given;
  return {
    name: typeof name === 'string' ? name : '',
    value: typeof value === 'string' ? value : '',
    options: Array.isArray(options) ? options.filter((one) => typeof one === 'string') : [],
  };
}
