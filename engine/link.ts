import type { Clock, TimerHandle } from './clock.js';
import { SystemClock } from './clock.js';
import { EngineError } from './errors.js';
import { type LinkMessage, type Movable, transferOf } from './link.messages.js';
import type { CallOptions, Link, LinkContract } from './link.types.js';
import { IncomingStream, OutgoingStream, type StreamCarrier } from './link-streams.js';

export { moving } from './link.messages.js';

/** A `MessagePort`, a `Worker` or `parentPort`. The link listens; whoever made the port closes it. */
export interface LinkPort {
  postMessage(value: unknown, transfer?: readonly Movable[]): void;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
}

export interface LinkOptions {
  /** Named in errors, e.g. `device-0`. */
  readonly name?: string;
  readonly clock?: Clock;
  /** Calls and streams in flight, from this end. Default 10,000. */
  readonly maxCalls?: number;
  /** Posts sent from this end and not yet taken by the other. Default 4,096. */
  readonly maxPosts?: number;
  /**
   * Hears what a post listener threw. Without it the throw leaves the message callback, so that it
   * ends the thread as an uncaught exception: right for a shard, wrong for the main thread.
   */
  readonly onFault?: (error: EngineError) => void;
}

type Handler = (params: unknown, signal: AbortSignal) => unknown;
type StreamHandler = (params: unknown, signal: AbortSignal) => AsyncIterable<unknown>;
type Listener = (payload: unknown) => void;

interface PendingCall {
  settle(message: LinkMessage & { readonly type: 'answer' }): void;
  fail(error: EngineError): void;
}

const NEVER = new AbortController().signal;
const DEADLINE_MS = 5_000;
/** How long the last posts of a burst may stay unacknowledged. */
const TAKEN_AFTER_MS = 10;

/**
 * One end of a connection over `port`. Both ends must be links. Answers and posts arrive in the order
 * in which they were sent. Posts without a listener are dropped; requests without a handler are
 * answered `not-found`.
 */
export function createLink<Out extends LinkContract, In extends LinkContract>(
  port: LinkPort,
  options: LinkOptions = {},
): Link<Out, In> {
  return new PortLink(port, options) as unknown as Link<Out, In>;
}

class PortLink implements StreamCarrier {
  readonly clock: Clock;
  readonly #port: LinkPort;
  readonly #name: string;
  readonly #maxCalls: number;
  readonly #maxPosts: number;
  readonly #askEvery: number;
  readonly #onFault: ((error: EngineError) => void) | undefined;

  readonly #calls = new Map<number, PendingCall>();
  readonly #incoming = new Map<number, IncomingStream>();
  readonly #running = new Map<number, AbortController | undefined>();
  readonly #outgoing = new Map<number, OutgoingStream>();
  readonly #handlers = new Map<string, Handler>();
  readonly #streamHandlers = new Map<string, StreamHandler>();
  readonly #listeners = new Map<string, Listener>();

  #nextId = 1;
  #posted = 0;
  #postedTaken = 0;
  #taken = 0;
  #takenSaid = 0;
  #takenTimer: TimerHandle | undefined;
  #closed: EngineError | undefined;

  readonly #onMessage = (message: unknown): void => {
    this.#receive(message as LinkMessage);
  };
  readonly #onPortClosed = (): void => {
    this.#shut(new EngineError('link.closed', `${this.#name} closed its end`));
  };
  readonly #onThreadExit = (code: unknown): void => {
    this.#shut(new EngineError('thread.lost', `${this.#name} ended with code ${String(code)}`));
  };

  constructor(port: LinkPort, options: LinkOptions) {
    this.#port = port;
    this.#name = options.name ?? 'link';
    this.clock = options.clock ?? new SystemClock();
    this.#maxCalls = options.maxCalls ?? 10_000;
    this.#maxPosts = options.maxPosts ?? 4_096;
    this.#askEvery = Math.max(1, Math.floor(this.#maxPosts / 4));
    this.#onFault = options.onFault;
    port.on('message', this.#onMessage);
    port.on('close', this.#onPortClosed);
    port.on('exit', this.#onThreadExit);
  }

  get closed(): EngineError | undefined {
    return this.#closed;
  }

  get inFlight(): number {
    return this.#posted - this.#postedTaken;
  }

  call(method: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
    const refusal = this.#refusal(method, options);
    if (refusal !== undefined) return Promise.reject(refusal);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const { deadlineMs = DEADLINE_MS, signal } = options;
      const finish = (): void => {
        this.clock.clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#calls.delete(id);
      };
      const giveUp = (error: EngineError): void => {
        finish();
        this.send({ type: 'cancel', id });
        reject(error);
      };
      const onAbort = (): void => {
        giveUp(new EngineError('call.aborted', `${method} to ${this.#name} was aborted`));
      };
      const timer = this.clock.setTimeout(() => {
        const message = `${this.#name} gave no answer to ${method} in ${deadlineMs} ms`;
        giveUp(new EngineError('link.deadline', message));
      }, deadlineMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#calls.set(id, {
        settle: (answer) => {
          finish();
          if (answer.ok) resolve(answer.result);
          else reject(EngineError.fromWire(answer.error));
        },
        fail: (error) => {
          finish();
          reject(error);
        },
      });
      try {
        this.send({ type: 'request', id, method, params }, options.transfer);
      } catch (thrown) {
        finish();
        reject(unsendable(method, thrown));
      }
    });
  }

  post(topic: string, payload: unknown, transfer?: readonly Movable[]): boolean {
    if (this.#closed !== undefined || this.inFlight >= this.#maxPosts) return false;
    const ask = (this.#posted + 1) % this.#askEvery === 0;
    try {
      this.send({ type: 'post', topic, payload, ask }, transfer);
    } catch (thrown) {
      throw unsendable(topic, thrown);
    }
    this.#posted += 1;
    return true;
  }

  stream(method: string, params: unknown, options: CallOptions = {}): AsyncIterable<unknown> {
    return new IncomingStream(this, method, params, options);
  }

  handle(method: string, handler: Handler): void {
    register(this.#handlers, method, handler);
  }

  handleStream(method: string, handler: StreamHandler): void {
    register(this.#streamHandlers, method, handler);
  }

  on(topic: string, listener: Listener): void {
    register(this.#listeners, topic, listener);
  }

  close(reason: EngineError): void {
    if (this.#closed !== undefined) return;
    this.send({ type: 'close', error: reason.toWire() });
    this.#shut(reason);
  }

  claim(incoming: IncomingStream): number {
    const refusal = this.#refusal('a stream', {});
    if (refusal !== undefined) throw refusal;
    const id = this.#nextId++;
    this.#incoming.set(id, incoming);
    return id;
  }

  release(id: number): void {
    this.#incoming.delete(id);
  }

  send(message: LinkMessage, transfer?: readonly Movable[]): void {
    if (this.#closed !== undefined) return;
    this.#port.postMessage(message, transferOf(message, transfer));
  }

  #refusal(method: string, options: CallOptions): EngineError | undefined {
    if (this.#closed !== undefined) return this.#closed;
    if (options.signal?.aborted === true) {
      return new EngineError('call.aborted', `${method} was aborted before it was sent`);
    }
    const inFlight = this.#calls.size + this.#incoming.size;
    if (inFlight < this.#maxCalls) return undefined;
    const message = `${this.#name} has ${inFlight} calls in flight: ${method} was not sent`;
    return new EngineError('link.full', message);
  }

  #receive(message: LinkMessage): void {
    if (this.#closed !== undefined) return;
    switch (message.type) {
      case 'request':
        this.#serve(message.id, message.method, message.params);
        return;
      case 'answer':
        this.#calls.get(message.id)?.settle(message);
        return;
      case 'cancel':
        this.#cancel(message.id);
        return;
      case 'post':
        this.#take(message.topic, message.payload, message.ask);
        return;
      case 'taken':
        this.#postedTaken = message.count;
        return;
      case 'open':
        this.#produce(message.id, message.method, message.params, message.credit);
        return;
      case 'credit':
        this.#outgoing.get(message.id)?.grant(message.count);
        return;
      case 'item':
        this.#incoming.get(message.id)?.item(message.value);
        return;
      case 'end':
        this.#incoming
          .get(message.id)
          ?.end(message.error === undefined ? undefined : EngineError.fromWire(message.error));
        return;
      case 'close':
        this.#shut(EngineError.fromWire(message.error));
        return;
    }
  }

  // A result that is there already is answered in this turn: a post that follows must not overtake it.
  #serve(id: number, method: string, params: unknown): void {
    const handler = this.#handlers.get(method);
    if (handler === undefined) {
      this.#refuse(id, new EngineError('not-found', `${this.#name} has no method ${method}`));
      return;
    }
    // A signal costs as much as the rest of a call: only a handler that declares it gets one of its own.
    const abort = handler.length > 1 ? new AbortController() : undefined;
    this.#running.set(id, abort);
    try {
      const result = handler(params, abort?.signal ?? NEVER);
      if (!(result instanceof Promise)) {
        this.#answer(id, result);
        return;
      }
      result.then(
        (value: unknown) => {
          this.#answer(id, value);
        },
        (thrown: unknown) => {
          this.#refuse(id, EngineError.from(thrown));
        },
      );
    } catch (thrown) {
      this.#refuse(id, EngineError.from(thrown));
    }
  }

  #answer(id: number, result: unknown): void {
    if (!this.#running.delete(id)) return;
    try {
      this.send({ type: 'answer', id, ok: true, result });
    } catch (thrown) {
      this.send({ type: 'answer', id, ok: false, error: unsendable('answer', thrown).toWire() });
    }
  }

  #refuse(id: number, error: EngineError): void {
    this.#running.delete(id);
    this.send({ type: 'answer', id, ok: false, error: wireOf(error) });
  }

  #cancel(id: number): void {
    const reason = new EngineError('call.aborted', 'the caller no longer waits');
    const abort = this.#running.get(id);
    this.#running.delete(id);
    abort?.abort(reason);
    this.#outgoing.get(id)?.cancel(reason);
  }

  #take(topic: string, payload: unknown, ask: boolean): void {
    this.#taken += 1;
    try {
      this.#listeners.get(topic)?.(payload);
    } catch (thrown) {
      if (this.#onFault === undefined) throw thrown;
      this.#onFault(EngineError.from(thrown));
    } finally {
      if (ask) this.#sayTaken();
      else this.#takenTimer ??= this.clock.setTimeout(() => this.#sayTaken(), TAKEN_AFTER_MS);
    }
  }

  #sayTaken(): void {
    if (this.#takenTimer !== undefined) this.clock.clearTimeout(this.#takenTimer);
    this.#takenTimer = undefined;
    if (this.#takenSaid === this.#taken) return;
    this.#takenSaid = this.#taken;
    this.send({ type: 'taken', count: this.#taken });
  }

  #produce(id: number, method: string, params: unknown, credit: number): void {
    const handler = this.#streamHandlers.get(method);
    if (handler === undefined) {
      const error = new EngineError('not-found', `${this.#name} has no stream ${method}`);
      this.send({ type: 'end', id, error: error.toWire() });
      return;
    }
    const stream = new OutgoingStream(id, credit, (message) => this.send(message));
    this.#outgoing.set(id, stream);
    void stream
      .run(() => handler(params, stream.signal))
      .then(() => {
        this.#outgoing.delete(id);
      });
  }

  #shut(reason: EngineError): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#port.off('message', this.#onMessage);
    this.#port.off('close', this.#onPortClosed);
    this.#port.off('exit', this.#onThreadExit);
    if (this.#takenTimer !== undefined) this.clock.clearTimeout(this.#takenTimer);
    this.#takenTimer = undefined;
    for (const call of [...this.#calls.values()]) call.fail(reason);
    for (const stream of [...this.#incoming.values()]) stream.end(reason);
    for (const abort of this.#running.values()) abort?.abort(reason);
    for (const stream of this.#outgoing.values()) stream.cancel(reason);
    this.#running.clear();
  }
}

function register<T>(table: Map<string, T>, name: string, value: T): void {
  if (table.has(name)) throw new EngineError('conflict', `${name} already has a handler`);
  table.set(name, value);
}

function unsendable(what: string, thrown: unknown): EngineError {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new EngineError('internal', `${what} cannot cross the link: ${reason}`, { cause: thrown });
}

/** An error's context may hold what cannot be cloned; the error must cross all the same. */
function wireOf(error: EngineError): ReturnType<EngineError['toWire']> {
  const wire = error.toWire();
  try {
    structuredClone(wire.context);
    return wire;
  } catch {
    return { code: wire.code, message: wire.message, stack: wire.stack };
  }
}
