import type { Filter, LiveQueryInput } from '../../../api/contract/live.js';
import type { GroupRow, RfRow } from '../../../api/contract/rows.js';
import { isTrouble, STATUSES, severity } from './tile-words.js';

export const SORTS = ['slot', 'trouble', 'name', 'battery'] as const;
export type BoardSort = (typeof SORTS)[number];

/** What the address says of the board. */
export interface BoardChoice {
  /** 0: all channels. */
  readonly group: number;
  readonly text: string;
  readonly location: string | undefined;
  readonly vendor: string | undefined;
  /** `trouble`, or one status. */
  readonly status: string | undefined;
  readonly sort: BoardSort;
}

/** Tiles that are drawn at most at once. */
export const MOST_TILES = 500;

/** Reads the choice from the address; what makes no sense is left out. */
export function choiceFrom(query: URLSearchParams): BoardChoice {
  const group = Number(query.get('group') ?? 0);
  const sort = query.get('sort') ?? 'slot';
  const given = (name: string): string | undefined => {
    const value = query.get(name)?.trim();
    return value === undefined || value === '' ? undefined : value.slice(0, 200);
  };
  return {
    group: Number.isInteger(group) && group > 0 ? group : 0,
    text: given('q') ?? '',
    location: given('location'),
    vendor: given('vendor'),
    status: given('status'),
    sort: SORTS.find((one) => one === sort) ?? 'slot',
  };
}

const RANGES = 12;

/** Slots as at most twelve ranges: near ones are joined, what comes too much is left out when drawing. */
export function slotRanges(slots: readonly number[]): readonly (readonly [number, number])[] {
  const sorted = [...new Set(slots.filter((slot) => slot > 0))].toSorted((a, b) => a - b);
  let ranges = sorted.map((slot): readonly [number, number] => [slot, slot]);
  for (let gap = 1; ; gap *= 2) {
    const joined: [number, number][] = [];
    for (const [from, to] of ranges) {
      const last = joined.at(-1);
      if (last && from - last[1] <= gap) last[1] = to;
      else joined.push([from, to]);
    }
    ranges = joined;
    if (ranges.length <= RANGES) return ranges;
  }
}

const TEXT_FIELDS = ['label', 'name', 'performer', 'deviceName', 'location', 'model'] as const;

/** The live query for what is chosen; undefined when the group has no slot at all. */
export function boardQuery(
  choice: BoardChoice,
  group: Pick<GroupRow, 'slots'> | undefined,
): LiveQueryInput | undefined {
  const all: Filter[] = [];
  if (choice.group > 0) {
    const ranges = slotRanges(group?.slots ?? []);
    if (ranges.length === 0) return undefined;
    all.push({
      or: ranges.map(([from, to]) => ({
        and: [
          { field: 'slot', op: '>=' as const, value: from },
          { field: 'slot', op: '<=' as const, value: to },
        ],
      })),
    });
  }
  if (choice.text !== '') {
    all.push({
      or: TEXT_FIELDS.map((field) => ({ field, op: 'contains' as const, value: choice.text })),
    });
  }
  if (choice.location !== undefined) {
    all.push({ field: 'location', op: 'contains', value: choice.location });
  }
  if (choice.vendor !== undefined) all.push({ field: 'vendor', op: '==', value: choice.vendor });
  if (choice.status !== undefined) {
    const wanted =
      choice.status === 'trouble'
        ? STATUSES.filter((status) => isTrouble(status))
        : [choice.status];
    all.push({ or: wanted.map((value) => ({ field: 'status', op: '==' as const, value })) });
  }
  return {
    resource: 'rf',
    ...(all.length === 0 ? {} : { filter: { and: all } }),
    sort: [
      { field: 'slot', direction: 'asc' },
      { field: 'deviceName', direction: 'asc' },
      { field: 'number', direction: 'asc' },
    ],
    window: { offset: 0, limit: MOST_TILES },
  };
}

/** A place on the board: a channel, a blank, or a slot nobody is in. */
export type Cell =
  | { readonly key: string; readonly kind: 'channel'; readonly row: RfRow }
  | { readonly key: string; readonly kind: 'blank' }
  | { readonly key: string; readonly kind: 'empty'; readonly slot: number };

type Ranked = Pick<RfRow, 'status' | 'label' | 'name' | 'batteryPercent' | 'batteryBars'>;

const charge = (row: Ranked): number =>
  row.batteryPercent ?? (row.batteryBars === null ? 101 : row.batteryBars * 20);

function compare(sort: BoardSort): (a: Ranked, b: Ranked) => number {
  const byName = (a: Ranked, b: Ranked): number =>
    `${a.label} ${a.name}`.localeCompare(`${b.label} ${b.name}`, undefined, { numeric: true });
  switch (sort) {
    case 'trouble':
      return (a, b) =>
        severity(a.status) - severity(b.status) || charge(a) - charge(b) || byName(a, b);
    case 'battery':
      return (a, b) => charge(a) - charge(b) || byName(a, b);
    case 'name':
      return byName;
    case 'slot':
      return () => 0;
  }
}

/**
 * What is drawn, in order. A group by slot keeps its order, its blanks and its empty places; when it is sorted
 * otherwise or filtered, only its channels are there.
 */
export function arrange(
  rows: readonly RfRow[],
  choice: BoardChoice,
  group: Pick<GroupRow, 'slots'> | undefined,
): readonly Cell[] {
  const channel = (row: RfRow): Cell => ({ key: row.id, kind: 'channel', row });
  const order = compare(choice.sort);
  if (choice.group === 0) {
    return (choice.sort === 'slot' ? rows : rows.toSorted(order)).map(channel);
  }
  const slots = group?.slots ?? [];
  const bySlot = new Map(rows.map((row) => [row.slot, row]));
  const narrowed =
    choice.text !== '' ||
    choice.status !== undefined ||
    choice.location !== undefined ||
    choice.vendor !== undefined;
  if (choice.sort === 'slot' && !narrowed) {
    const seen = new Set<number>();
    return slots.flatMap((slot, place): Cell[] => {
      if (slot === 0) return [{ key: `blank ${place}`, kind: 'blank' }];
      if (seen.has(slot)) return [];
      seen.add(slot);
      const row = bySlot.get(slot);
      return [row ? channel(row) : { key: `slot ${slot}`, kind: 'empty', slot }];
    });
  }
  const found = [...new Set(slots)].flatMap((slot) => bySlot.get(slot) ?? []);
  return (choice.sort === 'slot' ? found : found.toSorted(order)).map(channel);
}

/**
 * Cells that stay the same object while what they show is the same: one channel that changes costs the page its own tile and
 * not all of them.
 */
export class SteadyCells {
  #before = new Map<string, Cell>();
  #list: readonly Cell[] = [];

  /** The same list as before when nothing changed in it. */
  update(cells: readonly Cell[]): readonly Cell[] {
    const next = new Map<string, Cell>();
    const list = cells.map((cell) => {
      const known = this.#before.get(cell.key);
      const kept = known !== undefined && sameCell(known, cell) ? known : cell;
      next.set(cell.key, kept);
      return kept;
    });
    this.#before = next;
    const same =
      list.length === this.#list.length && list.every((cell, place) => cell === this.#list[place]);
    if (!same) this.#list = list;
    return this.#list;
  }
}

/** Of two with the same key. */
function sameCell(a: Cell, b: Cell): boolean {
  if (a.kind === 'channel') return b.kind === 'channel' && a.row === b.row;
  return a.kind === b.kind;
}

/** Columns and rows that give `cells` tiles of about 4:3 the most room in a box; sizes in px. */
export function gridFor(
  cells: number,
  widthPx: number,
  heightPx: number,
): { readonly columns: number; readonly rows: number } {
  if (cells <= 0 || widthPx <= 0 || heightPx <= 0) return { columns: 1, rows: 1 };
  let best = { columns: 1, rows: cells, size: 0 };
  for (let columns = 1; columns <= cells; columns += 1) {
    const rows = Math.ceil(cells / columns);
    const size = Math.min(widthPx / columns / 4, heightPx / rows / 3);
    if (size > best.size) best = { columns, rows, size };
  }
  return { columns: best.columns, rows: best.rows };
}
