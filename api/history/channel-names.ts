import type { DeviceDefinition } from '../../actors/device/protocol.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { ChangeFeed } from '../../engine/control/feed.js';
import { EngineError } from '../../engine/errors.js';
import type { SeriesQueries } from '../../engine/series/queries.js';
import type { LiveTable } from '../live/table.types.js';

const AFTER_MS = 500;
const AGAIN_MS = 10_000;
/** Names of one insert. */
const ROWS_AT_ONCE = 20_000;

export interface ChannelNamesOptions {
  readonly queries: SeriesQueries;
  readonly feed: ChangeFeed;
  readonly channels: LiveTable;
  readonly definition: (deviceId: string) => DeviceDefinition | undefined;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

interface Named {
  readonly channel: number;
  readonly device: string;
  readonly device_name: string;
  readonly parameter: string;
  readonly unit: string;
  readonly kind: string;
  readonly removed: 0 | 1;
}

/**
 * Keeps the names of channels in the series store as they are on the site, so that SQL can join them. Names of devices that
 * were removed stay, marked so. Memory: one text a channel.
 */
export class ChannelNames {
  readonly #options: ChannelNamesOptions;
  /** Rows as the store has them, as JSON. */
  readonly #stored = new Map<number, string>();
  #read = false;
  #unfollow: (() => void) | undefined;
  #timer: TimerHandle | undefined;
  #syncing: Promise<void> | undefined;
  #again = false;
  #failing = false;
  #closed = false;

  constructor(options: ChannelNamesOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { feed } = this.#options;
    this.#unfollow = feed.follow(await feed.head(), (event) => {
      if (event.type === 'reset' || event.changes.some(({ domain }) => domain === 'devices')) {
        this.#later(AFTER_MS);
      }
    });
    this.#later(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unfollow?.();
    this.#options.clock.clearTimeout(this.#timer);
    await this.#syncing?.catch(() => undefined);
  }

  /** The store knows every name that is known now. @throws EngineError `store.away`. */
  async flush(): Promise<void> {
    if (this.#syncing !== undefined) {
      this.#again = true;
      await this.#syncing;
      return;
    }
    this.#syncing = this.#sync();
    try {
      await this.#syncing;
    } finally {
      this.#syncing = undefined;
    }
  }

  #later(delayMs: number): void {
    if (this.#closed) return;
    const { clock, onFault } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => {
      this.flush().then(
        () => {
          this.#failing = false;
        },
        (thrown: unknown) => {
          // A store that is away is told once by others; here only what else goes wrong, once.
          const error = EngineError.from(thrown);
          if (!this.#failing && error.remedy !== 'retry') onFault(error);
          this.#failing = true;
          this.#later(AGAIN_MS);
        },
      );
    }, delayMs);
  }

  async #sync(): Promise<void> {
    do {
      this.#again = false;
      if (!this.#read) await this.#readStored();
      const changed = this.#changed();
      for (let at = 0; at < changed.length; at += ROWS_AT_ONCE) {
        const some = changed.slice(at, at + ROWS_AT_ONCE);
        await this.#options.queries.insert('channel_names', some);
        for (const row of some) this.#stored.set(row.channel, JSON.stringify(row));
      }
    } while (this.#again && !this.#closed);
  }

  async #readStored(): Promise<void> {
    const rows = await this.#options.queries.rows<Named>(
      'SELECT channel, device, device_name, parameter, unit, kind, removed FROM channel_names FINAL',
    );
    for (const row of rows) this.#stored.set(row.channel, JSON.stringify(row));
    this.#read = true;
  }

  #changed(): Named[] {
    const { channels, definition } = this.#options;
    const changed: Named[] = [];
    const present = new Set<number>();
    for (const row of channels.rows()) {
      const { channel, deviceId, name, unit, kind } = row as unknown as {
        readonly channel: number;
        readonly deviceId: string;
        readonly name: string;
        readonly unit: string | null;
        readonly kind: string;
      };
      present.add(channel);
      const named: Named = {
        channel,
        device: deviceId,
        device_name: definition(deviceId)?.name ?? deviceId,
        parameter: name,
        unit: unit ?? '',
        kind,
        removed: 0,
      };
      if (this.#stored.get(channel) !== JSON.stringify(named)) changed.push(named);
    }
    for (const [channel, text] of this.#stored) {
      if (present.has(channel)) continue;
      const gone = JSON.parse(text) as Named;
      if (gone.removed === 0) changed.push({ ...gone, removed: 1 });
    }
    return changed;
  }
}
