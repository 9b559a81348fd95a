import { connect, type Socket } from 'node:net';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { ConnectGate } from './gate.js';
import { basicAuth, hostOf, type IcecastTarget } from './target.js';

export type IcecastState = 'connecting' | 'connected' | 'away' | 'refused' | 'closed';

export interface IcecastSourceOptions {
  readonly target: IcecastTarget;
  readonly gate: ConnectGate;
  readonly clock: Clock;
  /** `/stream<id>.mp3`. */
  readonly mount: string;
  readonly name: string;
  readonly contentType: string;
  readonly bitrateKbps: number;
  /** 0 … 1, for the jitter of reconnects. */
  readonly random?: () => number;
  readonly onState: (state: IcecastState, error: EngineError | undefined) => void;
}

const CONNECT_LIMIT_MS = 4_000;
/** Reconnects are spread over 100 … this many ms, also when the server stays away for long. */
const RETRY_CAP_MS = 2_000;
/** Sound kept while the server is away; the oldest is dropped. More would make listeners hear the past. */
const AWAY_MS = 500;
/** The server took nothing while this much piled up: what follows is dropped until it reads again. */
const BACKLOG_MS = 4_000;
const ANSWER_LIMIT_BYTES = 8_192;

/**
 * Feeds one mount of a real Icecast over a raw socket: `PUT` without a length, because Icecast 2.4 does
 * not undo the chunks of a chunked request. Comes back by itself with jitter when the server went away;
 * waits (see `ConnectGate`) when the credentials are refused. Owned by the session; `close` ends it.
 */
export class IcecastSource {
  readonly #options: IcecastSourceOptions;
  readonly #random: () => number;
  readonly #away: Uint8Array[] = [];
  readonly #awayLimitBytes: number;
  readonly #backlogLimitBytes: number;
  #awayBytes = 0;
  #droppedBytes = 0;
  #header: Uint8Array = new Uint8Array(0);
  #socket: Socket | undefined;
  #state: IcecastState = 'connecting';
  #attempts = 0;
  #timer: TimerHandle | undefined;
  #leaveQueue: (() => void) | undefined;

  constructor(options: IcecastSourceOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#awayLimitBytes = Math.round((options.bitrateKbps * 125 * AWAY_MS) / 1_000);
    this.#backlogLimitBytes = Math.round((options.bitrateKbps * 125 * BACKLOG_MS) / 1_000);
    this.#enter();
  }

  get state(): IcecastState {
    return this.#state;
  }

  /** Sound that never reached the server. */
  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  /** Sent first on every connection (Ogg headers). */
  setHeader(header: Uint8Array): void {
    this.#header = header;
    if (this.#state === 'connected') this.#socket?.write(header);
  }

  /** Whole encoder packets. Kept, shortly, while the server is away. */
  write(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#state === 'closed') return;
    const socket = this.#socket;
    if (this.#state === 'connected' && socket !== undefined) {
      if (socket.writableLength > this.#backlogLimitBytes) this.#droppedBytes += bytes.length;
      else socket.write(bytes);
      return;
    }
    this.#away.push(bytes);
    this.#awayBytes += bytes.length;
    while (this.#away.length > 1 && this.#awayBytes > this.#awayLimitBytes) {
      const dropped = this.#away.shift()?.length ?? 0;
      this.#awayBytes -= dropped;
      this.#droppedBytes += dropped;
    }
  }

  /** Ends the mount. Idempotent. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#leaveQueue?.();
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#socket?.end();
    this.#socket = undefined;
    this.#away.length = 0;
    this.#set('closed', undefined);
  }

  #enter(): void {
    this.#leaveQueue = this.#options.gate.enter(() => {
      this.#leaveQueue = undefined;
      this.#connect();
    });
    const refused = this.#options.gate.refused;
    if (refused !== undefined) this.#set('refused', new EngineError('icecast.refused', refused));
  }

  #connect(): void {
    const { target, gate, clock } = this.#options;
    const socket = connect({ host: target.host, port: target.port, noDelay: true });
    let answer = '';
    let settled = false;
    const limit = clock.setTimeout(() => {
      socket.destroy(new Error(`no answer within ${CONNECT_LIMIT_MS} ms`));
    }, CONNECT_LIMIT_MS);
    const settle = (outcome: 'connected' | 'failed' | { readonly refused: string }): void => {
      if (settled) return;
      settled = true;
      clock.clearTimeout(limit);
      gate.leave(outcome);
    };
    let failure: Error | undefined;
    socket.on('connect', () => socket.write(this.#request()));
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('data', (chunk) => {
      // Icecast says nothing more after it accepted a source.
      if (settled) return;
      answer += chunk.toString('latin1');
      const status = /^HTTP\/1\.[01] (\d{3}) ?([^\r\n]*)\r?\n/.exec(answer);
      if (status === null && answer.length < ANSWER_LIMIT_BYTES) return;
      const code = status?.[1] ?? '';
      if (code === '100' || code === '200') {
        settle('connected');
        this.#connected(socket);
        return;
      }
      failure = new Error(status === null ? 'not an HTTP answer' : `${code} ${status[2] ?? ''}`);
      if (code === '401') {
        settle({ refused: `${hostOf(target)} refused the source password of Icecast` });
      }
      socket.destroy();
    });
    socket.on('close', () => {
      settle('failed');
      if (this.#state === 'closed') return;
      if (this.#socket === socket) this.#socket = undefined;
      this.#lost(failure);
    });
    if (this.#state === 'closed') socket.destroy();
    else this.#socket = socket;
  }

  #request(): string {
    const { target, mount, name, contentType, bitrateKbps } = this.#options;
    // A line break in a name would end the header.
    const line = (text: string): string => text.replace(/\p{Cc}/gu, ' ');
    return [
      `PUT ${mount} HTTP/1.1`,
      `Host: ${hostOf(target)}`,
      `Authorization: ${basicAuth(target)}`,
      'User-Agent: Earshot',
      `Content-Type: ${contentType}`,
      `Ice-Name: ${line(name)}`,
      `Ice-Bitrate: ${bitrateKbps}`,
      'Ice-Public: 0',
      'Expect: 100-continue',
      '',
      '',
    ].join('\r\n');
  }

  #connected(socket: Socket): void {
    if (this.#state === 'closed') {
      socket.destroy();
      return;
    }
    this.#attempts = 0;
    this.#set('connected', undefined);
    if (this.#header.length > 0) socket.write(this.#header);
    for (const part of this.#away) socket.write(part);
    this.#away.length = 0;
    this.#awayBytes = 0;
  }

  #lost(failure: Error | undefined): void {
    const { clock, gate, target, mount } = this.#options;
    if (gate.refused !== undefined) {
      this.#enter();
      return;
    }
    const reason = failure?.message ?? 'the connection was closed';
    this.#set(
      'away',
      new EngineError('icecast.refused', `Icecast ${hostOf(target)}${mount}: ${reason}`),
    );
    this.#attempts += 1;
    const capMs = Math.min(RETRY_CAP_MS, 250 * 2 ** Math.min(this.#attempts, 8));
    this.#timer = clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#enter();
      },
      100 + this.#random() * (capMs - 100),
    );
  }

  #set(state: IcecastState, error: EngineError | undefined): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState(state, error);
  }
}
