import { EngineError } from '../../../engine/errors.js';
import { JsonPath, textOf } from '../sdk/payload.js';
import type { DeviceRole } from '../sdk/plugin.types.js';
import type { Directory } from './directory.js';
import { type Entity, entitiesOf } from './entity.js';
import type { BrokerLink } from './link.js';
import type { Payload } from './payload.js';

export interface HomeAssistantOptions {
  readonly prefix: string;
  readonly role: DeviceRole;
  readonly maxTopics: number;
  readonly directory: Directory;
  readonly link: BrokerLink;
  readonly log: (level: 'debug' | 'warn', text: string) => void;
}

type Handler = (payload: Payload) => void;

/** Devices that describe themselves by Home Assistant's discovery topics. */
export class HomeAssistantIn {
  readonly #options: HomeAssistantOptions;
  /** By config topic: what it brought. */
  readonly #configs = new Map<
    string,
    { readonly entities: readonly Entity[]; readonly end: () => void }
  >();
  readonly #topics = new Map<string, Set<Handler>>();
  /** Last message of each topic that is listened to: an entity described later needs the retained one too. */
  readonly #last = new Map<string, Payload>();
  #full = false;

  constructor(options: HomeAssistantOptions) {
    this.#options = options;
    const { prefix, link } = options;
    link.subscribe(`${prefix}/+/+/config`);
    link.subscribe(`${prefix}/+/+/+/config`);
  }

  /** True: the message was of a discovery topic. */
  take(topic: string, payload: Payload): boolean {
    const { prefix } = this.#options;
    if (topic.startsWith(`${prefix}/`) && topic.endsWith('/config')) {
      this.#config(topic, payload);
      return true;
    }
    const handlers = this.#topics.get(topic);
    if (handlers === undefined) return false;
    this.#last.set(topic, payload);
    for (const handler of [...handlers]) handler(payload);
    // The topic may be one of the mapping too.
    return false;
  }

  #config(topic: string, payload: Payload): void {
    const { directory, maxTopics, log } = this.#options;
    const before = this.#configs.get(topic);
    before?.end();
    this.#configs.delete(topic);
    const entities = payload.bytes.length === 0 ? [] : this.#read(topic, payload);
    for (const old of before?.entities ?? []) {
      if (entities.some((one) => one.device === old.device && one.spec.id === old.spec.id))
        continue;
      const device = directory.get(old.device);
      device?.forget(old.spec.id);
      if (device?.parameters === 0) {
        directory.remove(
          old.device,
          new EngineError('device.unreachable', 'the device took its description back'),
        );
      }
    }
    if (entities.length === 0) return;
    if (this.#configs.size + this.#topics.size >= maxTopics) {
      if (!this.#full) log('warn', `more than ${maxTopics} topics: further ones are left out`);
      this.#full = true;
      return;
    }
    const ends = entities.map((entity) => this.#entity(entity));
    this.#configs.set(topic, { entities, end: () => ends.forEach((end) => void end()) });
  }

  #read(topic: string, payload: Payload): readonly Entity[] {
    try {
      return entitiesOf(topic.slice(this.#options.prefix.length + 1), payload.json);
    } catch (thrown) {
      this.#options.log('debug', `${topic}: ${EngineError.from(thrown).message}`);
      return [];
    }
  }

  #entity(entity: Entity): () => void {
    const { directory, role } = this.#options;
    const device = directory.heard(entity.device, { role, ...entity.identity }, () => undefined);
    if (device === undefined) return () => undefined;
    device.identify(entity.identity);
    if (!device.declare(entity.spec, entity.command)) return () => undefined;
    const ends: (() => void)[] = [];
    // Availability first: retained words about it decide whether values count.
    device.availabilityMode = entity.availabilityMode;
    for (const one of entity.availability) {
      const path = new JsonPath(one.path);
      ends.push(
        this.#listen(one.topic, (payload) => {
          const word = textOf(path.read(payload.json));
          if (word === one.online) device.say(one.topic, true);
          else if (word === one.offline) device.say(one.topic, false);
        }),
      );
    }
    if (entity.stateTopic !== undefined) {
      ends.push(
        this.#listen(entity.stateTopic, (payload) => {
          const value = entity.read(payload.json);
          if (value === undefined) return;
          directory.heard(entity.device, entity.identity, () => undefined);
          device.take(entity.spec.id, value);
        }),
      );
    }
    return () => {
      for (const end of ends) end();
    };
  }

  #listen(topic: string, handler: Handler): () => void {
    const handlers = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, handlers.add(handler));
    const last = this.#last.get(topic);
    if (last === undefined) this.#options.link.subscribe(topic);
    else handler(last);
    return () => {
      handlers.delete(handler);
      if (handlers.size > 0) return;
      this.#topics.delete(topic);
      this.#last.delete(topic);
      this.#options.link.unsubscribe(topic);
    };
  }
}
