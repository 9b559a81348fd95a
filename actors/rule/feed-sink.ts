import type { MessagePort } from 'node:worker_threads';
import { EngineError } from '../../engine/errors.js';
import { guarded } from '../../engine/guarded.js';
import type { FeedAck, FeedAttachment, FeedBatch, FeedWish } from './protocol.js';

interface Feed {
  readonly port: MessagePort;
  /** Newest sequence taken. */
  taken: number;
  settled: number;
  /** A newer feed of that source took its place: what is still in it is heard. */
  old: boolean;
}

export interface FeedSinkOptions {
  /** Everything in it is evaluated when this returns. */
  readonly take: (batch: FeedBatch) => void;
  readonly onFault: (error: EngineError) => void;
}

/** What was taken from each feed at the time of a checkpoint. Opaque. */
export type FeedMark = readonly (readonly [feed: { settled: number }, sequence: number])[];

/** The rule thread's side of its feeds: batches in order and each once, whatever source or port they come again by. */
export class FeedSink {
  readonly #options: FeedSinkOptions;
  readonly #feeds = new Map<string, Feed>();
  #channels: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  #open = false;
  #doubled = 0;
  #rows = 0;

  constructor(options: FeedSinkOptions) {
    this.#options = options;
  }

  /** Rows taken. */
  get rows(): number {
    return this.#rows;
  }

  /** Batches that came again and were left out. */
  get doubled(): number {
    return this.#doubled;
  }

  attach({ name, port }: FeedAttachment): void {
    const before = this.#feeds.get(name);
    if (before !== undefined) before.old = true;
    const end = port as MessagePort;
    const feed: Feed = { port: end, taken: 0, settled: 0, old: false };
    this.#feeds.set(name, feed);
    end.on(
      'message',
      guarded(
        (batch: FeedBatch) => this.#take(feed, batch),
        (thrown) => this.#options.onFault(EngineError.from(thrown)),
      ),
    );
    if (this.#open) this.#say(feed, { type: 'watch', channels: this.#channels });
  }

  /** Channels to hear from now on, from all sources; the first time opens the feeds. */
  watch(channels: Uint32Array<ArrayBuffer>): void {
    this.#channels = channels;
    this.#open = true;
    for (const feed of this.#feeds.values()) this.#say(feed, { type: 'watch', channels });
  }

  mark(): FeedMark {
    return [...this.#feeds.values()].map((feed) => [feed, feed.taken]);
  }

  /** The checkpoint of that mark is stored: sources may forget what was before it. */
  settle(mark: FeedMark): void {
    for (const feed of this.#feeds.values()) {
      const sequence = mark.find(([one]) => one === feed)?.[1] ?? 0;
      if (sequence <= feed.settled) continue;
      feed.settled = sequence;
      this.#say(feed, { type: 'settled', sequence });
    }
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.port.close();
  }

  #take(feed: Feed, batch: FeedBatch): void {
    if (batch.sequence <= feed.taken) {
      this.#doubled += 1;
      return;
    }
    feed.taken = batch.sequence;
    this.#rows += batch.channel.length + batch.text.length;
    this.#options.take(batch);
    if (!feed.old) this.#say(feed, { type: 'taken', sequence: batch.sequence });
  }

  #say(feed: Feed, message: FeedAck | FeedWish): void {
    feed.port.postMessage(message);
  }
}
