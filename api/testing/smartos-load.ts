import { WebSocket } from 'ws';

interface Device {
  readonly serial: string;
  /** Last value sent; every value is sent once, so a double or a gap in the store shows. */
  next: number;
  readonly acked: Set<number>;
  readonly inFlight: Map<string, number>;
  socket: WebSocket | undefined;
}

export interface SmartosLoadOptions {
  readonly wsUrl: () => string;
  readonly devices: number;
  /** Frames a second of each device while connected. */
  readonly perSecond: number;
  /** Device serials are `<prefix><number>`. */
  readonly prefix?: string;
}

/**
 * A small fleet that speaks SMART-OS, sends counters and remembers which were acknowledged. It reconnects
 * by itself and never sends a value again, so that the store can be compared with what was acknowledged.
 */
export class SmartosLoad {
  readonly #options: SmartosLoadOptions;
  readonly #devices: Device[];
  #messageId = 0;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #closes = 0;
  #refused = 0;

  constructor(options: SmartosLoadOptions) {
    this.#options = options;
    this.#devices = Array.from({ length: options.devices }, (_, index) => ({
      serial: `${options.prefix ?? 'L'}${String(index).padStart(4, '0')}`,
      next: 1,
      acked: new Set<number>(),
      inFlight: new Map<string, number>(),
      socket: undefined,
    }));
  }

  /** Acknowledged values of each serial. */
  acked(): ReadonlyMap<string, ReadonlySet<number>> {
    return new Map(this.#devices.map((device) => [device.serial, device.acked]));
  }

  get ackedCount(): number {
    return this.#devices.reduce((sum, device) => sum + device.acked.size, 0);
  }

  get connected(): number {
    return this.#devices.filter((d) => d.socket?.readyState === WebSocket.OPEN).length;
  }

  /** Sockets that closed while running. */
  get closes(): number {
    return this.#closes;
  }

  /** Answers that were not OK. */
  get refused(): number {
    return this.#refused;
  }

  get inFlight(): number {
    return this.#devices.reduce((sum, device) => sum + device.inFlight.size, 0);
  }

  start(): void {
    this.#running = true;
    for (const device of this.#devices) this.#connect(device);
    const everyMs = 20;
    let credit = 0;
    this.#timer = setInterval(() => {
      credit += (this.#options.perSecond * everyMs) / 1_000;
      const frames = Math.floor(credit);
      credit -= frames;
      for (const device of this.#devices) {
        for (let i = 0; i < frames; i += 1) this.#send(device);
      }
    }, everyMs);
  }

  /** Stops sending; sockets stay open for answers still to come. */
  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  stop(): void {
    this.pause();
    this.#running = false;
    for (const device of this.#devices) device.socket?.close();
  }

  #connect(device: Device): void {
    const socket = new WebSocket(`${this.#options.wsUrl()}/update/`);
    device.socket = socket;
    socket.on('message', (data) => this.#answer(device, String(data)));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      if (device.socket === socket) device.socket = undefined;
      device.inFlight.clear();
      if (!this.#running) return;
      this.#closes += 1;
      setTimeout(() => {
        if (this.#running) this.#connect(device);
      }, 200);
    });
  }

  #send(device: Device): void {
    const socket = device.socket;
    if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > 1_000_000) return;
    const id = String(this.#messageId++).padStart(4, '0');
    const value = device.next++;
    device.inFlight.set(id, value);
    const inner = JSON.stringify({ power_income: value });
    socket.send(JSON.stringify({ type: 'UPDT', message: `${id}:${device.serial}:${inner}` }));
  }

  #answer(device: Device, text: string): void {
    const parsed: unknown = JSON.parse(text);
    const message =
      typeof parsed === 'object' && parsed !== null && 'message' in parsed
        ? String(parsed.message)
        : '';
    const [id = '', , outcome] = message.split(':');
    const value = device.inFlight.get(id);
    if (value === undefined) return;
    device.inFlight.delete(id);
    if (outcome === 'OK') device.acked.add(value);
    else this.#refused += 1;
  }
}
