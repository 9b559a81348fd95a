import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import { TableWriter } from '../../engine/series/table-writer.js';
import type { GeoPoint } from '../../media/ports.js';

/** Somebody who listens is noted with their place this often, ms. */
export const PLACE_EVERY_MS = 10_000;

interface About {
  readonly projectId: number;
  /** Number of the session. */
  readonly session: number;
  readonly position: GeoPoint | undefined;
  readonly atUnixMs: number;
}

/** What statistics are made of. */
export interface ListeningLog {
  /** A session began. */
  session(about: About): void;
  /** Somebody listened for `durationS` up to now. */
  place(about: About, durationS: number): void;
  /** An asset was heard. */
  asset(about: About, assetId: number, durationS: number): void;
  /** What was noted is in the store, or as near to it as it gets now. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const COLUMNS = [
  'at',
  'kind',
  'project',
  'session',
  'asset',
  'latitude',
  'longitude',
  'durationS',
] as const;

/**
 * The log in the series store's table `listening`: at most 100,000 rows wait in memory while the store is
 * away, the oldest are dropped beyond that; kept for `series.hourDays`.
 */
export function openListeningLog(options: {
  readonly address: SeriesAddress;
  readonly clock: Clock;
  readonly onError: (error: EngineError) => void;
  readonly everyMs?: number;
}): ListeningLog {
  const writer = new TableWriter({ ...options, table: 'listening', columns: COLUMNS });
  const note = (
    kind: 'session' | 'place' | 'asset',
    { projectId, session, position, atUnixMs }: About,
    assetId: number,
    durationS: number,
  ): void => {
    writer.push([
      // Ten digits of seconds and three of a fraction: as the store reads times.
      (atUnixMs / 1_000).toFixed(3),
      kind,
      projectId,
      session,
      assetId,
      position?.latitude ?? Number.NaN,
      position?.longitude ?? Number.NaN,
      Math.max(0, durationS),
    ]);
  };
  return {
    session: (about) => note('session', about, 0, 0),
    place: (about, durationS) => note('place', about, 0, durationS),
    asset: (about, assetId, durationS) => note('asset', about, assetId, durationS),
    flush: () => writer.flush(),
    close: () => writer.close(),
  };
}
