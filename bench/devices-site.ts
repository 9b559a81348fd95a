import { join } from 'node:path';
import { openSiteStore } from '../actors/control/site.js';
import { RECORD_DEFAULTS } from '../actors/inventory/defaults.js';
import { SystemClock } from '../engine/clock.js';

export interface BenchInstance {
  readonly plugin: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly devices: readonly {
    readonly externalId: string;
    readonly address: string;
    readonly port: number;
    readonly config: Readonly<Record<string, unknown>>;
  }[];
}

/** A data folder whose inventory knows these vendor connections and their devices. Answers the instances' numbers. */
export async function seedDevices(
  data: string,
  instances: readonly BenchInstance[],
): Promise<readonly number[]> {
  const clock = new SystemClock();
  const store = await openSiteStore({
    file: join(data, 'control.db'),
    clock,
    onError: (error) => void process.stderr.write(`${error.message}\n`),
  });
  const numbers: number[] = [];
  try {
    const nowUnixMs = clock.nowMs();
    const at = { createdAtUnixMs: nowUnixMs, updatedAtUnixMs: nowUnixMs };
    for (const { plugin, config, devices } of instances) {
      const { id: instanceId } = await store.inventory.instances.create({
        plugin,
        name: plugin,
        enabled: true,
        config,
        sealed: null,
        ...at,
      });
      numbers.push(instanceId);
      const idOf = (externalId: string): string => `${plugin}:${instanceId}:${externalId}`;
      await store.devices.intern(
        devices.map(({ externalId }) => ({ id: idOf(externalId), protocol: plugin, channels: [] })),
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
    }
    return numbers;
  } finally {
    await store.close();
  }
}
