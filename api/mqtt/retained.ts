import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { EngineError } from '../../engine/errors.js';
import { readLines } from './line-file.js';

export interface RetainedMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
}

export interface RetainedOptions {
  /** Undefined: they are counted, and forgotten with the process. */
  readonly file: string | undefined;
  readonly maxMessages: number;
  /** Of topics and payloads together. */
  readonly maxBytes: number;
  /** The file was damaged, or could not be written: what waits is tried again with the next message. */
  readonly onFault: (error: EngineError) => void;
}

/** A line of the file; without a payload the topic is empty again. */
const line = z.tuple([
  z.string().min(1).max(65_535),
  z.string(),
  z.union([z.literal(0), z.literal(1), z.literal(2)]),
]);
/** The file is written anew when it is this many bytes and mostly of what is no longer so. */
const LEAST_ANEW_BYTES = 1_048_576;

/**
 * Retained messages of clients in a file: a line for each change, written anew when most of it is old. A message is in
 * the file a moment after it was taken; a machine that loses power may lose the last ones. `close` writes what waits.
 */
export class RetainedMessages {
  readonly #options: RetainedOptions;
  readonly #kept = new Map<string, RetainedMessage>();
  #bytes = 0;
  #fileBytes = 0;
  #due: string[] = [];
  #writing: Promise<void> | undefined;

  private constructor(options: RetainedOptions) {
    this.#options = options;
  }

  /** Reads what is there; a file with a line that is no message, other than a last one that was cut off, is put aside. */
  static async open(options: RetainedOptions): Promise<RetainedMessages> {
    const one = new RetainedMessages(options);
    if (options.file === undefined) return one;
    await mkdir(dirname(options.file), { recursive: true });
    const fault = await readLines(options.file, (row) => {
      const read = messageIn(row);
      if (read !== undefined) one.#put(read);
      return read !== undefined;
    });
    if (fault !== undefined) options.onFault(new EngineError('store.refused', fault));
    await one.#anew(options.file);
    return one;
  }

  all(): readonly RetainedMessage[] {
    return [...this.#kept.values()];
  }

  /** Takes a message; an empty one takes its topic out. @returns false where there is no room for it */
  take(message: RetainedMessage): boolean {
    if (!this.#put(message)) return false;
    if (this.#options.file !== undefined) {
      this.#due.push(lineOf(message));
      this.#writing ??= this.#write(this.#options.file);
    }
    return true;
  }

  /** Resolves when all that was taken is in the file, or could not be written. */
  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  #put(message: RetainedMessage): boolean {
    const { topic, payload } = message;
    const before = this.#kept.get(topic);
    const freed = before === undefined ? 0 : sizeOf(before);
    if (payload.length === 0) {
      this.#kept.delete(topic);
      this.#bytes -= freed;
      return true;
    }
    const bytes = this.#bytes - freed + sizeOf(message);
    const messages = this.#kept.size + (before === undefined ? 1 : 0);
    const { maxMessages, maxBytes } = this.#options;
    if (messages > maxMessages || bytes > maxBytes) return false;
    this.#kept.set(topic, message);
    this.#bytes = bytes;
    return true;
  }

  async #write(file: string): Promise<void> {
    try {
      while (this.#due.length > 0) {
        const isOld = this.#fileBytes > LEAST_ANEW_BYTES && this.#fileBytes > 4 * this.#bytes;
        if (isOld) await this.#anew(file);
        else {
          const text = this.#due.splice(0).join('');
          await appendFile(file, text, { mode: 0o600 });
          this.#fileBytes += Buffer.byteLength(text);
        }
      }
    } catch (thrown) {
      // What is kept is written whole with the next message: a part of a line may be in the file now.
      this.#due = [];
      this.#fileBytes = Number.POSITIVE_INFINITY;
      this.#options.onFault(EngineError.from(thrown));
    } finally {
      this.#writing = undefined;
    }
  }

  async #anew(file: string): Promise<void> {
    // All that waits is among what is kept.
    this.#due = [];
    const text = this.all().map(lineOf).join('');
    await writeFile(`${file}.part`, text, { mode: 0o600 });
    await rename(`${file}.part`, file);
    this.#fileBytes = Buffer.byteLength(text);
  }
}

const sizeOf = ({ topic, payload }: RetainedMessage): number =>
  Buffer.byteLength(topic) + payload.length;

const lineOf = ({ topic, payload, qos }: RetainedMessage): string =>
  `${JSON.stringify([topic, Buffer.from(payload).toString('base64'), qos])}\n`;

function messageIn(row: string): RetainedMessage | undefined {
  try {
    const [topic, payload, qos] = line.parse(JSON.parse(row));
    return { topic, payload: Buffer.from(payload, 'base64'), qos };
  } catch {
    // Cut off by a kill: the message before it on its topic counts.
    return undefined;
  }
}
