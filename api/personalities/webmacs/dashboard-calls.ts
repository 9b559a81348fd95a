import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { DashboardRow, WidgetRow } from '../../../actors/automation/automation.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import { type Ask, body, type Call, done, iso, made, notFound, Refusal } from './ask.js';
import type { Known } from './identity.js';
import { envelope, pageOf, rowOf } from './pages.js';
import type { SignalBook } from './signal-book.js';

export interface DashboardParts {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly book: SignalBook;
  readonly clock: Clock;
}

const HOUR_MS = 3_600_000;
const dashboard = z.object({
  name: z.string().trim().min(1).max(255),
  is_global: z.boolean().optional(),
});
const place = z.int().min(0).max(10_000).optional();
const size = z.int().min(1).max(12).optional();
const widget = z.object({
  widget_type: z.enum(['line_chart', 'gauge', 'stat_card', 'actuator_toggle']),
  title: z.string().min(1).max(255),
  event_public_id: z.string().max(100).nullish(),
  x: place,
  y: place,
  w: size,
  h: size,
  config_json: z.string().max(65_536).nullish(),
});

/** Dashboards: everybody's own, and those that all see. */
export function dashboardCalls(parts: DashboardParts): readonly Call[] {
  const { dashboards, widgets, signals } = parts.store.automation;
  const shown = async (row: DashboardRow) => ({
    public_id: row.publicId,
    name: row.name,
    is_global: row.shared,
    created_on: iso(row.createdAtUnixMs),
    user_public_id: row.ownerId,
    widgets: (
      await widgets.find({ where: [{ field: 'dashboardId', op: '=', value: row.id }] })
    ).map(shownWidget),
  });
  const shownWidget = (row: WidgetRow) => ({
    public_id: row.publicId,
    widget_type: row.type,
    title: row.title,
    event_public_id: parts.book.get(row.signalId)?.row.publicId ?? null,
    x: row.x,
    y: row.y,
    w: row.w,
    h: row.h,
    config_json: shownConfig(row.config),
  });
  const visible = async ({ params, who }: Ask) => {
    const id = params['id'] ?? '';
    const row = await rowOf(dashboards, id, 'Dashboard');
    if (!row.shared && row.ownerId !== who.userId) throw notFound('Dashboard', id);
    return row;
  };
  const own = async (ask: Ask) => {
    const row = await visible(ask);
    if (row.ownerId !== ask.who.userId && ask.who.role !== 'admin') {
      throw new Refusal(403, 'Only its owner may change a dashboard.');
    }
    return row;
  };
  const widgetOf = async (ask: Ask, { id }: DashboardRow) => {
    const asked = ask.params['widget'] ?? '';
    const row = await rowOf(widgets, asked, 'Widget');
    if (row.dashboardId !== id) throw notFound('Widget', asked);
    return row;
  };
  const signalId = async (publicId: string | null | undefined) =>
    typeof publicId === 'string' && publicId !== ''
      ? (await rowOf(signals, publicId, 'Event')).id
      : null;
  return [
    {
      method: 'GET',
      path: '/dashboards',
      role: 'viewer',
      run: async (ask) => {
        const page = pageOf(ask);
        const mine = await visibleTo(ask.who, dashboards);
        const some = mine.slice(page.offset, page.offset + page.pageSize);
        return envelope(page, mine.length, await Promise.all(some.map(shown)));
      },
    },
    {
      method: 'POST',
      path: '/dashboards',
      role: 'operator',
      run: async (ask) => {
        const given = await body(ask, dashboard);
        const nowUnixMs = parts.clock.nowMs();
        const row = await dashboards.create({
          publicId: randomUUID(),
          name: given.name,
          shared: given.is_global ?? false,
          variables: [],
          rangeMs: HOUR_MS,
          shareHash: null,
          ownerId: ask.who.userId,
          createdAtUnixMs: nowUnixMs,
          updatedAtUnixMs: nowUnixMs,
        });
        return made('Dashboard successfully created.', await shown(row));
      },
    },
    {
      method: 'GET',
      path: '/dashboards/{id}',
      role: 'viewer',
      run: async (ask) => await shown(await visible(ask)),
    },
    {
      method: 'PUT',
      path: '/dashboards/{id}',
      role: 'operator',
      run: async (ask) => {
        const row = await own(ask);
        const given = await body(ask, dashboard.partial());
        await dashboards.update(row.id, {
          name: given.name ?? row.name,
          shared: given.is_global ?? row.shared,
          updatedAtUnixMs: parts.clock.nowMs(),
        });
        return done('Dashboard successfully updated.');
      },
    },
    {
      method: 'DELETE',
      path: '/dashboards/{id}',
      role: 'operator',
      run: async (ask) => {
        await dashboards.remove((await own(ask)).id);
        return done('Dashboard successfully deleted.');
      },
    },
    {
      method: 'POST',
      path: '/dashboards/{id}/widgets',
      role: 'operator',
      run: async (ask) => {
        const row = await own(ask);
        const given = await body(ask, widget);
        const fresh = await widgets.create({
          publicId: randomUUID(),
          dashboardId: row.id,
          type: given.widget_type,
          title: given.title,
          signalId: await signalId(given.event_public_id),
          x: given.x ?? 0,
          y: given.y ?? 0,
          w: given.w ?? 4,
          h: given.h ?? 3,
          config: storedConfig(given.config_json),
        });
        await parts.book.settled();
        return made('Widget successfully created.', shownWidget(fresh));
      },
    },
    {
      method: 'PUT',
      path: '/dashboards/{id}/widgets/{widget}',
      role: 'operator',
      run: async (ask) => {
        const row = await widgetOf(ask, await own(ask));
        const given = await body(ask, widget.partial());
        const event = given.event_public_id;
        await widgets.update(row.id, {
          type: given.widget_type ?? row.type,
          title: given.title ?? row.title,
          signalId: event === undefined ? row.signalId : await signalId(event),
          x: given.x ?? row.x,
          y: given.y ?? row.y,
          w: given.w ?? row.w,
          h: given.h ?? row.h,
          config: given.config_json === undefined ? row.config : storedConfig(given.config_json),
        });
        return done('Widget successfully updated.');
      },
    },
    {
      method: 'DELETE',
      path: '/dashboards/{id}/widgets/{widget}',
      role: 'operator',
      run: async (ask) => {
        await widgets.remove((await widgetOf(ask, await own(ask))).id);
        return done('Widget successfully deleted.');
      },
    },
  ];
}

async function visibleTo(
  { userId }: Known,
  dashboards: DashboardParts['store']['automation']['dashboards'],
): Promise<readonly DashboardRow[]> {
  const [own, shared] = await Promise.all([
    dashboards.find({ where: [{ field: 'ownerId', op: '=', value: userId }] }),
    dashboards.find({ where: [{ field: 'shared', op: '=', value: true }] }),
  ]);
  const others = shared.filter((row) => row.ownerId !== userId);
  return [...own, ...others].sort((a, b) => a.id - b.id);
}

/** The site keeps an object; what is none is kept as the text that it is. */
function storedConfig(text: string | null | undefined): Readonly<Record<string, unknown>> {
  if (text === null || text === undefined || text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Browsers keep in it what they like.
  }
  return { config_json: text };
}

function shownConfig(config: Readonly<Record<string, unknown>>): string | null {
  const names = Object.keys(config);
  if (names.length === 0) return null;
  const text = config['config_json'];
  return names.length === 1 && typeof text === 'string' ? text : JSON.stringify(config);
}
