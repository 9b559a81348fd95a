import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { FoundDevice } from '../../sdk/plugin.types.js';
import { Bench } from '../testing/bench.js';
import { EmulatorProcess } from '../testing/emulator.js';

describe('devices are found', () => {
  let emulator: EmulatorProcess;
  let bench: Bench;

  afterEach(async () => {
    await bench.close();
    await emulator.stop();
  });

  it('by asking hosts, also those where nobody is', async () => {
    emulator = await EmulatorProcess.start(
      '--devices',
      '6',
      '--set',
      'models=ULXD4Q,AD4D,SLXD4D,P10T,SBRC,UR4D',
    );
    bench = new Bench();
    const hosts = emulator.devices.map(({ address, port }) => `${address}:${port}`);
    const asked: string[] = [];
    const found: FoundDevice[] = [];
    await bench.instance.discover?.(
      {
        hosts: [...hosts, '127.0.0.1:1'],
        multicastMs: 0,
        server: false,
        asked: (host) => asked.push(host),
      },
      (device) => found.push(device),
      new AbortController().signal,
    );
    expect(asked.sort()).toEqual([...hosts, '127.0.0.1:1'].sort());
    const bySeries = new Map(found.map((device) => [device.config?.['model'], device]));
    expect([...bySeries.keys()].sort()).toEqual([
      'axtd',
      'charger',
      'p10t',
      'slxd',
      'uhfr',
      'ulxd',
    ]);
    const axient = emulator.devices[1];
    expect(bySeries.get('axtd')).toMatchObject({
      externalId: hosts[1],
      model: 'AD4D',
      serial: axient?.serial,
      mac: axient?.mac.toLowerCase(),
      firmware: '2.4.9.0',
      channels: 2,
    });
    await expect.poll(() => bench.net.openCount).toBe(0);
  });

  it('on consecutive addresses of one port', async () => {
    emulator = await EmulatorProcess.start(
      ...['--devices', '3', '--port', '22020', '--set', 'models=AD4Q'],
      ...['--set', 'addresses=127.77.0.1'],
    );
    bench = new Bench();
    const found: FoundDevice[] = [];
    await bench.instance.discover?.(
      {
        hosts: ['127.77.0.1:22020', '127.77.0.2:22020', '127.77.0.3:22020', '127.77.0.4:22020'],
        multicastMs: 0,
        server: false,
        asked: () => undefined,
      },
      (device) => found.push(device),
      new AbortController().signal,
    );
    expect(found.map((device) => device.address).sort()).toEqual([
      '127.77.0.1',
      '127.77.0.2',
      '127.77.0.3',
    ]);
  });

  it('by their announcements, once, with series and channels by the map', async () => {
    emulator = await EmulatorProcess.start(
      ...[
        '--devices',
        '5',
        '--set',
        'models=ULXD4Q,QLXD4,AD4Q,P10T,UR4D',
        '--set',
        'addresses=127.78.0.1',
      ],
      ...['--port', '22021'],
    );
    bench = new Bench({ announcements: true });
    const found: FoundDevice[] = [];
    const search = bench.instance.discover?.(
      { hosts: [], multicastMs: 4_000, server: false, asked: () => undefined },
      (device) => found.push(device),
      new AbortController().signal,
    );
    await expect
      .poll(
        async () => {
          await emulator.control({ announce: true });
          return new Set(bench.found.map((device) => device.address)).size;
        },
        { interval: 300 },
      )
      .toBe(5);
    await search;
    expect(found.length).toBeGreaterThan(0);
    const heard = [...bench.found, ...found];
    const kinds = new Map(heard.map((device) => [device.address, device.config]));
    expect(kinds.get('127.78.0.1')).toEqual({ model: 'ulxd', channels: 4 });
    expect(kinds.get('127.78.0.2')).toEqual({ model: 'qlxd', channels: 1 });
    expect(kinds.get('127.78.0.3')).toEqual({ model: 'axtd', channels: 4 });
    expect(kinds.get('127.78.0.4')).toEqual({ model: 'p10t', channels: 2 });
    // Announces its series in words only.
    expect(kinds.get('127.78.0.5')).toEqual({ model: 'uhfr', channels: 0 });
    for (const list of [bench.found, found]) {
      expect(new Set(list.map((device) => device.address)).size).toBe(list.length);
    }
  });

  it('not by a map that cannot be read, which is told with the file', async () => {
    emulator = await EmulatorProcess.start('--devices', '1');
    const folder = await mkdtemp(join(tmpdir(), 'dcid-'));
    try {
      const file = join(folder, 'dcid.json');
      await writeFile(file, '{"X": {"model": 5}}');
      bench = new Bench({ announcements: true, dcidMap: file });
      await expect.poll(() => bench.logged.join()).toContain(file);
      const report = await bench.instance.checkHealth?.(new AbortController().signal);
      expect(report?.status).toBe('unhealthy');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
