import { z } from 'zod';
import { EngineError } from '../../../engine/errors.js';
import type { FoundDevice, Plugin, PluginInstance } from '../sdk/plugin.types.js';
import { connectReactor } from './reactor.js';
import { connectReceiver } from './wireless.js';

const configuration = z.strictObject({
  reactor: z
    .boolean()
    .default(true)
    .meta({ title: 'Reactor', description: 'Nine channels: temperatures, pressures, outputs.' }),
  receivers: z
    .int()
    .min(0)
    .max(1_000)
    .default(1)
    .meta({ title: 'Receivers', description: 'Simulated wireless receivers.' }),
  channelsPerReceiver: z
    .int()
    .min(1)
    .max(16)
    .default(4)
    .meta({ title: 'Channels of each receiver' }),
  intervalMs: z
    .int()
    .min(50)
    .max(3_600_000)
    .default(1_000)
    .meta({ title: 'Interval, ms', description: 'Between two readings of the reactor.' }),
  seed: z.int().min(0).max(1_000_000).default(1).meta({ title: 'Seed' }),
});

type SimulatedConfig = z.infer<typeof configuration>;

const RECEIVER = /^receiver-(\d{1,4})$/;

function devicesOf({ reactor, receivers, channelsPerReceiver }: SimulatedConfig): FoundDevice[] {
  const found: FoundDevice[] = [];
  if (reactor) {
    found.push({
      externalId: 'reactor',
      address: undefined,
      role: 'controller',
      name: 'Reactor',
      model: 'Simulated reactor',
    });
  }
  for (let n = 1; n <= receivers; n += 1) {
    found.push({
      externalId: `receiver-${n}`,
      address: undefined,
      role: 'receiver',
      name: `Stage ${n}`,
      model: 'Simulated receiver',
      channels: channelsPerReceiver,
    });
  }
  return found;
}

/** Devices that are not there: a reactor and wireless receivers, for trying things out without any hardware. */
export const plugin: Plugin<SimulatedConfig> = {
  manifest: {
    sdk: 1,
    code: 'simulated',
    name: 'Simulated devices',
    version: '1.0.0',
    description: 'A reactor with nine channels and wireless receivers, for trying things out.',
    vendor: 'Earshot',
    roles: ['controller', 'receiver'],
    reach: 'none',
    discovers: ['server'],
  },
  configuration,
  open: ({ config, clock, found }): PluginInstance => {
    for (const device of devicesOf(config)) found(device);
    return {
      discover: async (_wish, tell) => {
        for (const device of devicesOf(config)) tell(device);
        await Promise.resolve();
      },
      connect: async ({ externalId }, session) => {
        await Promise.resolve();
        const { seed, intervalMs, channelsPerReceiver: channels } = config;
        if (externalId === 'reactor') return connectReactor(session, { clock, seed, intervalMs });
        const number = Number(RECEIVER.exec(externalId)?.[1] ?? 0);
        if (number < 1) {
          throw new EngineError(
            'input.invalid',
            `"${externalId}" is not a simulated device: name it reactor, receiver-1, receiver-2 …`,
          );
        }
        return connectReceiver(session, {
          clock,
          seed: seed + number,
          name: `Stage ${number}`,
          channels,
        });
      },
      checkHealth: async () => {
        await Promise.resolve();
        const { receivers } = config;
        return { status: 'healthy', message: undefined, detail: { receivers } };
      },
      close: () => undefined,
    };
  },
};
