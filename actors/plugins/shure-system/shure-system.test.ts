import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EmulatorProcess } from '../testing/emulator-process.js';
import { PluginRun } from '../testing/plugin-run.js';
import { plugin } from './plugin.js';

type Run = Awaited<ReturnType<typeof open>>;

const KEY = 'emulated-shared-key';
let emulator: EmulatorProcess;
let run: Run | undefined;
let ids: readonly string[];

function open(more: Readonly<Record<string, unknown>> = {}, address = emulator.address) {
  return PluginRun.open(plugin, {
    url: address,
    apiKey: KEY,
    pollIntervalMs: 500,
    refreshMs: 1_000,
    requestsPerSecond: 50,
    ...more,
  });
}

async function connected(more: Readonly<Record<string, unknown>> = {}) {
  run = await open(more);
  return await run.connect(ids[0] ?? '');
}

beforeEach(async () => {
  emulator = await EmulatorProcess.start(['shure-system', '--devices', '12']);
  await emulator.control({ pushEachMs: 100 });
  ids = (await emulator.stats())['ids'] as string[];
});

afterEach(async () => {
  await run?.close();
  run = undefined;
  await emulator.stop();
});

describe('Shure System API', () => {
  test('a receiver is identified and its channels are read', async () => {
    const { session } = await connected();
    expect(session.identity).toMatchObject({ role: 'receiver', serial: '4190000001' });
    expect(session.identity.parts?.length).toBeGreaterThan(0);
    expect(session.values.get('1.battery_percent')).toBeTypeOf('number');
    expect(session.values.get('1.frequency')).toBeGreaterThan(400);
    expect(session.values.get('type')).toBeTypeOf('string');
  });

  test('events come over one WebSocket for all devices', async () => {
    run = await open({ refreshMs: 3_600_000 });
    const all = [];
    for (const id of ids) all.push(await run.connect(id));
    await expect.poll(async () => (await emulator.stats())['subscribed']).toBe(12);
    expect((await emulator.stats())['sockets']).toBe(1);
    await emulator.control({ envelope: true });
    for (const { session } of all) {
      const { reads } = session;
      await expect.poll(() => session.reads).toBeGreaterThan(reads + 60);
    }
  });

  test('where sockets are refused it polls, and takes them when they come', async () => {
    await emulator.control({ sockets: false, txInChannels: false });
    const { session } = await connected();
    const { alives } = session;
    await expect.poll(() => session.alives).toBeGreaterThan(alives + 2);
    await emulator.control({ sockets: true });
    await expect.poll(async () => (await emulator.stats())['subscribed']).toBe(1);
    expect(session.failure).toBeUndefined();
    // And back, without the device being lost.
    await emulator.control({ sockets: false });
    const heard = session.alives;
    await expect.poll(() => session.alives).toBeGreaterThan(heard + 3);
    expect(session.failure).toBeUndefined();
  });

  test('pages and plain lists find the same devices; addresses to search are kept at the service', async () => {
    await emulator.control({ pageSize: 5 });
    run = await open({ discoveryIps: ['10.1.0.1', '10.1.0.2'] });
    const paged = await run.discover({ server: true });
    await emulator.control({ pageSize: 0 });
    const plain = await run.discover({ server: true, hosts: ['10.1.0.3'] });
    expect(paged.found).toHaveLength(12);
    expect(plain.found).toEqual(paged.found);
    expect((await emulator.stats())['discoveryIps']).toEqual(['10.1.0.1', '10.1.0.2', '10.1.0.3']);
    await run.close();
    run = await open({ removeDiscoveryIps: ['10.1.0.2', '10.9.9.9'] });
    await run.discover({ server: true });
    expect((await emulator.stats())['discoveryIps']).toEqual(['10.1.0.1', '10.1.0.3']);
  });

  test('a wrong key is denied; a changed one ends the session', async () => {
    run = await open({ apiKey: 'wrong', transport: 'poll' });
    await expect(run.connect(ids[0] ?? '')).rejects.toMatchObject({ code: 'auth.denied' });
    const health = await run.instance.checkHealth?.(new AbortController().signal);
    expect(health).toMatchObject({ status: 'unhealthy' });
    await run.close();
    const { session } = await connected({ transport: 'poll' });
    await emulator.control({ key: 'another' });
    await expect.poll(() => session.failure?.code).toBe('auth.denied');
    await run?.close();
    run = await open({ apiKey: 'another' });
    expect((await run.connect(ids[1] ?? '')).session.values.size).toBeGreaterThan(10);
  });

  test('a device that the service loses is lost, and an unknown one cannot be had', async () => {
    const { session } = await connected();
    await emulator.control({ offline: ids[0] });
    await expect.poll(() => session.failure?.code).toBe('device.unreachable');
    await expect(run?.connect('no-such-device')).rejects.toMatchObject({
      code: 'device.unreachable',
    });
  });

  test('health tells the address and the state', async () => {
    run = await open();
    const { signal } = new AbortController();
    expect(await run.instance.checkHealth?.(signal)).toMatchObject({
      status: 'healthy',
      detail: { statusCode: 200, baseUrl: emulator.address },
    });
    await emulator.stop();
    expect(await run.instance.checkHealth?.(signal)).toMatchObject({ status: 'unreachable' });
  });

  test('certificates that nobody vouches for are taken only when told so', async () => {
    const secure = await EmulatorProcess.start([
      'shure-system',
      '--devices',
      '2',
      '--set',
      'tls=true',
    ]);
    try {
      run = await open({}, secure.address);
      await expect(run.connect(ids[0] ?? '')).rejects.toMatchObject({ code: 'device.unreachable' });
      await run.close();
      run = await open({ verifyTls: false }, secure.address);
      const { session } = await run.connect(ids[0] ?? '');
      await expect.poll(() => session.reads).toBeGreaterThan(150);
    } finally {
      await secure.stop();
    }
  });
});

describe('faults', () => {
  test.each(['cut', 'refuse', 'stall', 'oversize', '401', '429', 'restart', 'lie'])(
    '%s of everything never crashes, and afterwards all is well again',
    async (fault) => {
      const { session } = await connected({ transport: 'auto' });
      await emulator.control({ faults: [fault], share: 1 });
      // Events go on while requests are limited, and most lies are left out: the session may live on.
      if (fault !== 'lie' && fault !== '429') {
        await expect
          .poll(() => session.failure?.code, { timeout: 20_000 })
          .toBeOneOf([
            'device.unreachable',
            'frame.malformed',
            'input.too-large',
            'auth.denied',
            'rate.limited',
          ]);
      } else {
        await expect
          .poll(async () => Object.values((await emulator.stats())['done'] as object)[0] as number)
          .toBeGreaterThan(fault === 'lie' ? 20 : 3);
      }
      await emulator.control({ faults: [] });
      const again = await run?.connect(ids[1] ?? '');
      await expect.poll(() => again?.session.reads ?? 0, { timeout: 20_000 }).toBeGreaterThan(100);
    },
  );

  test('a service that restarts is found again by the sockets of its devices', async () => {
    const { session } = await connected();
    await expect.poll(async () => (await emulator.stats())['subscribed']).toBe(1);
    await emulator.control({ restart: true });
    await expect
      .poll(async () => (await emulator.stats())['subscribed'], { timeout: 20_000 })
      .toBe(1);
    const { reads } = session;
    await expect.poll(() => session.reads).toBeGreaterThan(reads + 40);
  });

  test('slow answers are waited for', async () => {
    run = await PluginRun.open(
      plugin,
      { url: emulator.address, apiKey: KEY },
      { timeoutMs: 10_000 },
    );
    await emulator.control({ faults: ['slow'], share: 1 });
    expect((await run.connect(ids[0] ?? '')).session.values.size).toBeGreaterThan(10);
  });
});
