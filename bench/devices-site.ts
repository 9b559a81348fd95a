import { join } from 'node:path';
import type { DeviceClaim } from '../actors/control/devices.js';
import { openSiteStore, type SiteStore } from '../actors/control/site.js';
import { RECORD_DEFAULTS, RF_CHANNEL_DEFAULTS } from '../actors/inventory/defaults.js';
import { SystemClock } from '../engine/clock.js';

export type Parameters = DeviceClaim['channels'];

export interface BenchInstance {
  readonly plugin: string;
  /** Default: yes. */
  readonly enabled?: boolean;
  readonly config: Readonly<Record<string, unknown>>;
  /** Registered for each device before; absent: none. */
  readonly parameters?: Parameters;
  /** RF channels of each device, with places on the boards in the order of the devices. */
  readonly rfChannels?: number;
  readonly devices: readonly {
    readonly externalId: string;
    readonly address: string;
    readonly port: number;
    readonly config: Readonly<Record<string, unknown>>;
  }[];
}

/** Numbers that the site gave. */
export interface Seeded {
  readonly instanceId: number;
  readonly channels: readonly { readonly id: number; readonly name: string }[];
}

/** A data folder whose inventory knows this vendor connection and its devices. */
export async function seedDevices(data: string, instance: BenchInstance): Promise<Seeded> {
  const { plugin, enabled = true, config, devices, parameters = [], rfChannels = 0 } = instance;
  const clock = new SystemClock();
  const store = await openStore(data, clock);
  try {
    const nowUnixMs = clock.nowMs();
    const at = { createdAtUnixMs: nowUnixMs, updatedAtUnixMs: nowUnixMs };
    const { id: instanceId } = await store.inventory.instances.create({
      plugin,
      name: plugin,
      enabled,
      config,
      sealed: null,
      ...at,
    });
    const idOf = (externalId: string): string => `${plugin}:${instanceId}:${externalId}`;
    const interned = await store.devices.intern(
      devices.map(({ externalId }) => ({
        id: idOf(externalId),
        protocol: plugin,
        channels: parameters,
      })),
    );
    await store.inventory.records.createMany(
      devices.map((device) => ({
        ...RECORD_DEFAULTS,
        ...device,
        ...at,
        deviceId: idOf(device.externalId),
        instanceId,
        lifecycle: 'provisioning' as const,
        lifecycleSinceUnixMs: nowUnixMs,
      })),
    );
    let slot = 0;
    await store.inventory.rfChannels.createMany(
      devices.flatMap(({ externalId }) =>
        Array.from({ length: rfChannels }, (_, i) => ({
          ...RF_CHANNEL_DEFAULTS,
          deviceId: idOf(externalId),
          number: i + 1,
          direction: 'receive' as const,
          slot: ++slot,
        })),
      ),
    );
    return { instanceId, channels: interned.devices.flatMap((device) => device.channels) };
  } finally {
    await store.close();
  }
}

/** Parameters of the first device of a site that is stopped. */
export async function parametersIn(data: string): Promise<Parameters> {
  const store = await openStore(data, new SystemClock());
  try {
    const [device] = await store.devices.list();
    return (device?.channels ?? []).map(({ name, kind, unit }) => ({
      name,
      kind,
      ...(unit === null ? {} : { unit }),
    }));
  } finally {
    await store.close();
  }
}

function openStore(data: string, clock: SystemClock): Promise<SiteStore> {
  return openSiteStore({
    file: join(data, 'control.db'),
    clock,
    onError: (error) => void process.stderr.write(`${error.message}\n`),
  });
}
