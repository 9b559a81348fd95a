import type { ShardRow, StoreRow } from '../../api/contract/rows.js';
import { call } from './api.js';
import { bytes, number } from './format.js';
import { stateWord, type Tone, worst } from './states.js';

export type { ShardRow, StoreRow };

/** What a store is for, in the user's words. */
export function storeName(id: string): string {
  switch (id) {
    case 'series':
      return 'History';
    case 'control':
      return 'Settings';
    case 'icecast':
      return 'Icecast';
    default:
      return id;
  }
}

/** What a shard does, in the user's words. */
export function shardName(row: Pick<ShardRow, 'id' | 'kind'>): string {
  const number = /\d+$/.exec(row.id)?.[0];
  switch (row.kind) {
    case 'device':
      return `Devices ${number ?? ''}`.trim();
    case 'media':
      return `Sound ${number ?? ''}`.trim();
    case 'plugin':
      return `Plugin ${row.id.replace(/^plugin-/, '').replace(/-\d+$/, '')}`;
    case 'main':
      return 'Gateway';
    case 'rule':
      return `Rules ${number ?? ''}`.trim();
    case 'notify':
      return 'Notifications';
  }
}

export interface HealthSummary {
  readonly tone: Tone;
  readonly word: string;
  /** The causes, worst first. */
  readonly troubles: readonly string[];
}

/** “Is everything all right?” in one word and its causes. Stores that are switched off are no trouble. */
export function summarise(stores: readonly StoreRow[], shards: readonly ShardRow[]): HealthSummary {
  if (stores.length === 0 && shards.length === 0) {
    return { tone: 'unknown', word: 'Not known', troubles: [] };
  }
  const troubles: string[] = [];
  const tones: Tone[] = ['good'];
  for (const store of stores) {
    const { tone, word } = stateWord(store.state);
    if (tone === 'good' || tone === 'off') continue;
    tones.push(tone);
    const waiting = store.spoolBytes ?? 0;
    const kept = waiting > 0 ? `, ${bytes(waiting)} kept on disk until it is back` : '';
    troubles.push(`${storeName(store.id)}: ${word.toLowerCase()}${kept}`);
  }
  for (const shard of shards) {
    const { tone, word } = stateWord(shard.state);
    if (tone === 'good') continue;
    tones.push(tone === 'off' ? 'attention' : tone);
    troubles.push(`${shardName(shard)}: ${word.toLowerCase()}`);
  }
  const tone = worst(tones);
  return { tone, word: tone === 'good' ? 'All running' : (troubles[0] ?? 'Trouble'), troubles };
}

/** Delay as `1.2 ms`. */
export function milliseconds(value: number | null): string {
  return value === null ? '–' : `${number(value, value < 100 ? 1 : 0)} ms`;
}

/** What `GET /v1/health` says, as far as the page shows it. */
export interface Health {
  readonly version: string;
  readonly uptimeMs: number;
  readonly rates: readonly {
    readonly id: string;
    readonly word: string;
    readonly perSecond: number;
  }[];
}

/** Rates in the order they are shown. What counts trouble is shown only while there is some. */
const RATES: readonly {
  readonly id: string;
  readonly word: string;
  readonly trouble?: boolean;
}[] = [
  { id: 'frames', word: 'Device messages' },
  { id: 'rowsStored', word: 'Samples stored' },
  { id: 'samples', word: 'Samples' },
  { id: 'deliveries', word: 'Live deliveries' },
  { id: 'live_messages', word: 'Live messages' },
  { id: 'liveMessages', word: 'Live messages' },
  { id: 'rowsSpooled', word: 'Samples kept on disk', trouble: true },
  { id: 'eventsLost', word: 'Events lost', trouble: true },
];

export async function fetchHealth(): Promise<Health> {
  const answer = await call('GET', '/v1/health');
  return {
    version: answer.version,
    uptimeMs: answer.uptimeS * 1_000,
    rates: RATES.flatMap(({ id, word, trouble }) => {
      const perSecond = answer.rates[id];
      if (perSecond === undefined || (trouble && perSecond === 0)) return [];
      return [{ id, word, perSecond }];
    }),
  };
}
