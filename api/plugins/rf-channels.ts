import type { ContentTable } from '../../actors/content/store.types.js';
import { RF_CHANNEL_DEFAULTS } from '../../actors/inventory/defaults.js';
import type { RfChannelRow } from '../../actors/inventory/inventory.types.js';
import { assignSlots } from '../../actors/inventory/slots.js';
import type { DevicePart } from '../../actors/plugins/sdk/plugin.types.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';

/** New channels are made together after this long. */
const MAKE_EVERY_MS = 200;
const AGAIN_MS = 2_000;

type Wish = Pick<RfChannelRow, 'deviceId' | 'number' | 'direction'>;

/** Makes the radio channels that devices say they have, each once, with a place on the boards. */
export class RfChannels {
  readonly #table: ContentTable<RfChannelRow>;
  readonly #clock: Clock;
  readonly #onFault: (error: EngineError) => void;
  readonly #known = new Set<string>();
  #wishes = new Map<string, Wish>();
  #timer: TimerHandle | undefined;
  #making: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly table: ContentTable<RfChannelRow>;
    readonly clock: Clock;
    readonly onFault: (error: EngineError) => void;
  }) {
    this.#table = options.table;
    this.#clock = options.clock;
    this.#onFault = options.onFault;
  }

  async load(): Promise<void> {
    for await (const rows of this.#table.each(undefined, 2_000)) {
      for (const row of rows) this.#known.add(keyOf(row));
    }
  }

  expect(deviceId: string, parts: readonly DevicePart[]): void {
    for (const { number, kind, direction } of parts) {
      const key = keyOf({ deviceId, number });
      if (kind !== 'rf' || this.#known.has(key)) continue;
      this.#wishes.set(key, { deviceId, number, direction: direction ?? 'receive' });
    }
    if (this.#wishes.size > 0) this.#makeLater(MAKE_EVERY_MS);
  }

  forget(deviceId: string): void {
    for (const key of this.#known) if (key.startsWith(`${deviceId}#`)) this.#known.delete(key);
    for (const [key, wish] of this.#wishes) {
      if (wish.deviceId === deviceId) this.#wishes.delete(key);
    }
  }

  async close(): Promise<void> {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#making;
    await this.#make();
    this.#clock.clearTimeout(this.#timer);
  }

  #makeLater(afterMs: number): void {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#making = this.#making.then(() => this.#make());
    }, afterMs);
  }

  async #make(): Promise<void> {
    if (this.#wishes.size === 0) return;
    const wishes = [...this.#wishes];
    this.#wishes = new Map();
    try {
      const taken: number[] = [];
      for await (const rows of this.#table.each(undefined, 2_000)) {
        for (const { slot } of rows) if (slot !== null) taken.push(slot);
      }
      const slots = assignSlots(
        taken,
        wishes.map(() => ({ slot: null })),
      );
      await this.#table.createMany(
        wishes.map(([, wish], i) => ({
          ...RF_CHANNEL_DEFAULTS,
          ...wish,
          slot: slots[i] ?? null,
        })),
      );
      for (const [key] of wishes) this.#known.add(key);
    } catch (thrown) {
      // A place was taken meanwhile, or a device went: what is still wished is tried again.
      this.#onFault(EngineError.from(thrown));
      for (const [key, wish] of wishes) if (!this.#wishes.has(key)) this.#wishes.set(key, wish);
      this.#makeLater(AGAIN_MS);
    }
  }
}

const keyOf = ({ deviceId, number }: Pick<RfChannelRow, 'deviceId' | 'number'>): string =>
  `${deviceId}#${number}`;
