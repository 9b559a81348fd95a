import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EmulatorProcess } from '../testing/emulator-process.js';
import { PluginRun } from '../testing/plugin-run.js';
import { plugin } from './plugin.js';
import { sensorConfig } from './testing.js';

type Run = Awaited<ReturnType<typeof open>>;

let emulator: EmulatorProcess;
let run: Run | undefined;

function open(more: Readonly<Record<string, unknown>> = {}) {
  return PluginRun.open(plugin, sensorConfig(emulator.address, more));
}

beforeEach(async () => {
  emulator = await EmulatorProcess.start(['http-json', '--devices', '20']);
});

afterEach(async () => {
  await run?.close();
  run = undefined;
  await emulator.stop();
});

describe('HTTP / JSON', () => {
  test('a device is identified, read and asked again', async () => {
    run = await open();
    const { session } = await run.connect('sensor-0003');
    expect(session.identity).toMatchObject({ serial: 'SENSOR-0003', model: 'CL-2' });
    expect(session.values.get('temperature')).toBeTypeOf('number');
    expect(session.values.get('enabled')).toBe(true);
    const { reads } = session;
    // Unchanged answers are 304: heard, but nothing new.
    await expect.poll(() => session.alives).toBeGreaterThan(2);
    expect(session.reads).toBe(reads);
  });

  test('setting a value reaches the device and comes back', async () => {
    run = await open();
    const { session, connection } = await run.connect('sensor-0001');
    const { signal } = new AbortController();
    await connection.command?.('valve', 42, signal);
    await connection.command?.('enabled', false, signal);
    await expect.poll(() => session.values.get('valve')).toBe(42);
    await expect.poll(() => session.values.get('enabled')).toBe(false);
    await expect(connection.command?.('valve', 400, signal)).rejects.toMatchObject({
      code: 'device.refused',
      message: expect.stringContaining('0 to 100') as string,
    });
    await expect(connection.command?.('temperature', 1, signal)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('one list serves many devices with one request a turn', async () => {
    run = await open({ url: undefined });
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        run?.connect(`sensor-${String(n + 1).padStart(4, '0')}`),
      ),
    );
    expect(all.every((one) => one?.session.values.has('humidity'))).toBe(true);
    const before = Number((await emulator.stats())['requests']);
    expect(before).toBe(1);
    await expect.poll(() => all[7]?.session.reads).toBeGreaterThan(12);
    await expect(run.connect('sensor-9999')).rejects.toMatchObject({ code: 'device.unreachable' });
  });

  test('devices are found in the list and by asking hosts', async () => {
    run = await open();
    const { found } = await run.discover({ server: true });
    expect(found).toHaveLength(20);
    expect(found[4]).toMatchObject({ externalId: 'sensor-0005', name: 'Climate 0005' });
    const scan = await PluginRun.open(
      plugin,
      sensorConfig(emulator.address, {
        url: `http://{address}:${emulator.port}/devices/sensor-0002`,
        list: undefined,
      }),
    );
    try {
      const hosts = ['127.0.0.1', '127.0.0.99', 'no-such-host.invalid'];
      const result = await scan.discover({ hosts });
      expect(result.found).toMatchObject([{ externalId: '127.0.0.1', serial: 'SENSOR-0002' }]);
      expect([...result.asked].sort()).toEqual([...hosts].sort());
    } finally {
      await scan.close();
    }
  });

  test('wrong credentials are denied, right ones work, changed ones end the session', async () => {
    await emulator.control({ authorization: 'Bearer one' });
    run = await open();
    await expect(run.connect('sensor-0001')).rejects.toMatchObject({ code: 'auth.denied' });
    await run.close();
    run = await open({ token: 'one' });
    const { session } = await run.connect('sensor-0001');
    await emulator.control({ authorization: 'Bearer two' });
    await expect.poll(() => session.failure?.code).toBe('auth.denied');
  });

  test('an address of a device gets the credentials only where the instance itself would send them', async () => {
    const other = await EmulatorProcess.start(['http-json', '--devices', '1']);
    try {
      await emulator.control({ authorization: 'Bearer one' });
      run = await open({ token: 'one', headers: { 'x-api-key': 'two' } });
      const near = { config: { url: `${emulator.address}/devices/sensor-0002` } };
      expect((await run.connect('sensor-0001', near)).session.identity).toMatchObject({
        serial: 'SENSOR-0002',
      });
      const far = { config: { url: `${other.address}/devices/sensor-0001` } };
      expect((await run.connect('sensor-0003', far)).session.values.size).toBe(4);
      expect(await other.stats()).toMatchObject({ authorizations: 0, apiKeys: 0 });
      expect((await emulator.stats())['authorizations']).toBeGreaterThan(0);
      // Without a template of its own the list says what is the instance's.
      const listed = await PluginRun.open(
        plugin,
        sensorConfig(emulator.address, { url: undefined, token: 'one' }),
      );
      try {
        expect((await listed.connect('sensor-0001', near)).session.values.size).toBe(4);
        await listed.connect('sensor-0003', far);
      } finally {
        await listed.close();
      }
      // A template with the device's address leads where the device is.
      const each = await PluginRun.open(
        plugin,
        sensorConfig(emulator.address, { url: 'http://{address}:{port}/{room}', token: 'one' }),
      );
      try {
        const at = { address: '127.0.0.1', port: emulator.port };
        const words = { room: 'devices' };
        const own = { ...at, config: { ...near.config, words } };
        expect((await each.connect('sensor-0001', own)).session.values.size).toBe(4);
        await each.connect('sensor-0003', { ...at, config: { ...far.config, words } });
        await each.connect('sensor-0003', { ...at, config: far.config });
      } finally {
        await each.close();
      }
      expect(await other.stats()).toMatchObject({ authorizations: 0, apiKeys: 0 });
    } finally {
      await other.stop();
    }
  });

  test('a mapping for another kind of device is told, not silently empty', async () => {
    run = await open({ channels: [{ id: 'a', name: 'A', path: 'nothing.here' }] });
    await expect(run.connect('sensor-0001')).rejects.toMatchObject({ code: 'input.invalid' });
  });

  test('after its end a device is not asked any more', async () => {
    run = await open();
    const { connection } = await run.connect('sensor-0001');
    await connection.close();
    const before = Number((await emulator.stats())['requests']);
    const other = await run.connect('sensor-0002');
    await expect.poll(() => other.session.alives + other.session.reads).toBeGreaterThan(8);
    const { fewestPolls } = await emulator.stats();
    expect(before).toBe(1);
    expect(fewestPolls).toBe(0);
  });
});

describe('faults', () => {
  // What a device does wrong, and what may be told of it: never a crash, a hang, or another code.
  test.each(['cut', 'refuse', 'stall', 'oversize', '401', '429', 'restart', 'slow'])(
    '%s ends or delays a session with a clear error, and a new one works afterwards',
    async (fault) => {
      run = await open();
      const { session } = await run.connect('sensor-0001');
      await emulator.control({ faults: [fault], share: 1 });
      await expect
        .poll(() => session.failure?.code, { timeout: 20_000 })
        .toBeOneOf([
          'device.unreachable',
          'frame.malformed',
          'input.too-large',
          'input.invalid',
          'auth.denied',
          'rate.limited',
          'server.busy',
        ]);
      await emulator.control({ faults: [] });
      await expect
        .poll(async () => (await run?.connect('sensor-0003'))?.session.values.size ?? 0)
        .toBe(4);
    },
  );

  test('lies are left out: nothing but numbers, texts and booleans of the mapping is read', async () => {
    run = await open();
    const kinds: Readonly<Record<string, string>> = {
      temperature: 'number',
      humidity: 'number',
      valve: 'number',
      enabled: 'boolean',
    };
    const seen: Awaited<ReturnType<Run['connect']>>['session'][] = [];
    for (let n = 1; n <= 20; n += 1) {
      seen.push((await run.connect(`sensor-${String(n).padStart(4, '0')}`)).session);
    }
    await emulator.control({ faults: ['lie'], share: 0.7 });
    await expect
      .poll(async () => Number(((await emulator.stats())['done'] as { lie: number }).lie))
      .toBeGreaterThan(40);
    for (const [id, value] of seen.flatMap((session) => [...session.values])) {
      expect(typeof value).toBe(kinds[id]);
    }
    await emulator.control({ faults: [] });
    expect((await run.connect('sensor-0001')).session.values.size).toBe(4);
  });

  test('with a twentieth of the requests going wrong in every way, most sessions live on', async () => {
    run = await open();
    const all: Awaited<ReturnType<Run['connect']>>[] = [];
    for (let n = 1; n <= 20; n += 1) {
      all.push(await run.connect(`sensor-${String(n).padStart(4, '0')}`));
    }
    await emulator.control({ faults: ['cut', 'refuse', 'slow', 'stall'], share: 0.05 });
    const heard = (): number =>
      all.reduce((sum, { session }) => sum + session.alives + session.reads, 0);
    const before = heard();
    await expect.poll(heard, { timeout: 25_000 }).toBeGreaterThan(before + 400);
    expect(all.filter(({ session }) => session.failure === undefined).length).toBeGreaterThan(12);
  });
});
