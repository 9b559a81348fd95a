import type { SiteStore } from '../../actors/control/site.js';
import type { PluginThreadOptions } from '../../actors/plugins/protocol.js';
import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { Log } from '../../engine/log.js';
import type { DeviceTables } from '../devices/tables.js';
import type { LiveTable } from '../live/table.types.js';
import type { Sealing } from './instance-config.js';

type Live = Readonly<
  Record<
    'devices' | 'connections' | 'plugins' | 'instances' | 'discoveries' | 'scans' | 'shards',
    LiveTable
  >
>;

export interface PluginServiceOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: SiteStore;
  readonly tables: DeviceTables;
  readonly live: Live;
  readonly sealing: Sealing;
  readonly environment: (name: string) => string | undefined;
  readonly folder: string;
  readonly packages: readonly string[];
  readonly dataFolder: string;
  readonly threadOptions: Omit<PluginThreadOptions, 'shard' | 'module'>;
  readonly hangMs?: number;
  /** What the heap of each plugin's thread may hold, MiB: one that leaks is replaced alone. Default 512. */
  readonly heapMb?: number;
  readonly onFault: (error: EngineError) => void;
  /** Tests only: threads obey `pool.breakShard`. */
  readonly faults?: boolean;
}
