import { afterEach, describe, expect, it } from 'vitest';
import { entryUrl } from '../../../../engine/entry.js';
import { PluginBench } from '../../conformance/bench.js';

let bench: PluginBench;

afterEach(async () => {
  await bench.close();
});

const REACTOR = 'bench:1:reactor';
const RECEIVER = 'bench:1:receiver-1';

async function opened(config: Readonly<Record<string, unknown>>): Promise<void> {
  bench = await PluginBench.open({ module: entryUrl('actors/plugins/simulated/plugin').href });
  await bench.openInstance(config);
}

describe('the simulated plugin in its thread', () => {
  it('is described with its form', async () => {
    await opened({});
    const { manifest, configurationSchema } = await bench.link.call('plugin.describe', {});
    expect(manifest).toMatchObject({ code: 'simulated', reach: 'none', sdk: 1 });
    expect(configurationSchema).toMatchObject({
      properties: { receivers: { title: 'Receivers' } },
    });
    const params = { of: 'instance', config: { receivers: -1 } } as const;
    const { problems } = await bench.link.call('plugin.validate', params);
    expect(problems.map(({ field }) => field)).toEqual(['receivers']);
  });

  it('connects a reactor with nine channels within their ranges', async () => {
    await opened({ intervalMs: 50 });
    expect(await bench.adopt([bench.device('reactor')])).toBe(1);
    await bench.until('connected', () => bench.state(REACTOR) === 'connected');
    await bench.until('nine values', () => bench.values.get(REACTOR)?.size === 9);
    const specs = bench.identities.get(REACTOR)?.channels ?? [];
    expect(specs.map(({ id }) => id)).toEqual([
      'temp_reactor',
      'temp_inlet',
      'temp_outlet',
      'pressure_chamber',
      'pressure_diff',
      'volume_flow',
      'humidity',
      'heater_power',
      'valve_position',
    ]);
    await bench.until('moves', () => (bench.changes.get(REACTOR)?.get('temp_reactor') ?? 0) > 3);
    for (const { id, min = 0, max = 0 } of specs) {
      expect(bench.value(REACTOR, id)).toBeGreaterThanOrEqual(min);
      expect(bench.value(REACTOR, id)).toBeLessThanOrEqual(max);
    }
  });

  it('takes commands within the range, and refuses others naming the parameter', async () => {
    await opened({ intervalMs: 50 });
    await bench.adopt([bench.device('reactor')]);
    await bench.until('connected', () => bench.state(REACTOR) === 'connected');
    const set = (name: string, value: number | boolean) =>
      bench.link.call('device.command', { deviceId: REACTOR, name, value, deadlineMs: 1_000 });
    expect(await set('heater_power', 55)).toEqual({ state: 'confirmed' });
    await bench.until('told', () => bench.value(REACTOR, 'heater_power') === 55);
    await expect(set('heater_power', 101)).rejects.toMatchObject({
      code: 'input.invalid',
      message: expect.stringContaining('heater_power') as string,
    });
    await expect(set('humidity', 5)).rejects.toMatchObject({ code: 'not-found' });
    await expect(set('nothing', 5)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('meters a receiver fast while somebody looks and slowly otherwise', async () => {
    await opened({ reactor: false });
    const settings = { meterFastMs: 20, meterSlowMs: 60_000 };
    await bench.adopt([bench.device('receiver-1', { settings })]);
    await bench.until('first', () => bench.value(RECEIVER, '1.rf_a_percent') !== undefined);
    expect(bench.identities.get(RECEIVER)).toMatchObject({
      role: 'receiver',
      model: 'Simulated receiver',
      parts: [{ number: 1 }, { number: 2 }, { number: 3 }, { number: 4 }],
    });
    expect(bench.value(RECEIVER, '3.name')).toBe('Choir 3');
    const counts = () => bench.changes.get(RECEIVER)?.get('1.rf_a_percent') ?? 0;
    expect(counts()).toBe(1);
    bench.link.post('meters.watched', { deviceIds: [RECEIVER] });
    await bench.until('many', () => counts() > 5);
  });

  it('offers what it has, by itself and when asked', async () => {
    await opened({ receivers: 3 });
    await bench.until('offered', () => bench.found.length === 4);
    const wish = { scanId: 's', instanceId: 1, hosts: [], multicastMs: 0, server: true };
    expect(await bench.link.call('discover.run', wish)).toEqual({ found: 4 });
    await bench.until('found', () => bench.found.length === 8);
    expect(await bench.link.call('instance.check', { instanceId: 1 })).toMatchObject({
      status: 'healthy',
    });
  });
});
