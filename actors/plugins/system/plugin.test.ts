import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { entryUrl } from '../../../engine/entry.js';
import { PluginBench } from '../conformance/bench.js';
import { cpuPercent, hostFacts, temperatureC } from './host-facts.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('facts of this host', () => {
  it('are within their ranges, and a disk that is not there has none', async () => {
    const facts = await hostFacts('/');
    expect(facts.memory_percent).toBeGreaterThan(0);
    expect(facts.memory_percent).toBeLessThanOrEqual(100);
    expect(facts.disk_percent).toBeLessThanOrEqual(100);
    expect((await hostFacts('/nowhere/at/all')).disk_percent).toBeUndefined();
  });

  it('tell the load between two looks', () => {
    expect(cpuPercent({ busy: 10, all: 100 }, { busy: 35, all: 200 })).toBe(25);
    expect(cpuPercent({ busy: 10, all: 100 }, { busy: 10, all: 100 })).toBeUndefined();
  });

  it('tell the hottest sensor, and none where there is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'earshot-thermal-'));
    folders.push(folder);
    for (const [zone, text] of [
      ['thermal_zone0', '41500\n'],
      ['thermal_zone1', '63000\n'],
      ['thermal_zone2', 'broken'],
    ] as const) {
      mkdirSync(join(folder, zone));
      writeFileSync(join(folder, zone, 'temp'), text);
    }
    expect(await temperatureC(folder)).toBe(63);
    expect(await temperatureC(join(folder, 'none'))).toBeUndefined();
  });
});

it('reads this host in its thread', async () => {
  const bench = await PluginBench.open({ module: entryUrl('actors/plugins/system/plugin').href });
  try {
    await bench.openInstance({ intervalMs: 1_000 });
    await bench.adopt([bench.device('host')]);
    const id = 'bench:1:host';
    await bench.until('memory', () => bench.value(id, 'memory_percent') !== undefined);
    await bench.until('load', () => bench.value(id, 'cpu_percent') !== undefined);
    expect(bench.value(id, 'cpu_percent')).toBeLessThanOrEqual(100);
    expect(bench.identities.get(id)?.role).toBe('sensor');
    await bench.until('found', () => bench.found.length > 0);
    expect(bench.found).toHaveLength(1);
  } finally {
    await bench.close();
  }
});
