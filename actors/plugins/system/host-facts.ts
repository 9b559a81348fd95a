import { readdir, readFile, statfs } from 'node:fs/promises';
import { cpus, freemem, loadavg, totalmem, uptime } from 'node:os';
import { join } from 'node:path';

const GIB = 1_073_741_824;

/** Ticks of all processors since the machine started. */
export interface CpuTicks {
  readonly busy: number;
  readonly all: number;
}

export function cpuTicks(): CpuTicks {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const total = times.user + times.nice + times.sys + times.irq + times.idle;
    all += total;
    busy += total - times.idle;
  }
  return { busy, all };
}

/** 0..100 of all processors between two looks; undefined when no time passed. */
export function cpuPercent(before: CpuTicks, after: CpuTicks): number | undefined {
  const all = after.all - before.all;
  if (all <= 0) return undefined;
  return Math.min(100, Math.max(0, (100 * (after.busy - before.busy)) / all));
}

export interface HostFacts {
  readonly memory_percent: number;
  readonly memory_used_gb: number;
  readonly disk_percent: number | undefined;
  readonly disk_used_gb: number | undefined;
  readonly load_avg_1m: number;
  readonly load_avg_5m: number;
  readonly cpu_temp: number | undefined;
  readonly uptime_hours: number;
}

/** What there is of this machine; what it does not tell is undefined. Never rejects. */
export async function hostFacts(diskPath: string): Promise<HostFacts> {
  const [available, disk, temperature] = await Promise.all([
    availableBytes(),
    diskOf(diskPath),
    temperatureC('/sys/class/thermal'),
  ]);
  const total = totalmem();
  const used = total - available;
  const [oneMinute = 0, fiveMinutes = 0] = loadavg();
  return {
    memory_percent: (100 * used) / total,
    memory_used_gb: used / GIB,
    disk_percent: disk?.percent,
    disk_used_gb: disk?.usedGb,
    load_avg_1m: oneMinute,
    load_avg_5m: fiveMinutes,
    cpu_temp: temperature,
    uptime_hours: uptime() / 3_600,
  };
}

/** The hottest sensor, °C; undefined where there is none, as in a container. */
export async function temperatureC(folder: string): Promise<number | undefined> {
  const zones = await readdir(folder).catch(() => []);
  const read = zones
    .filter((zone) => zone.startsWith('thermal_zone'))
    .map((zone) => readFile(join(folder, zone, 'temp'), 'utf8').catch(() => ''));
  const values = (await Promise.all(read))
    .filter((text) => text.trim() !== '')
    .map((text) => Number(text) / 1_000)
    .filter((value) => Number.isFinite(value) && value > -50 && value < 150);
  return values.length === 0 ? undefined : Math.max(...values);
}

// What programs could still take: free memory alone leaves out what the system only caches.
async function availableBytes(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kib = /^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1];
  return kib === undefined ? freemem() : Number(kib) * 1_024;
}

async function diskOf(path: string): Promise<{ percent: number; usedGb: number } | undefined> {
  const facts = await statfs(path).catch(() => undefined);
  if (facts === undefined || facts.blocks === 0) return undefined;
  const used = facts.blocks - facts.bfree;
  return {
    percent: (100 * used) / (used + facts.bavail),
    usedGb: (used * facts.bsize) / GIB,
  };
}
