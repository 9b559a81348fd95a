import { randomUUID } from 'node:crypto';
import type { SignalRow } from '../../../actors/automation/automation.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { DeviceService } from '../../devices/service.js';
import { alreadyThere } from './ask.js';

/** A device takes 512 parameters; what comes later gets the next device. */
const PER_DEVICE = 480;
const MAX_PARAMETER = 100;

export type DevicePort = Pick<DeviceService, 'append' | 'create' | 'pool' | 'tables'>;

export interface NewSignal {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly unit: string;
  readonly type: SignalRow['type'];
  /** Name of its parameter; absent: as the signal. */
  readonly parameter?: string | undefined;
}

interface Parameter {
  readonly name: string;
  readonly kind: 'number';
  readonly unit: string | undefined;
}

interface Parts {
  readonly store: Pick<SiteStore, 'automation' | 'devices'>;
  readonly devices: DevicePort;
  readonly clock: Clock;
}

/** Makes events: each is a parameter of a device of its own kind, so that history, rules and charts know it. */
export class Binding {
  readonly #parts: Parts;
  /** One after the other: the places in a device are counted. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * @param home of the device: `events`, or `plugin-7`; more than it holds go to `…-2`, `…-3`.
   * @throws Refusal 409 when a name is taken.
   */
  async make(
    home: string,
    homeName: string,
    wanted: readonly NewSignal[],
    ownerId: string,
  ): Promise<readonly SignalRow[]> {
    const turn = this.#last.then(() => this.#make(home, homeName, wanted, ownerId));
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  async #make(
    home: string,
    homeName: string,
    wanted: readonly NewSignal[],
    ownerId: string,
  ): Promise<readonly SignalRow[]> {
    const { signals } = this.#parts.store.automation;
    const taken = await signals.count({
      where: [{ field: 'name', op: 'in', value: wanted.map(({ name }) => name) }],
    });
    if (taken > 0) throw alreadyThere('Event');
    const rows: Omit<SignalRow, 'id'>[] = [];
    const nowUnixMs = this.#parts.clock.nowMs();
    let place = await this.#place(home, 1);
    let fresh: Parameter[] = [];
    const settle = async () => {
      await this.#register(place.deviceId, place.number, homeName, fresh);
      fresh = [];
    };
    for (const { parameter, ...one } of wanted) {
      if (place.names.size >= PER_DEVICE) {
        await settle();
        place = await this.#place(home, place.number + 1);
      }
      const name = free(parameterOf(parameter ?? one.name), place.names);
      place.names.add(name);
      fresh.push({ name, kind: 'number', unit: one.unit === '' ? undefined : one.unit });
      rows.push({
        ...one,
        publicId: randomUUID(),
        deviceId: place.deviceId,
        parameter: name,
        ownerId,
        createdAtUnixMs: nowUnixMs,
      });
    }
    await settle();
    try {
      return await signals.createMany(rows);
    } catch (thrown) {
      if (EngineError.from(thrown).code === 'conflict') throw alreadyThere('Event');
      throw thrown;
    }
  }

  async #place(home: string, from: number) {
    for (let number = from; ; number++) {
      const deviceId = `webmacs:${home}${number === 1 ? '' : `-${number}`}`;
      const device = await this.#parts.store.devices.get(deviceId);
      const names = new Set((device?.channels ?? []).map(({ name }) => name));
      if (names.size < PER_DEVICE) return { deviceId, number, names };
    }
  }

  async #register(
    id: string,
    number: number,
    homeName: string,
    channels: readonly Parameter[],
  ): Promise<void> {
    const { devices, store } = this.#parts;
    const name = (number === 1 ? homeName : `${homeName} ${number}`).slice(0, 200);
    const claim = { id, name, protocol: 'webmacs', channels };
    if ((await store.devices.get(id)) === undefined) {
      await devices.create(claim);
      return;
    }
    const { refused } = await store.devices.intern([claim]);
    const [first] = refused;
    if (first !== undefined) throw first.error;
  }
}

/** A channel is named `<device>/<parameter>`: no slash, no control characters. */
function parameterOf(name: string): string {
  const plain = name
    .replaceAll(/[\p{Cc}\p{Cs}/]+/gu, ' ')
    .trim()
    .slice(0, MAX_PARAMETER)
    .trim();
  return plain === '' ? 'value' : plain;
}

function free(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let number = 2; ; number++) if (!taken.has(`${name} ${number}`)) return `${name} ${number}`;
}
