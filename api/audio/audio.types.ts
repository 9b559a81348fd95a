import type { SiteStore } from '../../actors/control/site.js';
import type {
  FromMediaShard,
  MediaShardOptions,
  ToMediaShard,
} from '../../actors/session/protocol.js';
import type { ShardPoolOptions } from '../../actors/shard-pool.js';
import type { Clock } from '../../engine/clock.js';
import type { Log } from '../../engine/log.js';
import type { GeoPoint, ListeningProfile, StreamFormat } from '../../media/ports.js';
import type { LiveTable } from '../live/table.types.js';
import type { ListeningLog } from './listening-log.js';

export interface AudioOptions {
  readonly host: string;
  /** Of the built-in mounts; 0: any free port. */
  readonly streamPort: number;
  /** Real port of pages and media files, known later than the mounts start; absent: the mounts have no demo. */
  readonly pagesPort?: () => number;
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
  /** Sound a player gets at once when it connects to a mount. Default 400. */
  readonly burstMs?: number;
  readonly icecastUrl?: string | undefined;
  readonly trustedProxies?: readonly string[];
  /** Media files, `MediaFile.file` is below it. */
  readonly mediaFolder: string;
  /** For decoded long media; emptied at the end. */
  readonly spoolFolder: string;
  readonly store: SiteStore;
  /** The `sessions` resource. */
  readonly table: LiveTable;
  /** The `speakers` resource. */
  readonly speakers: LiveTable;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: no statistics. Its maker closes it. */
  readonly listening?: ListeningLog | undefined;
  /** Tests only. */
  readonly faults?: boolean;
  readonly pool?: Partial<ShardPoolOptions<MediaShardOptions, ToMediaShard, FromMediaShard>>;
}

/** What a listener wants to begin with. */
export interface SessionOpen {
  readonly projectId: number;
  /** Default `native`. */
  readonly profile?: ListeningProfile;
  readonly format: StreamFormat;
  readonly bitrateKbps: number;
  /** A visit that is there already; undefined: a new one is noted. */
  readonly number?: number | undefined;
  /** Default: a random one for native sessions, `/stream<number>.<ending>` for Roundware's. */
  readonly mount?: string | undefined;
  /** Default: as the project has it. */
  readonly geoListen?: boolean | undefined;
  readonly position?: GeoPoint | undefined;
  readonly headingDeg?: number | undefined;
  readonly headingWidthDeg?: number | undefined;
  readonly rangeMinM?: number | undefined;
  readonly rangeMaxM?: number | undefined;
  readonly tagIds?: readonly number[] | undefined;
  readonly languageId?: number | undefined;
  /** Visitor. Or `deviceId`: the visitor with that device, made at the first visit. */
  readonly userId?: number | undefined;
  readonly deviceId?: string | undefined;
  readonly clientType?: string | undefined;
  readonly clientSystem?: string | undefined;
}
