import type { SiteStore } from '../../actors/control/site.js';
import type {
  FromMediaShard,
  MediaShardOptions,
  SessionDefinition,
  ToMediaShard,
} from '../../actors/session/spine.js';
import type { ShardPoolOptions } from '../../actors/shard-pool.js';
import type { Clock } from '../../engine/clock.js';
import type { Log } from '../../engine/log.js';
import type { LiveTable } from '../live/table.types.js';

export interface AudioOptions {
  readonly host: string;
  /** Of the built-in mounts; 0: any free port. */
  readonly streamPort: number;
  readonly mediaShards: number;
  readonly hangAfterMs: number;
  readonly encoder: MediaShardOptions['encoder'];
  readonly idleAfterMs: number;
  readonly pcmCacheBytes: number;
  readonly maxSessions: number;
  /** Default 500: a museum's whole Wi-Fi may be one address. */
  readonly maxSessionsPerAddress?: number;
  /** Players attached to built-in mounts at once. Default 10,000. */
  readonly maxListeners?: number;
  readonly icecastUrl?: string | undefined;
  readonly trustedProxies?: readonly string[];
  /** Media files, `MediaFile.file` is below it. */
  readonly mediaFolder: string;
  /** For decoded long media; emptied at the end. */
  readonly spoolFolder: string;
  readonly store: SiteStore;
  /** The `sessions` resource. */
  readonly table: LiveTable;
  readonly clock: Clock;
  readonly log: Log;
  /** Tests only. */
  readonly faults?: boolean;
  readonly pool?: Partial<ShardPoolOptions<MediaShardOptions, ToMediaShard, FromMediaShard>>;
}

export interface SessionOpen {
  readonly projectId: string;
  readonly format: SessionDefinition['format'];
  readonly bitrateKbps: number;
  readonly position?: SessionDefinition['position'];
  readonly headingDeg?: number | undefined;
  readonly tags: readonly string[];
}
