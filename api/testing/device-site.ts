import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSiteStore, type SiteStore } from '../../actors/control/site.js';
import { SystemClock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import { EmbeddedStore } from '../../engine/series/embedded.js';
import { migrateSeries } from '../../engine/series/migrations.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import { DeviceService, type DeviceServiceOptions } from '../devices/service.js';
import type { Authenticate } from '../http/auth.types.js';
import type { Route } from '../http/route.types.js';
import { createGateway, type Gateway } from '../http/server.js';
import { MemoryTable } from '../live/table.js';
import type { FloodLimits } from '../personalities/smartos/flood-limit.js';
import { smartosSockets } from '../personalities/smartos/index.js';

/** The device half of the engine, with a real gateway, threads and stores, and nothing else. */
export interface DeviceSite {
  readonly port: number;
  readonly service: DeviceService;
  readonly store: SiteStore;
  readonly address: SeriesAddress;
  readonly series: EmbeddedStore;
  readonly devices: MemoryTable;
  readonly channels: MemoryTable;
  readonly faults: EngineError[];
  stop(): Promise<void>;
}

export interface DeviceSiteOptions
  extends Partial<Pick<DeviceServiceOptions, 'requireToken' | 'setDeadlineMs' | 'tokenHolders'>> {
  /** Everything is kept in here. */
  readonly folder: string;
  readonly shards?: number;
  readonly autoRegister?: boolean;
  readonly silentAfterMs?: number;
  readonly spoolLimitBytes?: number;
  readonly routes?: (
    service: DeviceService,
    devices: MemoryTable,
    channels: MemoryTable,
    store: SiteStore,
  ) => readonly Route[];
  readonly authenticate?: Authenticate;
  readonly deviceLimits?: FloodLimits;
}

export async function startDeviceSite(options: DeviceSiteOptions): Promise<DeviceSite> {
  const clock = new SystemClock();
  const faults: EngineError[] = [];
  const onFault = (error: EngineError): void => {
    faults.push(error);
  };
  mkdirSync(options.folder, { recursive: true });
  const series = new EmbeddedStore({ folder: join(options.folder, 'series'), clock });
  const address = await series.start();
  await migrateSeries(address, { rawDays: 0, minuteDays: 0, hourDays: 0, dayDays: 0 });
  const store = await openSiteStore({
    file: join(options.folder, 'control.db'),
    clock,
    onError: onFault,
  });
  const devices = new MemoryTable('devices');
  const channels = new MemoryTable('channels');
  const service = new DeviceService({
    clock,
    devices: store.devices,
    commands: store.commands,
    snapshots: store.snapshots,
    feed: store.control.feed,
    latest: () => Promise.resolve([]),
    tables: { devices, channels },
    shards: options.shards ?? 1,
    hangMs: 4_000,
    shardOptions: {
      series: address,
      spoolFolder: join(options.folder, 'spool'),
      spoolLimitBytes: options.spoolLimitBytes ?? 268_435_456,
      groupMs: 40,
      silentAfterMs: options.silentAfterMs ?? 60_000,
      autoRegister: options.autoRegister ?? true,
      rawDays: 0,
      whenSpoolFull: 'refuse',
      changeTickMs: 50,
    },
    requireToken: options.requireToken ?? false,
    ...(options.tokenHolders === undefined ? {} : { tokenHolders: options.tokenHolders }),
    ...(options.setDeadlineMs === undefined ? {} : { setDeadlineMs: options.setDeadlineMs }),
    onFault,
    faults: true,
  });
  await service.start();
  let gateway: Gateway | undefined;
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    limits: { perAddressPerSecond: 0, perPrincipalPerSecond: 0 },
    routes: options.routes?.(service, devices, channels, store) ?? [],
    ...(options.authenticate === undefined ? {} : { authenticate: options.authenticate }),
    sockets: smartosSockets({
      service,
      devices,
      clock,
      ...(options.deviceLimits === undefined ? {} : { deviceLimits: options.deviceLimits }),
      publish: (topic, text) => gateway?.publish(topic, text, false),
    }),
  });
  const listening = gateway;
  return {
    port: listening.port,
    service,
    store,
    address,
    series,
    devices,
    channels,
    faults,
    async stop() {
      await listening.stop(2_000);
      await service.stop(5_000);
      await store.close();
      await series.stop();
    },
  };
}
