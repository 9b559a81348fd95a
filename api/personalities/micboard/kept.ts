import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SiteStore } from '../../../actors/control/site.js';
import type { OfflineSlot } from './wire.js';

/** What a configuration file says and the inventory has no place for. */
export interface Kept {
  readonly uuid: string;
  /** First letters of names that are ids, for old apps. */
  readonly prefixes: readonly string[];
  /** Address on the QR code; null: that of the request. */
  readonly localUrl: string | null;
  readonly offline: readonly OfflineSlot[];
}

const KEY = 'micboard';

const schema = z.object({
  uuid: z.string(),
  prefixes: z.array(z.string()),
  localUrl: z.string().nullable(),
  offline: z.array(
    z.object({ slot: z.number(), extendedId: z.string(), extendedName: z.string() }),
  ),
});

type Settings = Pick<SiteStore['settings'], 'get' | 'set'>;

/** Reads it; the first time an id for this board is made. @throws EngineError `store.away`. */
export async function readKept(settings: Settings): Promise<Kept> {
  const known = await settings.get(KEY, schema);
  if (known !== undefined) return known;
  const fresh: Kept = { uuid: randomUUID(), prefixes: ['BP', 'HH'], localUrl: null, offline: [] };
  await settings.set(KEY, fresh);
  return fresh;
}

/** @throws EngineError `store.away`, `input.too-large`. */
export const writeKept = (settings: Settings, kept: Kept): Promise<void> => settings.set(KEY, kept);
