import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { Pace } from '../sdk/pace.js';
import { JsonPath, listOf, textOf } from '../sdk/payload.js';
import type { HttpJsonConfig } from './config.js';
import type { JsonDevice } from './device.js';
import type { Poll } from './poll.js';

export type ListConfig = Exclude<HttpJsonConfig['list'], undefined>;

export interface ListItem {
  readonly key: string;
  readonly address: string | undefined;
  readonly name: string | undefined;
  readonly json: unknown;
}

/** The items of a list's answer that have a key. @throws EngineError `frame.malformed` when there is no list */
export function listReader(config: ListConfig): (json: unknown) => readonly ListItem[] {
  const items = new JsonPath(config.items);
  const key = new JsonPath(config.key);
  const address = config.address === undefined ? undefined : new JsonPath(config.address);
  const name = config.name === undefined ? undefined : new JsonPath(config.name);
  return (json) => {
    const found = items.read(json);
    if (!Array.isArray(found)) {
      throw new EngineError('frame.malformed', `no list at "${config.items}" of the answer`);
    }
    return listOf(found).flatMap((item) => {
      const itemKey = textOf(key.read(item), 200);
      if (itemKey === undefined || itemKey === '') return [];
      return {
        key: itemKey,
        address: textOf(address?.read(item)),
        name: textOf(name?.read(item)),
        json: item,
      };
    });
  };
}

interface ListPollOptions {
  readonly clock: Clock;
  readonly id: string;
  readonly periodMs: number;
  readonly poll: Poll;
  readonly read: (json: unknown) => readonly ListItem[];
}

/** One answer with the values of many devices, asked for once for all of them while any is connected. */
export class ListPoll {
  readonly #options: ListPollOptions;
  readonly #devices = new Map<string, JsonDevice>();
  #pace: Pace | undefined;
  /** What was read last, so that devices that connect together ask once. */
  #latest: { readonly items: ReadonlyMap<string, ListItem>; readonly atMonoMs: number } | undefined;
  #asking: Promise<ReadonlyMap<string, ListItem>> | undefined;

  constructor(options: ListPollOptions) {
    this.#options = options;
  }

  /** All items, not older than a period. @throws EngineError as `Poll.ask` */
  async items(): Promise<ReadonlyMap<string, ListItem>> {
    const { clock, periodMs } = this.#options;
    if (this.#latest !== undefined && clock.monoMs() - this.#latest.atMonoMs < periodMs) {
      return this.#latest.items;
    }
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return await this.#asking;
  }

  /** @throws EngineError `device.unreachable` for a key that is not in the list */
  async join(key: string, device: JsonDevice): Promise<void> {
    const item = (await this.items()).get(key);
    if (item === undefined) throw missing(key);
    device.take(item.json);
    this.#devices.set(key, device);
    const { clock, id, periodMs } = this.#options;
    this.#pace ??= new Pace({
      clock,
      id,
      periodMs,
      task: () => this.#turn(),
      failed: (error) => {
        for (const each of this.#devices.values()) each.missed(error);
      },
    });
  }

  leave(key: string, device: JsonDevice): void {
    if (this.#devices.get(key) !== device) return;
    this.#devices.delete(key);
    if (this.#devices.size > 0) return;
    this.#pace?.stop();
    this.#pace = undefined;
  }

  close(): void {
    this.#devices.clear();
    this.#pace?.stop();
    this.#pace = undefined;
  }

  async #turn(): Promise<void> {
    const before = this.#latest;
    const items = await this.#ask();
    for (const [key, device] of this.#devices) {
      const item = items.get(key);
      if (item === undefined) device.missed(missing(key, 'frame.malformed'));
      else if (before?.items === items) device.same();
      else device.take(item.json);
    }
  }

  async #ask(): Promise<ReadonlyMap<string, ListItem>> {
    const { poll, read, clock } = this.#options;
    const answer = await poll.ask();
    const items =
      answer.changed || this.#latest === undefined
        ? new Map(read(answer.changed ? answer.json : []).map((item) => [item.key, item]))
        : this.#latest.items;
    this.#latest = { items, atMonoMs: clock.monoMs() };
    return items;
  }
}

/** Left out of one answer is not gone yet: the device's misses count it. */
function missing(
  key: string,
  code: 'device.unreachable' | 'frame.malformed' = 'device.unreachable',
) {
  return new EngineError(code, `the list has no item "${key}"`);
}
