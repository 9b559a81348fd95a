import { EngineError } from '../../engine/errors.js';

/** Unread bytes from which on the client is held back. */
const HOLD_BYTES = 256 * 1024;

/** What a streamed body needs of its connection. */
export interface BodySource {
  pause(): void;
  resume(): void;
}

/**
 * A body in pieces, as they arrive. Reading slowly holds the client back, so that little is ever held here. Can be
 * iterated once; what is not read is thrown away when the answer leaves.
 */
export class BodyStream implements AsyncIterable<Uint8Array> {
  readonly #source: BodySource;
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #heldBytes = 0;
  #sizeBytes = 0;
  #paused = false;
  #state: 'open' | 'whole' | 'discarded' = 'open';
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(source: BodySource, maxBytes: number, declaredBytes: number) {
    this.#source = source;
    this.#maxBytes = maxBytes;
    if (declaredBytes > maxBytes) this.#error = this.#tooLarge();
  }

  /** Of what arrived so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** From the connection; `chunk` is only valid during the call. */
  push(chunk: ArrayBuffer, isLast: boolean): void {
    if (this.#state !== 'open') return;
    this.#sizeBytes += chunk.byteLength;
    if (this.#sizeBytes > this.#maxBytes) this.#error ??= this.#tooLarge();
    if (this.#error === undefined && chunk.byteLength > 0) {
      this.#chunks.push(new Uint8Array(chunk.slice(0)));
      this.#heldBytes += chunk.byteLength;
    }
    if (isLast) this.#state = 'whole';
    else if (this.#heldBytes > HOLD_BYTES && !this.#paused) {
      this.#paused = true;
      this.#source.pause();
    }
    this.#wake?.();
  }

  /** The connection ended: what was not read is lost. */
  fail(error: Error): void {
    if (this.#state === 'open') this.#error ??= error;
    this.#wake?.();
  }

  /** Lets the rest run by unread. Must be called before the answer ends. */
  discard(): void {
    if (this.#state === 'open') {
      this.#state = 'discarded';
      this.#error ??= new EngineError('link.closed', 'the answer left before the body was read');
    }
    this.#chunks = [];
    this.#heldBytes = 0;
    this.#go();
    this.#wake?.();
  }

  /** @throws EngineError `input.too-large` past the limit, `link.closed` when the client went away. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#heldBytes -= chunk.length;
        if (this.#heldBytes < HOLD_BYTES / 2) this.#go();
        yield chunk;
      } else if (this.#state === 'whole') {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #go(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#source.resume();
  }

  #tooLarge(): EngineError {
    return new EngineError(
      'input.too-large',
      `the body may have at most ${String(this.#maxBytes)} bytes`,
    );
  }
}

/** Bytes of request bodies held in memory at once, over all requests; more are told to come back. */
export class BodyBudget {
  readonly #limitBytes: number;
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** @throws EngineError `server.busy` when nothing is left. */
  take(bytes: number): void {
    if (this.#usedBytes + bytes > this.#limitBytes) {
      throw new EngineError('server.busy', 'too many large requests at once: try again');
    }
    this.#usedBytes += bytes;
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}
