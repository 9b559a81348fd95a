import { join } from 'node:path';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import { Corrections } from '../../engine/series/corrections.js';
import { SeriesQueries } from '../../engine/series/queries.js';
import type { StoreReader } from '../../engine/series/reader.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import type { AuditPort } from '../automation/ports.js';
import type { DeviceTables } from '../devices/tables.js';
import type { Route } from '../http/route.types.js';
import { openEventLog } from '../inventory/event-log.js';
import { resolveChannel } from '../site/channels.js';
import type { SiteTablesLive } from '../site/tables.js';
import { ChannelNames } from './channel-names.js';
import { Experiments } from './experiments.js';
import { Exports } from './exports.js';
import { Journal } from './journal.js';
import { RetentionJob } from './retention.js';
import { exportRoutes } from './routes-exports.js';
import { figureRoutes } from './routes-figures.js';
import { recordingRoutes } from './routes-recording.js';
import { signalRoutes } from './routes-signals.js';
import { sqlRoutes } from './routes-sql.js';
import { upkeepRoutes } from './routes-upkeep.js';
import { SqlDoor } from './sql-door.js';

/** History of a running site: recordings, the journal and what is done with stored samples. */
export interface History {
  readonly experiments: Experiments;
  readonly journal: Journal;
  readonly routes: readonly Route[];
  stop(): Promise<void>;
}

export interface HistoryOptions {
  readonly store: SiteStore;
  readonly tables: SiteTablesLive;
  readonly reader: StoreReader;
  /** Of the site's data. */
  readonly folder: string;
  readonly devices: {
    readonly tables: DeviceTables;
    readonly pool: { ownerOf(deviceId: string): number };
  };
  /** Who notes changes for the audit log, once there is one. */
  readonly audit?: () => AuditPort | undefined;
  readonly series: SeriesAddress;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

/** The caller ends it by `stop`. */
export async function startHistory(options: HistoryOptions): Promise<History> {
  const { store, tables, reader, devices, series, clock, onFault } = options;
  const queries = new SeriesQueries(series);
  const events = openEventLog({ address: series, clock, onError: onFault });
  const experiments = await Experiments.open({
    store,
    live: tables.experiments,
    clock,
    onFault,
  });
  experiments.onChange((event, { publicId, name }, by) =>
    events.note(event, publicId, { name, by }),
  );
  const journal = await Journal.open({ store, live: tables.journal, clock, onFault });
  const names = new ChannelNames({
    queries,
    devices: devices.tables,
    clock,
    onFault,
  });
  names.start();
  const exports = await Exports.open({ folder: join(options.folder, 'exports'), clock, onFault });
  const resolve = (text: string) => resolveChannel(tables.channels, text);
  const retention = new RetentionJob({
    store,
    queries,
    channels: tables.channels,
    clock,
    onFault,
  });
  await retention.start();
  const sql = new SqlDoor(queries, series.database, () => clock.monoMs());
  return {
    experiments,
    journal,
    routes: [
      ...recordingRoutes({
        store,
        experiments,
        reader,
        queries,
        resolveChannel: resolve,
        clock,
      }),
      ...signalRoutes({ store, resolveChannel: resolve, clock }),
      ...figureRoutes({ reader, queries, resolveChannel: resolve, clock }),
      ...exportRoutes({
        exports,
        queries,
        reader,
        names,
        channels: tables.channels,
        resolveChannel: resolve,
        clock,
      }),
      ...upkeepRoutes({
        store,
        retention,
        corrections: new Corrections(queries, () => clock.nowMs()),
        reader,
        resolveChannel: resolve,
        writerOf: (deviceId) => `device-${Math.max(0, devices.pool.ownerOf(deviceId))}`,
        audit: options.audit ?? (() => undefined),
        clock,
      }),
      ...sqlRoutes({ sql, names }),
    ],
    stop: async () => {
      await experiments.close();
      await journal.close();
      await exports.close();
      await retention.close();
      await names.close();
      await events.close();
      await queries.close();
    },
  };
}
