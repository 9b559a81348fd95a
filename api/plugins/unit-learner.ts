import type { Devices } from '../../actors/control/devices.js';
import type { DeviceDefinition } from '../../actors/device/protocol.js';
import type { ChannelSpec } from '../../actors/plugins/sdk/plugin.types.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';

/** Units that were learnt are written together after this long. */
const GATHER_MS = 100;

/** Registers units that devices declare after their parameters were made: those of a whole fleet in one transaction. */
export class UnitLearner {
  readonly #options: {
    readonly store: Pick<Devices, 'setUnits'>;
    readonly clock: Clock;
    readonly onFault: (error: EngineError) => void;
  };
  /** By channel, to be written. */
  readonly #due = new Map<number, string>();
  #timer: TimerHandle | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly store: Pick<Devices, 'setUnits'>;
    readonly clock: Clock;
    readonly onFault: (error: EngineError) => void;
  }) {
    this.#options = options;
  }

  learn(
    definition: DeviceDefinition | undefined,
    specs: ReadonlyMap<string, ChannelSpec> | undefined,
  ): void {
    for (const channel of definition?.channels ?? []) {
      const unit = specs?.get(channel.name)?.unit;
      if (unit === undefined || unit === '' || channel.unit !== undefined) continue;
      this.#due.set(channel.id, unit);
    }
    if (this.#due.size === 0) return;
    this.#timer ??= this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    }, GATHER_MS);
  }

  /** Writes what is due. */
  async close(): Promise<void> {
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    await this.#write();
  }

  async #write(): Promise<void> {
    const units = [...this.#due];
    this.#due.clear();
    try {
      await this.#options.store.setUnits(units);
    } catch (thrown) {
      // Told again with the next identity.
      this.#options.onFault(EngineError.from(thrown));
    }
  }
}
