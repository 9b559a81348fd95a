import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from '../testing/bench.js';
import { EmulatorProcess } from '../testing/emulator.js';

describe('what devices do wrong', () => {
  let emulator: EmulatorProcess;
  let bench: Bench;

  beforeEach(async () => {
    emulator = await EmulatorProcess.start('--devices', '3', '--set', 'models=ULXD4Q,AD4D,UR4D');
    bench = new Bench({ silenceMs: 5_000 });
  });
  afterEach(async () => {
    await bench.close();
    await emulator.stop();
  });

  const device = (index: number) => {
    const found = emulator.devices[index];
    if (found === undefined) throw new Error('No such device.');
    return found;
  };

  it('loses a connection that is cut in a frame, and reads on after connecting again', async () => {
    const first = await bench.connect(device(0));
    first.connection.metering?.('fast', 100);
    await emulator.fault('cut', true, [0]);
    await expect.poll(() => first.session.lostBy?.code).toBe('device.unreachable');
    expect(first.session.losses).toBe(1);
    await first.connection.close();
    const again = await bench.connect(device(0));
    again.connection.metering?.('fast', 100);
    await expect.poll(() => again.session.reads.get('4.rf_percent') ?? 0).toBeGreaterThan(2);
  });

  it('says that a device refuses, and connects when it no longer does', async () => {
    await emulator.fault('refuse', true, [0]);
    await expect(bench.connect(device(0))).rejects.toMatchObject({ code: 'device.unreachable' });
    await emulator.fault('refuse', false, [0]);
    const { session } = await bench.connect(device(0));
    expect(session.identity?.role).toBe('receiver');
  });

  it.each([
    ['TCP', 1, {}],
    ['UDP', 2, { model: 'uhfr' }],
  ] as const)(
    'loses a device that falls silent over %s, though asked',
    async (_transport, index, config) => {
      const { session, connection } = await bench.connect(device(index), config);
      connection.metering?.('fast', 100);
      await expect.poll(() => session.reads.get('1.rf_percent') ?? 0).toBeGreaterThan(0);
      await emulator.fault('stall', true, [index]);
      await expect.poll(() => session.lostBy?.message).toContain('Silent for');
    },
  );

  it('keeps a device that has nothing to say but answers when asked', async () => {
    const { session } = await bench.connect(device(0), { model: 'ulxd', channels: 4 });
    const before = (await emulator.control({ stats: true }))['commands'];
    await expect
      .poll(async () => (await emulator.control({ stats: true }))['commands'], { timeout: 20_000 })
      .toBeGreaterThan(Number(before) + 4);
    expect(session.losses).toBe(0);
  });

  it('never shows what cannot be, and says so once', async () => {
    const { session, connection } = await bench.connect(device(0));
    connection.metering?.('fast', 100);
    await expect.poll(() => session.reads.get('1.rf_percent') ?? 0).toBeGreaterThan(2);
    await emulator.fault('lie', true, [0]);
    await expect
      .poll(() => bench.logged.filter((line) => line.includes('cannot be')).length)
      .toBe(1);
    await emulator.fault('lie', false, [0]);
    const before = session.reads.get('1.rf_percent') ?? 0;
    await expect.poll(() => session.reads.get('1.rf_percent') ?? 0).toBeGreaterThan(before + 3);
    for (const [id, { min, max }] of session.range) {
      const spec = session.specs.find((one) => one.id === id);
      if (spec?.min !== undefined) expect(min, id).toBeGreaterThanOrEqual(spec.min);
      if (spec?.max !== undefined) expect(max, id).toBeLessThanOrEqual(spec.max);
    }
    expect(session.range.get('1.frequency')?.min).toBeGreaterThan(400);
    expect([...session.latest.keys()].some((id) => id.startsWith('9.'))).toBe(false);
    expect(session.losses).toBe(0);
  });

  it('is lost when the device restarts, and connects to it again', async () => {
    const { session } = await bench.connect(device(1));
    await emulator.fault('restart', true, [1]);
    await expect.poll(() => session.losses).toBe(1);
    const again = await bench.connect(device(1));
    expect(again.session.identity?.parts?.length).toBe(2);
  });

  it('waits for a device that is slow and sends seven bytes at a time', async () => {
    await emulator.fault('slow', true, [0]);
    const { session, connection } = await bench.connect(device(0), { model: 'ulxd', channels: 4 });
    await expect.poll(() => session.latest.get('4.battery_percent')).toBeDefined();
    connection.metering?.('fast', 500);
    await expect.poll(() => session.reads.get('4.rf_percent') ?? 0).toBeGreaterThan(2);
    expect(session.losses).toBe(0);
  });

  it('reads between garbage', async () => {
    await emulator.fault('garbage', true, 'all');
    for (const [index, config] of [
      [0, {}],
      [2, { model: 'uhfr' }],
    ] as const) {
      const { session, connection } = await bench.connect(device(index), config);
      connection.metering?.('fast', 100);
      await expect.poll(() => session.reads.get('2.rf_percent') ?? 0).toBeGreaterThan(10);
      expect(session.losses).toBe(0);
    }
  });

  it('tells that another device answers at the address', async () => {
    const first = await bench.connect(device(1));
    await expect.poll(() => first.session.identity?.mac).toBe(device(1).mac.toLowerCase());
    await emulator.fault('swap', true, [1]);
    await expect.poll(() => first.session.losses).toBe(1);
    const again = await bench.connect(device(1));
    await expect.poll(() => again.session.identity?.mac).not.toBe(undefined);
    expect(again.session.identity?.mac).not.toBe(device(1).mac.toLowerCase());
    await expect.poll(() => bench.logged.join()).toContain('Another device answers');
  });

  it('gives up a device that takes the connection and says nothing', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('No address.');
    server.on('connection', (socket) => socket.on('error', () => socket.destroy()));
    const attempt = bench.connect({ address: '127.0.0.1', port: address.port });
    await expect(attempt).rejects.toMatchObject({ code: 'device.unreachable' });
    await expect(attempt).rejects.toThrow(/third-party control/);
    server.close();
  });

  it('ends an attempt at once when it is aborted, and leaves nothing open', async () => {
    await emulator.fault('stall', true, [0]);
    const abort = new AbortController();
    const { session } = await bench.connect(device(1));
    const attempt = bench.instance.connect(
      {
        deviceId: 'shure-text:1:x',
        externalId: 'x',
        address: device(0).address,
        port: device(0).port,
        config: { model: 'auto', channels: 0, transport: 'auto' },
      },
      Object.assign(Object.create(session) as typeof session, { signal: abort.signal }),
    );
    abort.abort();
    await expect(attempt).rejects.toBeDefined();
    await expect.poll(() => bench.net.openCount).toBe(1);
  });
});
