import { hostname, platform, release } from 'node:os';
import { z } from 'zod';
import type { TimerHandle } from '../../../engine/clock.js';
import { guarded } from '../../../engine/guarded.js';
import type { ChannelSpec, DeviceSession, Plugin, PluginInstance } from '../sdk/plugin.types.js';
import { cpuPercent, cpuTicks, hostFacts } from './host-facts.js';

const configuration = z.strictObject({
  intervalMs: z
    .int()
    .min(1_000)
    .max(3_600_000)
    .default(5_000)
    .meta({ title: 'Interval, ms', description: 'Between two readings.' }),
  diskPath: z
    .string()
    .min(1)
    .max(500)
    .default('/')
    .meta({ title: 'Disk', description: 'A folder on the disk to watch.' }),
});

type SystemConfig = z.infer<typeof configuration>;

const channel = (id: string, name: string, unit: string, max: number | undefined): ChannelSpec => ({
  id,
  name,
  kind: 'number',
  unit,
  min: id === 'cpu_temp' ? -50 : 0,
  ...(max === undefined ? {} : { max }),
  decimals: 1,
  direction: 'input',
  role: 'measurement',
});

const CHANNELS = [
  channel('cpu_percent', 'CPU', '%', 100),
  channel('memory_percent', 'Memory', '%', 100),
  channel('memory_used_gb', 'Memory used', 'GB', undefined),
  channel('disk_percent', 'Disk', '%', 100),
  channel('disk_used_gb', 'Disk used', 'GB', undefined),
  channel('load_avg_1m', 'Load, 1 min', '', undefined),
  channel('load_avg_5m', 'Load, 5 min', '', undefined),
  channel('cpu_temp', 'CPU temperature', '°C', 150),
  channel('uptime_hours', 'Uptime', 'h', undefined),
] as const;

const HOST = { externalId: 'host', address: undefined, role: 'sensor' } as const;

/** The machine that the engine runs on. */
export const plugin: Plugin<SystemConfig> = {
  manifest: {
    sdk: 1,
    code: 'system',
    name: 'This host',
    version: '1.0.0',
    description: 'Load, memory, disk and temperature of the machine that the engine runs on.',
    vendor: 'Earshot',
    roles: ['sensor'],
    reach: 'none',
    discovers: ['server'],
  },
  configuration,
  open: ({ config, clock, found }): PluginInstance => {
    found({ ...HOST, name: hostname() });
    return {
      discover: async (_wish, tell) => {
        tell({ ...HOST, name: hostname() });
        await Promise.resolve();
      },
      connect: async (_target, session) => {
        const { intervalMs, diskPath } = config;
        let ticks = cpuTicks();
        let timer: TimerHandle;
        let closed = false;
        const handles = new Map(CHANNELS.map((spec) => [spec.id, session.channel(spec)]));
        const say = async (): Promise<void> => {
          const facts = await hostFacts(diskPath);
          const now = cpuTicks();
          const cpu_percent = cpuPercent(ticks, now);
          ticks = now;
          tellAll(session, handles, { ...facts, cpu_percent });
          if (!closed) timer = clock.setTimeout(tick, intervalMs);
        };
        const tick = guarded(say, (error) => session.lost(error));
        session.identify({
          role: 'sensor',
          name: hostname(),
          model: `${platform()} ${release()}`,
        });
        await say();
        return {
          close: () => {
            closed = true;
            clock.clearTimeout(timer);
          },
        };
      },
      close: () => undefined,
    };
  },
};

function tellAll(
  session: DeviceSession,
  handles: ReadonlyMap<string, number>,
  facts: Readonly<Record<string, number | undefined>>,
): void {
  for (const [id, handle] of handles) {
    const value = facts[id];
    if (value !== undefined) session.read(handle, Math.round(value * 100) / 100);
  }
}
