import type { Clock, TimerHandle } from '../../../engine/clock.js';
import type { GroupRow, RfRow } from '../../contract/rows.js';
import type { TableWatch } from '../../live/table.types.js';
import { type BoardTables, groupOf } from './board.js';
import { chartOf, txOf } from './wire.js';

export const TICK_MS = 50;

/** A value heard anew is a point of the chart also when it is the same. */
const CHART = [
  'rfPercent',
  'audioPercent',
  'audioLeftPercent',
  'audioRightPercent',
  'heardUnixMs',
] as const satisfies readonly (keyof RfRow)[];

const TILE = [
  'slot',
  'number',
  'label',
  'name',
  'reportedName',
  'status',
  'batteryBars',
  'batteryPercent',
  'batteryMinutes',
  'antenna',
  'qualityPercent',
  'frequencyMhz',
  'txOffsetDb',
  'txLock',
  'model',
] as const satisfies readonly (keyof RfRow)[];

/** What was there at the last look; rows are changed in place. */
interface Seen {
  readonly chart: unknown[];
  readonly tile: unknown[];
}

/**
 * What changed on the board since the last look, every 50 ms while somebody listens, encoded once for all of them.
 * Looks only at rows that changed. Remembers twenty values a channel and nothing else.
 */
export class Updates {
  readonly #tables: BoardTables;
  readonly #clock: Clock;
  readonly #send: (text: string) => void;
  readonly #seen = new Map<string, Seen>();
  readonly #groups = new Map<string, string>();
  #watching: { readonly rf: TableWatch; readonly groups: TableWatch } | undefined;
  #timer: TimerHandle | undefined;

  constructor(options: {
    readonly tables: BoardTables;
    readonly clock: Clock;
    readonly send: (text: string) => void;
  }) {
    this.#tables = options.tables;
    this.#clock = options.clock;
    this.#send = options.send;
  }

  /** Begins at what is there now: a client has read `/data.json`. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#look(() => undefined);
    this.#schedule();
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watching?.rf.end();
    this.#watching?.groups.end();
    this.#watching = undefined;
    this.#seen.clear();
    this.#groups.clear();
  }

  /** The batch that is due; undefined: nothing changed. */
  batch(): string | undefined {
    const nowS = this.#clock.nowMs() / 1_000;
    const charts: string[] = [];
    const tiles: string[] = [];
    const groups = this.#look((row, chart, tile) => {
      if (chart) {
        const atS = row.heardUnixMs === null ? nowS : row.heardUnixMs / 1_000;
        charts.push(JSON.stringify(chartOf(row, atS)));
      }
      if (tile) tiles.push(JSON.stringify({ ...txOf(row), timestamp: nowS }));
    });
    const parts = [
      charts.length === 0 ? '' : `"chart-update":[${charts.join(',')}]`,
      tiles.length === 0 ? '' : `"data-update":[${tiles.join(',')}]`,
      groups.length === 0 ? '' : `"group-update":[${groups.join(',')}]`,
    ].filter((part) => part !== '');
    return parts.length === 0 ? undefined : `{${parts.join(',')}}`;
  }

  /** @returns the groups that changed. */
  #look(changed: (row: RfRow, chart: boolean, tile: boolean) => void): string[] {
    const { rf, groups } = this.#tables;
    this.#watching ??= { rf: rf.watch(), groups: groups.watch() };
    for (const id of this.#watching.rf.drain()) {
      const row = rf.get(id) as unknown as RfRow | undefined;
      if (row === undefined || row.slot === null) {
        this.#seen.delete(id);
        continue;
      }
      let seen = this.#seen.get(id);
      if (seen === undefined) {
        seen = { chart: [], tile: [] };
        this.#seen.set(id, seen);
      }
      const chart = took(seen.chart, row, CHART);
      const tile = took(seen.tile, row, TILE);
      if (chart || tile) changed(row, chart, tile);
    }
    return this.#changedGroups(this.#watching.groups.drain());
  }

  #changedGroups(ids: ReadonlySet<string>): string[] {
    const changed: string[] = [];
    for (const id of ids) {
      const row = this.#tables.groups.get(id) as unknown as GroupRow | undefined;
      const text = row === undefined ? undefined : JSON.stringify(groupOf(row));
      if (this.#groups.get(id) === text) continue;
      if (text === undefined) this.#groups.delete(id);
      else {
        this.#groups.set(id, text);
        changed.push(text);
      }
    }
    return changed;
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimeout(() => {
      const batch = this.batch();
      if (batch !== undefined) this.#send(batch);
      if (this.#timer !== undefined) this.#schedule();
    }, TICK_MS);
  }
}

/** Copies the fields; true: one of them is new. */
function took(into: unknown[], row: RfRow, fields: readonly (keyof RfRow)[]): boolean {
  let changed = false;
  for (const [i, field] of fields.entries()) {
    const value = row[field];
    if (into[i] === value && i < into.length) continue;
    into[i] = value;
    changed = true;
  }
  return changed;
}
