import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Bench } from '../testing/bench.js';
import { EmulatorProcess } from '../testing/emulator.js';

const MODELS = 'ULXD4Q,QLXD4,AD4Q,SLXD4D,P10T,SBRC,UR4D';
const signal = (): AbortSignal => new AbortController().signal;

describe('devices that speak the text protocol', () => {
  let emulator: EmulatorProcess;
  let bench: Bench;

  beforeAll(async () => {
    emulator = await EmulatorProcess.start('--devices', '7', '--set', `models=${MODELS}`);
    return async () => {
      await emulator.stop();
    };
  });
  afterEach(async () => {
    await bench.close();
  });

  const at = (series: string) => {
    const device = emulator.devices.find((one) => one.series === series);
    if (device === undefined) throw new Error(`No ${series} is emulated.`);
    return device;
  };

  it.each([
    ['ulxd', 4, 'receiver'],
    ['axtd', 4, 'receiver'],
    ['slxd', 2, 'receiver'],
    ['p10t', 2, 'transmitter'],
    ['charger', 8, 'charger'],
  ])('finds out by itself that a device is %s with %i parts', async (series, parts, role) => {
    bench = new Bench();
    const { session } = await bench.connect(at(series));
    expect(session.identity?.role).toBe(role);
    expect(session.identity?.parts?.length).toBe(parts);
  });

  it('tells a QLX-D from a ULX-D by its transmitter', async () => {
    bench = new Bench();
    const { session } = await bench.connect(at('qlxd'));
    expect(session.identity?.parts?.length).toBe(1);
    await expect.poll(() => session.latest.get('1.transmitter_model')).toBe('QLXD1');
  });

  it('tells serial number, MAC, firmware and name of an Axient Digital', async () => {
    bench = new Bench();
    const device = at('axtd');
    const { session } = await bench.connect(device);
    await expect
      .poll(() => session.identity)
      .toMatchObject({
        model: 'AD4Q',
        serial: device.serial,
        mac: device.mac.toLowerCase(),
        firmware: '2.4.9.0',
        name: 'AD4Q 2',
      });
  });

  it.each(['ulxd', 'axtd', 'slxd', 'uhfr'])(
    'reads the meters of %s in our units',
    async (series) => {
      bench = new Bench();
      const config = series === 'uhfr' ? ({ model: 'uhfr' } as const) : {};
      const { session, connection } = await bench.connect(at(series), config);
      connection.metering?.('fast', 100);
      await expect.poll(() => session.reads.get('1.audio_percent') ?? 0).toBeGreaterThan(20);
      const last = session.identity?.parts?.length ?? 0;
      for (const what of ['rf_percent', 'audio_percent']) {
        for (let part = 1; part <= last; part++) {
          const range = session.range.get(`${part}.${what}`);
          expect(range?.min, `${part}.${what}`).toBeGreaterThanOrEqual(0);
          expect(range?.max, `${part}.${what}`).toBeLessThanOrEqual(100);
        }
      }
      expect(session.latest.get('1.frequency')).toBeGreaterThanOrEqual(470);
      expect(session.latest.get('1.battery_percent')).toBeGreaterThanOrEqual(0);
      expect(session.latest.get('1.transmitter_on')).toBe(true);
      expect(session.latest.get('1.name')).not.toBe('');
    },
  );

  it('reads both sides of an in-ear transmitter', async () => {
    bench = new Bench();
    const { session, connection } = await bench.connect(at('p10t'), { model: 'p10t' });
    connection.metering?.('fast', 100);
    await expect.poll(() => session.reads.get('2.audio_right_percent') ?? 0).toBeGreaterThan(5);
    expect(session.range.get('2.audio_left_percent')?.max).toBeLessThanOrEqual(80);
    expect(session.identity?.parts?.[0]).toMatchObject({ kind: 'rf', direction: 'send' });
  });

  it('reads the bays of a charger', async () => {
    bench = new Bench();
    const { session } = await bench.connect(at('charger'));
    await expect.poll(() => session.latest.get('8.slot_occupied')).toBe(true);
    expect(session.latest.get('8.battery_percent')).toBeGreaterThanOrEqual(0);
    expect(session.identity?.parts?.[7]).toMatchObject({ number: 8, kind: 'charger-slot' });
  });

  it('sends fewer samples when nobody looks, and none after it is closed', async () => {
    bench = new Bench();
    const { session, connection } = await bench.connect(at('ulxd'), { model: 'ulxd', channels: 4 });
    connection.metering?.('fast', 100);
    await expect.poll(() => session.reads.get('4.rf_percent') ?? 0).toBeGreaterThan(5);
    connection.metering?.('slow', 5_000);
    await connection.command?.('1.audio_gain', 6, signal());
    const before = session.reads.get('4.rf_percent') ?? 0;
    await connection.command?.('1.audio_gain', 7, signal());
    expect((session.reads.get('4.rf_percent') ?? 0) - before).toBeLessThanOrEqual(1);
    await connection.close();
    await expect.poll(async () => (await emulator.control({ stats: true }))['connections']).toBe(0);
  });

  it.each([
    ['ulxd', '2.name', 'Host B', '2.name', 'Host B'],
    ['axtd', '1.name', 'Lead > Vox', '1.name', 'Lead > Vox'],
    ['ulxd', '1.audio_gain', -3, '1.audio_gain', -3],
    ['axtd', '3.mute', true, '3.mute', true],
    ['p10t', '1.mute', true, '1.mute', true],
    ['axtd', '1.frequency', 606.125, '1.frequency', 606.125],
    ['slxd', '1.frequency', 514.2, '1.frequency', 514.2],
    ['slxd', 'device_name', 'Rack 2', 'device_name', 'Rack 2'],
    ['ulxd', 'flash', true, 'flash', true],
    ['charger', 'storage_mode', true, 'storage_mode', true],
  ] as const)(
    '%s: sets %s to %s, which the device confirms',
    async (series, id, value, told, wanted) => {
      bench = new Bench();
      const { session, connection } = await bench.connect(at(series));
      await connection.command?.(id, value, signal());
      expect(session.latest.get(told)).toBe(wanted);
    },
  );

  it('says what the device refused, and what cannot be set at all', async () => {
    bench = new Bench();
    const { connection } = await bench.connect(at('ulxd'));
    await expect(connection.command?.('1.frequency', 100, signal())).rejects.toMatchObject({
      code: 'device.refused',
    });
    await expect(connection.command?.('1.rf_percent', 1, signal())).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(connection.command?.('9.name', 'x', signal())).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(connection.command?.('1.name', 'much too long', signal())).rejects.toMatchObject({
      code: 'input.invalid',
    });
    await expect(connection.command?.('1.name', 'a{b', signal())).rejects.toMatchObject({
      code: 'input.invalid',
    });
  });

  it('treats a device as what it is when it was set up as something else', async () => {
    bench = new Bench();
    const { session, connection } = await bench.connect(at('axtd'), { model: 'ulxd', channels: 1 });
    await expect.poll(() => session.identity?.parts?.length).toBe(4);
    connection.metering?.('fast', 100);
    await expect.poll(() => session.reads.get('4.quality_percent') ?? 0).toBeGreaterThan(1);
    expect(bench.logged.join()).toContain('AD4Q');
  });
});
