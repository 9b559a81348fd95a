import type { EngineError } from '../../engine/errors.js';
import type { Scope } from '../contract/auth.js';
import type { Role } from '../contract/rest.js';
import type { Principal } from './route.types.js';
import type { WebSocket } from './uws.js';

/**
 * What the server keeps with a socket. The package copies the fields of this object onto the socket, so that
 * class instances would lose their methods: the state hangs one level below.
 */
export interface SocketSlot<T> {
  readonly state: T;
  /** Who opened it; undefined when it was refused. */
  readonly principal?: Principal | undefined;
}

/** An open WebSocket, valid until its `close` callback. */
export type GatewaySocket<T = unknown> = WebSocket<SocketSlot<T>>;

/** What the endpoint's `accept` returned for this socket. */
export function stateOf<T>(socket: GatewaySocket<T>): T {
  return socket.getUserData().state;
}

/** A request to open a WebSocket. */
export interface SocketRequest {
  readonly params: Readonly<Record<string, string>>;
  /** Raw query string without `?`. */
  readonly query: string;
  readonly principal: Principal;
  readonly requestId: string;
  readonly address: string;
  readonly origin: string;
  header(name: string): string | undefined;
}

/**
 * One WebSocket address. A throw in any callback is logged and closes that socket with the error's close
 * code; it reaches no other socket.
 */
export interface SocketEndpoint<T = unknown> {
  /** `/v1/live`, `/update/{deviceId}`. */
  readonly path: string;
  /** Lowest role. A caller without it gets the socket opened and closed at once with 4501 or 4503. */
  readonly access: 'open' | Role;
  /** Scope that a token with scopes needs; absent: such a token is refused. */
  readonly scope?: Scope;
  /** Longer messages end the socket. Default 64 KiB. */
  readonly maxMessageBytes?: number;
  /** Bytes held for a client that reads slowly; more are dropped by the server. Default 4 MiB. */
  readonly maxBufferedBytes?: number;
  /** Silence after which the socket is closed (pings are sent by the server). Default 60; 0: never. */
  readonly idleTimeoutS?: number;
  /** Subprotocols in order of preference; the first that the client offers is chosen. */
  readonly protocols?: readonly string[];
  /** Close code of a refusal, where clients know another one than the error's own. */
  closeCodeOf?(error: EngineError): number | undefined;
  /** Makes the socket's state. @throws EngineError: the socket is opened and closed with its close code. */
  accept(request: SocketRequest): T | Promise<T>;
  open?(socket: GatewaySocket<T>): void;
  /** `data` is only valid during the call: copy what is kept. */
  message(socket: GatewaySocket<T>, data: Uint8Array, isBinary: boolean): void;
  /** The client caught up, at least in part. */
  drain?(socket: GatewaySocket<T>): void;
  /** A message was dropped at `maxBufferedBytes`. Neither send nor close here: the server is walking its sockets. */
  dropped?(socket: GatewaySocket<T>): void;
  /** The socket may not be used any more. */
  close?(socket: GatewaySocket<T>, code: number): void;
}

/** Forgets the state's type, for lists of endpoints. */
export function socketEndpoint<T>(definition: SocketEndpoint<T>): SocketEndpoint {
  return definition as unknown as SocketEndpoint;
}
