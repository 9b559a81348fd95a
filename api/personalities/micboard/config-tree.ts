import type { SiteStore } from '../../../actors/control/site.js';
import type { DeviceRecord, RfChannelRow } from '../../../actors/inventory/inventory.types.js';
import { type Kept, readKept } from './kept.js';
import { type NetworkType, typeOf } from './wire.js';

/** A slot of `config.json`. */
export interface ConfigSlot {
  readonly slot: number;
  readonly type: NetworkType | 'offline';
  readonly ip?: string;
  readonly channel?: number;
  readonly extended_id?: string;
  readonly extended_name?: string;
  readonly chan_name_raw?: string;
}

export interface ConfigGroup {
  readonly group: number;
  readonly title: string;
  readonly slots: readonly number[];
  readonly hide_charts: boolean;
}

/** `config.json`, as Micboard 0.8 writes it. */
export interface ConfigTree {
  readonly groups: readonly ConfigGroup[];
  readonly local_url: string;
  readonly micboard_version: string;
  readonly port: number;
  readonly prefixes: readonly string[];
  readonly slots: readonly ConfigSlot[];
  readonly uuid: string;
}

/** What the app was written for. */
const MICBOARD_VERSION = '0.8.5';
const LAST_GROUP = 9;
/** Of Shure's text protocol. */
const DEFAULT_PORT = 2_202;

/** The configuration file that says what the inventory says. */
export class ConfigTrees {
  readonly #store: Pick<SiteStore, 'inventory' | 'settings' | 'control'>;
  readonly #port: () => number;
  #known: Promise<ConfigTree> | undefined;
  readonly #unfollow: Promise<() => void>;

  constructor(store: Pick<SiteStore, 'inventory' | 'settings' | 'control'>, port: () => number) {
    this.#store = store;
    this.#port = port;
    this.#unfollow = store.control.feed.head().then((seq) => {
      // A change before the first reading is in that reading.
      this.#known = undefined;
      return store.control.feed.follow(seq, (event) => {
        const ours =
          event.type === 'reset' ||
          event.changes.some(
            ({ domain, id }) =>
              /^inventory\.(rfChannels|records|groups)$/.test(domain) ||
              (domain === 'settings' && id === 'micboard'),
          );
        if (ours) this.#known = undefined;
      });
    });
    this.#unfollow.catch(() => undefined);
  }

  /** Kept until something of it changes. `local_url` is empty when nobody chose one. @throws EngineError `store.away` */
  get(): Promise<ConfigTree> {
    if (this.#known === undefined) {
      const reading = this.#read();
      this.#known = reading;
      reading.catch(() => {
        if (this.#known === reading) this.#known = undefined;
      });
    }
    return this.#known;
  }

  /** Read now, whatever is known. @throws EngineError `store.away` */
  now(): Promise<ConfigTree> {
    return this.#read();
  }

  async close(): Promise<void> {
    const unfollow = await this.#unfollow.catch(() => undefined);
    unfollow?.();
  }

  async #read(): Promise<ConfigTree> {
    const { inventory, settings } = this.#store;
    const kept = await readKept(settings);
    const groups = await inventory.groups.find({ order: { by: 'number', direction: 'asc' } });
    const records = new Map<string, DeviceRecord>();
    for await (const piece of inventory.records.each()) {
      for (const record of piece) records.set(record.deviceId, record);
    }
    const slots: ConfigSlot[] = kept.offline.map(offlineSlot);
    for await (const piece of inventory.rfChannels.each()) {
      for (const channel of piece) {
        const slot = networkSlot(channel, records.get(channel.deviceId));
        if (slot !== undefined) slots.push(slot);
      }
    }
    return {
      groups: groups
        .filter(({ number }) => number >= 1 && number <= LAST_GROUP)
        .map(({ number, title, slots: of, hideCharts }) => ({
          group: number,
          hide_charts: hideCharts,
          slots: of,
          title,
        })),
      local_url: kept.localUrl ?? '',
      micboard_version: MICBOARD_VERSION,
      port: this.#port(),
      prefixes: kept.prefixes,
      slots: slots.sort((a, b) => a.slot - b.slot),
      uuid: kept.uuid,
    };
  }
}

const offlineSlot = ({ slot, extendedId, extendedName }: Kept['offline'][number]): ConfigSlot => ({
  ...(extendedId === '' ? {} : { extended_id: extendedId }),
  ...(extendedName === '' ? {} : { extended_name: extendedName }),
  slot,
  type: 'offline',
});

function networkSlot(
  channel: RfChannelRow,
  record: DeviceRecord | undefined,
): ConfigSlot | undefined {
  const { slot, number, direction, givenId, givenName, reportedName } = channel;
  if (slot === null || record === undefined) return undefined;
  return {
    ...(reportedName === null ? {} : { chan_name_raw: reportedName }),
    channel: number,
    ...(givenId === null ? {} : { extended_id: givenId }),
    ...(givenName === null ? {} : { extended_name: givenName }),
    ip: addressOf(record),
    slot,
    type: configuredType(record) ?? typeOf(record.model, direction === 'send'),
  };
}

/** Where a device is, as a slot names it: the port only where it is not the protocol's own. */
export const addressOf = ({ address, port }: DeviceRecord): string =>
  port === null || port === DEFAULT_PORT ? (address ?? '') : `${address ?? ''}:${port}`;

/** The series that an operator chose for a device that has not said its model yet. */
function configuredType({ model, config }: DeviceRecord): NetworkType | undefined {
  const chosen = config['model'];
  return model === null && typeof chosen === 'string' && chosen !== 'auto'
    ? typeOf(chosen, chosen === 'p10t')
    : undefined;
}
