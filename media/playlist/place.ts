import type { SavedBan } from './bans.js';

/** Why an asset was taken. */
export type PlayKind = 'near' | 'timed' | 'forced';

/** A playlist as saved; JSON. At most 5,000 bans. */
export interface PlaylistPlace {
  readonly v: 1;
  readonly seed: number;
  readonly round: number;
  /** Started last. */
  readonly last: number | null;
  readonly forced: readonly number[];
  readonly bans: readonly SavedBan[];
  readonly sounding: readonly (readonly [assetId: number, kind: PlayKind, count: number])[];
  /** Media that failed: left alone until then. */
  readonly away: readonly (readonly [assetId: number, untilS: number])[];
}

const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const isKind = (value: unknown): value is PlayKind =>
  value === 'near' || value === 'timed' || value === 'forced';

/** What `Playlist.save` made, read back; of anything else what can be understood, the rest empty. */
export function readPlace(saved: unknown): PlaylistPlace {
  const from: Partial<Record<keyof PlaylistPlace, unknown>> =
    typeof saved === 'object' && saved !== null ? saved : {};
  return {
    v: 1,
    seed: isNumber(from.seed) ? from.seed >>> 0 : 0,
    round: isNumber(from.round) ? from.round : 0,
    last: isNumber(from.last) ? from.last : null,
    forced: listOf(from.forced).filter(isNumber),
    bans: listOf(from.bans).flatMap((entry): SavedBan[] => {
      const [id, startedS, here] = listOf(entry);
      return isNumber(id) && isNumber(startedS) ? [[id, startedS, here === 1 ? 1 : 0]] : [];
    }),
    sounding: listOf(from.sounding).flatMap((entry): (readonly [number, PlayKind, number])[] => {
      const [id, kind, count] = listOf(entry);
      return isNumber(id) && isKind(kind) && isNumber(count) ? [[id, kind, count]] : [];
    }),
    away: listOf(from.away).flatMap((entry): (readonly [number, number])[] => {
      const [id, untilS] = listOf(entry);
      return isNumber(id) && isNumber(untilS) ? [[id, untilS]] : [];
    }),
  };
}
