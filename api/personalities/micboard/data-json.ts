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

export interface Encoded {
  readonly plain: Uint8Array;
  /** Made once, when somebody wants it. */
  packed(): Promise<Uint8Array>;
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
    | { readonly atMonoMs: number; readonly url: string; readonly work: Promise<Encoded> }
    | undefined;

  constructor(options: DataJsonOptions) {
    this.#options = options;
  }

  /** @param origin shown as `url` where the configuration names none. @throws EngineError `store.away` */
  get(origin: string): Promise<Encoded> {
    const nowMonoMs = this.#options.clock.monoMs();
    const known = this.#made;
    if (known?.url === origin && nowMonoMs - known.atMonoMs < FRESH_MS) return known.work;
    const work = this.#encode(origin);
    const made = { atMonoMs: nowMonoMs, url: origin, work };
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

  async #encode(origin: string): Promise<Encoded> {
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
    const url = config.local_url === '' ? origin : config.local_url;
    const parts = {
      config: indented(sorted(config), 1),
      discovered: indented(discoveredOf(tables), 1),
      gif: indented(gif, 1),
      jpg: indented(jpg, 1),
      mp4: indented(mp4, 1),
      receivers: list,
      url: JSON.stringify(url),
    };
    const lines = Object.entries(parts).map(([key, text]) => `    ${JSON.stringify(key)}: ${text}`);
    const plain = Buffer.from(`{\n${lines.join(',\n')}\n}`);
    let packed: Promise<Uint8Array> | undefined;
    return {
      plain,
      packed: () => {
        packed ??= gzipAsync(plain, { level: 3 });
        return packed;
      },
    };
  }
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
