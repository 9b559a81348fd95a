import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { type FactDevices, type FactValue, publishFacts } from './publish.js';

/** Values of a device by channel name. */
export type Facts = Readonly<Record<string, FactValue>>;

export interface FactsOptions {
  readonly devices: FactDevices;
  /** What is so now, by device id, with its name. */
  readonly read: () => ReadonlyMap<string, { readonly name: string; readonly facts: Facts }>;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

const EVERY_MS = 1_000;
/** Everything is told again after this, so that no channel looks dead. */
const ALL_EVERY_MS = 60_000;

/**
 * Writes what the site knows about itself as samples of devices, once a second what changed and once a minute
 * everything: rules and charts use it as any channel. While the store is away samples wait in the spool.
 */
export class FactKeeper {
  readonly #options: FactsOptions;
  readonly #told = new Map<string, Map<string, FactValue>>();
  readonly #toldAllMonoMs = new Map<string, number>();
  #timer: TimerHandle | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failing = false;
  #closed = false;

  constructor(options: FactsOptions) {
    this.#options = options;
    this.#later();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#options.clock.clearTimeout(this.#timer);
    await this.#writing;
  }

  #later(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#writing = this.#write().finally(() => this.#later());
    }, EVERY_MS);
  }

  async #write(): Promise<void> {
    try {
      for (const [id, { name, facts }] of this.#options.read()) await this.#tell(id, name, facts);
      this.#failing = false;
    } catch (thrown) {
      // Told once: it is tried every second.
      if (!this.#failing) this.#options.onFault(EngineError.from(thrown));
      this.#failing = true;
    }
  }

  async #tell(id: string, name: string, facts: Facts): Promise<void> {
    const { devices, clock } = this.#options;
    const told = this.#told.get(id) ?? new Map<string, FactValue>();
    const all =
      clock.monoMs() - (this.#toldAllMonoMs.get(id) ?? Number.NEGATIVE_INFINITY) >= ALL_EVERY_MS;
    const due = Object.entries(facts).filter(([key, value]) => all || told.get(key) !== value);
    if (due.length === 0) return;
    await publishFacts(devices, { id, name, protocol: 'site' }, due, clock.nowMs());
    this.#told.set(id, new Map(Object.entries(facts)));
    if (all) this.#toldAllMonoMs.set(id, clock.monoMs());
  }
}
