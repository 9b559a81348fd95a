import { z } from 'zod';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import type { GroupRow, InstanceRow } from '../../contract/rows.js';
import type { PluginPort } from '../../plugins/plugins.types.js';
import { Answer, type Ask, type Call, Refusal } from './ask.js';
import type { Manufacturer, Manufacturers } from './manufacturers.js';
import * as shapes from './translate.js';

/** What the calls are made of. */
export interface Parts {
  readonly store: Pick<SiteStore, 'inventory' | 'settings' | 'users' | 'control' | 'authSessions'>;
  readonly tables: shapes.DjangoTables;
  readonly makers: Manufacturers;
  readonly plugins: Pick<PluginPort, 'scan' | 'check'>;
  readonly clock: Clock;
}

export const API_VERSION = '1.0.0';
export const CONFIG_KEY = 'django-micboard';
/** Values by manufacturer; those of all are under the empty name. */
export const configSchema = z.record(z.string(), z.record(z.string(), z.string()));

/** `data.json` is kept this long for everybody who asks: pages ask once a second or more. */
const FRESH_MS = 1_000;
const SLICE = 50;

/** Values of all, and those of the manufacturer over them. @throws EngineError `store.away` */
export async function configOf(
  { store }: Pick<Parts, 'store'>,
  maker: Manufacturer | undefined,
): Promise<Record<string, string>> {
  const all = (await store.settings.get(CONFIG_KEY, configSchema)) ?? {};
  return { ...all[''], ...(maker === undefined ? {} : all[maker.code]) };
}

interface Kept {
  readonly atMonoMs: number;
  readonly work: Promise<object>;
}

export function readingCalls(parts: Parts): readonly Call[] {
  const { tables, makers } = parts;
  /** By plugins: one for all, and one for each manufacturer there is. */
  const kept = new Map<string, Kept>();
  const rows = (ask: Ask): Promise<object> => {
    const nowMonoMs = parts.clock.monoMs();
    for (const [key, { atMonoMs }] of kept) {
      if (nowMonoMs - atMonoMs >= FRESH_MS) kept.delete(key);
    }
    const key = [...(ask.maker?.plugins ?? [])].sort().join();
    const known = kept.get(key);
    if (known !== undefined) return known.work;
    const work = dataOf(parts, ask.maker);
    kept.set(key, { atMonoMs: nowMonoMs, work });
    work.catch(() => kept.delete(key));
    return work;
  };
  // The address is written by who asks, so it is no part of what is kept.
  const data = async (ask: Ask): Promise<object> => ({ ...(await rows(ask)), url: ask.origin });
  const detail = (ask: Ask): object | undefined => {
    const device = shapes.deviceOf(shapes.receivers(tables, ask.maker), ask.params['id'] ?? '');
    if (device === undefined) return undefined;
    const channels = shapes.channelsByDevice(tables).get(device.id) ?? [];
    return shapes.receiverDetail(tables, makers, device, channels);
  };
  const charger = (ask: Ask): object | undefined => {
    const device = shapes.deviceOf(shapes.chargers(tables, ask.maker), ask.params['id'] ?? '');
    return device === undefined ? undefined : shapes.chargerDetail(tables, makers, device);
  };
  const get = (path: string, limit: Call['limit'], run: Call['run'], v1Only = false): Call => ({
    method: 'GET',
    path,
    access: 'open',
    limit,
    run,
    v1Only,
  });
  return [
    get('data.json', ['data', 120], data),
    get('data', ['data', 120], data),
    get('receivers', ['receivers', 60], ({ maker }) => {
      const channels = shapes.channelsByDevice(tables);
      const list = shapes
        .receivers(tables, maker)
        .map((device) =>
          shapes.receiverSummary(tables, makers, device, channels.get(device.id)?.length ?? 0),
        );
      return { receivers: list, count: list.length };
    }),
    get('receivers/{id}', ['receivers', 60], (ask) => found(detail(ask), 'Receiver not found')),
    get('chargers', ['chargers', 60], ({ maker }) => {
      const list = shapes
        .chargers(tables, maker)
        .map((device) =>
          shapes.chargerSummary(tables, makers, device, shapes.slotsOf(tables, device.id).length),
        );
      return { chargers: list, count: list.length };
    }),
    get('chargers/{id}', ['chargers', 60], (ask) => found(charger(ask), 'Charger not found')),
    get('devices/{id}', ['devices', 60], (ask) => ({
      success: true,
      result: found(detail(ask) ?? charger(ask), 'No data found'),
    })),
    get('config', ['config', 60], async ({ maker }) => ({ config: await configOf(parts, maker) })),
    get('health', ['health', 30], ({ maker }) => health(parts, maker)),
    get('health/detailed', ['health', 30], ({ maker }) => detailed(parts, maker)),
    get('health/ready', ['health', 30], () => ready(parts)),
    get('docs', ['docs', 60], documentation),
  ];
}

function found<T>(value: T | undefined, error: string): T {
  if (value === undefined) throw new Refusal(404, { error });
  return value;
}

/** All of `data.json` but its `url`. */
async function dataOf(parts: Parts, maker: Manufacturer | undefined): Promise<object> {
  const { tables } = parts;
  const channels = shapes.channelsByDevice(tables);
  const list: object[] = [];
  for (const [i, device] of shapes.receivers(tables, maker).entries()) {
    list.push(shapes.liveReceiver(tables, device, channels.get(device.id) ?? []));
    if (i % SLICE === SLICE - 1) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }
  const groups = [...shapes.rowsOf<GroupRow>(tables.groups)].sort((a, b) => a.number - b.number);
  return {
    receivers: list,
    gif: [],
    jpg: [],
    mp4: [],
    config: await configOf(parts, maker),
    discovered: shapes.discovered(tables, maker),
    groups: groups.map(shapes.groupOf),
  };
}

const now = ({ clock }: Parts): string => new Date(clock.nowMs()).toISOString();

/** One that was not tested yet is not bad. */
const GOOD: ReadonlySet<string> = new Set(['healthy', 'unknown']);

/** The worst of a manufacturer's connections. */
function checkOf({ instances }: Manufacturer): object {
  const enabled = instances.filter((instance) => instance.enabled);
  const bad =
    enabled.find(({ health: state }) => !GOOD.has(state)) ??
    enabled.find(({ health: state }) => state !== 'healthy');
  const error = bad?.healthMessage ?? bad?.error ?? null;
  return {
    status: bad?.health ?? (enabled.length === 0 ? 'unconfigured' : 'healthy'),
    ...(error === null ? {} : { error }),
    devices: sum(enabled, 'devices'),
    connected: sum(enabled, 'connected'),
  };
}

const sum = (list: readonly InstanceRow[], field: 'devices' | 'connected'): number =>
  list.reduce((all, instance) => all + instance[field], 0);

function checks(parts: Parts, maker: Manufacturer | undefined) {
  const list = maker === undefined ? parts.makers.all() : [maker];
  const made = list.map((one) => [one, checkOf(one) as { readonly status: string }] as const);
  return { made, healthy: made.every(([, { status }]) => GOOD.has(status)) };
}

function receiverCounts(parts: Parts, maker: Manufacturer | undefined) {
  const list = shapes
    .receivers(parts.tables, maker)
    .map((device) => shapes.receiverSummary(parts.tables, parts.makers, device, 0));
  return {
    receivers_total: list.length,
    receivers_active: list.filter(({ is_active }) => is_active).length,
    receivers_healthy: list.filter(({ health_status }) => health_status === 'healthy').length,
  };
}

function health(parts: Parts, maker: Manufacturer | undefined): object {
  const { made, healthy } = checks(parts, maker);
  return {
    api_status: healthy ? 'healthy' : 'degraded',
    timestamp: now(parts),
    database: receiverCounts(parts, maker),
    manufacturers: Object.fromEntries(made.map(([{ name }, check]) => [name, check])),
  };
}

/** The store answers. */
async function storeFault({ store }: Parts): Promise<string | undefined> {
  try {
    await store.control.ping();
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

async function detailed(parts: Parts, maker: Manufacturer | undefined): Promise<Answer> {
  const { made, healthy } = checks(parts, maker);
  const fault = await storeFault(parts);
  const series = parts.tables.stores.get('series');
  const cached = series === undefined || series['state'] === 'up';
  const status = fault !== undefined ? 'unhealthy' : healthy && cached ? 'healthy' : 'degraded';
  const counts = receiverCounts(parts, maker);
  return new Answer(status === 'healthy' ? 200 : 503, {
    status,
    timestamp: now(parts),
    version: API_VERSION,
    checks: {
      database:
        fault === undefined
          ? { status: 'healthy', ...counts }
          : { status: 'unhealthy', error: fault, ...counts },
      cache: { status: cached ? 'healthy' : 'unhealthy' },
      manufacturers: Object.fromEntries(made.map(([{ code }, check]) => [code, check])),
    },
  });
}

async function ready(parts: Parts): Promise<Answer> {
  const fault = await storeFault(parts);
  const rest = { timestamp: now(parts), api_version: API_VERSION };
  return fault === undefined
    ? new Answer(200, { status: 'ready', ...rest })
    : new Answer(503, { status: 'not ready', error: fault, ...rest });
}

const ENDPOINTS: readonly (readonly [methods: string, path: string, what: string])[] = [
  ['GET', 'data.json', 'Receivers, groups, configuration and found devices in one answer'],
  ['GET', 'receivers/', 'Receivers in short'],
  ['GET', 'receivers/{id}/', 'A receiver with its channels'],
  ['GET', 'chargers/', 'Chargers in short'],
  ['GET', 'chargers/{id}/', 'A charger with its slots'],
  ['GET', 'devices/{id}/', 'Whatever is known of a device'],
  ['POST', 'discover/', 'Searches, and answers what was found'],
  ['POST', 'discovery/ips/', 'Asks these addresses whether a device is there'],
  ['POST', 'refresh/', 'Tests all vendor connections'],
  ['GET, POST', 'config/', 'Values by key'],
  ['POST', 'groups/{id}/', 'Title, slots and hide_charts of a group'],
  ['GET', 'health/', 'Health of the vendor connections'],
  ['GET', 'health/detailed/', 'The same with stores; 503 when something is wrong'],
  ['GET', 'health/ready/', 'For load balancers'],
  ['GET, POST, PUT, PATCH, DELETE', 'user-assignments/', 'Who uses which channel'],
];

function documentation({ base, origin }: Ask): object {
  return {
    api_version: API_VERSION,
    base_url: origin + base,
    endpoints: Object.fromEntries(
      ENDPOINTS.map(([methods, path, description]) => [
        path,
        { url: base + path, method: methods, description, parameters: { manufacturer: 'code' } },
      ]),
    ),
    versions: { current: 'v1', supported: ['v1'], deprecated: [] },
    content_type: 'application/json',
    versioning: {
      url_path: `${base.replace(/api\/(v1\/)?$/, 'api/v1/')}receivers/`,
      query_param: '?version=1.0.0',
      accept_header: 'Accept: application/json; version=1.0.0',
    },
  };
}
