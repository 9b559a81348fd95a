import { join } from 'node:path';
import { z } from 'zod';
import type { Role } from '../../api/contract/rest.js';
import type { RfRow } from '../../api/contract/rows.js';
import { type Route, route } from '../../api/http/route.types.js';
import { createGateway } from '../../api/http/server.js';
import { LiveHub } from '../../api/live/hub.js';
import { createTables } from '../../api/site/tables.js';
import { SystemClock } from '../../engine/clock.js';
import { projectRoot } from '../../engine/entry.js';
import { channelRow } from '../views/board/testing/rows.js';

/** The pages, the live hub and the board's calls, with rows that the test moves by hand. */
export interface BoardSite {
  readonly url: string;
  /** All calls that change something, as `PATCH /v1/…`, with what was sent. */
  readonly writes: { readonly call: string; readonly body: unknown }[];
  patch(id: string, changes: Partial<RfRow>): void;
  /** Moves the levels of all channels as ten samples a second would. The answer stops it. */
  play(): () => void;
  stop(): Promise<void>;
}

interface Group {
  id: number;
  number: number;
  title: string;
  slots: readonly number[];
  hideCharts: boolean;
}

const groupBody = z.strictObject({
  number: z.int().min(1).max(999).optional(),
  title: z.string().max(200).optional(),
  slots: z.array(z.int().min(0)).max(10_000).optional(),
  hideCharts: z.boolean().optional(),
});

/** @param channels how many tiles there are; @param role of whoever comes. */
export async function startBoardSite(
  channels: number,
  role: Role = 'operator',
): Promise<BoardSite> {
  const clock = new SystemClock();
  const tables = createTables();
  const writes: BoardSite['writes'][number][] = [];
  for (let slot = 1; slot <= channels; slot += 1) {
    tables.rf.put({ ...channelRow(slot, { heardUnixMs: clock.nowMs() }) });
  }
  const groups = new Map<number, Group>();
  const keep = (group: Group): Group => {
    groups.set(group.id, group);
    const { id, ...rest } = group;
    tables.groups.put({ ...rest, id: String(id) });
    return group;
  };
  if (channels >= 8) {
    keep({ id: 1, number: 1, title: 'Band', slots: [4, 0, 2, 1, 3], hideCharts: false });
    keep({ id: 2, number: 2, title: 'Speech', slots: [5, 6, 7, 8], hideCharts: true });
  }
  const idOf = z.strictObject({ id: z.coerce.number() });
  const noted = (call: string, body: unknown): void => {
    writes.push({ call, body });
  };
  const common = { tag: 'board', access: role, summary: 'for tests' } as const;
  const routes: Route[] = [
    route({
      ...common,
      method: 'GET',
      path: '/v1/me',
      handler: () => ({ id: 'u', username: 'crew', role }),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/board-groups',
      body: groupBody,
      handler: ({ body }) => {
        noted('POST /v1/board-groups', body);
        return keep({
          id: groups.size + 1,
          number: body.number ?? 9,
          title: body.title ?? '',
          slots: body.slots ?? [],
          hideCharts: body.hideCharts ?? false,
        });
      },
    }),
    route({
      ...common,
      method: 'PATCH',
      path: '/v1/board-groups/{id}',
      params: idOf,
      body: groupBody,
      handler: ({ params, body }) => {
        noted(`PATCH /v1/board-groups/${params.id}`, body);
        const group = groups.get(params.id);
        return group && keep({ ...group, ...(body as Partial<Group>) });
      },
    }),
    route({
      ...common,
      method: 'PATCH',
      path: '/v1/rf-channels/{id}',
      params: idOf,
      body: z.looseObject({}),
      handler: ({ params, body }) => {
        noted(`PATCH /v1/rf-channels/${params.id}`, body);
        return {};
      },
    }),
    route({
      ...common,
      method: 'GET',
      path: '/v1/kiosk-links',
      query: z.looseObject({}),
      handler: () => ({ total: 0, offset: 0, limit: 200, items: [] }),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/kiosk-links',
      body: z.looseObject({}),
      handler: ({ body }) => {
        noted('POST /v1/kiosk-links', body);
        return { id: 1, url: '/kiosk/opensesame' };
      },
    }),
    route({
      ...common,
      method: 'GET',
      path: '/v1/kiosk/{secret}',
      access: 'open',
      params: z.strictObject({ secret: z.string() }),
      handler: () => ({ name: 'Stage', group: groups.get(1) ?? null }),
    }),
  ];
  const hub = new LiveHub({ tables: Object.values(tables), clock, access: 'open' });
  const listening = await createGateway({
    host: '127.0.0.1',
    port: 0,
    limits: { perAddressPerSecond: 0, perPrincipalPerSecond: 0 },
    authenticate: () => ({ kind: 'user', id: 'u', name: 'crew', role }),
    routes,
    sockets: [hub.endpoint()],
    files: [{ prefix: '/', folder: join(projectRoot(), 'dist', 'ui'), fallback: 'index.html' }],
    clock,
  });
  hub.start((topic, message, isBinary) => listening.publish(topic, message, isBinary));
  return {
    url: `http://127.0.0.1:${listening.port}`,
    writes,
    patch: (id, changes) => {
      tables.rf.patch(id, changes);
    },
    play() {
      let beat = 0;
      const timer = setInterval(() => {
        beat += 1;
        for (let slot = 1; slot <= channels; slot += 1) {
          const wave = Math.sin(beat / 7 + slot);
          tables.rf.patch(String(slot), {
            rfAPercent: Math.round(60 + 30 * wave),
            rfBPercent: Math.round(55 - 25 * wave),
            audioPercent: Math.round(Math.abs(Math.sin(beat / 3 + slot * 2)) * 95),
            antenna: wave > 0 ? 'A' : 'B',
            heardUnixMs: clock.nowMs(),
          });
        }
      }, 100);
      return () => clearInterval(timer);
    },
    async stop() {
      hub.stop();
      await listening.stop(1_000);
    },
  };
}
