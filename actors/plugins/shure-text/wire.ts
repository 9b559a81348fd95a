import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP, type Socket } from 'node:net';
import { EngineError } from '../../../engine/errors.js';
import { guarded } from '../../../engine/guarded.js';
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
}

/** @throws EngineError `device.unreachable`, `call.aborted` */
export async function openTcp(net: PluginNet, target: WireTarget, user: WireUser): Promise<Wire> {
  const socket = await net.tcp({ host: target.host, port: target.port, signal: target.signal });
  return new TcpWire(socket, target, user);
}

class TcpWire implements Wire {
  readonly #socket: Socket;
  #gone = false;

  constructor(socket: Socket, target: WireTarget, user: WireUser) {
    this.#socket = socket;
    const gone = (error: EngineError): void => {
      if (this.#gone) return;
      this.#gone = true;
      socket.destroy();
      user.gone(error);
    };
    socket.on(
      'data',
      guarded((chunk: Buffer) => {
        if (!this.#gone) user.bytes(chunk);
      }, gone),
    );
    socket.on('error', (cause) => {
      gone(unreachable(target, `broke the connection (${cause.message})`, cause));
    });
    socket.on('close', () => {
      gone(unreachable(target, 'closed the connection'));
    });
  }

  send(text: string): boolean {
    if (this.#gone || !this.#socket.writable) return false;
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) return false;
    this.#socket.write(text, 'latin1');
    return true;
  }

  end(last: string): void {
    if (this.#gone) return;
    this.#gone = true;
    // What is to be said is small: it fits the socket's buffer, or nobody reads it any more.
    this.#socket.end(last, 'latin1');
    this.#socket.destroySoon();
  }
}

/** @throws EngineError `device.unreachable` */
export async function openUdp(target: WireTarget, user: WireUser): Promise<Wire> {
  const address = await resolve(target);
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    socket.close();
  };
  const gone = (error: EngineError): void => {
    if (!open) return;
    close();
    user.gone(error);
  };
  await new Promise<void>((done, failed) => {
    socket.once('connect', done);
    socket.once('error', (cause) => {
      close();
      failed(unreachable(target, `cannot be reached (${cause.message})`, cause));
    });
    socket.connect(target.port, address);
  });
  socket.removeAllListeners('error');
  socket.on('error', (cause) => {
    gone(unreachable(target, `refuses datagrams (${cause.message})`, cause));
  });
  socket.on(
    'message',
    guarded((chunk: Buffer) => {
      if (open) user.bytes(chunk);
    }, gone),
  );
  return {
    send(text) {
      if (!open) return false;
      socket.send(text);
      return true;
    },
    end(last) {
      if (!open) return;
      open = false;
      if (last === '') socket.close();
      else socket.send(last, () => socket.close());
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
