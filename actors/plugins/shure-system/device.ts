import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { Misses } from '../sdk/misses.js';
import { Pace } from '../sdk/pace.js';
import type { DeviceConnection, DevicePart, DeviceSession } from '../sdk/plugin.types.js';
import { familyOf, type ShureChannel, type ShureDevice } from './decode.js';
import type { EventListener } from './event-socket.js';
import { readingsOf } from './fields.js';
import type { ShureService } from './service.js';

interface ShureDeviceOptions {
  readonly id: string;
  readonly session: DeviceSession;
  readonly service: ShureService;
  readonly clock: Clock;
  readonly pollIntervalMs: number;
  readonly refreshMs: number;
  /** The shortest time between two polls that the service's limits allow now, ms. */
  readonly fairMs: () => number;
  readonly left: (device: ShureConnection) => void;
}

/** One device of the service: polled while no events come, and now and then beside them. */
export class ShureConnection implements DeviceConnection, EventListener {
  readonly #options: ShureDeviceOptions;
  readonly #handles = new Map<string, number>();
  readonly #misses = new Misses();
  #pace: Pace | undefined;
  #events = false;
  #polledAtMonoMs = 0;
  #identity = '';
  #parts = new Map<number, DevicePart>();
  #role: 'receiver' | 'transmitter' | 'charger' = 'receiver';

  constructor(options: ShureDeviceOptions) {
    this.#options = options;
  }

  get id(): string {
    return this.#options.id;
  }

  /** @throws EngineError as `ShureService.device` */
  async start(): Promise<void> {
    await this.#poll();
    const { clock, session, pollIntervalMs } = this.#options;
    this.#pace = new Pace({
      clock,
      id: session.deviceId,
      periodMs: pollIntervalMs,
      task: () => this.#turn(),
      failed: (error) => {
        if (!session.signal.aborted && this.#misses.missed(error)) session.lost(error);
      },
    });
    session.signal.addEventListener('abort', () => this.#pace?.stop(), { once: true });
  }

  /** True: sockets are refused and it is asked again and again. */
  get polled(): boolean {
    return !this.#events;
  }

  subscribed(yes: boolean): void {
    this.#events = yes;
  }

  take(device: ShureDevice): void {
    const { session } = this.#options;
    if (device.online === false) {
      session.lost(new EngineError('device.unreachable', 'the Shure service says: offline'));
      return;
    }
    this.#misses.heard();
    this.#identify(device);
    this.#read(device.channels ?? []);
    session.alive();
  }

  close(): void {
    this.#pace?.stop();
    this.#options.left(this);
  }

  async #turn(): Promise<void> {
    const { clock, refreshMs, fairMs } = this.#options;
    const sinceMs = clock.monoMs() - this.#polledAtMonoMs;
    // A turn may come a little early; half a period is never taken for a whole one.
    const wantedMs = (this.#events ? refreshMs : fairMs()) - this.#options.pollIntervalMs / 2;
    if (sinceMs >= wantedMs) await this.#poll();
  }

  async #poll(): Promise<void> {
    const { id, service, session, clock } = this.#options;
    this.#polledAtMonoMs = clock.monoMs();
    const device = await service.device(id, session.signal);
    if (device.online === false) {
      throw new EngineError('device.unreachable', 'the Shure service says: offline');
    }
    const channels = device.channels ?? (await service.channels(id, session.signal)) ?? [];
    const whole = await Promise.all(channels.map((channel) => this.#whole(channel)));
    if (session.signal.aborted) return;
    this.#misses.heard();
    this.#identify({ ...device, channels: whole });
    this.#read(whole);
    session.alive();
  }

  async #whole(channel: ShureChannel): Promise<ShureChannel> {
    if (channel.transmitter !== undefined) return channel;
    const { id, service, session } = this.#options;
    const transmitter = await service.transmitter(id, channel.number, session.signal);
    return { ...channel, transmitter };
  }

  #identify(device: ShureDevice): void {
    const family = familyOf(device.model);
    if (device.model !== undefined) this.#role = family === 'charger' ? 'charger' : 'receiver';
    for (const { number } of device.channels ?? []) {
      const kind = this.#role === 'charger' ? 'charger-slot' : 'rf';
      const direction = family === 'p10t' ? 'send' : 'receive';
      if (!this.#parts.has(number)) this.#parts.set(number, { number, kind, direction });
    }
    const { name, model, serial, firmware } = device;
    const identity = {
      role: this.#role,
      ...(name === undefined ? {} : { name }),
      ...(model === undefined ? {} : { model }),
      ...(serial === undefined ? {} : { serial }),
      ...(firmware === undefined ? {} : { firmware }),
      parts: [...this.#parts.values()].sort((a, b) => a.number - b.number),
    };
    const told = JSON.stringify(identity);
    // An event tells a part only: what it leaves out does not make a new identity each time.
    if (told === this.#identity) return;
    if (model !== undefined) this.#identity = told;
    this.#options.session.identify(identity);
    if (family !== undefined) {
      const handle = this.#options.session.channel({
        id: 'type',
        name: 'Type',
        kind: 'text',
        direction: 'input',
      });
      this.#options.session.read(handle, family);
    }
  }

  #read(channels: readonly ShureChannel[]): void {
    const { session } = this.#options;
    for (const { spec, value } of channels.flatMap(readingsOf)) {
      let handle = this.#handles.get(spec.id);
      if (handle === undefined) {
        handle = session.channel(spec);
        this.#handles.set(spec.id, handle);
      }
      session.read(handle, value);
    }
  }
}
