import type { Devices } from '../../actors/control/devices.js';
import type { DeviceDefinition } from '../../actors/device/protocol.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { ChangeFeed, FeedEvent } from '../../engine/control/feed.js';
import { EngineError } from '../../engine/errors.js';

export interface DeviceFeedOptions {
  readonly feed: ChangeFeed;
  readonly devices: Devices;
  /** Ids of devices that have a token. */
  readonly tokenHolders: () => Promise<readonly string[]>;
  /** Definitions that were made or changed. */
  readonly put: (definitions: readonly DeviceDefinition[]) => Promise<void>;
  readonly remove: (ids: readonly string[]) => Promise<void>;
  /** From now on the device must present its token. */
  readonly guarded: (deviceId: string) => void;
  /** Ids known here, to find what is gone when changes were missed. */
  readonly present: () => Iterable<string>;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

/** Changes are read together after this long. */
const GATHER_MS = 100;
const READ_AT_ONCE = 1_000;
/** After a failure, before all is read again. */
const AGAIN_MS = 1_000;

/** Follows definitions and tokens of devices that are changed by other parts or by another engine. */
export class DeviceFeed {
  readonly #options: DeviceFeedOptions;
  readonly #tokens = new Set<string>();
  #due = new Map<string, 'put' | 'delete'>();
  #everything = false;
  #timer: TimerHandle | undefined;
  #working: Promise<void> = Promise.resolve();
  #stop: () => void = () => {};
  #stopped = false;

  constructor(options: DeviceFeedOptions) {
    this.#options = options;
  }

  hasToken(deviceId: string): boolean {
    return this.#tokens.has(deviceId);
  }

  /** Begins to follow; read the definitions afterwards, so that nothing is missed. */
  async start(): Promise<void> {
    const { feed, tokenHolders } = this.#options;
    const head = await feed.head();
    this.#stop = feed.follow(head, (event) => this.#note(event));
    for (const id of await tokenHolders()) this.#tokens.add(id);
  }

  stop(): void {
    this.#stopped = true;
    this.#stop();
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
  }

  #note(event: FeedEvent): void {
    if (event.type === 'reset') this.#everything = true;
    else {
      for (const { domain, id, op } of event.changes) {
        if (domain === 'devices') this.#due.set(id, op);
        else if (domain === 'device-tokens' && op === 'put') {
          this.#tokens.add(id);
          this.#options.guarded(id);
        } else if (domain === 'device-tokens') this.#tokens.delete(id);
      }
    }
    if (this.#due.size === 0 && !this.#everything) return;
    this.#workLater(GATHER_MS);
  }

  #workLater(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer ??= this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#working = this.#working.then(() => this.#work());
    }, delayMs);
  }

  async #work(): Promise<void> {
    const { devices, put, remove, present, tokenHolders, onFault } = this.#options;
    const due = this.#due;
    const everything = this.#everything;
    this.#due = new Map();
    this.#everything = false;
    try {
      if (everything) {
        const all = await devices.list();
        const there = new Set(all.map((device) => device.id));
        await remove([...present()].filter((id) => !there.has(id)));
        await put(all);
        const holders = await tokenHolders();
        this.#tokens.clear();
        for (const id of holders) {
          this.#tokens.add(id);
          this.#options.guarded(id);
        }
        return;
      }
      const ids = [...due.keys()];
      const gone = ids.filter((id) => due.get(id) === 'delete');
      if (gone.length > 0) await remove(gone);
      const changed = ids.filter((id) => due.get(id) === 'put');
      for (let from = 0; from < changed.length; from += READ_AT_ONCE) {
        await put(await devices.find(changed.slice(from, from + READ_AT_ONCE)));
      }
    } catch (thrown) {
      onFault(EngineError.from(thrown));
      // Whatever was missed is found by reading all of it, soon.
      this.#everything = true;
      this.#workLater(AGAIN_MS);
    }
  }
}
