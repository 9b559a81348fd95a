import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import type { AlarmPort } from '../automation/ports.js';
import type { MemoryTable } from '../live/table.js';
import { AlarmDesk } from './desk.js';
import { openAlarmHistory } from './history.js';

/** The alarm desk of a running site, with its doors. */
export interface Alarms {
  readonly port: AlarmPort;
  stop(): Promise<void>;
}

/** Starts it before the rules. The caller ends it by `stop`. */
export async function startAlarms(options: {
  readonly store: SiteStore;
  readonly tables: Readonly<Record<'alarms' | 'devices', MemoryTable>>;
  readonly series: SeriesAddress;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}): Promise<Alarms> {
  const { store, tables, clock, onFault } = options;
  const history = openAlarmHistory({ address: options.series, clock, onError: onFault });
  const desk = new AlarmDesk({
    store,
    table: tables.alarms,
    deviceName: (id) => {
      const name = tables.devices.get(id)?.['name'];
      return typeof name === 'string' ? name : null;
    },
    history,
    clock,
  });
  await desk.load();
  return {
    port: desk,
    stop: async () => {
      await history.close();
    },
  };
}
