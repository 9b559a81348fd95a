import { lookup } from 'node:dns/promises';
import { isIP, type Socket } from 'node:net';
import { EngineError } from '../../../engine/errors.js';
import { guarded } from '../../../engine/guarded.js';
import { closeDatagrams } from '../sdk/datagrams.js';
import type { PluginNet } from '../sdk/net.types.js';

/** More than this unsent: the other end has stopped reading. */
const MAX_UNSENT_BYTES = 65_536;

/** A way to a device. Callbacks may come until `end` returns. */
export interface Wire {
  /** False: it takes no more. */
  send(text: string): boolean;
  /** Says good-bye with `last`, then closes. May be called twice. */
  end(last: string): void;
}

export interface WireUser {
  bytes(chunk: Uint8Array): void;
  /** At most once. */
  gone(error: EngineError): void;
}

export interface WireTarget {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
  /** Of the connection; absent: as the instance's limits say. */
  readonly timeoutMs?: number;
}

/** @throws EngineError `device.unreachable`, `call.aborted` */
export async function openTcp(net: PluginNet, target: WireTarget, user: WireUser): Promise<Wire> {
  const { host, port, signal, timeoutMs } = target;
  const wire = new TcpWire(target, user);
  const socket = await net.tcp({
    host,
    port,
    signal,
    onBytes: (chunk) => wire.bytes(chunk),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  wire.attach(socket);
  return wire;
}

class TcpWire implements Wire {
  readonly #target: WireTarget;
  readonly #user: WireUser;
  #socket: Socket | undefined;
  #gone = false;

  constructor(target: WireTarget, user: WireUser) {
    this.#target = target;
    this.#user = user;
  }

  attach(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', (cause) => {
      this.#lost(
        cause instanceof EngineError
          ? cause
          : unreachable(this.#target, `broke the connection (${cause.message})`, cause),
      );
    });
    socket.on('close', () => {
      this.#lost(unreachable(this.#target, 'closed the connection'));
    });
  }

  bytes(chunk: Uint8Array): void {
    if (!this.#gone) this.#user.bytes(chunk);
  }

  #lost(error: EngineError): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#socket?.destroy();
    this.#user.gone(error);
  }

  send(text: string): boolean {
    const socket = this.#socket;
    if (this.#gone || socket === undefined || !socket.writable) return false;
    if (socket.writableLength > MAX_UNSENT_BYTES) return false;
    socket.write(text, 'latin1');
    return true;
  }

  end(last: string): void {
    if (this.#gone) return;
    this.#gone = true;
    // What is to be said is small: it fits the socket's buffer, or nobody reads it any more.
    this.#socket?.end(last, 'latin1');
    this.#socket?.destroySoon();
  }
}

/** @throws EngineError `device.unreachable` */
export async function openUdp(net: PluginNet, target: WireTarget, user: WireUser): Promise<Wire> {
  const address = await resolve(target);
  const socket = await net.udp();
  let closed = false;
  let ended = false;
  let why = 'closed the connection';
  const close = (): void => {
    if (closed) return;
    closed = true;
    closeDatagrams(socket);
  };
  // The network closes a socket that fails; what failed is told with the end.
  socket.on('error', (cause) => {
    why = `refuses datagrams (${cause.message})`;
  });
  socket.on('close', () => {
    closed = true;
    if (ended) return;
    ended = true;
    user.gone(unreachable(target, why));
  });
  socket.on(
    'message',
    guarded(
      (chunk: Buffer) => {
        if (!ended) user.bytes(chunk);
      },
      (error) => {
        ended = true;
        close();
        user.gone(error);
      },
    ),
  );
  // Connected, so that nobody else's datagrams pass for the device's.
  await new Promise<void>((done, failed) => {
    const refused = (cause: Error): void => {
      failed(unreachable(target, `cannot be reached (${cause.message})`, cause));
    };
    socket.once('error', refused);
    socket.connect(target.port, address, () => {
      socket.off('error', refused);
      done();
    });
  });
  return {
    send(text) {
      if (ended || closed) return false;
      socket.send(text);
      return true;
    },
    end(last) {
      if (ended) return;
      ended = true;
      if (closed) return;
      // A connected socket whose queue is empty sends at once, before it is closed.
      if (last !== '') socket.send(last);
      close();
    },
  };
}

async function resolve(target: WireTarget): Promise<string> {
  if (isIP(target.host) !== 0) return target.host;
  try {
    return (await lookup(target.host)).address;
  } catch (cause) {
    throw unreachable(target, 'has no address: check the host name', cause);
  }
}

export function unreachable(
  target: { readonly host: string; readonly port: number },
  what: string,
  cause?: unknown,
): EngineError {
  return new EngineError('device.unreachable', `${target.host}:${target.port} ${what}.`, {
    ...(cause === undefined ? {} : { cause }),
    context: { host: target.host, port: target.port },
  });
}
