import type { Clock } from '../clock.js';
import type { SeriesAddress } from './series.types.js';
import type { SpoolReport } from './spool.js';

export type SeriesReport =
  | SpoolReport
  | { readonly type: 'store.away'; readonly message: string }
  | { readonly type: 'store.back'; readonly awayMs: number; readonly rowsReplayed: number }
  | {
      readonly type: 'store.refused';
      readonly message: string;
      readonly rows: number;
      /** Where the rows are kept; empty when they could not be. */
      readonly file: string;
    }
  | { readonly type: 'rollups.repaired'; readonly channelHours: number }
  | { readonly type: 'rollups.repair-failed'; readonly message: string };

export interface SeriesWriterOptions {
  readonly address: SeriesAddress;
  readonly clock: Clock;
  /** Unique among the engine's writers and the same after a restart, e.g. `device-0`: names its spool folder. */
  readonly name: string;
  /** Parent of the writers' spool folders. */
  readonly spoolFolder: string;
  readonly spoolLimitBytes: number;
  /** Default `refuse`. */
  readonly whenSpoolFull?: 'refuse' | 'drop-oldest-segment';
  /** Set on one writer of the engine: it takes over spools and repairs of writers not in this list. */
  readonly adopt?: { readonly liveNames: readonly string[] };
  /** As configured, so that no hour is recomputed whose raw rows are gone; 0 keeps for ever. Default 0. */
  readonly rawDays?: number;
  /** Rows wait this long for company. Default 40; 0 sends each append alone. */
  readonly windowMs?: number;
  /**
   * A store that needs long for its inserts gets fewer and larger ones, which cost it less: at most this long apart, see
   * `InsertPace`. Default 0.
   */
  readonly maxSpacingMs?: number;
  /**
   * Rows whose window is over are answered from a journal on disk when the store can take nothing for this long; at once
   * when it is known that it will not. Default: they wait for the store.
   */
  readonly journalAfterMs?: number;
  /** Rows of one insert. Default 100,000. */
  readonly maxBatchRows?: number;
  /** Rows accepted and not yet stored; an append beyond waits. Default 1,000,000. */
  readonly maxPendingRows?: number;
  /** An insert that takes longer sends those behind it to the spool. Default 2,000. */
  readonly spoolAfterMs?: number;
  /** Default 15,000. */
  readonly requestTimeoutMs?: number;
  /** How often it is looked for rollups to recompute. Default 5,000. */
  readonly repairDelayMs?: number;
  /** Those of an hour are recomputed when no late row came for it for this long. Default 3,000. */
  readonly repairQuietMs?: number;
  /** They wait for no longer than this, however many late rows come. Default 30,000. */
  readonly repairMaxWaitMs?: number;
  /** Called for what an operator should know; must not throw. */
  readonly onReport?: (report: SeriesReport) => void;
}
