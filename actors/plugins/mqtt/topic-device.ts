import { EngineError } from '../../../engine/errors.js';
import type { ChannelSpec, DeviceIdentity, DeviceSession } from '../sdk/plugin.types.js';

export type Value = number | string | boolean;

/** How a parameter is set. */
export interface CommandRoute {
  readonly topic: string;
  readonly payload: (value: Value) => string;
  readonly retain: boolean;
  /** Done when the state says the value. */
  readonly echo: boolean;
}

interface Parameter {
  spec: ChannelSpec;
  command: CommandRoute | undefined;
  latest: Value | undefined;
  handle: number | undefined;
}

/** At most this many parameters of a device; the host takes no more. */
const MAX_PARAMETERS = 512;

/** What the broker told of a device, whether or not it is connected here. */
export class TopicDevice {
  readonly id: string;
  identity: DeviceIdentity;
  /** `all`, `any`: of the availability topics; `latest`: what was said last. */
  availabilityMode: 'all' | 'any' | 'latest' = 'latest';
  heardMonoMs: number;
  readonly #parameters = new Map<string, Parameter>();
  readonly #availability = new Map<string, boolean>();
  readonly #watchers = new Set<() => void>();
  #latestWord: boolean | undefined;
  #session: DeviceSession | undefined;

  constructor(id: string, identity: DeviceIdentity, heardMonoMs: number) {
    this.id = id;
    this.identity = identity;
    this.heardMonoMs = heardMonoMs;
  }

  get parameters(): number {
    return this.#parameters.size;
  }

  /** False: its last will, or its goodbye; undefined: it says nothing of the kind. */
  get available(): boolean | undefined {
    const words = [...this.#availability.values()];
    if (words.length === 0) return undefined;
    if (this.availabilityMode === 'all') return words.every(Boolean);
    if (this.availabilityMode === 'any') return words.some(Boolean);
    return this.#latestWord;
  }

  /** Called after each change until the returned function is. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** A parameter, new or described anew. False: it has too many. */
  declare(spec: ChannelSpec, command?: CommandRoute): boolean {
    const known = this.#parameters.get(spec.id);
    if (known === undefined && this.#parameters.size >= MAX_PARAMETERS) return false;
    const parameter = known ?? { spec, command, latest: undefined, handle: undefined };
    parameter.spec = spec;
    parameter.command = command;
    this.#parameters.set(spec.id, parameter);
    if (this.#session !== undefined) parameter.handle = this.#session.channel(spec);
    return true;
  }

  forget(parameterId: string): void {
    this.#parameters.delete(parameterId);
  }

  knows(parameterId: string): boolean {
    return this.#parameters.has(parameterId);
  }

  kindOf(parameterId: string): ChannelSpec['kind'] | undefined {
    return this.#parameters.get(parameterId)?.spec.kind;
  }

  latest(parameterId: string): Value | undefined {
    return this.#parameters.get(parameterId)?.latest;
  }

  command(parameterId: string): CommandRoute | undefined {
    return this.#parameters.get(parameterId)?.command;
  }

  take(parameterId: string, value: Value): void {
    const parameter = this.#parameters.get(parameterId);
    if (parameter === undefined) return;
    parameter.latest = value;
    if (parameter.handle !== undefined) this.#session?.read(parameter.handle, value);
    this.#tell();
  }

  identify(identity: DeviceIdentity): void {
    const before = JSON.stringify(this.identity);
    this.identity = { ...this.identity, ...identity };
    if (JSON.stringify(this.identity) !== before) this.#session?.identify(this.identity);
  }

  /** Birth and last will of one availability topic. */
  say(topic: string, online: boolean): void {
    this.#availability.set(topic, online);
    this.#latestWord = online;
    if (this.available === false) this.lost(gone());
    this.#tell();
  }

  /** The broker was lost: what it says of availability comes anew. */
  forgetAvailability(): void {
    this.#availability.clear();
    this.#latestWord = undefined;
  }

  /** Heard now: by a message, or by the broker that vouches for it. */
  alive(): void {
    this.#session?.alive();
  }

  attach(session: DeviceSession): void {
    this.#session = session;
    session.identify(this.identity);
    for (const parameter of this.#parameters.values()) {
      parameter.handle = session.channel(parameter.spec);
      if (parameter.latest !== undefined) session.read(parameter.handle, parameter.latest);
    }
    session.alive();
  }

  detach(session: DeviceSession): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    for (const parameter of this.#parameters.values()) parameter.handle = undefined;
  }

  lost(error: EngineError): void {
    const session = this.#session;
    if (session === undefined) return;
    this.detach(session);
    session.lost(error);
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** What a device that is away is told to be. */
export function gone(): EngineError {
  return new EngineError('device.unreachable', 'the broker says that the device is offline');
}
