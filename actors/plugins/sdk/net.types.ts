import type { Socket as UdpSocket } from 'node:dgram';
import type { Socket } from 'node:net';

/** Limits of one instance's traffic; the operator may change them (settings `net.*`). */
export interface NetLimits {
  /** One request, or the start of a stream. Default 10,000. */
  readonly timeoutMs: number;
  /** Further tries after 429, 500, 502, 503, 504 or a broken connection. Default 3. */
  readonly retries: number;
  /** Requests of `http` and `events` to one origin; more wait, 1,000 at most. Default 50; from 1,000 on: no limit. */
  readonly requestsPerS: number;
  /** Pause before retry n: `backoffMs × 2^n`, with jitter. Default 500. A `Retry-After` up to 30 s is obeyed. */
  readonly backoffMs: number;
  /** Failures in a row that open the circuit breaker. Default 5. */
  readonly breakerFailures: number;
  /** Half open after this. Default 60,000. */
  readonly breakerOpenMs: number;
  /** Largest answer. Default 2 MiB. */
  readonly maxBodyBytes: number;
  /** Largest line or event of a stream. Default 64 KiB. */
  readonly maxEventBytes: number;
}

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute `http://` or `https://`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON; undefined: no body and no content type. */
  readonly body?: unknown;
  /** False: a certificate that cannot be verified is taken. Default true. */
  readonly verifyTls?: boolean;
  /** Name of the bucket whose rate limits it, see `limit`. */
  readonly bucket?: string;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** @throws EngineError `frame.malformed` when it is not JSON. */
  json(): unknown;
}

/** One event of a `text/event-stream`. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

export interface EventStream {
  readonly headers: Readonly<Record<string, string>>;
  /** Ends when the server ends it or the signal aborts; throws EngineError on a fault. */
  readonly events: AsyncIterable<ServerEvent>;
  close(): void;
}

export interface WebSocketStream {
  /** Text frames; binary ones are decoded as UTF-8. Ends with the socket; throws EngineError on a fault. */
  readonly messages: AsyncIterable<string>;
  /** False: too much is unsent. */
  send(text: string): boolean;
  close(): void;
}

/** Services to ask for by mDNS. */
export interface ServiceWish {
  /** With their domain: `_https._tcp.local`. */
  readonly services: readonly string[];
  /** How long to listen, ms. */
  readonly forMs: number;
  readonly signal?: AbortSignal;
}

export interface FoundService {
  /** As it was asked for. */
  readonly service: string;
  /** Of the device, in lower case, without the service: `rack 1`. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** What it says of itself; keys in lower case. */
  readonly texts: Readonly<Record<string, string>>;
}

/** The way out, with limits: every socket here is closed with the instance, and no answer is larger than allowed. */
export interface PluginNet {
  /** As they are now: the operator may change them while the instance is open. */
  readonly limits: NetLimits;
  /** At most `perSecond` requests of the bucket; further ones wait, 1,000 at most. Once for each bucket. */
  limit(bucket: string, perSecond: number): void;
  /**
   * Any status below 400 and those in the 4xx are answered; 429 and 5xx are retried, then thrown.
   * @throws EngineError `device.unreachable`, `input.too-large`, `auth.denied` (401, 403), `rate.limited`,
   * `server.busy` (breaker open, too many waiting), `call.aborted`
   */
  http(request: HttpRequest): Promise<HttpAnswer>;
  /** @throws as `http` */
  events(request: HttpRequest): Promise<EventStream>;
  /** @throws as `http` */
  webSocket(
    url: string,
    options?: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly verifyTls?: boolean;
      readonly signal?: AbortSignal;
    },
  ): Promise<WebSocketStream>;
  /**
   * A connected socket, `noDelay`; the caller sets its listeners. With `onBytes` it emits no `data`: what comes is given to that, in a
   * buffer that all such sockets share and that is used again when it returns; a throw of it ends the socket with an `error`. Values
   * read before it returns have the time of arrival.
   * @throws EngineError `device.unreachable`, `call.aborted`
   */
  tcp(options: {
    readonly host: string;
    readonly port: number;
    readonly onBytes?: (chunk: Uint8Array) => void;
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
  }): Promise<Socket>;
  /** A bound socket; the caller sets `message`. Port 0 or absent: any. @throws EngineError `device.unreachable` when it cannot be bound */
  udp(options?: {
    readonly port?: number;
    readonly address?: string;
    /** Several programs may listen on the port: multicast. */
    readonly shared?: boolean;
  }): Promise<UdpSocket>;
  /**
   * Asks for services by multicast DNS on all IPv4 interfaces, and tells each once; at most 1,024. Resolves when the
   * time is over. @throws EngineError `device.unreachable` when no socket can be bound
   */
  services(wish: ServiceWish, found: (service: FoundService) => void): Promise<void>;
  /** Failures in a row of `http`, and when it last worked. */
  readonly health: {
    readonly consecutiveFailures: number;
    readonly lastSuccessUnixMs: number | undefined;
  };
}
