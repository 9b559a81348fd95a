import { sql } from 'kysely';
import type { DeliveryRow } from '../../actors/automation/automation.types.js';
import type { SiteScope } from '../../actors/control/scope.js';
import type { SiteControl } from '../../actors/control/tables.js';
import { bulkRows, inBulks } from '../../engine/control/rows.js';
import type { NewDelivery } from '../automation/ports.js';

/** How a try, or giving up, leaves a delivery. */
export interface Settled {
  readonly id: number;
  /** `failed`: tried without success, and tried again at `nextAtUnixMs`. `dead`: given up. */
  readonly state: 'delivered' | 'failed' | 'dead' | 'pending';
  readonly attempts: number;
  readonly nextAtUnixMs: number | null;
  readonly lastError: string | null;
  readonly responseCode: number | null;
  readonly deliveredAtUnixMs: number | null;
}

const NEW = {
  public_id: 'text',
  kind: 'text',
  target_id: 'integer',
  event: 'text',
  payload: 'text',
  subject: 'text',
  alarm_id: 'integer',
} as const;

const SETTLED = {
  id: 'integer',
  state: 'text',
  attempts: 'integer',
  next_at: 'double',
  last_error: 'text',
  response_code: 'integer',
  delivered_at: 'double',
} as const;

const TABLE = sql.table('automation_deliveries');
/** Rows that one statement of the clean-up takes. */
const REMOVE_ROWS = 1_000;

/**
 * The queue of everything to tell and to do. Its rows are many and short-lived, so they are written in bulk and
 * not noted in the change feed.
 */
export class DeliveryTable {
  readonly #control: SiteControl;

  constructor(control: SiteControl) {
    this.#control = control;
  }

  /** In the caller's transaction. What is there under a key stays; what is for a target that is gone is left out. */
  async insertIn(
    scope: SiteScope,
    deliveries: readonly NewDelivery[],
    nowUnixMs: number,
  ): Promise<void> {
    if (deliveries.length === 0) return;
    const columns = sql.join(Object.keys(NEW).map((name) => sql.ref(name)));
    await inBulks(deliveries, async (some) => {
      const rows = some.map((one) => ({
        public_id: one.key,
        kind: one.kind,
        target_id: one.targetId,
        event: one.event,
        payload: one.payload.replaceAll('\0', ''),
        subject: one.subject,
        alarm_id: one.alarmId,
      }));
      await sql`insert into ${TABLE} (${columns}, state, attempts, created_at_unix_ms)
        select ${columns}, 'pending', 0, ${sql.lit(nowUnixMs)} from ${bulkRows(this.#control.dialect, NEW, rows)} as r
        where r.target_id is null or exists
          (select 1 from automation_targets t where t.id = r.target_id)
        on conflict (public_id) do nothing`.execute(scope.db);
    });
  }

  /** As `insertIn`, in a transaction of its own. */
  async insert(deliveries: readonly NewDelivery[], nowUnixMs: number): Promise<void> {
    if (deliveries.length === 0) return;
    await this.#control.write((scope) => this.insertIn(scope, deliveries, nowUnixMs));
  }

  /** Unfinished ones behind `afterId`, in order of their id. */
  async unfinished(afterId: number, limit: number): Promise<readonly DeliveryRow[]> {
    // The sum keeps the planner from the index of states: rows of a dead target would be read at each look.
    return await this.#select(
      sql`id > ${afterId} and (state || '') in ('pending', 'failed')`,
      sql`order by id limit ${limit}`,
    );
  }

  /** Unfinished ones of a target (null: without one), of an event and a subject when given, that are due. */
  async due(
    lane: { readonly targetId: number | null; readonly event?: string; readonly subject?: string },
    beforeUnixMs: number,
    limit: number,
  ): Promise<readonly DeliveryRow[]> {
    const { targetId, event, subject } = lane;
    const whose = targetId === null ? sql`target_id is null` : sql`target_id = ${targetId}`;
    const what = event === undefined ? sql`1 = 1` : sql`event = ${event}`;
    const about = subject === undefined ? sql`1 = 1` : sql`coalesce(subject, '') = ${subject}`;
    return await this.#select(
      sql`${whose} and state in ('pending', 'failed') and ${what} and ${about}
        and (next_at_unix_ms is null or next_at_unix_ms <= ${beforeUnixMs})`,
      sql`order by id limit ${limit}`,
    );
  }

  /** The last ones that are finished, newest first. */
  async finished(limit: number): Promise<readonly DeliveryRow[]> {
    return await this.#select(
      sql`(state || '') in ('delivered', 'dead')`,
      sql`order by id desc limit ${limit}`,
    );
  }

  async settle(all: readonly Settled[]): Promise<void> {
    if (all.length === 0) return;
    await this.#control.write(async ({ db }) => {
      await inBulks(all, async (some) => {
        const rows = some.map((one) => ({
          id: one.id,
          state: one.state,
          attempts: one.attempts,
          next_at: one.nextAtUnixMs,
          last_error: one.lastError?.replaceAll('\0', '') ?? null,
          response_code: one.responseCode,
          delivered_at: one.deliveredAtUnixMs,
        }));
        await sql`update ${TABLE} set state = r.state, attempts = r.attempts,
          next_at_unix_ms = r.next_at, last_error = r.last_error, response_code = r.response_code,
          delivered_at_unix_ms = r.delivered_at
          from ${bulkRows(this.#control.dialect, SETTLED, rows)} as r
          where automation_deliveries.id = r.id`.execute(db);
      });
    });
  }

  /** Unfinished ones that were due before, except those of some targets: nobody may have told of them. */
  async strays(
    beforeUnixMs: number,
    exceptTargets: readonly number[],
    limit: number,
  ): Promise<readonly DeliveryRow[]> {
    const others =
      exceptTargets.length === 0
        ? sql`1 = 1`
        : sql`(target_id is null or target_id not in (${sql.join(exceptTargets)}))`;
    return await this.#select(
      sql`state in ('pending', 'failed') and ${others}
        and coalesce(next_at_unix_ms, created_at_unix_ms) <= ${beforeUnixMs}`,
      sql`order by id limit ${limit}`,
    );
  }

  /** It begins anew. */
  async replay(id: number, nowUnixMs: number): Promise<void> {
    await this.#control.write(async ({ db }) => {
      await sql`update ${TABLE} set state = 'pending', attempts = 0, next_at_unix_ms = null,
        last_error = null, response_code = null, delivered_at_unix_ms = null,
        created_at_unix_ms = ${nowUnixMs} where id = ${id}`.execute(db);
    });
  }

  /** Gives up what a target has waiting beyond its newest `keep`. @returns how many. */
  async giveUp(targetId: number, keep: number, why: string): Promise<number> {
    return await this.#control.write(async ({ db }) => {
      const { numAffectedRows } = await sql`update ${TABLE}
        set state = 'dead', last_error = ${why}, next_at_unix_ms = null
        where target_id = ${targetId} and state in ('pending', 'failed') and id <= coalesce((
          select id from ${TABLE} where target_id = ${targetId} and state in ('pending', 'failed')
          order by id desc limit 1 offset ${keep}), 0)`.execute(db);
      return Number(numAffectedRows ?? 0);
    });
  }

  /** Forgets finished ones beyond the newest `keepRows`, and those from before `beforeUnixMs`. @returns how many. */
  async forget(keepRows: number, beforeUnixMs: number): Promise<number> {
    const edge = await this.#control.read(async (db) => {
      const { rows } = await sql<{ id: number }>`select id from ${TABLE}
        where (state || '') in ('delivered', 'dead')
        order by id desc limit 1 offset ${keepRows}`.execute(db);
      return rows[0]?.id ?? 0;
    });
    let gone = 0;
    for (;;) {
      const some = await this.#control.write(async ({ db }) => {
        const { rows } = await sql<{ id: number }>`delete from ${TABLE} where id in (
          select id from ${TABLE} where state in ('delivered', 'dead')
            and (id <= ${edge} or created_at_unix_ms < ${beforeUnixMs})
          limit ${REMOVE_ROWS}) returning id`.execute(db);
        return rows.length;
      });
      gone += some;
      if (some < REMOVE_ROWS) return gone;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #select(
    where: ReturnType<typeof sql>,
    tail: ReturnType<typeof sql>,
  ): Promise<readonly DeliveryRow[]> {
    return await this.#control.read(async (db) => {
      const { rows } = await sql<DeliveryRow>`select id, public_id as "publicId", kind,
        target_id as "targetId", event, payload, subject, alarm_id as "alarmId", state, attempts,
        next_at_unix_ms as "nextAtUnixMs", last_error as "lastError",
        response_code as "responseCode", created_at_unix_ms as "createdAtUnixMs",
        delivered_at_unix_ms as "deliveredAtUnixMs"
        from ${TABLE} where ${where} ${tail}`.execute(db);
      return rows;
    });
  }
}
