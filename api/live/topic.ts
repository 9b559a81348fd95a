import type { LiveQuery } from '../contract/live.js';
import type { Projection } from './projection.js';
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
  #snapshot: string | undefined;

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

  /** Compares the window with what the clients have. @returns the message they need, or undefined. */
  collect(moved: boolean): string | undefined {
    const before = this.#shown;
    const next = moved ? this.#window() : before;
    const total = this.view.order.length;
    const totalPart = total === this.#total ? '' : `,"total":${String(total)}`;
    this.#total = total;
    this.#shown = next;
    const reordered = moved && !sameOrder(before, next);
    const rows = reordered ? this.#rowsOf(before, next) : this.#changesOf(next);
    if (rows === '' && !reordered && totalPart === '') return undefined;
    this.#revision++;
    const head = `"topic":${String(this.id)},"revision":${String(this.#revision)}${totalPart}`;
    if (rows === '' && reordered) {
      const left = leftOf(before, next);
      if (left.length > 0 && left.length === before.length - next.length) {
        const ids = left.map((record) => record.idJson).join(',');
        return `{"type":"remove",${head},"ids":[${ids}]}`;
      }
    }
    const order = reordered ? `,"order":[${next.map((record) => record.idJson).join(',')}]` : '';
    return `{"type":"patch",${head},"rows":[${rows}]${order}}`;
  }

  /** The part of a snapshot that is the same for every client: all but the subscription's id. */
  snapshot(epoch: string): string {
    if (this.#snapshot === undefined) {
      const rows = this.#shown.map((record) => this.projection.row(record)).join(',');
      this.#snapshot =
        `"topic":${String(this.id)},"epoch":${JSON.stringify(epoch)},` +
        `"revision":${String(this.#revision)},"total":${String(this.#total)},"rows":[${rows}]}`;
    }
    return this.#snapshot;
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

  #changesOf(shown: readonly RowRecord[]): string {
    let rows = '';
    for (const record of shown) {
      if (record.changed === undefined) continue;
      const text = this.projection.change(record);
      if (text !== '') rows += rows === '' ? text : `,${text}`;
    }
    return rows;
  }

  #rowsOf(before: readonly RowRecord[], next: readonly RowRecord[]): string {
    const stayed = nextStamp();
    for (const record of before) record.stamp = stayed;
    let rows = '';
    for (const record of next) {
      let text = '';
      if (record.stamp !== stayed) text = this.projection.entry(record);
      else if (record.changed !== undefined) text = this.projection.change(record);
      if (text !== '') rows += rows === '' ? text : `,${text}`;
    }
    return rows;
  }
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
