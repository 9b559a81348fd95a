import type { LiveQuery } from '../contract/live.js';
import type { JsonBytes } from './json-bytes.js';
import type { Fragment, Projection } from './projection.js';
import { MessageRing } from './ring.js';
import { nextStamp, type RowRecord } from './table.js';
import type { View } from './view.js';

/**
 * One distinct query: a window of a view, in some columns. Evaluated and encoded once a tick however many
 * clients subscribe.
 */
export class Topic {
  readonly id: number;
  readonly key: string;
  readonly query: LiveQuery;
  /** Name under which sockets subscribe. */
  readonly channel: string;
  readonly view: View;
  readonly projection: Projection;
  readonly ring: MessageRing;
  /** Subscriptions of all clients. */
  subscribers = 0;
  /** When the last subscriber left, monotonic ms; undefined while there are some. */
  idleSinceMonoMs: number | undefined;
  #revision = 0;
  #shown: readonly RowRecord[];
  #total: number;
  /** What is the same of a snapshot for every client. */
  #snapshot: Buffer | undefined;

  constructor(options: {
    readonly id: number;
    readonly key: string;
    readonly query: LiveQuery;
    readonly view: View;
    readonly projection: Projection;
  }) {
    this.id = options.id;
    this.key = options.key;
    this.query = options.query;
    this.channel = `live/${String(options.id)}`;
    this.view = options.view;
    this.projection = options.projection;
    this.ring = new MessageRing();
    this.#shown = this.#window();
    this.#total = this.view.order.length;
  }

  /** Rows of the window, as they were told. */
  get shown(): readonly RowRecord[] {
    return this.#shown;
  }

  get revision(): number {
    return this.#revision;
  }

  /**
   * Compares the window with what the clients have, and writes the message they need to `out`, after the fragments of rows
   * that no topic had written in this tick. @returns where it begins there; undefined: they need none.
   */
  collect(moved: boolean, out: JsonBytes): number | undefined {
    const before = this.#shown;
    const next = moved ? this.#window() : before;
    const total = this.view.order.length;
    const totalMoved = total !== this.#total;
    this.#total = total;
    this.#shown = next;
    const reordered = moved && !sameOrder(before, next);
    const rows = reordered ? this.#rowsOf(before, next, out) : this.#changesOf(next, out);
    if (rows.length === 0 && !reordered && !totalMoved) return undefined;
    this.#revision++;
    const left = rows.length === 0 && reordered ? leftOf(before, next) : NONE;
    const leaves = left.length > 0 && left.length === before.length - next.length;
    const from = out.length;
    out.raw(leaves ? '{"type":"remove","topic":' : '{"type":"patch","topic":');
    out.cell(this.id);
    out.raw(',"revision":');
    out.cell(this.#revision);
    if (totalMoved) {
      out.raw(',"total":');
      out.cell(total);
    }
    if (leaves) writeIds(',"ids":[', left, out);
    else {
      out.raw(',"rows":[');
      for (const [i, fragment] of rows.entries()) {
        if (i > 0) out.byte(COMMA);
        out.again(fragment.from, fragment.to);
      }
      out.byte(CLOSE);
      if (reordered) writeIds(',"order":[', next, out);
    }
    out.byte(BRACE);
    return from;
  }

  /** The whole window, for a client's subscription `id`. `out` is cleared and used. */
  snapshot(id: string, epoch: string, out: JsonBytes): Buffer {
    this.#snapshot ??= this.#body(epoch, out);
    return Buffer.concat([
      Buffer.from(`{"type":"snapshot","id":${JSON.stringify(id)}`),
      this.#snapshot,
    ]);
  }

  #body(epoch: string, out: JsonBytes): Buffer {
    out.clear();
    out.raw(',"topic":');
    out.cell(this.id);
    out.raw(',"epoch":');
    out.cell(epoch);
    out.raw(',"revision":');
    out.cell(this.#revision);
    out.raw(',"total":');
    out.cell(this.#total);
    out.raw(',"rows":[');
    for (const [i, record] of this.#shown.entries()) {
      if (i > 0) out.byte(COMMA);
      this.projection.row(record, out);
    }
    out.raw(']}');
    const body = Buffer.from(out.view(0));
    out.clear();
    return body;
  }

  /** Rows changed or may change: the encoded snapshot is old. */
  forget(): void {
    this.#snapshot = undefined;
  }

  #window(): readonly RowRecord[] {
    const { offset, limit } = this.query.window;
    const { order } = this.view;
    return offset === 0 && order.length <= limit ? order : order.slice(offset, offset + limit);
  }

  #changesOf(shown: readonly RowRecord[], out: JsonBytes): readonly Fragment[] {
    const rows: Fragment[] = [];
    for (const record of shown) {
      if (record.changes === 0) continue;
      const fragment = this.projection.change(record, out);
      if (fragment !== undefined) rows.push(fragment);
    }
    return rows;
  }

  #rowsOf(
    before: readonly RowRecord[],
    next: readonly RowRecord[],
    out: JsonBytes,
  ): readonly Fragment[] {
    const stayed = nextStamp();
    for (const record of before) record.stamp = stayed;
    const rows: Fragment[] = [];
    for (const record of next) {
      if (record.stamp !== stayed) rows.push(this.projection.entry(record, out));
      else if (record.changes > 0) {
        const fragment = this.projection.change(record, out);
        if (fragment !== undefined) rows.push(fragment);
      }
    }
    return rows;
  }
}

const COMMA = 44;
const CLOSE = 93;
const BRACE = 125;
const NONE: readonly RowRecord[] = [];

/** `,"key":["id",…]` */
function writeIds(open: string, records: readonly RowRecord[], out: JsonBytes): void {
  out.raw(open);
  for (const [i, record] of records.entries()) {
    if (i > 0) out.byte(COMMA);
    out.raw(record.idJson);
  }
  out.byte(CLOSE);
}

function sameOrder(a: readonly RowRecord[], b: readonly RowRecord[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Rows of `before` that are not in `next`, when all the others keep their order; else none. */
function leftOf(before: readonly RowRecord[], next: readonly RowRecord[]): readonly RowRecord[] {
  const left: RowRecord[] = [];
  let at = 0;
  for (const record of before) {
    if (record === next[at]) at++;
    else left.push(record);
  }
  return at === next.length ? left : [];
}
