import { WebSocket } from 'ws';
import type { Clock, TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { WebSocketStream } from './net.types.js';

export interface WebSocketOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly verifyTls?: boolean;
  readonly signal?: AbortSignal;
  readonly clock: Clock;
  /** Of the instance. */
  readonly ended: AbortSignal;
  readonly timeoutMs: number;
  readonly maxEventBytes: number;
  /** Also when it never opened. */
  readonly onClosed: (terminate: () => void) => void;
}

export interface OwnedWebSocket extends WebSocketStream {
  /** Ends it at once. */
  readonly terminate: () => void;
}

/** Frames that wait for their reader; above it the socket is not read, below half of it it is again. */
const MAX_QUEUED = 256;
const MAX_UNSENT_BYTES = 1_048_576;
const CLOSE_AFTER_MS = 2_000;

/** Opens a WebSocket; resolves when it is open. @throws EngineError as `PluginNet.http` */
export async function openWebSocket(
  url: string,
  options: WebSocketOptions,
): Promise<OwnedWebSocket> {
  if (!URL.canParse(url) || !/^wss?:$/.test(new URL(url).protocol)) {
    throw new EngineError('input.invalid', 'the address must be a ws:// or wss:// URL');
  }
  const { origin, host } = new URL(url);
  const whom = origin === 'null' ? host : origin;
  const { signal, ended, timeoutMs, maxEventBytes } = options;
  if (signal?.aborted === true) throw new EngineError('call.aborted', `${whom} was given up`);
  const socket = new WebSocket(url, {
    headers: { ...options.headers },
    rejectUnauthorized: options.verifyTls ?? true,
    handshakeTimeout: timeoutMs,
    maxPayload: maxEventBytes,
    perMessageDeflate: false,
  });
  const terminate = (): void => socket.terminate();
  signal?.addEventListener('abort', terminate, { once: true });
  ended.addEventListener('abort', terminate, { once: true });
  const inbox = new Inbox(socket);
  socket.on('message', (data: Buffer) => inbox.push(data.toString('utf8')));
  let failure: EngineError | undefined;
  let goodbye: TimerHandle | undefined;
  socket.on('error', (thrown) => {
    failure ??= socketError(whom, thrown, maxEventBytes);
  });
  socket.once('close', () => {
    signal?.removeEventListener('abort', terminate);
    ended.removeEventListener('abort', terminate);
    const givenUp = signal?.aborted === true || ended.aborted;
    inbox.end(givenUp ? undefined : failure);
    if (goodbye !== undefined) options.clock.clearTimeout(goodbye);
    options.onClosed(terminate);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('unexpected-response', (request, response) => {
      request.destroy();
      failure = statusError(whom, response.statusCode ?? 0);
      reject(failure);
    });
    socket.once('close', () => {
      reject(failure ?? new EngineError('call.aborted', `${whom} was given up`));
    });
  });
  return {
    messages: inbox.messages(),
    send: (text) => {
      if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > MAX_UNSENT_BYTES) {
        return false;
      }
      socket.send(text);
      return true;
    },
    close: () => {
      socket.close();
      // A server that does not say goodbye is not waited for.
      goodbye ??= options.clock.setTimeout(terminate, CLOSE_AFTER_MS);
    },
    terminate,
  };
}

/** Frames until they are read; the socket stands still while there are too many. */
class Inbox {
  readonly #socket: WebSocket;
  readonly #queue: string[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #failure: EngineError | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  push(text: string): void {
    this.#queue.push(text);
    if (this.#queue.length >= MAX_QUEUED) this.#socket.pause();
    this.#wake?.();
  }

  end(failure: EngineError | undefined): void {
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
  }

  async *messages(): AsyncGenerator<string> {
    try {
      for (;;) {
        while (this.#queue.length > 0) {
          const text = this.#queue.shift() ?? '';
          if (this.#socket.isPaused && this.#queue.length < MAX_QUEUED / 2) this.#socket.resume();
          yield text;
        }
        if (this.#ended) {
          if (this.#failure !== undefined) throw this.#failure;
          return;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    } finally {
      this.#socket.terminate();
    }
  }
}

function statusError(whom: string, status: number): EngineError {
  if (status === 401 || status === 403) {
    return new EngineError(
      'auth.denied',
      `${whom} refused the login with status ${status}: check user, password or key`,
    );
  }
  const code = status === 429 ? 'rate.limited' : 'device.unreachable';
  return new EngineError(code, `${whom} answered with status ${status} instead of a WebSocket`);
}

function socketError(whom: string, thrown: Error, maxEventBytes: number): EngineError {
  if ('code' in thrown && thrown.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
    return new EngineError(
      'input.too-large',
      `${whom} sent a message of more than ${maxEventBytes} bytes`,
    );
  }
  return new EngineError('device.unreachable', `${whom}: ${thrown.message}`, { cause: thrown });
}
