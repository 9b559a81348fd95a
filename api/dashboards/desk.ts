import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { z } from 'zod';
import type {
  DashboardRow,
  SignalRow,
  WidgetRow,
} from '../../actors/automation/automation.types.js';
import { toStored } from '../../actors/content/columns.js';
import { note, type SiteScope } from '../../actors/control/scope.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import {
  configFault,
  type dashboardPut,
  MAX_WIDGETS,
  type widgetCreate,
} from '../contract/dashboards.js';
import type { Principal } from '../http/route.types.js';
import { invalid } from '../routes/table-routes.js';

/** More are of no use to anybody. */
const MAX_DASHBOARDS = 1_000;

export type DashboardStore = Pick<SiteStore, 'automation' | 'control'>;
type NewWidget = z.output<typeof widgetCreate>;

export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Own ones and shared ones; an admin sees all. */
export const maySee = (row: DashboardRow, who: Principal): boolean =>
  row.shared || row.ownerId === who.id || who.role === 'admin';

/** Shared ones: every operator. Others: their owner, and an admin. */
export const mayChange = (row: DashboardRow, who: Principal): boolean =>
  who.role === 'admin' || (who.role === 'operator' && (row.shared || row.ownerId === who.id));

/** Dashboards and widgets in the control store; asks who may see and change them. */
export class DashboardDesk {
  readonly #store: DashboardStore;
  readonly #clock: Clock;

  constructor(store: DashboardStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async list(who: Principal): Promise<readonly DashboardRow[]> {
    const rows = await this.#store.automation.dashboards.find({
      order: { by: 'name', direction: 'asc' },
    });
    return rows.filter((row) => maySee(row, who));
  }

  /** @throws EngineError `not-found`, also for one that they may not see. */
  async see(id: number, who: Principal): Promise<DashboardRow> {
    const row = await this.#store.automation.dashboards.get(id);
    if (row === undefined || !maySee(row, who)) {
      throw new EngineError('not-found', `/v1/dashboards/${id}: there is none that you may see`);
    }
    return row;
  }

  /** @throws EngineError `not-found`, `auth.denied`. */
  async change(id: number, who: Principal): Promise<DashboardRow> {
    const row = await this.see(id, who);
    if (mayChange(row, who)) return row;
    throw new EngineError('auth.denied', `"${row.name}" belongs to somebody else: duplicate it`);
  }

  async make(
    values: Pick<DashboardRow, 'name' | 'shared' | 'variables' | 'rangeMs'>,
    who: Principal,
  ): Promise<DashboardRow> {
    const { dashboards } = this.#store.automation;
    if ((await dashboards.count()) >= MAX_DASHBOARDS) {
      throw new EngineError(
        'conflict',
        `there are ${MAX_DASHBOARDS} dashboards: remove old ones first`,
      );
    }
    const nowUnixMs = this.#clock.nowMs();
    return await dashboards.create({
      ...values,
      publicId: randomUUID(),
      shareHash: null,
      ownerId: who.id,
      createdAtUnixMs: nowUnixMs,
      updatedAtUnixMs: nowUnixMs,
    });
  }

  async patch(row: DashboardRow, values: Partial<DashboardRow>): Promise<DashboardRow> {
    const after = await this.#store.automation.dashboards.update(row.id, {
      ...values,
      updatedAtUnixMs: this.#later(row),
    });
    if (after === undefined) throw gone(row.id);
    return after;
  }

  async remove(row: DashboardRow): Promise<void> {
    if (!(await this.#store.automation.dashboards.remove(row.id))) throw gone(row.id);
  }

  /** The secret is told once; one link a dashboard, a new one ends the one before. */
  async share(row: DashboardRow): Promise<string> {
    const secret = randomBytes(24).toString('base64url');
    await this.patch(row, { shareHash: hashOf(secret) });
    return secret;
  }

  async unshare(row: DashboardRow): Promise<void> {
    await this.patch(row, { shareHash: null });
  }

  async widgets(dashboardId: number): Promise<readonly WidgetRow[]> {
    return await this.#store.automation.widgets.find({
      where: [{ field: 'dashboardId', op: '=', value: dashboardId }],
    });
  }

  async counts(): Promise<ReadonlyMap<number, number>> {
    return await this.#store.control.read(async (db) => {
      const { rows } = await sql<{ id: number; widgets: number }>`select dashboard_id as id,
        count(*) as widgets from automation_widgets group by dashboard_id`.execute(db);
      return new Map(rows.map(({ id, widgets }) => [Number(id), Number(widgets)]));
    });
  }

  /** @throws EngineError `not-found`. */
  async widget(dashboardId: number, id: number): Promise<WidgetRow> {
    const row = await this.#store.automation.widgets.get(id);
    if (row !== undefined && row.dashboardId === dashboardId) return row;
    throw new EngineError(
      'not-found',
      `/v1/dashboards/${dashboardId}/widgets/${id}: there is none`,
    );
  }

  async addWidget(row: DashboardRow, given: NewWidget): Promise<WidgetRow> {
    await this.#check(given, '');
    const before = await this.widgets(row.id);
    if (before.length >= MAX_WIDGETS) {
      throw new EngineError('conflict', `"${row.name}" has ${MAX_WIDGETS} widgets: remove one`);
    }
    const made = await this.#store.automation.widgets.create({
      ...given,
      w: Math.min(given.w, 12 - given.x),
      dashboardId: row.id,
      publicId: randomUUID(),
    });
    await this.patch(row, {});
    return made;
  }

  async changeWidget(row: DashboardRow, id: number, given: Partial<NewWidget>): Promise<WidgetRow> {
    const before = await this.widget(row.id, id);
    const whole = { ...before, ...given };
    await this.#check(whole as NewWidget, '');
    const after = await this.#store.automation.widgets.update(id, {
      ...given,
      w: Math.min(whole.w, 12 - whole.x),
    });
    if (after === undefined) throw gone(row.id);
    await this.patch(row, {});
    return after;
  }

  async removeWidget(row: DashboardRow, id: number): Promise<void> {
    await this.widget(row.id, id);
    await this.#store.automation.widgets.remove(id);
    await this.patch(row, {});
  }

  /**
   * The whole dashboard in one transaction.
   * @throws EngineError `conflict` when it is not as it was when it was read.
   */
  async put(row: DashboardRow, given: z.output<typeof dashboardPut>): Promise<DashboardRow> {
    const { widgets, basedOn, ...values } = given;
    for (const [at, one] of widgets.entries()) await this.#check(one, `widgets.${at}.`);
    const known = new Map((await this.widgets(row.id)).map((one) => [one.id, one]));
    const kept = widgets.filter(({ id }) => id !== undefined);
    const stranger = kept.find(({ id }) => id !== undefined && !known.has(id));
    if (stranger !== undefined) {
      throw invalid(
        'widgets',
        `there is no widget ${stranger.id} here: leave out the id of new ones`,
      );
    }
    const updatedAtUnixMs = this.#later(row);
    await this.#store.control.write(async (scope) => {
      const { rows } = await sql<{ at: number }>`select updated_at_unix_ms as at
        from automation_dashboards where id = ${row.id}`.execute(scope.db);
      if (rows[0] === undefined) throw gone(row.id);
      if (basedOn !== undefined && Number(rows[0].at) !== basedOn) {
        throw new EngineError(
          'conflict',
          `"${row.name}" was changed by somebody else meanwhile: load it again, or save without basedOn`,
        );
      }
      await sql`update automation_dashboards set name = ${toStored('text', 'name', values.name)},
        shared = ${values.shared ? 1 : 0}, variables = ${JSON.stringify(values.variables)},
        range_ms = ${values.rangeMs}, updated_at_unix_ms = ${updatedAtUnixMs}
        where id = ${row.id}`.execute(scope.db);
      note(scope, 'automation.dashboards', String(row.id), 'put');
      const stay = new Set(kept.map(({ id }) => id));
      for (const id of known.keys()) {
        if (stay.has(id)) continue;
        await sql`delete from automation_widgets where id = ${id}`.execute(scope.db);
        note(scope, 'automation.widgets', String(id), 'delete');
      }
      for (const one of widgets) await this.#write(scope, row.id, one);
    });
    const after = await this.#store.automation.dashboards.get(row.id);
    if (after === undefined) throw gone(row.id);
    return after;
  }

  /** Channels of signals by their id. */
  async signalChannels(widgets: readonly WidgetRow[]): Promise<ReadonlyMap<number, string>> {
    const ids = widgets.flatMap(({ signalId }) => (signalId === null ? [] : [signalId]));
    const signals = await this.#store.automation.signals.many([...new Set(ids)]);
    return new Map(signals.map((signal) => [signal.id, channelOf(signal)]));
  }

  async #write(
    scope: SiteScope,
    dashboardId: number,
    { id, ...given }: NewWidget & { readonly id?: number | undefined },
  ): Promise<void> {
    const w = Math.min(given.w, 12 - given.x);
    if (id === undefined) {
      const values = { ...given, w, dashboardId, publicId: randomUUID() };
      await this.#store.automation.widgets.createManyIn(scope, [values]);
      return;
    }
    await sql`update automation_widgets set type = ${given.type}, title = ${toStored('text', 'title', given.title)},
      signal_id = ${given.signalId}, x = ${given.x}, y = ${given.y}, w = ${w}, h = ${given.h},
      config = ${JSON.stringify(given.config)}
      where id = ${id} and dashboard_id = ${dashboardId}`.execute(scope.db);
    note(scope, 'automation.widgets', String(id), 'put');
  }

  async #check({ type, config, signalId }: NewWidget, at: string): Promise<void> {
    const fault = configFault(type, config);
    if (fault !== undefined) throw invalid(`${at}${fault.field}`, fault.message);
    if (signalId === null) return;
    if ((await this.#store.automation.signals.get(signalId)) === undefined) {
      throw invalid(`${at}signalId`, `there is no ${signalId} in /v1/signals`);
    }
  }

  /** Never the same twice, so that two changes in one millisecond differ. */
  #later({ updatedAtUnixMs }: DashboardRow): number {
    return Math.max(this.#clock.nowMs(), updatedAtUnixMs + 1);
  }
}

export const channelOf = ({ deviceId, parameter }: SignalRow): string => `${deviceId}/${parameter}`;

const gone = (id: number): EngineError =>
  new EngineError('not-found', `/v1/dashboards/${id}: it was removed meanwhile`);
