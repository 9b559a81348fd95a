import { WebSocket } from 'ws';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { DeviceModel, Fields } from './model.js';

export interface DeviceReport {
  connected(): void;
  /** The socket closed; it is opened again unless the fleet stopped. */
  lost(code: number): void;
  sent(): void;
  acknowledged(afterMs: number): void;
  /** The server's answer was an error, with its words. */
  refused(reason: string): void;
  /** No answer in time. */
  unanswered(): void;
}

export interface SimulatedDeviceOptions {
  readonly url: string;
  readonly serial: string;
  readonly token?: string | undefined;
  readonly model: DeviceModel;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly chance: () => number;
  readonly minPauseMs: number;
  readonly maxPauseMs: number;
  readonly autoRegister: boolean;
  readonly report: DeviceReport;
}

const ANSWER_MS = 5_000;
const TIME_EVERY_MS = 15_000;
const RETRY_MS = 500;
const RETRY_CAP_MS = 10_000;

/** A SMART-OS device in software: connects, says what it is, reports, takes settings, comes back when cut off. */
export class SimulatedDevice {
  readonly #options: SimulatedDeviceOptions;
  readonly #sentMonoMs = new Map<string, number>();
  #socket: WebSocket | undefined;
  #timer: TimerHandle | undefined;
  #number = 0;
  #failures = 0;
  #timeToldMonoMs = 0;
  #stopped = false;
  #hushed = false;
  #introduced = false;

  constructor(options: SimulatedDeviceOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Frames sent and not answered yet. */
  get pending(): number {
    return this.#sentMonoMs.size;
  }

  /** Says nothing more of itself; answers are still heard. */
  hush(): void {
    this.#hushed = true;
    if (this.#timer !== undefined && this.connected) this.#options.clock.clearTimeout(this.#timer);
  }

  start(): void {
    const { url, token, report } = this.#options;
    const socket = new WebSocket(url, {
      perMessageDeflate: false,
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    });
    this.#socket = socket;
    socket.on('open', () => {
      this.#failures = 0;
      report.connected();
      if (this.#options.autoRegister && !this.#introduced) this.#introduce();
      this.#plan();
    });
    socket.on('message', (data: Buffer) => this.#heard(data.toString()));
    socket.on('error', () => {
      // `close` follows and is what counts.
    });
    socket.on('close', (code) => this.#closed(code));
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#socket?.close();
  }

  /** Frames that wait for an answer longer than they should; each is told once. */
  checkAnswers(): void {
    const lateMonoMs = this.#options.clock.monoMs() - ANSWER_MS;
    for (const [number, sentMonoMs] of this.#sentMonoMs) {
      if (sentMonoMs > lateMonoMs) return;
      this.#sentMonoMs.delete(number);
      this.#options.report.unanswered();
    }
  }

  #closed(code: number): void {
    const { clock, chance, report } = this.#options;
    this.#socket = undefined;
    this.#sentMonoMs.clear();
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    if (this.#stopped) return;
    report.lost(code);
    this.#failures += 1;
    const cap = Math.min(RETRY_CAP_MS, RETRY_MS * 2 ** Math.min(10, this.#failures));
    this.#timer = clock.setTimeout(() => this.start(), cap * (0.5 + chance() / 2));
  }

  #introduce(): void {
    const { clock, chance, model } = this.#options;
    this.#introduced = true;
    this.#send('INIT', model.dump(chance(), new Date(clock.nowMs()).toISOString()));
  }

  #plan(): void {
    if (this.#hushed) return;
    const { clock, chance, minPauseMs, maxPauseMs } = this.#options;
    const pauseMs = minPauseMs + chance() * (maxPauseMs - minPauseMs);
    this.#timer = clock.setTimeout(() => {
      this.#report();
      this.#plan();
    }, pauseMs);
  }

  #report(): void {
    const { clock, chance, model } = this.#options;
    const fields = model.update(chance());
    const nowMonoMs = clock.monoMs();
    if (model.tellsTime && nowMonoMs - this.#timeToldMonoMs >= TIME_EVERY_MS) {
      this.#timeToldMonoMs = nowMonoMs;
      fields['local_time'] = new Date(clock.nowMs()).toISOString();
    }
    this.#send('UPDT', fields);
  }

  #send(type: string, fields: Fields): void {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    const number = String(this.#number).padStart(4, '0');
    this.#number += 1;
    this.#sentMonoMs.set(number, this.#options.clock.monoMs());
    this.#options.report.sent();
    const message = `${number}:${this.#options.serial}:${JSON.stringify(fields)}`;
    socket.send(JSON.stringify({ type, message }));
  }

  #heard(text: string): void {
    const frame = parse(text);
    if (frame === undefined) return;
    const [number = '', serial = '', ...rest] = frame.message.split(':');
    const said = rest.join(':');
    if (frame.type === 'SET') {
      this.#setting(number, said);
      return;
    }
    if (frame.type !== 'INFO' || serial !== this.#options.serial) {
      // The greeting, or an error that names no frame.
      if (said.startsWith('ERROR')) this.#options.report.refused(said);
      return;
    }
    const sentMonoMs = this.#sentMonoMs.get(number);
    if (sentMonoMs === undefined) return;
    this.#sentMonoMs.delete(number);
    if (said === 'OK') {
      this.#options.report.acknowledged(this.#options.clock.monoMs() - sentMonoMs);
    } else this.#options.report.refused(said);
  }

  #setting(number: string, said: string): void {
    const fields = parseFields(said);
    const answer = fields === undefined ? 'ERROR: not an object of settings' : 'OK';
    const message = `${number}:${this.#options.serial}:${answer}`;
    this.#socket?.send(JSON.stringify({ type: 'SET', message }));
    for (const [name, value] of Object.entries(fields ?? {})) {
      this.#send('UPDT', this.#options.model.set(name, value));
    }
  }
}

function parse(text: string): { readonly type: string; readonly message: string } | undefined {
  const value = parseFields(text);
  const { type, message } = value ?? {};
  return typeof type === 'string' && typeof message === 'string' ? { type, message } : undefined;
}

/** An object of plain values. */
function parseFields(text: string): Fields | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Fields;
}
