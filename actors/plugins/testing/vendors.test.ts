import { afterEach, expect, test } from 'vitest';
import { entryUrl } from '../../../engine/entry.js';
import { checkPlugin } from '../conformance/checks.js';
import { sensorConfig } from '../http-json/testing.js';
import { EmulatorProcess } from './emulator-process.js';

let emulator: EmulatorProcess | undefined;

afterEach(async () => {
  await emulator?.stop();
  emulator = undefined;
});

const CASES = [
  {
    code: 'shure-system',
    externalId: 'dd000001-0000-11dd-a000-000eddcccccc',
    config: (url: string) => ({ url, apiKey: 'emulated-shared-key' }),
  },
  {
    code: 'sennheiser-ssc',
    externalId: '1000001',
    config: () => ({ password: 'Emulated-password-1', scheme: 'http' }),
  },
  {
    code: 'http-json',
    externalId: 'sensor-0001',
    config: (url: string) =>
      sensorConfig(url, { url: 'http://{address}:{port}/devices/sensor-0001' }),
  },
];

test.each(CASES)(
  '$code keeps to the rules of plugins in a real plugin thread',
  async ({ code, externalId, config }) => {
    emulator = await EmulatorProcess.start([code, '--devices', '1']);
    const results = await checkPlugin(
      {
        module: entryUrl(`actors/plugins/${code}/plugin`).href,
        config: config(emulator.address),
        device: { externalId, address: '127.0.0.1', port: emulator.port, config: {} },
        waitMs: 15_000,
      },
      () => {},
    );
    expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(results.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(12);
  },
  120_000,
);
