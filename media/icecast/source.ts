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
/** The server is full: it is asked again after 5 … 15 s, and not by each source twice a second. */
const FULL_FIRST_MS = 5_000;
const FULL_CAP_MS = 15_000;
/** The server reads too slowly: when this much waits for it, it is dropped, and the sound of now follows. */
const BACKLOG_MS = 2_000;
/** A server that took nothing for so long is left, and connected anew. */
const STALL_MS = 10_000;
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
  #backlog: Uint8Array[] = [];
  #backlogBytes = 0;
  #blockedSinceMonoMs: number | undefined;
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

  /** Sent first on every connection (Ogg headers). Another one than before begins a new logical stream. */
  setHeader(header: Uint8Array): void {
    if (Buffer.compare(header, this.#header) === 0) return;
    this.#header = header;
    this.#away.length = 0;
    this.#awayBytes = 0;
    if (this.#state === 'connected' && this.#socket !== undefined) this.#give(this.#socket, header);
  }

  /** Whole encoder packets. Kept, shortly, while the server is away. */
  write(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#state === 'closed') return;
    const socket = this.#socket;
    if (this.#state === 'connected' && socket !== undefined) {
      this.#give(socket, bytes);
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
    this.#backlog = [];
    this.#set('closed', undefined);
  }

  /** Whole packets, in order; when too much waits, all of it goes. */
  #give(socket: Socket, bytes: Uint8Array): void {
    if (this.#blockedSinceMonoMs === undefined) {
      if (!socket.write(bytes)) this.#blockedSinceMonoMs = this.#options.clock.monoMs();
      return;
    }
    if (this.#options.clock.monoMs() - this.#blockedSinceMonoMs > STALL_MS) {
      socket.destroy(new Error(`it took nothing for ${STALL_MS} ms`));
      return;
    }
    if (this.#backlogBytes + bytes.length > this.#backlogLimitBytes) {
      this.#droppedBytes += this.#backlogBytes;
      this.#backlog = [];
      this.#backlogBytes = 0;
    }
    this.#backlog.push(bytes);
    this.#backlogBytes += bytes.length;
  }

  #drained(socket: Socket): void {
    if (this.#socket !== socket || this.#state !== 'connected') return;
    this.#blockedSinceMonoMs = undefined;
    const waiting = this.#backlog;
    this.#backlog = [];
    this.#backlogBytes = 0;
    for (const bytes of waiting) this.#give(socket, bytes);
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
    socket.on('drain', () => this.#drained(socket));
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
      failure = refusal(code, status?.[2] ?? '', answer);
      if (code === '401') {
        settle({ refused: `${hostOf(target)} refused the source password of Icecast` });
        socket.destroy();
      }
      // The reason follows in the body, and then the server closes.
      if (code === '' || answer.length >= ANSWER_LIMIT_BYTES) socket.destroy();
    });
    socket.on('end', () => socket.end());
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
    this.#backlog = [];
    this.#backlogBytes = 0;
    this.#blockedSinceMonoMs = undefined;
    this.#set('connected', undefined);
    if (this.#header.length > 0) this.#give(socket, this.#header);
    for (const part of this.#away) this.#give(socket, part);
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
    const full = failure instanceof ServerFull;
    const leastMs = full ? FULL_FIRST_MS : 100;
    const capMs = full
      ? FULL_CAP_MS
      : Math.min(RETRY_CAP_MS, 250 * 2 ** Math.min(this.#attempts, 8));
    this.#timer = clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#enter();
      },
      leastMs + this.#random() * (capMs - leastMs),
    );
  }

  #set(state: IcecastState, error: EngineError | undefined): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState(state, error);
  }
}

class ServerFull extends Error {}

/** Icecast answers 403 to a source too many, and to a mount that somebody else feeds; its body says which. */
function refusal(code: string, words: string, answer: string): Error {
  if (code === '') return new Error('not an HTTP answer');
  if (code !== '403') return new Error(`${code} ${words}`);
  if (/too many sources/i.test(answer)) {
    return new ServerFull('it is full (too many sources): raise <sources> in its configuration');
  }
  if (/in use/i.test(answer)) return new Error('another source feeds this mount (403)');
  return new Error(`${code} ${words}`);
}
