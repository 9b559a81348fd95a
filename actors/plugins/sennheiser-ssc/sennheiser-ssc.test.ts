import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EmulatorProcess } from '../testing/emulator-process.js';
import { announce } from '../testing/mdns-responder.js';
import { PluginRun } from '../testing/plugin-run.js';
import { plugin } from './plugin.js';

type Run = Awaited<ReturnType<typeof open>>;

const PASSWORD = 'Emulated-password-1';
let emulator: EmulatorProcess;
let run: Run | undefined;

function open(more: Readonly<Record<string, unknown>> = {}) {
  return PluginRun.open(plugin, {
    password: PASSWORD,
    scheme: 'http',
    intervalMs: 500,
    ...more,
  });
}

async function connect() {
  if (run === undefined) throw new RangeError('open first');
  return await run.connect('1000001', { address: '127.0.0.1', port: emulator.port });
}

async function done(): Promise<number> {
  const counts = Object.values((await emulator.stats())['done'] as Record<string, number>);
  return counts.reduce((sum, count) => sum + count, 0);
}

beforeEach(async () => {
  emulator = await EmulatorProcess.start(['sennheiser-ssc', '--devices', '1']);
});

afterEach(async () => {
  await run?.close();
  run = undefined;
  await emulator.stop();
});

describe('Sennheiser SSCv2', () => {
  test('a receiver is identified, read and subscribed', async () => {
    run = await open();
    const { session } = await connect();
    const { channels } = await emulator.stats();
    expect(session.identity).toMatchObject({
      role: 'receiver',
      name: 'Rack 1',
      serial: '1000001',
      firmware: '4.0.1',
    });
    expect(session.identity.parts).toHaveLength(Number(channels));
    expect(session.values.get('1.battery_percent')).toBeTypeOf('number');
    expect(session.values.get('1.frequency')).toBeGreaterThan(470);
    // Its last channel has no transmitter: the receiver answers 422.
    expect(session.values.get(`${String(channels)}.transmitter_on`)).toBe(false);
    expect((await emulator.stats())['resources']).toContain('/api/transmitters/0/battery');
    const { reads } = session;
    await expect.poll(() => session.reads).toBeGreaterThan(reads + 20);
  });

  test('meters come by events while somebody looks, and are taken off afterwards', async () => {
    run = await open({ intervalMs: 60_000 });
    const { session, connection } = await connect();
    const level = '/api/channel/0/level';
    expect((await emulator.stats())['resources']).not.toContain(level);
    connection.metering?.('fast', 100);
    await expect.poll(async () => (await emulator.stats())['resources']).toContain(level);
    session.values.delete('1.audio_level');
    await expect.poll(() => session.values.has('1.audio_level')).toBe(true);
    connection.metering?.('slow', 5_000);
    await expect.poll(async () => (await emulator.stats())['resources']).not.toContain(level);
  });

  test('values are set at the device, and a refusal has its words', async () => {
    run = await open();
    const { session, connection } = await connect();
    const { signal } = new AbortController();
    await connection.command?.('1.mute', true, signal);
    await connection.command?.('1.frequency', 606.5, signal);
    await connection.command?.('identify', true, signal);
    await expect.poll(() => session.values.get('1.mute')).toBe(true);
    await expect.poll(() => session.values.get('1.frequency')).toBe(606.5);
    expect((await emulator.stats())['identifying']).toBe(true);
    await expect(connection.command?.('1.frequency', 100, signal)).rejects.toMatchObject({
      code: 'device.refused',
      message: expect.stringContaining('off the grid') as string,
    });
    await expect(connection.command?.('1.battery_percent', 1, signal)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('a ceiling microphone is one too', async () => {
    const site = await EmulatorProcess.start(['sennheiser-ssc', '--devices', '5']);
    try {
      run = await open();
      const port = Number(new URL(site.addresses[4] ?? '').port);
      const { session } = await run.connect('1000005', { address: '127.0.0.1', port });
      expect(session.identity).toMatchObject({ role: 'sensor', model: 'TCCM', parts: [] });
      expect(session.values.get('beam_azimuth')).toBeTypeOf('number');
      expect(session.values.get('room_in_use')).toBeTypeOf('boolean');
    } finally {
      await site.stop();
    }
  });

  test('the device ends the events: they are subscribed again', async () => {
    run = await open({ intervalMs: 60_000 });
    const { session } = await connect();
    await emulator.control({ closeEvents: true });
    await expect.poll(async () => (await emulator.stats())['streams']).toBe(1);
    const { reads } = session;
    await expect.poll(() => session.reads).toBeGreaterThan(reads + 10);
    expect(session.failure).toBeUndefined();
  });

  test('the older variant, with the session as JSON, works too', async () => {
    await emulator.control({ jsonSession: true });
    run = await open({ intervalMs: 60_000 });
    const { session } = await connect();
    expect((await emulator.stats())['streams']).toBe(1);
    const { reads } = session;
    await expect.poll(() => session.reads).toBeGreaterThan(reads + 2);
  });

  test('a server that lists devices is read by its own paths', async () => {
    run = await open({ layout: 'server', serverUrl: emulator.address });
    const { found } = await run.discover({ server: true, hosts: ['10.7.0.9'] });
    expect(found).toMatchObject([{ externalId: 'ssc-1', serial: '1000001' }]);
    expect((await emulator.stats())['discoveryIps']).toEqual(['10.7.0.9']);
    const { session } = await run.connect('ssc-1');
    expect(session.identity).toMatchObject({ name: 'Rack 1', model: 'EWDX4CHDS' });
    expect(session.values.get('1.battery_percent')).toBeTypeOf('number');
    const { reads } = session;
    await expect.poll(() => session.reads).toBeGreaterThan(reads + 10);
    const { signal } = new AbortController();
    expect(await run.instance.checkHealth?.(signal)).toMatchObject({ status: 'healthy' });
  });

  test('hosts are asked without a password, and those that are none are passed over', async () => {
    run = await open();
    const { found, asked } = await run.discover({
      hosts: [`127.0.0.1:${emulator.port}`, '127.0.0.98:9', 'bad host'],
    });
    expect(found).toMatchObject([
      { externalId: '1000001', address: '127.0.0.1', port: emulator.port, role: 'receiver' },
    ]);
    expect(asked).toHaveLength(3);
    expect(await emulator.stats()).toMatchObject({ logins: 0 });
    // The same instance shows it to a device that it is told to connect.
    await connect();
    expect((await emulator.stats())['logins']).toBeGreaterThan(0);
  });

  test('receivers that announce themselves are asked; other web servers are left alone, and none gets the password', async () => {
    const announced = async (service: string, name: string) =>
      await announce({ service, name, address: '127.0.0.1', port: emulator.port });
    const own = await announced('_https._tcp.local', 'EW-DX EM 4 Dante');
    run = await PluginRun.open(
      plugin,
      { password: PASSWORD, scheme: 'http' },
      {},
      {
        ...{ address: '127.0.0.1', port: own.port },
      },
    );
    const { found } = await run.discover({ multicastMs: 500 });
    expect(found).toMatchObject([
      { externalId: '1000001', address: '127.0.0.1', port: emulator.port, role: 'receiver' },
    ]);
    await own.close();
    await run.close();
    const other = await announced('_https._tcp.local', 'Printer');
    run = await PluginRun.open(
      plugin,
      { password: PASSWORD, scheme: 'http' },
      {},
      {
        ...{ address: '127.0.0.1', port: other.port },
      },
    );
    const asked = await done();
    expect((await run.discover({ multicastMs: 500 })).found).toEqual([]);
    expect(await done()).toBe(asked);
    expect(await emulator.stats()).toMatchObject({ logins: 0 });
    await other.close();
  });

  test('a wrong password is denied; one that changes ends the session', async () => {
    run = await open({ password: 'wrong' });
    await expect(connect()).rejects.toMatchObject({ code: 'auth.denied' });
    await run.close();
    run = await open();
    const { session } = await connect();
    await emulator.control({ password: 'Another-password-2' });
    await expect.poll(() => session.failure?.code).toBe('auth.denied');
  });

  test('over TLS its own certificate is taken only when told so', async () => {
    const secure = await EmulatorProcess.start([
      'sennheiser-ssc',
      '--devices',
      '1',
      '--set',
      'tls=true',
    ]);
    try {
      run = await open({ scheme: 'https' });
      const target = { address: '127.0.0.1', port: secure.port };
      await expect(run.connect('x', target)).rejects.toMatchObject({ code: 'device.unreachable' });
      await run.close();
      run = await open({ scheme: 'https', verifyTls: false });
      const { session } = await run.connect('x', target);
      const { reads } = session;
      await expect.poll(() => session.reads).toBeGreaterThan(reads + 10);
    } finally {
      await secure.stop();
    }
  });
});

describe('faults', () => {
  test.each(['cut', 'refuse', 'stall', 'oversize', '401', '429', 'restart', 'slow', 'lie'])(
    '%s of everything ends the session clearly or is borne, and afterwards all is well again',
    async (fault) => {
      run = await open();
      const { session } = await connect();
      await emulator.control({ faults: [fault], share: 1 });
      // What lies may be borne: what is not understood is left out.
      if (fault === 'lie') await expect.poll(done).toBeGreaterThan(20);
      else {
        await expect
          .poll(() => session.failure?.code, { timeout: 25_000 })
          .toBeOneOf([
            'device.unreachable',
            'device.refused',
            'frame.malformed',
            'input.too-large',
            'auth.denied',
            'rate.limited',
          ]);
      }
      await emulator.control({ faults: [] });
      const again = await connect();
      const { reads } = again.session;
      await expect.poll(() => again.session.reads, { timeout: 20_000 }).toBeGreaterThan(reads + 20);
    },
  );

  test('a device that restarts is subscribed again without being lost', async () => {
    run = await open({ intervalMs: 60_000 });
    const { session } = await connect();
    await emulator.control({ restart: true });
    await expect.poll(async () => (await emulator.stats())['streams'], { timeout: 20_000 }).toBe(1);
    const { reads } = session;
    await expect.poll(() => session.reads).toBeGreaterThan(reads + 10);
    expect(session.failure).toBeUndefined();
  });
});
