import { type AlarmEvent, moveAlarm } from '../../actors/alarm/alarm.machine.js';
import type { AlarmRow } from '../../actors/automation/automation.types.js';
import type { SiteScope } from '../../actors/control/scope.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { AlarmPort, EdgeOfRule } from '../automation/ports.js';
import type { AlarmRow as LiveAlarmRow } from '../contract/automation-rows.js';
import type { LiveTable } from '../live/table.types.js';
import { AlarmBook } from './book.js';
import type { AlarmHistory } from './history.js';
import { changedFields, clearSources, takeEdge } from './intake.js';
import { liveAlarm } from './live-rows.js';
import { takeEdges } from './take-many.js';

export interface AlarmDeskOptions {
  readonly store: Pick<SiteStore, 'control' | 'automation'>;
  readonly table: Pick<LiveTable, 'put' | 'remove' | 'get'>;
  readonly deviceName: (deviceId: string) => string | null;
  readonly history: AlarmHistory;
  readonly clock: Clock;
}

/** Told of alarms after their changes are committed; must return soon. */
export type AlarmListener = (rows: readonly AlarmRow[]) => void;

/** Cleared alarms leave the desk when they are acknowledged, or after this. */
export const SHOWN_AFTER_CLEAR_MS = 24 * 3_600_000;
/** Cleared ones on the desk; beyond it the oldest leave. Active ones are as many as there are. */
const MOST_CLEARED = 10_000;
/** Changes this long before a start are noted again: the history may have lost them with a kill. */
const NOTED_AGAIN_MS = 60_000;

/**
 * Alarms as everybody sees them. Rows in the control store are the authority: a change is decided by the machine on the
 * row inside a transaction, and only what was committed is shown, written to the history and told on.
 */
export class AlarmDesk implements AlarmPort {
  readonly book = new AlarmBook();
  readonly #options: AlarmDeskOptions;
  readonly #listeners = new Set<AlarmListener>();
  /** In the order in which they were cleared. */
  readonly #cleared = new Set<number>();
  #quietOf: (row: AlarmRow) => LiveAlarmRow['quiet'] = () => null;

  constructor(options: AlarmDeskOptions) {
    this.#options = options;
  }

  /** Puts what is current on the desk; once, before the first edge. */
  async load(): Promise<void> {
    const { store, clock, history } = this.#options;
    const now = clock.nowMs();
    const { alarms } = store.automation;
    for await (const rows of alarms.each({
      where: [{ field: 'clearedAtUnixMs', op: 'isNull', value: true }],
    })) {
      for (const row of rows) this.#show(row);
    }
    const cleared = await alarms.find({
      where: [
        { field: 'clearedAtUnixMs', op: '>=', value: now - SHOWN_AFTER_CLEAR_MS },
        { field: 'acknowledgedAtUnixMs', op: 'isNull', value: true },
      ],
      order: { by: 'clearedAtUnixMs', direction: 'desc' },
      limit: MOST_CLEARED,
    });
    for (const row of cleared.toReversed()) this.#show(row);
    const latest = await alarms.first({ order: { by: 'updatedAtUnixMs', direction: 'desc' } });
    if (latest === undefined) return;
    for (const row of await alarms.find({
      where: [
        { field: 'updatedAtUnixMs', op: '>=', value: latest.updatedAtUnixMs - NOTED_AGAIN_MS },
      ],
    })) {
      history.note(row);
    }
  }

  /** Why nobody is told of an alarm now; shown with it. */
  quietBy(quietOf: (row: AlarmRow) => LiveAlarmRow['quiet']): void {
    this.#quietOf = quietOf;
  }

  onChange(listener: AlarmListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async takeIn(scope: SiteScope, edge: EdgeOfRule): Promise<AlarmRow | undefined> {
    return await takeEdge(this.#options.store.automation.alarms, scope, edge);
  }

  async takeManyIn(
    scope: SiteScope,
    edges: readonly EdgeOfRule[],
  ): Promise<readonly (AlarmRow | undefined)[]> {
    return await takeEdges(this.#options.store.automation.alarms, scope, edges);
  }

  async clearIn(
    scope: SiteScope,
    sources: readonly { readonly ruleId: number; readonly source: string }[],
    atUnixMs: number,
  ): Promise<readonly { readonly activeKeyBefore: string; readonly row: AlarmRow }[]> {
    return await clearSources(this.#options.store.automation.alarms, scope, sources, atUnixMs);
  }

  committed(rows: readonly AlarmRow[]): void {
    this.#committed(rows.map((row) => ({ row })));
  }

  /**
   * Moves alarms in one transaction; those that cannot move are answered with the reason. `also` runs in the
   * transaction for each that moved; `newComments` come with the move.
   */
  async move(
    ids: readonly number[],
    eventOf: (row: AlarmRow) => AlarmEvent | undefined,
    also?: (scope: SiteScope, after: AlarmRow) => Promise<void>,
    detail?: Readonly<Record<string, unknown>>,
    newComments = 0,
  ): Promise<{
    readonly done: readonly AlarmRow[];
    readonly refused: readonly { readonly id: number; readonly reason: string }[];
  }> {
    const { control, automation } = this.#options.store;
    const result = await control.write(async (scope) => {
      const done: AlarmRow[] = [];
      const refused: { id: number; reason: string }[] = [];
      const unique = [...new Set(ids)];
      const found = new Map<number, AlarmRow>();
      for (let at = 0; at < unique.length; at += AT_ONCE) {
        const some = unique.slice(at, at + AT_ONCE);
        for (const row of await automation.alarms.findIn(scope, {
          where: [{ field: 'id', op: 'in', value: some }],
        })) {
          found.set(row.id, row);
        }
      }
      for (const id of unique) {
        const before = found.get(id);
        if (before === undefined) {
          refused.push({ id, reason: `there is no alarm ${id}` });
          continue;
        }
        const event = eventOf(before);
        if (event === undefined) continue;
        try {
          const moved = moveAlarm(before, event);
          const after = { ...moved, comments: moved.comments + newComments };
          await automation.alarms.updateIn(scope, id, changedFields(before, after));
          await also?.(scope, after);
          done.push(after);
        } catch (thrown) {
          const { code, message } = EngineError.from(thrown);
          if (code !== 'conflict') throw thrown;
          refused.push({ id, reason: message });
        }
      }
      return { done, refused };
    });
    this.#committed(result.done.map((row) => ({ row, ...(detail && { detail }) })));
    return result;
  }

  /** Shows again what did not change itself: a silence, a parent or time made it look different. */
  refresh(ids: Iterable<number>): void {
    for (const id of ids) {
      const row = this.book.get(id);
      if (row !== undefined) this.#put(row);
    }
  }

  /** Takes it off the desk; it stays in the store. */
  leave(id: number): void {
    this.book.remove(id);
    this.#cleared.delete(id);
    this.#options.table.remove(String(id));
  }

  #committed(
    changes: readonly {
      readonly row: AlarmRow;
      readonly detail?: Readonly<Record<string, unknown>>;
    }[],
  ): void {
    const { history } = this.#options;
    const fresh: AlarmRow[] = [];
    for (const { row, detail } of changes) {
      const known = this.book.get(row.id);
      if (known?.changes === row.changes) continue;
      history.note(row, detail);
      if (known !== undefined && known.changes > row.changes) continue;
      this.#show(row);
      fresh.push(row);
    }
    if (fresh.length === 0) return;
    for (const listener of this.#listeners) listener(fresh);
  }

  #show(row: AlarmRow): void {
    this.book.put(row);
    this.#cleared.delete(row.id);
    if (row.clearedAtUnixMs !== null) {
      if (row.acknowledgedAtUnixMs !== null) {
        this.leave(row.id);
        return;
      }
      this.#cleared.add(row.id);
      const [oldest] = this.#cleared;
      if (this.#cleared.size > MOST_CLEARED && oldest !== undefined) this.leave(oldest);
    }
    this.#put(row);
  }

  #put(row: AlarmRow): void {
    const { table, deviceName, clock } = this.#options;
    table.put({
      ...liveAlarm(row, {
        deviceName: row.deviceId === null ? null : deviceName(row.deviceId),
        quiet: this.#quietOf(row),
        parentAlarmId: this.book.parentOf(row)?.id ?? row.parentAlarmId,
        nowUnixMs: clock.nowMs(),
      }),
    });
  }
}

/** Rows of one statement. */
const AT_ONCE = 500;
