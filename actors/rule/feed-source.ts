import type { MessagePort } from 'node:worker_threads';
import { EngineError } from '../../engine/errors.js';
import { guarded } from '../../engine/guarded.js';
import type { SampleBatch, TextSample } from '../../engine/series/series.types.js';
import type { FeedAck, FeedAttachment, FeedBatch, FeedWish } from './protocol.js';

/** Rows kept for a rule thread that has not settled them; the oldest go, and are missed when it never took them. */
const MOST_KEPT = 1_000_000;
/** Rows sent and not yet taken: a rule thread that is stuck must not grow a queue in its port. */
const MOST_ON_THE_WAY = 200_000;
/** Time, value and channel of a number. */
const ROW_BYTES = 20;

export interface FeedSourceOptions {
  /** Latest value of a channel in this thread, told when it is wished for; undefined: none, or not here. */
  readonly latest: (
    channel: number,
  ) => { readonly atUnixMs: number; readonly value: number | string } | undefined;
  readonly onFault: (error: EngineError) => void;
  /** See `MOST_KEPT` and `MOST_ON_THE_WAY`: smaller in tests. */
  readonly mostKept?: number;
  readonly mostOnTheWay?: number;
}

/**
 * The source thread's side of all feeds: takes a copy of what rules watch, at the moment when rows are given to the store's
 * writer, and sends it before they are. So what the store acknowledged was sent. Costs one look at a flag while nothing is watched, and
 * never waits.
 */
export class FeedSource {
  readonly #options: FeedSourceOptions;
  readonly #sinks = new Map<string, Sink>();
  #watched = false;
  /** 1 for each channel that any rule thread watches. */
  #mask = new Uint8Array(0);
  #missed = 0;

  constructor(options: FeedSourceOptions) {
    this.#options = options;
  }

  /** Somebody watches something: only then is it worth handing rows over. */
  get watched(): boolean {
    return this.#watched;
  }

  /** This channel is watched: a source that gathers rows for this alone need not gather others. */
  wants(channel: number): boolean {
    return this.#mask[channel] === 1;
  }

  /** Rows sent since the start, to all rule threads. */
  get sent(): number {
    let sent = 0;
    for (const sink of this.#sinks.values()) sent += sink.sentRows;
    return sent;
  }

  /** Rows that a rule thread never got. */
  get missed(): number {
    let missed = this.#missed;
    for (const sink of this.#sinks.values()) missed += sink.missed;
    return missed;
  }

  /** Rows kept until they are settled. */
  get kept(): number {
    let kept = 0;
    for (const sink of this.#sinks.values()) kept += sink.keptRows;
    return kept;
  }

  /** A rule thread, or the one that took its place: hears first what was not settled, then goes on. */
  attach({ name, port }: FeedAttachment): void {
    const end = port as MessagePort;
    let sink = this.#sinks.get(name);
    if (sink === undefined) {
      sink = new Sink(
        this.#options.mostKept ?? MOST_KEPT,
        this.#options.mostOnTheWay ?? MOST_ON_THE_WAY,
      );
      this.#sinks.set(name, sink);
    }
    const here = sink;
    here.attach(end);
    end.on(
      'message',
      guarded(
        (message: FeedAck | FeedWish) => {
          if (message.type === 'watch') this.#wish(here, end, message.channels);
          else here.heard(message);
        },
        (thrown) => this.#options.onFault(EngineError.from(thrown)),
      ),
    );
    end.on('close', () => here.closed(end));
    // A feed keeps no thread alive.
    end.unref();
  }

  /** A copy of what is watched in rows on their way to the store. */
  rows(batch: SampleBatch): void {
    if (!this.#watched) return;
    for (const sink of this.#sinks.values()) sink.rows(batch);
  }

  close(): void {
    for (const sink of this.#sinks.values()) sink.close();
  }

  #wish(sink: Sink, port: MessagePort, channels: Uint32Array): void {
    const fresh = sink.wish(port, channels);
    const sinks = [...this.#sinks.values()];
    this.#watched = sinks.some((one) => one.channels > 0);
    const mask = new Uint8Array(sinks.reduce((most, one) => Math.max(most, one.mask.length), 0));
    for (const one of sinks) {
      for (let id = 0; id < one.mask.length; id++) if (one.mask[id] === 1) mask[id] = 1;
    }
    this.#mask = mask;
    const known: number[] = [];
    const ats: number[] = [];
    const values: number[] = [];
    const text: TextSample[] = [];
    for (const channel of fresh) {
      const latest = this.#options.latest(channel);
      if (latest === undefined) continue;
      const { atUnixMs, value } = latest;
      if (typeof value === 'string') text.push({ channel, atUnixMs, value });
      else {
        known.push(channel);
        ats.push(atUnixMs);
        values.push(value);
      }
    }
    sink.rows({
      channel: Uint32Array.from(known),
      atUnixMs: Float64Array.from(ats),
      value: Float64Array.from(values),
      text,
    });
  }
}

/** One rule thread, whichever incarnation. */
class Sink {
  readonly #mostKept: number;
  readonly #mostOnTheWay: number;
  #port: MessagePort | undefined;
  /** It said what it wants: before that nothing is sent. */
  #open = false;
  /** 1 for each channel in the wish. */
  mask = new Uint8Array(0);
  #kept: FeedBatch[] = [];
  /** Of `#kept`: sent to the present incarnation. */
  #sent = 0;
  #sequence = 0;
  /** In the port of the present incarnation, and not evaluated: also what is kept no more. */
  #flying: { readonly sequence: number; readonly rows: number }[] = [];
  /** Newest sequence that was let go without having been settled. */
  #droppedTo = 0;
  #droppedRows = 0;
  keptRows = 0;
  sentRows = 0;
  missed = 0;
  channels = 0;
  #onTheWay = 0;

  constructor(mostKept: number, mostOnTheWay: number) {
    this.#mostKept = mostKept;
    this.#mostOnTheWay = mostOnTheWay;
  }

  attach(port: MessagePort): void {
    this.#port?.close();
    this.#port = port;
    this.#open = false;
  }

  closed(port: MessagePort): void {
    if (this.#port !== port) return;
    this.#port = undefined;
    this.#open = false;
  }

  close(): void {
    this.#port?.close();
  }

  /** @returns channels that were not in the wish before. */
  wish(port: MessagePort, channels: Uint32Array): readonly number[] {
    if (port !== this.#port) return [];
    const before = this.mask;
    const most = channels.reduce((max, channel) => Math.max(max, channel), -1);
    const mask = new Uint8Array(most + 1);
    const fresh: number[] = [];
    for (const channel of channels) {
      if (!this.#open || before[channel] !== 1) fresh.push(channel);
      mask[channel] = 1;
    }
    this.mask = mask;
    this.channels = channels.length;
    if (!this.#open) {
      this.#open = true;
      this.#sent = 0;
      this.#onTheWay = 0;
      this.#flying = [];
      // What was let go had been sent to the one before, but not settled by it.
      this.missed += this.#droppedRows;
      this.#droppedRows = 0;
      this.#send();
    }
    return fresh;
  }

  heard({ type, sequence }: FeedAck): void {
    if (type === 'taken') {
      const left = this.#flying.findIndex((one) => one.sequence > sequence);
      const landed = this.#flying.splice(0, left < 0 ? this.#flying.length : left);
      for (const { rows } of landed) this.#onTheWay -= rows;
    } else {
      let many = 0;
      for (const batch of this.#kept) {
        if (batch.sequence > sequence) break;
        many += 1;
        this.keptRows -= rowsOf(batch);
      }
      this.#shift(many);
      if (sequence >= this.#droppedTo) this.#droppedRows = 0;
    }
    this.#send();
  }

  rows(batch: SampleBatch): void {
    const { mask } = this;
    const { channel, atUnixMs, value } = batch;
    let many = 0;
    for (let i = 0; i < channel.length; i++) if (mask[channel[i] ?? 0] === 1) many += 1;
    const text = batch.text.filter((row) => mask[row.channel] === 1);
    if (many === 0 && text.length === 0) return;
    const columns = new ArrayBuffer(many * ROW_BYTES);
    const ats = new Float64Array(columns, 0, many);
    const values = new Float64Array(columns, many * 8, many);
    const channels = new Uint32Array(columns, many * 16, many);
    if (many === channel.length) {
      channels.set(channel);
      ats.set(atUnixMs);
      values.set(value);
    } else {
      let row = 0;
      for (let i = 0; i < channel.length; i++) {
        const id = channel[i] ?? 0;
        if (mask[id] !== 1) continue;
        channels[row] = id;
        ats[row] = atUnixMs[i] ?? 0;
        values[row] = value[i] ?? Number.NaN;
        row += 1;
      }
    }
    this.#sequence += 1;
    const sequence = this.#sequence;
    this.#kept.push({
      type: 'samples',
      sequence,
      channel: channels,
      atUnixMs: ats,
      value: values,
      text,
    });
    this.keptRows += many + text.length;
    this.#bound();
    this.#send();
  }

  #bound(): void {
    if (this.keptRows <= this.#mostKept) return;
    let many = 0;
    // A little more than needed, or each row would move all that are kept.
    while (this.keptRows > this.#mostKept * 0.95 && many < this.#kept.length - 1) {
      const oldest = this.#kept[many];
      if (oldest === undefined) break;
      const rows = rowsOf(oldest);
      this.keptRows -= rows;
      if (many < this.#sent) {
        this.#droppedRows += rows;
        this.#droppedTo = oldest.sequence;
      } else this.missed += rows;
      many += 1;
    }
    this.#shift(many);
  }

  #shift(many: number): void {
    this.#kept.splice(0, many);
    this.#sent = Math.max(0, this.#sent - many);
  }

  #send(): void {
    const port = this.#port;
    if (!this.#open || port === undefined) return;
    while (this.#sent < this.#kept.length && this.#onTheWay < this.#mostOnTheWay) {
      const batch = this.#kept[this.#sent];
      if (batch === undefined) break;
      port.postMessage(batch);
      const rows = rowsOf(batch);
      this.#sent += 1;
      this.#onTheWay += rows;
      this.#flying.push({ sequence: batch.sequence, rows });
      this.sentRows += rows;
    }
  }
}

function rowsOf(batch: FeedBatch): number {
  return batch.channel.length + batch.text.length;
}
