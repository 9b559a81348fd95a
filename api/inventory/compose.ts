import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import type { Route } from '../http/route.types.js';
import type { MemoryTable } from '../live/table.js';
import type { PluginPort } from '../plugins/plugins.types.js';
import { openEventLog } from './event-log.js';
import { KioskLinks } from './kiosk.js';
import { inventoryRoutes } from './routes.js';
import { InventoryService } from './service.js';

/** The inventory of a running site, with its doors. */
export interface Inventory {
  readonly service: InventoryService;
  readonly kiosks: KioskLinks;
  readonly routes: readonly Route[];
  stop(): Promise<void>;
}

/** Starts it after the plugins. The caller ends it by `stop`. */
export async function startInventory(options: {
  readonly store: SiteStore;
  readonly tables: Readonly<
    Record<'rf' | 'charger-slots' | 'groups' | 'devices' | 'channels' | 'instances', MemoryTable>
  >;
  readonly plugins: PluginPort;
  readonly series: SeriesAddress;
  readonly clock: Clock;
  readonly forgetMedia: (mediaId: string) => Promise<void>;
  readonly onFault: (error: EngineError) => void;
}): Promise<Inventory> {
  const { store, tables, plugins, clock, forgetMedia, onFault } = options;
  const events = openEventLog({ address: options.series, clock, onError: onFault });
  const kiosks = new KioskLinks(store, clock, onFault);
  await kiosks.start();
  const service = await InventoryService.start({ store, tables, plugins, events, clock, onFault });
  return {
    service,
    kiosks,
    routes: inventoryRoutes({ service, store, plugins, kiosks, tables, clock, forgetMedia }),
    stop: async () => {
      await service.stop();
      await kiosks.stop();
      await events.close();
    },
  };
}
