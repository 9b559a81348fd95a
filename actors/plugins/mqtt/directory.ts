import type { Clock } from '../../../engine/clock.js';
import type { EngineError } from '../../../engine/errors.js';
import type { DeviceIdentity, FoundDevice } from '../sdk/plugin.types.js';
import { TopicDevice } from './topic-device.js';

export interface DirectoryOptions {
  readonly clock: Clock;
  readonly maxDevices: number;
  readonly found: (device: FoundDevice) => void;
  readonly log: (level: 'debug' | 'warn', text: string) => void;
}

/** How many of those that wait for a device are kept; a fleet connects a few at a time. */
const MAX_WAITING = 10_000;

/** All devices that the broker told of, bounded. */
export class Directory {
  readonly #options: DirectoryOptions;
  readonly #devices = new Map<string, TopicDevice>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #full = false;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#devices.size;
  }

  get(id: string): TopicDevice | undefined {
    return this.#devices.get(id);
  }

  all(): IterableIterator<TopicDevice> {
    return this.#devices.values();
  }

  /** The device, made when it is new; undefined when there are too many or the id is none. */
  heard(
    id: string,
    identity: DeviceIdentity,
    made: (device: TopicDevice) => void,
  ): TopicDevice | undefined {
    const known = this.#devices.get(id);
    const nowMonoMs = this.#options.clock.monoMs();
    if (known !== undefined) {
      known.heardMonoMs = nowMonoMs;
      return known;
    }
    if (id === '' || id.length > 96 || /[\p{Cc}\s]/u.test(id)) return undefined;
    if (this.#devices.size >= this.#options.maxDevices) {
      if (!this.#full) {
        this.#options.log(
          'warn',
          `more than ${this.#options.maxDevices} devices: "${id}" and further ones are left out; see maxDevices`,
        );
      }
      this.#full = true;
      return undefined;
    }
    const device = new TopicDevice(id, identity, nowMonoMs);
    this.#devices.set(id, device);
    made(device);
    this.#options.found(this.foundOf(device));
    for (const waiter of this.#waiting.get(id) ?? []) waiter();
    return device;
  }

  /** Called when a device of this id turns up, until the returned function is. */
  await(id: string, waiter: () => void): () => void {
    const waiters = this.#waiting.get(id) ?? new Set();
    if (this.#waiting.size < MAX_WAITING) this.#waiting.set(id, waiters.add(waiter));
    return () => {
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiting.delete(id);
    };
  }

  remove(id: string, error: EngineError): void {
    this.#devices.get(id)?.lost(error);
    this.#devices.delete(id);
    this.#full = false;
  }

  foundOf(device: TopicDevice): FoundDevice {
    const { role, name, model, serial, mac, firmware } = device.identity;
    return {
      externalId: device.id,
      address: undefined,
      role: role ?? 'sensor',
      ...(name === undefined ? {} : { name }),
      ...(model === undefined ? {} : { model }),
      ...(serial === undefined ? {} : { serial }),
      ...(mac === undefined ? {} : { mac }),
      ...(firmware === undefined ? {} : { firmware }),
    };
  }
}
