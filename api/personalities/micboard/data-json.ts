import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../../../engine/clock.js';
import {
  type BoardTables,
  discoveredOf,
  offlineReceiver,
  placedChannels,
  receiverOf,
  sorted,
} from './board.js';
import type { ConfigTrees } from './config-tree.js';

const gzipAsync = promisify(gzip);

/** An encoding is given to everybody who asks within this: the app asks once a second. */
const FRESH_MS = 200;
/** Channels encoded before others get their turn. */
const SLICE = 200;
const INDENT = 4;
/** Addresses that one encoding is kept for: they are written by who asks, so that there may be any number. */
const MAX_ADDRESSES = 8;

export interface Encoded {
  readonly plain: Uint8Array;
  /** Made once, when somebody wants it; undefined: too many addresses ask, it is sent as it is. */
  readonly packed: (() => Promise<Uint8Array>) | undefined;
}

export interface DataJsonOptions {
  readonly tables: BoardTables;
  readonly trees: Pick<ConfigTrees, 'get'>;
  readonly clock: Clock;
  /** Names of background files by their ending. */
  readonly backgrounds: () => Promise<{
    readonly gif: readonly string[];
    readonly jpg: readonly string[];
    readonly mp4: readonly string[];
  }>;
}

/** `/data.json`: made when asked for, in slices, once for all who ask at about the same time. */
export class DataJson {
  readonly #options: DataJsonOptions;
  #made:
    | { readonly atMonoMs: number; readonly work: Promise<(origin: string) => Encoded> }
    | undefined;

  constructor(options: DataJsonOptions) {
    this.#options = options;
  }

  /** @param origin shown as `url` where the configuration names none. @throws EngineError `store.away` */
  async get(origin: string): Promise<Encoded> {
    return (await this.#latest())(origin);
  }

  #latest(): Promise<(origin: string) => Encoded> {
    const nowMonoMs = this.#options.clock.monoMs();
    const known = this.#made;
    if (known !== undefined && nowMonoMs - known.atMonoMs < FRESH_MS) return known.work;
    const work = this.#encode();
    const made = { atMonoMs: nowMonoMs, work };
    this.#made = made;
    work.catch(() => {
      if (this.#made === made) this.#made = undefined;
    });
    return work;
  }

  /** The next one who asks gets a new one. */
  forget(): void {
    this.#made = undefined;
  }

  async #encode(): Promise<(origin: string) => Encoded> {
    const { tables, trees, backgrounds } = this.#options;
    const config = await trees.get();
    const { gif, jpg, mp4 } = await backgrounds();
    const placed = placedChannels(tables.rf);
    const receivers: string[] = [];
    let channels = 0;
    for (const [deviceId, rows] of placed) {
      receivers.push(indented(sorted(receiverOf(tables, deviceId, rows)), 2));
      channels += rows.length;
      if (channels < SLICE) continue;
      channels = 0;
      await turn();
    }
    const kept = config.slots.filter(({ type }) => type === 'offline');
    const offline = offlineReceiver(placed, kept, config.groups);
    if (offline !== undefined) receivers.push(indented(offline, 2));
    const list =
      receivers.length === 0 ? '[]' : `[\n        ${receivers.join(',\n        ')}\n    ]`;
    const parts = {
      config: indented(sorted(config), 1),
      discovered: indented(discoveredOf(tables), 1),
      gif: indented(gif, 1),
      jpg: indented(jpg, 1),
      mp4: indented(mp4, 1),
      receivers: list,
    };
    const lines = Object.entries(parts).map(([key, text]) => `    ${JSON.stringify(key)}: ${text}`);
    const head = Buffer.from(`{\n${lines.join(',\n')},\n`);
    const byUrl = new Map<string, Encoded>();
    return (origin) => {
      const url = config.local_url === '' ? origin : config.local_url;
      const known = byUrl.get(url);
      if (known !== undefined) return known;
      const kept = byUrl.size < MAX_ADDRESSES;
      const made = encoded(head, url, kept);
      if (kept) byUrl.set(url, made);
      return made;
    };
  }
}

/** The last of the keys, in order, is the address. */
function encoded(head: Uint8Array, url: string, packs: boolean): Encoded {
  const plain = Buffer.concat([head, Buffer.from(`    "url": ${JSON.stringify(url)}\n}`)]);
  let work: Promise<Uint8Array> | undefined;
  const packed = (): Promise<Uint8Array> => {
    work ??= gzipAsync(plain, { level: 3 });
    return work;
  };
  return { plain, packed: packs ? packed : undefined };
}

/** JSON as it stands at this depth of a pretty one. */
function indented(value: unknown, depth: number): string {
  const text = JSON.stringify(value, null, INDENT);
  return text.replaceAll('\n', `\n${' '.repeat(INDENT * depth)}`);
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
