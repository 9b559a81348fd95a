import type { SiteStore } from '../../actors/control/site.js';
import { RF_CHANNEL_DEFAULTS } from '../../actors/inventory/defaults.js';
import type { RfChannelRow } from '../../actors/inventory/inventory.types.js';
import { assignSlots } from '../../actors/inventory/slots.js';
import { EngineError } from '../../engine/errors.js';
import type { PluginPort } from '../plugins/plugins.types.js';
import type { InventoryBook } from './book.js';

/** Devices looked at in one transaction. */
const AT_ONCE = 500;

/**
 * Makes the inventory's channels from what devices say they have. A channel is never taken away: a device that
 * comes back with fewer parts keeps its names and places.
 */
export class ChannelKeeper {
  readonly #inventory: SiteStore['inventory'];
  readonly #book: InventoryBook;
  readonly #identity: PluginPort['identity'];
  readonly #made: (channels: readonly RfChannelRow[]) => void;
  readonly #onFault: (error: EngineError) => void;
  readonly #due = new Set<string>();
  #working: Promise<void> | undefined;

  constructor(options: {
    readonly inventory: SiteStore['inventory'];
    readonly book: InventoryBook;
    readonly identity: PluginPort['identity'];
    readonly made: (channels: readonly RfChannelRow[]) => void;
    readonly onFault: (error: EngineError) => void;
  }) {
    this.#inventory = options.inventory;
    this.#book = options.book;
    this.#identity = options.identity;
    this.#made = options.made;
    this.#onFault = options.onFault;
  }

  /** A device said what it is. */
  note(deviceId: string): void {
    this.#due.add(deviceId);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** Devices whose channels could not be written are tried again. */
  retry(): void {
    const [first] = this.#due;
    if (first !== undefined) this.note(first);
  }

  async settled(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    // What is told in the same breath is written together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#due.size > 0) {
      const some = [...this.#due].slice(0, AT_ONCE);
      try {
        await this.#write(some);
      } catch (thrown) {
        this.#onFault(EngineError.from(thrown));
        return;
      }
    }
  }

  async #write(deviceIds: readonly string[]): Promise<void> {
    const fresh: Omit<RfChannelRow, 'id' | 'slot'>[] = [];
    const turned: { id: number; values: Pick<RfChannelRow, 'direction'> }[] = [];
    for (const deviceId of deviceIds) {
      this.#due.delete(deviceId);
      // Without a record it is not the inventory's (yet): told again when it is.
      if (this.#book.recordOf(deviceId) === undefined) continue;
      const known = new Map(this.#book.channelsOf(deviceId).map((row) => [row.number, row]));
      for (const { kind, number, direction = 'receive' } of this.#identity(deviceId)?.parts ?? []) {
        if (kind !== 'rf') continue;
        const row = known.get(number);
        if (row === undefined) fresh.push({ ...RF_CHANNEL_DEFAULTS, deviceId, number, direction });
        else if (row.direction !== direction) turned.push({ id: row.id, values: { direction } });
      }
    }
    try {
      await this.#inventory.rfChannels.updateMany(turned);
      if (fresh.length > 0) await this.#create(fresh);
    } catch (thrown) {
      for (const deviceId of deviceIds) this.#due.add(deviceId);
      throw thrown;
    }
  }

  async #create(fresh: readonly Omit<RfChannelRow, 'id' | 'slot'>[]): Promise<void> {
    const taken = new Set<number>();
    for (const { slot } of this.#book.rows.rfChannels.values()) if (slot !== null) taken.add(slot);
    const slots = assignSlots(
      taken,
      fresh.map(() => ({ slot: null })),
    );
    const made = await this.#inventory.rfChannels.createMany(
      fresh.map((values, at) => ({ ...values, slot: slots[at] ?? null })),
    );
    this.#book.putChannels(made);
    this.#made(made);
  }
}
