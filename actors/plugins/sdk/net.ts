import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { setMaxListeners } from 'node:events';
import { connect, type OnReadOpts, type Socket } from 'node:net';
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from 'cockatiel';
import { Agent, type Dispatcher } from 'undici';
import { backoff } from '../../../engine/backoff.js';
import type { ArrivalClock, Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { guarded } from '../../../engine/guarded.js';
import { closeDatagrams } from './datagrams.js';
import { eventStream } from './event-stream.js';
import { Attempt, isFailure, retryAfterMs } from './http-attempt.js';
import { browseServices } from './mdns.js';
import type {
  EventStream,
  FoundService,
  HttpAnswer,
  HttpRequest,
  NetLimits,
  PluginNet,
  ServiceWish,
  WebSocketStream,
} from './net.types.js';
import { RateQueue } from './rate-queue.js';
import { openWebSocket } from './web-socket.js';

export const DEFAULT_NET_LIMITS: NetLimits = {
  timeoutMs: 10_000,
  retries: 3,
  requestsPerS: 50,
  backoffMs: 500,
  breakerFailures: 5,
  breakerOpenMs: 60_000,
  maxBodyBytes: 2_097_152,
  maxEventBytes: 65_536,
};

const MAX_RETRY_PAUSE_MS = 30_000;
/** Servers whose failures and turns are remembered; the one that was asked longest ago is forgotten first. */
const MAX_SERVERS = 8_192;
/** A rate of so many requests a second is no limit. */
const UNLIMITED_PER_S = 1_000;
/** An attempt has its own deadline, which may be changed while the agent is in use. */
const CONNECT_TIMEOUT_MS = 300_000;

/** Each read is handled before the next, so all sockets of a thread read into one buffer. */
const shared = Buffer.allocUnsafeSlow(65_536);

function sharedRead(
  onBytes: (chunk: Uint8Array) => void,
  arrivals: ArrivalClock | undefined,
  onFault: (error: EngineError) => void,
): OnReadOpts {
  const take = guarded((size: number) => {
    const chunk = shared.subarray(0, size);
    if (arrivals === undefined) onBytes(chunk);
    else arrivals.during(() => onBytes(chunk));
  }, onFault);
  return {
    buffer: shared,
    callback: (size) => {
      take(size);
      return true;
    },
  };
}

export interface NetworkOptions {
  readonly clock: Clock;
  readonly limits?: Partial<NetLimits>;
  /** Told of what comes with `onBytes`: the clock by which its values are dated. */
  readonly arrivals?: ArrivalClock;
  /** Who is asked for services. Default: everybody, by multicast. */
  readonly servicesAt?: { readonly address: string; readonly port: number };
}

/** The limits of one instance, held over everything it opens. Made and closed by the host. */
export class PluginNetwork implements PluginNet {
  readonly #clock: Clock;
  readonly #arrivals: ArrivalClock | undefined;
  readonly #servicesAt: NetworkOptions['servicesAt'];
  readonly #ended = new AbortController();
  readonly #open = new Set<() => void>();
  readonly #breakers = new Map<string, CircuitBreakerPolicy>();
  readonly #buckets = new Map<string, RateQueue>();
  readonly #turns = new Map<string, RateQueue>();
  #limits: NetLimits;
  #pauseMs: (n: number) => number;
  #checked: Agent | undefined;
  #unchecked: Agent | undefined;
  #consecutiveFailures = 0;
  #lastSuccessUnixMs: number | undefined;

  constructor({ clock, limits, servicesAt, arrivals }: NetworkOptions) {
    this.#clock = clock;
    this.#arrivals = arrivals;
    this.#servicesAt = servicesAt;
    // One for each request under way: hundreds are no leak.
    setMaxListeners(0, this.#ended.signal);
    this.#limits = { ...DEFAULT_NET_LIMITS, ...limits };
    this.#pauseMs = pauses(this.#limits);
  }

  get limits(): NetLimits {
    return this.#limits;
  }

  /**
   * Other limits from the next request on. With another rate, what waits for its turn at a server fails with
   * `call.aborted`. Circuits that are known keep theirs.
   */
  tune(limits: Partial<NetLimits>): void {
    const before = this.#limits;
    this.#limits = { ...before, ...limits };
    this.#pauseMs = pauses(this.#limits);
    if (this.#limits.requestsPerS === before.requestsPerS) return;
    const changed = new EngineError('call.aborted', 'the rate of requests was changed');
    for (const queue of this.#turns.values()) queue.close(changed);
    this.#turns.clear();
  }

  get health(): PluginNet['health'] {
    return {
      consecutiveFailures: this.#consecutiveFailures,
      lastSuccessUnixMs: this.#lastSuccessUnixMs,
    };
  }

  /** Sockets and streams that are open now. */
  get openCount(): number {
    return this.#open.size;
  }

  limit(bucket: string, perSecond: number): void {
    this.#buckets.get(bucket)?.close(new EngineError('call.aborted', 'its limit was changed'));
    this.#buckets.set(bucket, new RateQueue(this.#clock, bucket, perSecond));
  }

  async http(request: HttpRequest): Promise<HttpAnswer> {
    return await this.#tries(request, (attempt) => attempt.answer(this.limits.maxBodyBytes));
  }

  async events(request: HttpRequest): Promise<EventStream> {
    const headers = { accept: 'text/event-stream', ...request.headers };
    const { opened, attempt } = await this.#tries({ ...request, headers }, async (one) => ({
      opened: await one.stream(),
      attempt: one,
    }));
    const close = (): void => {
      this.#open.delete(close);
      attempt.end();
    };
    this.#open.add(close);
    return eventStream(opened, { maxEventBytes: this.limits.maxEventBytes, close });
  }

  async webSocket(
    url: string,
    options: Parameters<PluginNet['webSocket']>[1] = {},
  ): Promise<WebSocketStream> {
    const { timeoutMs, maxEventBytes } = this.limits;
    this.#mustBeOpen();
    const stream = await openWebSocket(url, {
      ...options,
      clock: this.#clock,
      ended: this.#ended.signal,
      timeoutMs,
      maxEventBytes,
      onClosed: (terminate) => this.#open.delete(terminate),
    });
    this.#open.add(stream.terminate);
    if (this.#ended.signal.aborted) stream.terminate();
    return stream;
  }

  async tcp(options: Parameters<PluginNet['tcp']>[0]): Promise<Socket> {
    const { host, port, timeoutMs = this.limits.timeoutMs, signal, onBytes } = options;
    this.#mustBeOpen();
    if (signal?.aborted === true) throw abortedCall(`${host}:${port}`);
    const socket: Socket = connect({
      host,
      port,
      noDelay: true,
      ...(onBytes === undefined
        ? {}
        : { onread: sharedRead(onBytes, this.#arrivals, (e) => socket.destroy(e)) }),
    });
    const destroy = (): void => {
      socket.destroy();
    };
    this.#open.add(destroy);
    socket.once('close', () => this.#open.delete(destroy));
    // Stays for good: a socket without a listener for errors would end the thread with its first one.
    socket.on('error', destroy);
    return await new Promise<Socket>((resolve, reject) => {
      const done = (error: EngineError | undefined): void => {
        this.#clock.clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        socket.off('connect', connected);
        socket.off('error', failed);
        socket.off('close', closed);
        if (error === undefined) resolve(socket);
        else {
          socket.destroy();
          reject(error);
        }
      };
      const abort = (): void => done(abortedCall(`${host}:${port}`));
      const connected = (): void => done(undefined);
      const failed = (thrown: Error): void => done(unreachable(`${host}:${port}`, thrown));
      const closed = (): void => done(abortedCall(`${host}:${port}`));
      const timer = this.#clock.setTimeout(
        () => done(timedOut(`${host}:${port}`, timeoutMs)),
        timeoutMs,
      );
      signal?.addEventListener('abort', abort, { once: true });
      socket.once('connect', connected);
      socket.once('error', failed);
      socket.once('close', closed);
    });
  }

  async udp(options: Parameters<PluginNet['udp']>[0] = {}): Promise<UdpSocket> {
    const { port = 0, address, shared = false } = options;
    this.#mustBeOpen();
    const socket = createSocket({ type: 'udp4', reuseAddr: shared });
    const close = (): void => {
      if (this.#open.delete(close)) closeDatagrams(socket);
    };
    this.#open.add(close);
    socket.once('close', () => this.#open.delete(close));
    return await new Promise<UdpSocket>((resolve, reject) => {
      const failed = (thrown: Error): void => {
        close();
        reject(
          new EngineError('device.unreachable', `UDP port ${port}: ${thrown.message}`, {
            cause: thrown,
          }),
        );
      };
      socket.once('error', failed);
      socket.bind({ port, ...(address === undefined ? {} : { address }) }, () => {
        socket.off('error', failed);
        socket.on('error', close);
        resolve(socket);
      });
    });
  }

  async services(wish: ServiceWish, found: (service: FoundService) => void): Promise<void> {
    const open = (address: string | undefined): Promise<UdpSocket> =>
      this.udp(address === undefined ? {} : { address });
    const [clock, ended, to] = [this.#clock, this.#ended.signal, this.#servicesAt];
    await browseServices({ ...wish, clock, open, found, ended, to });
  }

  /** Ends everything that is open, fails what waits. */
  async close(): Promise<void> {
    this.#ended.abort();
    const error = new EngineError('call.aborted', 'the instance was closed');
    for (const queue of [...this.#buckets.values(), ...this.#turns.values()]) queue.close(error);
    for (const end of [...this.#open]) end();
    this.#breakers.clear();
    await Promise.all([this.#checked?.destroy(), this.#unchecked?.destroy()]);
  }

  #mustBeOpen(): void {
    if (this.#ended.signal.aborted) {
      throw new EngineError('call.aborted', 'the instance was closed');
    }
  }

  async #tries<T>(request: HttpRequest, run: (attempt: Attempt) => Promise<T>): Promise<T> {
    const url = urlOf(request.url);
    const { clock, breaker, dispatcher } = {
      clock: this.#clock,
      breaker: this.#breakerOf(url.origin),
      dispatcher: this.#agent(request.verifyTls ?? true),
    };
    const bucket = request.bucket === undefined ? undefined : this.#buckets.get(request.bucket);
    for (let n = 1; ; n += 1) {
      this.#mustBeOpen();
      const attempt = new Attempt({
        request,
        url,
        dispatcher,
        clock,
        timeoutMs: this.limits.timeoutMs,
        ended: this.#ended.signal,
      });
      try {
        await bucket?.turn(attempt.signal);
        await this.#turnAt(url.origin)?.turn(attempt.signal);
        attempt.begin();
        const result = await breaker.execute(() => run(attempt));
        this.#consecutiveFailures = 0;
        this.#lastSuccessUnixMs = clock.nowMs();
        return result;
      } catch (thrown) {
        attempt.end();
        const error = this.#explain(thrown, url);
        if (isFailure(error)) this.#consecutiveFailures += 1;
        if (!isFailure(error) || n > this.limits.retries) throw error;
        await this.#pause(retryAfterMs(error) ?? this.#pauseMs(n), request.signal, url);
      }
    }
  }

  #explain(thrown: unknown, url: URL): EngineError {
    if (!(thrown instanceof BrokenCircuitError)) return EngineError.from(thrown);
    return new EngineError(
      'server.busy',
      `${url.origin} failed ${this.limits.breakerFailures} times in a row: it is left alone for ${Math.round(this.limits.breakerOpenMs / 1_000)} s`,
    );
  }

  #breakerOf(origin: string): CircuitBreakerPolicy {
    const known = this.#breakers.get(origin);
    if (known !== undefined) {
      this.#breakers.delete(origin);
      this.#breakers.set(origin, known);
      return known;
    }
    const made = circuitBreaker(handleWhen(isFailure), {
      halfOpenAfter: this.limits.breakerOpenMs,
      breaker: new ConsecutiveBreaker(this.limits.breakerFailures),
    });
    this.#breakers.set(origin, made);
    const [oldest] = this.#breakers.keys();
    if (this.#breakers.size > MAX_SERVERS && oldest !== undefined) this.#breakers.delete(oldest);
    return made;
  }

  #turnAt(origin: string): RateQueue | undefined {
    const { requestsPerS } = this.#limits;
    if (requestsPerS >= UNLIMITED_PER_S) return undefined;
    const known = this.#turns.get(origin);
    if (known !== undefined) {
      this.#turns.delete(origin);
      this.#turns.set(origin, known);
      return known;
    }
    const made = new RateQueue(this.#clock, origin, requestsPerS);
    this.#turns.set(origin, made);
    if (this.#turns.size > MAX_SERVERS) {
      // One where requests wait is left: each of them has a deadline of its own.
      for (const [oldest, queue] of this.#turns) {
        if (queue.waiting > 0) continue;
        this.#turns.delete(oldest);
        break;
      }
    }
    return made;
  }

  #agent(verify: boolean): Dispatcher {
    const make = (): Agent =>
      new Agent({
        connect: { timeout: CONNECT_TIMEOUT_MS, rejectUnauthorized: verify },
        // Streams stay silent for as long as they like; what waits too long is ended by its own limits.
        bodyTimeout: 0,
        headersTimeout: 0,
      });
    if (verify) {
      this.#checked ??= make();
      return this.#checked;
    }
    this.#unchecked ??= make();
    return this.#unchecked;
  }

  #pause(delayMs: number, signal: AbortSignal | undefined, url: URL): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: EngineError): void => {
        this.#clock.clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#ended.signal.removeEventListener('abort', abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const abort = (): void => done(abortedCall(url.origin));
      const timer = this.#clock.setTimeout(() => done(), delayMs);
      signal?.addEventListener('abort', abort, { once: true });
      this.#ended.signal.addEventListener('abort', abort, { once: true });
    });
  }
}

function pauses({ backoffMs }: NetLimits): (n: number) => number {
  return backoff({ firstMs: backoffMs, maxMs: MAX_RETRY_PAUSE_MS, jitter: 0.25 });
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new EngineError('input.invalid', 'the address must be an http:// or https:// URL');
  }
  return url;
}

function abortedCall(whom: string): EngineError {
  return new EngineError('call.aborted', `the call to ${whom} was given up`);
}

function unreachable(whom: string, thrown: Error): EngineError {
  return new EngineError('device.unreachable', `${whom}: ${thrown.message}`, { cause: thrown });
}

function timedOut(whom: string, timeoutMs: number): EngineError {
  return new EngineError('device.unreachable', `${whom} did not answer within ${timeoutMs} ms`);
}
