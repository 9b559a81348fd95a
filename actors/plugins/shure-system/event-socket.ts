import { backoff } from '../../../engine/backoff.js';
import type { Clock, TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { WebSocketStream } from '../sdk/net.types.js';
import { decodeFrame, type ShureDevice } from './decode.js';
import type { ShureService } from './service.js';

/** A device that wants events. */
export interface EventListener {
  readonly id: string;
  take(device: ShureDevice): void;
  /** Whether events come now; while not, it is polled. */
  subscribed(yes: boolean): void;
}

interface EventSocketOptions {
  readonly service: ShureService;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: (level: 'debug' | 'warn', text: string) => void;
}

/** Frames in a row that say nothing: the socket is given up. */
const MAX_NONSENSE = 20;

/** One WebSocket for all devices of a service, opened while there are any, opened again with backoff. */
export class EventSocket {
  readonly #options: EventSocketOptions;
  readonly #listeners = new Map<string, EventListener>();
  readonly #pauseMs = backoff({ firstMs: 1_000, maxMs: 60_000, jitter: 0.3 });
  #stream: WebSocketStream | undefined;
  #transportId: string | undefined;
  #running = false;
  #closed = false;
  #attempts = 0;
  #timer: TimerHandle | undefined;
  #toldNameless = false;

  constructor(options: EventSocketOptions) {
    this.#options = options;
  }

  join(listener: EventListener): void {
    this.#listeners.set(listener.id, listener);
    if (this.#transportId !== undefined) void this.#subscribe(listener, this.#transportId);
    else this.#run();
  }

  leave(listener: EventListener): void {
    if (this.#listeners.get(listener.id) !== listener) return;
    this.#listeners.delete(listener.id);
    if (this.#listeners.size === 0) this.#stream?.close();
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#stream?.close();
  }

  #run(): void {
    if (this.#running || this.#closed || this.#timer !== undefined) return;
    this.#running = true;
    void this.#live().then((reason) => {
      this.#running = false;
      this.#ended(reason);
    });
  }

  /** Resolves with the reason when the socket has ended, one way or the other. */
  async #live(): Promise<string> {
    const { service, signal } = this.#options;
    let nonsense = 0;
    try {
      const stream = await service.socket(signal);
      this.#stream = stream;
      for await (const text of stream.messages) {
        const frame = decodeFrame(text);
        nonsense = frame === undefined ? nonsense + 1 : 0;
        if (nonsense > MAX_NONSENSE) {
          stream.close();
          return 'it sent frames that cannot be read';
        }
        if (frame?.type === 'transport') this.#opened(frame.transportId);
        else if (frame !== undefined) this.#take(frame.device);
      }
      return 'it was closed';
    } catch (thrown) {
      this.#stream?.close();
      return EngineError.from(thrown).message;
    }
  }

  #opened(transportId: string): void {
    this.#transportId = transportId;
    for (const listener of this.#listeners.values()) void this.#subscribe(listener, transportId);
  }

  async #subscribe(listener: EventListener, transportId: string): Promise<void> {
    const { service, signal, log } = this.#options;
    try {
      await service.subscribe(listener.id, transportId, signal);
      if (this.#transportId !== transportId) return;
      this.#attempts = 0;
      if (this.#listeners.get(listener.id) === listener) listener.subscribed(true);
    } catch (thrown) {
      // It is polled meanwhile, and subscribed with the next socket.
      log('debug', `no events of ${listener.id}: ${EngineError.from(thrown).message}`);
    }
  }

  #take(device: ShureDevice): void {
    const [only] = this.#listeners.values();
    if (device.id !== undefined) this.#listeners.get(device.id)?.take(device);
    else if (this.#listeners.size === 1) only?.take(device);
    else if (!this.#toldNameless) {
      this.#toldNameless = true;
      this.#options.log(
        'warn',
        'the service’s events do not say of which device they are: set "Live data by" to poll',
      );
    }
  }

  #ended(reason: string): void {
    const { clock, log } = this.#options;
    this.#stream = undefined;
    this.#transportId = undefined;
    for (const listener of this.#listeners.values()) listener.subscribed(false);
    if (this.#closed || this.#listeners.size === 0) return;
    this.#attempts += 1;
    if (this.#attempts === 1) log('warn', `no WebSocket, devices are polled: ${reason}`);
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      if (this.#listeners.size > 0) this.#run();
    }, this.#pauseMs(this.#attempts));
  }
}
