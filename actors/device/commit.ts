import { EngineError } from '../../engine/errors.js';
import type { SeriesWriter } from '../../engine/series/series.types.js';
import type { FeedSource } from '../rule/feed-source.js';
import { OBSERVERS, type ReplyBatch } from './protocol.js';
import { NO_FRAME, ReplyBuilder } from './reply-builder.js';
import { SampleBuilder } from './sample-builder.js';
import { errorReply, okReply } from './smartos.codec.js';

interface Taken {
  readonly connection: number;
  readonly frame: number;
  readonly number: string;
  readonly serial: string;
  /** Undefined: taken; its answer waits for the rows to be stored. */
  readonly refusal: string | undefined;
  /** The frame as it came, when somebody watches. */
  readonly verbatim: Uint8Array | undefined;
}

/** Frames that are stored by one append and answered together, in the order in which they came. */
export class Commit {
  readonly rows = new SampleBuilder();
  readonly #taken: Taken[] = [];

  get frames(): number {
    return this.#taken.length;
  }

  ok(
    connection: number,
    frame: number,
    number: string,
    serial: string,
    verbatim: Uint8Array | undefined,
  ): void {
    this.#taken.push({ connection, frame, number, serial, refusal: undefined, verbatim });
  }

  refuse(connection: number, frame: number, number: string, serial: string, reason: string): void {
    this.#taken.push({ connection, frame, number, serial, refusal: reason, verbatim: undefined });
  }

  /**
   * Stores the rows. The answers say OK only when every row is in the store or in the spool; otherwise they
   * say why not. Never rejects.
   */
  async store(
    writer: SeriesWriter,
    protocol: string,
    feed?: Pick<FeedSource, 'rows'>,
  ): Promise<ReplyBatch> {
    let failure: string | undefined;
    if (this.rows.rows > 0) {
      try {
        const rows = this.rows.take();
        feed?.rows(rows);
        await writer.append(rows);
      } catch (thrown) {
        failure = EngineError.from(thrown).message;
      }
    }
    const replies = new ReplyBuilder(this.#taken.length * 64);
    for (const { connection, frame, number, serial, refusal } of this.#taken) {
      const reason = refusal ?? failure;
      replies.addText(
        connection,
        frame,
        reason === undefined ? okReply(number, serial) : errorReply(number, serial, reason),
      );
    }
    for (const { verbatim } of this.#taken) {
      if (verbatim !== undefined) replies.addBytes(OBSERVERS, NO_FRAME, verbatim);
    }
    return replies.take(protocol);
  }
}
