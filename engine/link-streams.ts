import type { Clock } from './clock.js';
import { EngineError, type WireError } from './errors.js';
import type { LinkMessage, Movable } from './link.messages.js';
import type { CallOptions } from './link.types.js';

/** What the two ends of a stream need of the link that carries them. */
export interface StreamCarrier {
  readonly clock: Clock;
  readonly closed: EngineError | undefined;
  send(message: LinkMessage, transfer?: readonly Movable[]): void;
  /** Takes a call id and a place under the bound; throws `link.full` or the close reason. */
  claim(incoming: IncomingStream): number;
  release(id: number): void;
}

/** Items asked for ahead of the consumer; also the most that ever wait here. */
const WINDOW = 32;

interface Waiter {
  readonly resolve: (result: IteratorResult<unknown>) => void;
  readonly reject: (error: EngineError) => void;
  readonly timer: unknown;
}

/** The consumer's end. One pass: it opens at the first `next` and is released at its end, however it ends. */
export class IncomingStream implements AsyncIterableIterator<unknown> {
  readonly #carrier: StreamCarrier;
  readonly #method: string;
  readonly #params: unknown;
  readonly #options: CallOptions;
  readonly #buffer: unknown[] = [];
  readonly #onAbort = (): void => {
    this.#cancel(new EngineError('call.aborted', `stream ${this.#method} was aborted`));
  };
  #waiters: Waiter[] = [];
  #id = 0;
  #state: 'idle' | 'open' | 'ended' = 'idle';
  #error: EngineError | undefined;
  #consumed = 0;

  constructor(carrier: StreamCarrier, method: string, params: unknown, options: CallOptions) {
    this.#carrier = carrier;
    this.#method = method;
    this.#params = params;
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#state === 'idle') this.#open();
    if (this.#buffer.length > 0) {
      const value = this.#buffer.shift();
      this.#grant();
      return Promise.resolve({ done: false, value });
    }
    if (this.#state === 'ended') {
      const error = this.#error;
      this.#error = undefined;
      if (error !== undefined) return Promise.reject(error);
      return Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve, reject) => {
      const { deadlineMs } = this.#options;
      const timer =
        deadlineMs === undefined
          ? undefined
          : this.#carrier.clock.setTimeout(() => {
              this.#cancel(
                new EngineError(
                  'link.deadline',
                  `stream ${this.#method} gave no item in ${deadlineMs} ms`,
                ),
              );
            }, deadlineMs);
      this.#waiters.push({ resolve, reject, timer });
    });
  }

  return(): Promise<IteratorResult<unknown>> {
    this.#buffer.length = 0;
    if (this.#state === 'open') this.#cancel(undefined);
    this.#state = 'ended';
    this.#error = undefined;
    return Promise.resolve({ done: true, value: undefined });
  }

  item(value: unknown): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#buffer.push(value);
      return;
    }
    this.#carrier.clock.clearTimeout(waiter.timer);
    this.#grant();
    waiter.resolve({ done: false, value });
  }

  end(error: EngineError | undefined): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#carrier.release(this.#id);
    const waiters = this.#waiters;
    this.#waiters = [];
    let unsaid = error;
    for (const waiter of waiters) {
      this.#carrier.clock.clearTimeout(waiter.timer);
      if (unsaid === undefined) waiter.resolve({ done: true, value: undefined });
      else waiter.reject(unsaid);
      unsaid = undefined;
    }
    this.#error = unsaid;
  }

  #open(): void {
    try {
      if (this.#options.signal?.aborted === true) {
        throw new EngineError('call.aborted', `stream ${this.#method} was aborted before it began`);
      }
      this.#id = this.#carrier.claim(this);
    } catch (thrown) {
      this.#state = 'ended';
      this.#error = EngineError.from(thrown);
      return;
    }
    this.#state = 'open';
    this.#options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    try {
      this.#carrier.send(
        {
          type: 'open',
          id: this.#id,
          method: this.#method,
          params: this.#params,
          credit: WINDOW,
        },
        this.#options.transfer,
      );
    } catch (thrown) {
      this.end(EngineError.from(thrown));
    }
  }

  // Credit is returned by the half window: one message for many items.
  #grant(): void {
    this.#consumed += 1;
    if (this.#consumed < WINDOW / 2 || this.#state !== 'open') return;
    this.#carrier.send({ type: 'credit', id: this.#id, count: this.#consumed });
    this.#consumed = 0;
  }

  #cancel(error: EngineError | undefined): void {
    if (this.#state !== 'open') return;
    if (this.#carrier.closed === undefined) {
      this.#carrier.send({ type: 'cancel', id: this.#id });
    }
    this.end(error);
  }
}

/** The producer's end: pulls the handler's iterable only while the consumer has asked for more. */
export class OutgoingStream {
  readonly #send: (message: LinkMessage) => void;
  readonly #id: number;
  readonly #abort = new AbortController();
  #credit: number;
  #wake: (() => void) | undefined;

  constructor(id: number, credit: number, send: (message: LinkMessage) => void) {
    this.#id = id;
    this.#credit = credit;
    this.#send = send;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  grant(count: number): void {
    this.#credit += count;
    this.#wake?.();
  }

  cancel(reason: EngineError): void {
    this.#abort.abort(reason);
    this.#wake?.();
  }

  /** Resolves when the stream ended; never rejects. */
  async run(open: () => AsyncIterable<unknown>): Promise<void> {
    let error: WireError | undefined;
    try {
      const iterator = open()[Symbol.asyncIterator]();
      for (;;) {
        await this.#asked();
        if (this.signal.aborted) {
          await iterator.return?.();
          return;
        }
        const step = await iterator.next();
        if (this.signal.aborted) {
          if (step.done !== true) await iterator.return?.();
          return;
        }
        if (step.done === true) break;
        this.#credit -= 1;
        this.#send({ type: 'item', id: this.#id, value: step.value });
      }
    } catch (thrown) {
      error = EngineError.from(thrown).toWire();
    }
    if (!this.signal.aborted) this.#send({ type: 'end', id: this.#id, error });
  }

  async #asked(): Promise<void> {
    while (this.#credit <= 0 && !this.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
