// Over 400 lines: one site with a row of everything that the pages show.
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Row } from '../../api/contract/live.js';
import { type Route, route } from '../../api/http/route.types.js';
import { createGateway } from '../../api/http/server.js';
import { LiveHub } from '../../api/live/hub.js';
import { createTables, type SiteTablesLive } from '../../api/site/tables.js';
import { SystemClock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import {
  connectionRow,
  fillHardware,
  PARAMETERS,
  RECORDS,
  SCHEMA,
  SETTINGS,
} from './hardware-rows.js';

/** A real gateway and live hub whose tables a test fills as it likes: every state can be seen without waiting for it. */
export interface HardwareSite {
  readonly url: string;
  readonly tables: SiteTablesLive;
  /** Requests that changed something: `POST /v1/scans` with its body. */
  readonly asked: { readonly what: string; readonly body: unknown }[];
  health: string;
  role: 'viewer' | 'operator' | 'admin';
  stop(): Promise<void>;
}

const anything = z.looseObject({});
const byId = z.object({ id: z.string() });
type Stored = Record<string, unknown> & { readonly id: number };

export async function startHardwareSite(): Promise<HardwareSite> {
  const tables = createTables();
  const hub = new LiveHub({
    tables: Object.values(tables),
    clock: new SystemClock(),
    limits: { tickMs: 50 },
  });
  const asked: { what: string; body: unknown }[] = [];
  const site = { health: 'partial', role: 'admin' as HardwareSite['role'] };
  const rows = {
    performers: new Map<number, Stored>(),
    assignments: new Map<number, Stored>(),
    units: new Map<number, Stored>(),
    locations: new Map<number, Stored>(),
    'setting-overrides': new Map<number, Stored>(),
    'plugin-instances': new Map<number, Stored>(),
    'rf-channels': new Map<number, Stored>([
      [
        1,
        { id: 1, deviceId: 'shure-system:1:1', number: 1, givenId: null, givenName: null, slot: 1 },
      ],
    ]),
    'device-records': new Map<number, Stored>(RECORDS.map((row) => [row.id, row])),
  };
  rows['plugin-instances'].set(1, {
    id: 1,
    plugin: 'shure-system',
    name: 'Shure hall',
    enabled: true,
    config: { url: 'https://10.0.0.2' },
    secretsSet: ['apiKey'],
  });
  const note = (what: string, body: unknown): void => {
    asked.push({ what, body });
  };
  const routes: Route[] = [
    get('/v1/me', () => ({ id: 'u', username: 'ada', name: 'ada', role: site.role })),
    get('/v1/health/devices', () => ({ state: site.health, vendors: [], counts: {} })),
    get('/v1/settings/definitions', () => ({ items: SETTINGS })),
    route({
      method: 'GET',
      path: '/v1/plugins/{id}',
      summary: 'test',
      tag: 'test',
      access: 'viewer',
      params: byId,
      handler: ({ params: { id } }) => {
        const plugin = tables.plugins.get(id);
        if (plugin === undefined) throw new EngineError('not-found', `there is no plugin ${id}`);
        return { plugin, configurationSchema: SCHEMA, deviceConfigurationSchema: null };
      },
    }),
    post('/v1/plugin-instances/{id}/check', note, () => ({
      status: 'unreachable',
      message: 'no answer from 10.0.0.2',
      detail: { status: 503 },
    })),
    post('/v1/connections/actions', note, ({ ids, action }) => {
      for (const id of ids as string[]) {
        const state = action === 'stop' ? 'stopped' : 'connected';
        tables.connections.put({ ...connectionRow(id, { state }) });
      }
      return { done: (ids as string[]).length };
    }),
    post('/v1/discoveries/actions', note, ({ ids, action }) => {
      for (const id of (ids as number[]).map(String)) {
        tables.discoveries.set(id, 'state', action === 'reject' ? 'rejected' : 'imported');
      }
      return { done: (ids as number[]).length, refused: [] };
    }),
    post('/v1/scans', note, ({ instanceId }) => {
      tables.scans.put({
        id: 's1',
        instanceId,
        state: 'running',
        hosts: 256,
        asked: 64,
        found: 1,
        progress: 0.25,
        startedUnixMs: Date.now(),
        endedUnixMs: null,
        error: null,
      });
      return { scanId: 's1' };
    }),
    route({
      method: 'DELETE',
      path: '/v1/scans/{id}',
      summary: 'test',
      tag: 'test',
      access: 'operator',
      params: byId,
      status: 204,
      handler: ({ params: { id } }) => {
        tables.scans.set(id, 'state', 'cancelled');
        tables.scans.set(id, 'endedUnixMs', Date.now());
      },
    }),
    route({
      method: 'POST',
      path: '/v1/devices/import',
      summary: 'test',
      tag: 'test',
      access: 'operator',
      query: z.looseObject({ dryRun: z.string().optional() }),
      bodyType: 'bytes',
      handler: ({ body, query }) => {
        const lines = Buffer.from(body as unknown as Uint8Array)
          .toString()
          .trim()
          .split('\n');
        note(`import ${query.dryRun === 'true' ? 'dry' : 'real'}`, lines);
        const bad = lines.filter((line) => line.includes('nowhere')).length;
        return {
          rows: lines.length - 1,
          made: lines.length - 1 - bad,
          skipped: 0,
          problems: bad === 0 ? [] : [{ row: 3, field: 'address', message: 'is no address' }],
        };
      },
    }),
    post('/v1/devices', note, ({ address }) => {
      if (address === '10.0.0.1') {
        throw new EngineError('conflict', 'address: 10.0.0.1 is known already', {
          context: { field: 'address' },
        });
      }
      return { deviceId: `shure-system:1:${String(address)}` };
    }),
    ...deviceRoutes(note, (id, to) => {
      const record = RECORDS.find(({ deviceId }) => deviceId === id);
      if (record) rows['device-records'].set(record.id, { ...record, lifecycle: to });
    }),
    ...Object.entries(rows).flatMap(([name, held]) => crud(name, held, note)),
  ];
  const gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    routes,
    sockets: [hub.endpoint()],
    files: [
      {
        prefix: '/',
        folder: fileURLToPath(new URL('../../dist/ui', import.meta.url)),
        fallback: 'index.html',
      },
    ],
    limits: { perAddressPerSecond: 0 },
    authenticate: () => ({ kind: 'user', id: 'u', name: 'ada', role: site.role }),
  });
  hub.start((channel, message, isBinary) => gateway.publish(channel, message, isBinary));
  fillHardware((resource, row) => tables[resource].put(row as Row));
  return {
    url: `http://127.0.0.1:${String(gateway.port)}`,
    tables,
    asked,
    get health() {
      return site.health;
    },
    set health(next) {
      site.health = next;
    },
    get role() {
      return site.role;
    },
    set role(next) {
      site.role = next;
    },
    async stop() {
      hub.stop();
      await gateway.stop(50);
    },
  };
}

function deviceRoutes(
  note: (what: string, body: unknown) => void,
  move: (deviceId: string, to: unknown) => void,
): Route[] {
  const desired = new Map<string, Record<string, unknown>>();
  const under = { summary: 'test', tag: 'test', access: 'viewer', params: byId } as const;
  const byName = z.object({ id: z.string(), name: z.string() });
  return [
    route({
      ...under,
      method: 'GET',
      path: '/v1/devices/{id}/parameters',
      handler: () => ({ items: PARAMETERS }),
    }),
    route({
      ...under,
      method: 'GET',
      path: '/v1/devices/{id}/desired',
      handler: () => ({ items: [...desired.values()] }),
    }),
    route({
      ...under,
      method: 'GET',
      path: '/v1/devices/{id}/commands',
      query: anything,
      handler: () => ({
        items: [...desired.values()].map(({ name, desired: value }) => ({
          id: String(name),
          deviceId: 'x',
          name,
          value,
          state: 'queued',
          createdAtUnixMs: Date.now(),
          settledAtUnixMs: null,
          expiresAtUnixMs: Date.now() + 3_600_000,
          by: 'ada',
        })),
      }),
    }),
    route({
      ...under,
      access: 'operator',
      method: 'PUT',
      path: '/v1/devices/{id}/desired/{name}',
      params: byName,
      body: anything,
      handler: ({ params: { name }, body }) => {
        note(`PUT desired ${name}`, body);
        const row = {
          name,
          desired: body['value'],
          reported: 12,
          inStep: false,
          by: 'ada',
          atUnixMs: 1,
        };
        desired.set(name, row);
        return row;
      },
    }),
    route({
      ...under,
      access: 'operator',
      method: 'DELETE',
      path: '/v1/devices/{id}/desired/{name}',
      params: byName,
      status: 204,
      handler: ({ params: { name } }) => {
        desired.delete(name);
      },
    }),
    route({
      ...under,
      method: 'GET',
      path: '/v1/connections/{id}/history',
      handler: () => ({
        transitions: [
          { atUnixMs: Date.now() - 60_000, state: 'connected', reason: null },
          { atUnixMs: Date.now() - 120_000, state: 'error', reason: 'refused by 10.0.0.1' },
        ],
      }),
    }),
    route({
      ...under,
      access: 'operator',
      method: 'POST',
      path: '/v1/devices/{id}/lifecycle',
      body: anything,
      handler: ({ params: { id }, body }) => {
        note('POST lifecycle', body);
        move(id, body['to']);
        return { lifecycle: body['to'] };
      },
    }),
  ];
}

function get(path: string, handler: () => unknown): Route {
  const one = { method: 'GET', path, summary: 'test', tag: 'test', access: 'viewer' } as const;
  return route({ ...one, handler });
}

function post(
  path: string,
  note: (what: string, body: unknown) => void,
  handler: (body: Readonly<Record<string, unknown>>) => unknown,
): Route {
  return route({
    method: 'POST',
    path,
    summary: 'test',
    tag: 'test',
    access: 'operator',
    ...(path.includes('{id}') ? { params: byId } : {}),
    body: path.endsWith('/check') ? anything.optional() : anything,
    handler: ({ body }) => {
      note(`POST ${path}`, body);
      return handler((body ?? {}) as Readonly<Record<string, unknown>>);
    },
  });
}

function crud(
  name: string,
  held: Map<number, Stored>,
  note: (what: string, body: unknown) => void,
): Route[] {
  const path = `/v1/${name}`;
  const common = { summary: 'test', tag: 'test' } as const;
  let next = 100;
  const known = (id: string): Stored => {
    const row = held.get(Number(id));
    if (row === undefined) throw new EngineError('not-found', `there is no ${name} ${id}`);
    return row;
  };
  return [
    route({
      ...common,
      method: 'GET',
      path,
      access: 'viewer',
      query: z.looseObject({ deviceId: z.string().optional() }),
      handler: ({ query: { deviceId } }) => {
        const items = [...held.values()].filter(
          (row) => deviceId === undefined || row['deviceId'] === deviceId,
        );
        return { total: items.length, offset: 0, limit: 1_000, items };
      },
    }),
    route({
      ...common,
      method: 'GET',
      path: `${path}/{id}`,
      access: 'viewer',
      params: byId,
      handler: ({ params: { id } }) => known(id),
    }),
    route({
      ...common,
      method: 'POST',
      path,
      access: 'operator',
      body: anything,
      status: 201,
      handler: ({ body }) => {
        note(`POST ${path}`, body);
        const row = { ...body, id: next };
        next += 1;
        held.set(row.id, row);
        return row;
      },
    }),
    route({
      ...common,
      method: 'PATCH',
      path: `${path}/{id}`,
      access: 'operator',
      params: byId,
      body: anything,
      handler: ({ params: { id }, body }) => {
        note(`PATCH ${path}/${id}`, body);
        const row = { ...known(id), ...body } as Stored;
        held.set(row.id, row);
        return row;
      },
    }),
    route({
      ...common,
      method: 'DELETE',
      path: `${path}/{id}`,
      access: 'operator',
      params: byId,
      status: 204,
      handler: ({ params: { id } }) => {
        note(`DELETE ${path}/${id}`, undefined);
        held.delete(known(id).id);
      },
    }),
  ];
}
