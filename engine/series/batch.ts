import { EngineError } from '../errors.js';
import { eachBlockRow } from './native-block.js';
import { eachTextRow, RowText, sampleLine } from './row-text.js';
import { SampleColumns } from './sample-columns.js';
import type { SampleBatch, SeriesEvent } from './series.types.js';

/** Last µs that fits a rollup's 32-bit seconds: 2106-02-07. */
const MAX_AT_US = 4_294_967_295_999_999;
const US_PER_HOUR = 3_600_000_000;
/** A time further ahead of the clock than this does not count as the channel's newest. */
const MAX_AHEAD_US = 300_000_000;
/** Channel numbers are interned from 1 upwards; above this they go to a map. */
const DENSE_CHANNELS = 1 << 22;

/** Formats of ClickHouse that the samples of a batch are in. This version writes `Native`; text lies in spools of earlier ones. */
export type SamplesFormat = 'Native' | 'TabSeparated';

/** Rows sealed for one insert. `text` and `events` are ClickHouse's tab-separated text. */
export interface StoreBatch {
  /** Unique; the store takes a token once. */
  readonly token: string;
  readonly rows: number;
  readonly samplesFormat: SamplesFormat;
  readonly samples: Uint8Array;
  readonly text: Uint8Array;
  readonly events: Uint8Array;
  /** Hours of channels with late or repeated rows, as `hourKey`: their rollups are recomputed. */
  readonly dirty: readonly number[];
  /** Channels that this writer had not compared with the store yet when their rows came: the store may have the same. */
  readonly unverified: readonly number[];
}

/**
 * Several batches as one insert, in order. Their samples are in one format, whose pieces make a whole one after the other.
 * Its token is the first one's: a group is sent once or as `attempted`.
 */
export function mergeBatches(batches: readonly [StoreBatch, ...StoreBatch[]]): StoreBatch {
  const [first, ...more] = batches;
  if (more.length === 0) return first;
  return {
    token: first.token,
    rows: batches.reduce((sum, batch) => sum + batch.rows, 0),
    samplesFormat: first.samplesFormat,
    samples: Buffer.concat(batches.map((batch) => batch.samples)),
    text: Buffer.concat(batches.map((batch) => batch.text)),
    events: Buffer.concat(batches.map((batch) => batch.events)),
    dirty: [...new Set(batches.flatMap((batch) => batch.dirty))],
    unverified: [...new Set(batches.flatMap((batch) => batch.unverified))],
  };
}

/** Calls `visit` with channel and Unix µs of every sample row of a batch. */
export function eachSampleRow(
  batch: Pick<StoreBatch, 'samples' | 'samplesFormat'>,
  visit: (channel: number, atUs: number) => void,
): void {
  if (batch.samplesFormat === 'Native') eachBlockRow(batch.samples, visit);
  else eachTextRow(batch.samples, visit);
}

/** The same batch with its samples as text, which people can read and the store takes as well. Slow: a string a row. */
export function asText(batch: StoreBatch): StoreBatch {
  if (batch.samplesFormat === 'TabSeparated') return batch;
  const lines: string[] = [];
  eachBlockRow(batch.samples, (...row) => lines.push(sampleLine(...row)));
  return { ...batch, samplesFormat: 'TabSeparated', samples: Buffer.from(lines.join('')) };
}

/** Channel and hour in one safe integer. */
export function hourKey(channel: number, atUs: number): number {
  return Math.floor(atUs / US_PER_HOUR) * 4_294_967_296 + channel;
}

export function splitHourKey(key: number): { readonly channel: number; readonly hour: number } {
  const hour = Math.floor(key / 4_294_967_296);
  return { hour, channel: key - hour * 4_294_967_296 };
}

/** Newest stored time of every channel, as far as this writer knows. */
export class NewestTimes {
  #dense = new Float64Array(4_096).fill(-1);
  readonly #sparse = new Map<number, number>();
  readonly #unverified = new Set<number>();

  /** True from the first row of a channel on until it is `verified`: what the store has of it may be newer than what is known here. */
  unverified(channel: number): boolean {
    return this.#unverified.size > 0 && this.#unverified.has(channel);
  }

  verified(channel: number): void {
    this.#unverified.delete(channel);
  }

  /** Unix µs; -1 when the channel was never seen here. */
  get(channel: number): number {
    if (channel < this.#dense.length) return this.#dense[channel] ?? -1;
    return channel < DENSE_CHANNELS ? -1 : (this.#sparse.get(channel) ?? -1);
  }

  /** The first row of a channel. */
  first(channel: number, atUs: number): void {
    this.#unverified.add(channel);
    this.set(channel, atUs);
  }

  set(channel: number, atUs: number): void {
    if (channel >= DENSE_CHANNELS) {
      this.#sparse.set(channel, atUs);
      return;
    }
    if (channel >= this.#dense.length) {
      const bigger = new Float64Array(Math.max(this.#dense.length * 2, channel + 1)).fill(-1);
      bigger.set(this.#dense);
      this.#dense = bigger;
    }
    this.#dense[channel] = atUs;
  }
}

/**
 * Gathers rows for one insert. Rows are copied as they come, so that what waits is compact and the
 * caller's arrays are free at once.
 */
export class BatchBuilder {
  readonly #newest: NewestTimes;
  readonly #samples: SampleColumns;
  readonly #text = new RowText(256);
  readonly #events = new RowText(256);
  readonly #dirty = new Set<number>();
  readonly #unverified = new Set<number>();
  #rows = 0;

  /** @param columns empty, and of this builder alone until `seal`. */
  constructor(newest: NewestTimes, columns = new SampleColumns()) {
    this.#newest = newest;
    this.#samples = columns;
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#samples.bytes + this.#text.length + this.#events.length;
  }

  /** Takes numeric rows `from` to `to` (exclusive) of a checked batch. */
  addSamples(batch: SampleBatch, from: number, to: number, nowUs: number): void {
    const newest = this.#newest;
    const channels = batch.channel.subarray(from, to);
    const halves = this.#samples.append(channels, batch.value.subarray(from, to));
    for (let i = 0; i < channels.length; i++) {
      const channel = channels[i] ?? 0;
      const atUs = Math.round((batch.atUnixMs[from + i] ?? 0) * 1_000);
      const known = newest.get(channel);
      if (known === -1 || newest.unverified(channel)) this.#unverified.add(channel);
      if (atUs <= known || atUs > nowUs + MAX_AHEAD_US) this.#dirty.add(hourKey(channel, atUs));
      else if (known === -1) newest.first(channel, atUs);
      else newest.set(channel, atUs);
      // Stored as what they are modulo 2³².
      halves[i * 2] = atUs;
      halves[i * 2 + 1] = atUs / 4_294_967_296;
    }
    this.#rows += to - from;
  }

  addText(batch: SampleBatch): void {
    for (const row of batch.text) {
      this.#text.text(row.channel, Math.round(row.atUnixMs * 1_000), row.value);
    }
    this.#rows += batch.text.length;
  }

  addEvents(events: readonly SeriesEvent[], token: string): void {
    for (const event of events) {
      const id = `${token}-${this.#rows}`;
      const cells = [event.kind, event.subject, id, JSON.stringify(event.detail)];
      this.#events.event(Math.round(event.atUnixMs * 1_000), cells);
      this.#rows++;
    }
  }

  seal(token: string): StoreBatch {
    return {
      token,
      rows: this.#rows,
      samplesFormat: 'Native',
      samples: this.#samples.seal(),
      text: this.#text.take(),
      events: this.#events.take(),
      dirty: [...this.#dirty],
      unverified: [...this.#unverified],
    };
  }
}

/** @throws EngineError `input.invalid` when columns differ in length or a time cannot be stored. */
export function checkBatch(batch: SampleBatch): void {
  const rows = batch.channel.length;
  if (batch.atUnixMs.length !== rows || batch.value.length !== rows) {
    throw new EngineError('input.invalid', 'channel, atUnixMs and value differ in length');
  }
  for (let i = 0; i < rows; i++) checkTime(batch.atUnixMs[i]);
  for (const row of batch.text) checkTime(row.atUnixMs);
}

/** Times from 1970 to 2106 can be stored. */
export function checkTime(atUnixMs: number | undefined): void {
  if (atUnixMs === undefined || !(atUnixMs >= 0 && atUnixMs * 1_000 <= MAX_AT_US)) {
    throw new EngineError('input.invalid', `a sample has the time ${atUnixMs}: Unix ms from 0 on`);
  }
}
