import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { Clock, TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { FrameGuard } from './frame-guard.js';

/** How a broker is reached. */
export interface BrokerAccess {
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly verifyTls: boolean;
  readonly clientId?: string | undefined;
  readonly clean: boolean;
  readonly keepaliveS: number;
  readonly will?: { readonly topic: string; readonly payload: string };
}

export interface LinkOptions {
  readonly access: BrokerAccess;
  readonly clock: Clock;
  readonly qos: 0 | 1 | 2;
  /** A message of a subscribed topic; throws nothing. */
  readonly message: (topic: string, payload: Uint8Array, retained: boolean) => void;
  /** Connected and subscribed, each time. */
  readonly ready: () => void;
  /** A connection that was ready is gone. */
  readonly lost: (error: EngineError) => void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Largest packet that is gathered at all; single messages are bounded more closely by who takes them. */
const MAX_FRAME_BYTES = 4 * 1_048_576;
/** Messages that wait for the broker's answer at the same time. */
const MAX_WAITING = 1_000;
const FILTERS_AT_ONCE = 100;

/** One connection to a broker, taken up again for ever with growing pauses. Owned by who makes it; `close` ends it. */
export class BrokerLink {
  readonly #options: LinkOptions;
  readonly #filters = new Set<string>();
  readonly #waiting = new Set<() => void>();
  readonly #outstanding = new Set<() => void>();
  #client: MqttClient | undefined;
  #ready = false;
  #closed = false;
  #failures = 0;
  #timer: TimerHandle | undefined;
  #error: EngineError | undefined;
  #unanswered = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#attempt();
  }

  get isReady(): boolean {
    return this.#ready;
  }

  /** Why it is not connected. */
  get error(): EngineError | undefined {
    return this.#error;
  }

  /** Remembered and taken up again after each connection. */
  subscribe(filter: string): void {
    if (this.#filters.has(filter)) return;
    this.#filters.add(filter);
    if (this.#ready) this.#ask([filter]);
  }

  unsubscribe(filter: string): void {
    if (!this.#filters.delete(filter) || !this.#ready) return;
    this.#client?.unsubscribe(filter, () => {
      // Not answered: the messages of the topic find nobody, which harms nothing.
    });
  }

  /** Resolves when connected. @throws EngineError `auth.denied`, `device.unreachable`, `call.aborted` */
  whenReady(deadlineMs: number, signal: AbortSignal): Promise<void> {
    if (this.#ready) return Promise.resolve();
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const done = (): void => {
        if (!this.#ready && this.#error?.code !== 'auth.denied' && !this.#closed) return;
        settle(this.#ready ? undefined : this.#why());
      };
      const settle = (error: EngineError | undefined): void => {
        clock.clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        this.#waiting.delete(done);
        if (error === undefined) resolve();
        else reject(error);
      };
      const aborted = (): void => settle(new EngineError('call.aborted', 'not wanted any more'));
      const timer = clock.setTimeout(() => settle(this.#why()), deadlineMs);
      this.#waiting.add(done);
      if (signal.aborted) aborted();
      else signal.addEventListener('abort', aborted, { once: true });
      done();
    });
  }

  /** Resolves when the broker has it (QoS 1, 2) or it was written. @throws EngineError `device.unreachable`, `server.busy` */
  publish(
    topic: string,
    payload: string,
    how: { retain?: boolean; qos?: 0 | 1 | 2 } = {},
  ): Promise<void> {
    const client = this.#client;
    if (!this.#ready || client === undefined) return Promise.reject(this.#why());
    if (this.#unanswered >= MAX_WAITING) {
      return Promise.reject(
        new EngineError('server.busy', `${MAX_WAITING} messages wait for the broker`),
      );
    }
    this.#unanswered += 1;
    return new Promise((resolve, reject) => {
      // The client forgets callbacks of a connection that is gone; this one must not wait for ever.
      const gone = (): void => settle(this.#why());
      const settle = (error: EngineError | undefined): void => {
        if (!this.#outstanding.delete(gone)) return;
        this.#unanswered -= 1;
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#outstanding.add(gone);
      client.publish(
        topic,
        payload,
        { qos: how.qos ?? this.#options.qos, retain: how.retain ?? false },
        (thrown) => settle(thrown == null ? undefined : unreachable(thrown)),
      );
    });
  }

  /** Without a goodbye when `rude`: the broker sends the last will. */
  async close(rude = false): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.clock.clearTimeout(this.#timer);
    const client = this.#client;
    this.#ready = false;
    this.#client = undefined;
    for (const gone of [...this.#outstanding]) gone();
    for (const done of [...this.#waiting]) done();
    if (client === undefined) return;
    await new Promise<void>((resolve) => {
      const late = this.#options.clock.setTimeout(() => {
        client.end(true, () => resolve());
        resolve();
      }, 1_000);
      client.end(rude, () => {
        this.#options.clock.clearTimeout(late);
        resolve();
      });
    });
  }

  #why(): EngineError {
    if (this.#closed)
      return new EngineError('call.aborted', 'the connection to the broker was closed');
    return this.#error ?? new EngineError('device.unreachable', 'the broker has not answered yet');
  }

  #attempt(): void {
    if (this.#closed) return;
    const { access } = this.#options;
    let client: MqttClient;
    try {
      client = connect(access.url, optionsOf(access));
    } catch (thrown) {
      this.#ended(unreachable(thrown));
      return;
    }
    this.#client = client;
    const guard = new FrameGuard(MAX_FRAME_BYTES);
    let failure: EngineError | undefined;
    client.stream.on('data', (chunk: Uint8Array) => {
      if (guard.see(chunk)) return;
      failure = new EngineError('input.too-large', 'the broker sent a packet that is too large');
      client.stream.destroy();
    });
    client.on('connect', () => {
      if (client !== this.#client) return;
      this.#ready = true;
      this.#failures = 0;
      this.#error = undefined;
      this.#ask([...this.#filters]);
      for (const done of [...this.#waiting]) done();
      this.#options.ready();
    });
    client.on('message', (topic, payload, packet) => {
      if (client === this.#client) this.#options.message(topic, payload, packet.retain);
    });
    client.on('error', (thrown) => {
      failure ??= unreachable(thrown);
    });
    client.on('close', () => {
      if (client !== this.#client) return;
      this.#client = undefined;
      client.end(true);
      this.#ended(
        failure ?? new EngineError('device.unreachable', 'the broker closed the connection'),
      );
    });
  }

  #ask(filters: readonly string[]): void {
    for (let at = 0; at < filters.length; at += FILTERS_AT_ONCE) {
      this.#client?.subscribe(
        filters.slice(at, at + FILTERS_AT_ONCE),
        { qos: this.#options.qos },
        (thrown) => {
          if (thrown !== null) this.#error = unreachable(thrown);
        },
      );
    }
  }

  #ended(error: EngineError): void {
    const { clock } = this.#options;
    const was = this.#ready;
    this.#ready = false;
    this.#error = error;
    for (const gone of [...this.#outstanding]) gone();
    for (const done of [...this.#waiting]) done();
    if (was) this.#options.lost(error);
    if (this.#closed) return;
    this.#failures += 1;
    // Passwords change seldom, and brokers lock out who tries often.
    const pauseMs =
      error.code === 'auth.denied'
        ? LONGEST_PAUSE_MS
        : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(10, this.#failures - 1));
    const spread = 0.75 + (clock.monoMs() % 1_000) / 2_000;
    this.#timer = clock.setTimeout(() => this.#attempt(), pauseMs * spread);
  }
}

function optionsOf(access: BrokerAccess): IClientOptions {
  return {
    reconnectPeriod: 0,
    connectTimeout: 8_000,
    keepalive: access.keepaliveS,
    clean: access.clean,
    resubscribe: false,
    queueQoSZero: false,
    rejectUnauthorized: access.verifyTls,
    ...(access.clientId === undefined ? {} : { clientId: access.clientId }),
    ...(access.user === undefined || access.user === '' ? {} : { username: access.user }),
    ...(access.password === undefined ? {} : { password: access.password }),
    ...(access.will === undefined
      ? {}
      : {
          will: {
            topic: access.will.topic,
            payload: Buffer.from(access.will.payload),
            qos: 1,
            retain: true,
          },
        }),
  };
}

function unreachable(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : 0;
  // 4, 5: MQTT 3.1.1's wrong password and not allowed; 134, 135: the same of MQTT 5.
  if (code === 4 || code === 5 || code === 134 || code === 135) {
    return new EngineError('auth.denied', 'the broker refused user or password');
  }
  const words = thrown instanceof Error && thrown.message !== '' ? thrown.message : String(code);
  return new EngineError('device.unreachable', `the broker cannot be reached: ${words}`);
}
