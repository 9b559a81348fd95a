/** One line's column: undefined where it has nothing at that time, null where a gap is. */
type Column = (number | null | undefined)[];

interface Past {
  readonly atUnixMs: readonly number[];
  readonly value: readonly (number | null)[];
}

/** Values that come this close together share a row. */
const TOGETHER_MS = 40;
const LEAST_GAP_MS = 10_000;
const STEPS_TO_GAP = 8;
const MOST_WAITING = 20_000;

/**
 * Lines on one time axis, to which live values are added without building it anew: an add costs as many steps as there
 * are lines, whatever was drawn before. Bounded by `mostRows`; the oldest go first.
 */
export class ChartBuffer {
  readonly #mostRows: number;
  #axis: number[] = [];
  #columns: Column[];
  /** Of each line: time of its last value, and how far apart its values usually are, ms. */
  #lastAt: number[];
  #stepMs: number[];
  #loaded = false;
  /** Live values from before the history was there. */
  #waiting: { readonly place: number; readonly at: number; readonly value: number | null }[] = [];

  constructor(lines: number, mostRows = 8_000) {
    this.#mostRows = mostRows;
    this.#columns = Array.from({ length: lines }, () => []);
    this.#lastAt = new Array<number>(lines).fill(Number.NEGATIVE_INFINITY);
    this.#stepMs = new Array<number>(lines).fill(0);
  }

  get rows(): number {
    return this.#axis.length;
  }

  /** True when so much was added that the history should be asked for again, in fewer points. */
  get full(): boolean {
    return this.#axis.length >= this.#mostRows;
  }

  /** Time of a line's last value, Unix ms. */
  lastAt(place: number): number | undefined {
    const at = this.#lastAt[place];
    return at === undefined || at === Number.NEGATIVE_INFINITY ? undefined : at;
  }

  /** Seconds, then a column a line; the same arrays until the next change. */
  data(): [number[], ...Column[]] {
    return [this.#axis, ...this.#columns];
  }

  /** The history replaces what was there, but for live values after its end. */
  load(lines: readonly Past[]): void {
    const tail = this.#loaded ? this.#tailAfter(lines) : this.#waiting;
    this.#waiting = [];
    this.#loaded = true;
    const times = new Set<number>();
    for (const line of lines) for (const at of line.atUnixMs) times.add(at);
    const axis = [...times].toSorted((a, b) => a - b);
    const index = new Map(axis.map((at, row) => [at, row]));
    this.#axis = axis.map((at) => at / 1_000);
    this.#columns = this.#columns.map((_, place) => {
      const column: Column = new Array<undefined>(axis.length).fill(undefined);
      const line = lines[place];
      line?.atUnixMs.forEach((at, row) => {
        const where = index.get(at);
        if (where !== undefined) column[where] = line.value[row] ?? null;
      });
      this.#lastAt[place] = lastValueAt(line);
      return column;
    });
    for (const { place, at, value } of tail.toSorted((a, b) => a.at - b.at)) {
      this.add(place, at, value);
    }
  }

  /** A live value; one that is not newer than the line's last is ignored. */
  add(place: number, atUnixMs: number, value: number | null): void {
    if (!this.#loaded) {
      if (this.#waiting.length < MOST_WAITING) this.#waiting.push({ place, at: atUnixMs, value });
      return;
    }
    const column = this.#columns[place];
    const before = this.#lastAt[place];
    if (column === undefined || before === undefined || atUnixMs <= before) return;
    const step = atUnixMs - before;
    if (Number.isFinite(step)) {
      const usual = this.#stepMs[place] ?? 0;
      if (step > Math.max(LEAST_GAP_MS, usual * STEPS_TO_GAP)) {
        this.#put(place, (before + atUnixMs) / 2, null);
      } else {
        this.#stepMs[place] = usual === 0 ? step : usual * 0.9 + step * 0.1;
      }
    }
    this.#put(place, atUnixMs, value);
    this.#lastAt[place] = atUnixMs;
  }

  /** Forgets what is older, in pieces; one row before stays, so that lines reach the edge. */
  trim(fromUnixMs: number): void {
    const from = fromUnixMs / 1_000;
    const surplus = Math.max(0, this.#axis.length - this.#mostRows);
    let drop = surplus;
    while (drop < this.#axis.length - 1 && (this.#axis[drop + 1] ?? 0) < from) drop += 1;
    if (drop < 128 && surplus === 0) return;
    this.#axis.splice(0, drop);
    for (const column of this.#columns) column.splice(0, drop);
  }

  #put(place: number, atUnixMs: number, value: number | null): void {
    const at = atUnixMs / 1_000;
    const near = TOGETHER_MS / 1_000;
    let row = this.#axis.length;
    while (row > 0 && (this.#axis[row - 1] ?? 0) > at) row -= 1;
    for (const beside of [row - 1, row]) {
      const there = this.#axis[beside];
      const column = this.#columns[place];
      if (there === undefined || column === undefined || Math.abs(there - at) > near) continue;
      if (column[beside] === undefined) {
        column[beside] = value;
        return;
      }
    }
    if (row === this.#axis.length) {
      this.#axis.push(at);
      for (const [other, column] of this.#columns.entries()) {
        column.push(other === place ? value : undefined);
      }
      return;
    }
    this.#axis.splice(row, 0, at);
    for (const [other, column] of this.#columns.entries()) {
      column.splice(row, 0, other === place ? value : undefined);
    }
  }

  #tailAfter(lines: readonly Past[]) {
    const tail: { place: number; at: number; value: number | null }[] = [];
    for (const [place, column] of this.#columns.entries()) {
      const end = lastValueAt(lines[place]);
      for (let row = this.#axis.length - 1; row >= 0; row -= 1) {
        const at = Math.round((this.#axis[row] ?? 0) * 1_000);
        if (at <= end) break;
        const value = column[row];
        if (value !== undefined) tail.push({ place, at, value });
      }
    }
    return tail;
  }
}

const lastValueAt = (line: Past | undefined): number =>
  line?.atUnixMs.at(-1) ?? Number.NEGATIVE_INFINITY;
