import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { SeriesAddress, SeriesReader } from '../../engine/series/series.types.js';
import type { AlarmPort, DeliveryPort } from '../automation/ports.js';
import type { Route } from '../http/route.types.js';
import type { MemoryTable } from '../live/table.js';
import { openAlarmHistory } from './history.js';
import { alarmRoutes } from './routes.js';
import { AlarmService } from './service.js';

/** The alarm desk of a running site, with its doors. */
export interface Alarms {
  readonly port: AlarmPort;
  readonly routes: readonly Route[];
  /** Parts that start later: until they are there nobody is told, and nothing is lost. */
  connect(parts: {
    readonly deliveries?: DeliveryPort;
    readonly isOpen?: (scheduleId: number, atUnixMs: number) => boolean;
  }): void;
  stop(): Promise<void>;
}

/** Starts it before the rules. The caller ends it by `stop`. */
export async function startAlarms(options: {
  readonly store: SiteStore;
  readonly tables: Readonly<Record<'alarms' | 'devices' | 'channels', MemoryTable>>;
  readonly series: SeriesAddress;
  readonly reader: Pick<SeriesReader, 'events'>;
  readonly keepDays: number;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}): Promise<Alarms> {
  const { store, tables, clock, onFault, reader, keepDays } = options;
  const history = openAlarmHistory({ address: options.series, clock, onError: onFault });
  let deliveries: DeliveryPort | undefined;
  let isOpen: (scheduleId: number, atUnixMs: number) => boolean = () => false;
  const service = await AlarmService.start({
    store,
    table: tables.alarms,
    deviceName: (id) => {
      const name = tables.devices.get(id)?.['name'];
      return typeof name === 'string' ? name : null;
    },
    latestOf: (channel) => {
      const value = tables.channels.get(channel)?.['value'];
      return typeof value === 'number' || typeof value === 'string' ? value : undefined;
    },
    history,
    deliveries: () => deliveries,
    isOpen: (id, atUnixMs) => isOpen(id, atUnixMs),
    keepDays,
    clock,
    onFault,
  });
  return {
    port: service.desk,
    routes: alarmRoutes({ service, store, reader, clock }),
    connect: (parts) => {
      deliveries = parts.deliveries ?? deliveries;
      isOpen = parts.isOpen ?? isOpen;
    },
    stop: async () => {
      await service.stop();
      await history.close();
    },
  };
}
