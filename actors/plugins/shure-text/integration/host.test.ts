import { afterEach, describe, expect, it } from 'vitest';
import { entryUrl } from '../../../../engine/entry.js';
import { PluginBench } from '../../conformance/bench.js';
import { EmulatorProcess } from '../testing/emulator.js';

const COUNT = 40;

describe('many receivers in a plugin thread', () => {
  let emulator: EmulatorProcess | undefined;
  let bench: PluginBench | undefined;

  afterEach(async () => {
    await bench?.close();
    await emulator?.stop();
  });

  it('that all restart at once come back within the hold-down, and none is announced as lost', async () => {
    emulator = await EmulatorProcess.start(
      '--devices',
      String(COUNT),
      '--set',
      'models=ULXD4Q,AD4D',
    );
    bench = await PluginBench.open({ module: entryUrl('actors/plugins/shure-text/plugin').href });
    const running = bench;
    await running.openInstance({ announcements: false });
    const devices = emulator.devices.map((device, index) =>
      running.device(`r${index}`, {
        address: device.address,
        port: device.port,
        config: { model: device.series, channels: device.channels },
        settings: { backoffFirstMs: 200, backoffMaxMs: 1_000 },
      }),
    );
    await running.adopt(devices);
    const all = (state: string): boolean =>
      devices.every((device) => running.state(device.id) === state);
    await running.until('connected', () => all('connected'), 30_000);
    await running.until('names', () =>
      devices.every((device) => running.value(device.id, '2.name') !== undefined),
    );

    await emulator.fault('restart');
    await running.until(
      'connected again',
      () =>
        all('connected') &&
        devices.every((device) => (running.facts.get(device.id)?.reconnects ?? 0) > 0),
      30_000,
    );
    for (const device of devices) {
      expect(running.states.get(device.id)).not.toContain('disconnected');
      expect(running.states.get(device.id)).not.toContain('error');
    }
  }, 90_000);
});
