import { describe, expect, test } from 'vitest';
import { fuzzPayloads, fuzzTexts } from '../testing/fuzz.js';
import { decodeChannels, decodeDevice, decodeFrame, decodePage, familyOf } from './decode.js';
import { readingsOf } from './fields.js';

const DEVICE = {
  hardwareIdentity: { deviceId: 'dd-1', serialNumber: '4192' },
  communicationProtocol: { address: '10.0.0.5', name: 'CommandStrings' },
  softwareIdentity: { model: 'ULXD4Q', firmwareVersion: '2.7.6' },
  deviceState: 'ONLINE',
};
const TX = {
  batteryBars: 3,
  batteryCharge: 62,
  batteryRuntimeMinutes: 183,
  batteryHealth: 98,
  batteryCycles: 12,
  batteryTemperatureC: 30,
  audioLevel: -18,
  rfLevel: -55,
  frequency: '470.125',
  antenna: 'A',
  status: 'ACTIVE',
  audioQuality: 4,
  txOffset: 255,
  deviceName: 'Anna',
  slot: 4,
  isMuted: true,
  txPower: 10,
  batteryType: 'LION',
  rfAntennaA: -52,
  rfAntennaB: -61,
  rfQuality: 5,
  encryption: 'ON',
  diversity: 'ON',
  clip: false,
  peak: true,
};
const CHANNEL = { channel: 2, name: 'Pult', tx: TX };

function values(tx: unknown, more = {}): Record<string, unknown> {
  const [channel] = decodeChannels([{ channel: 1, tx, ...more }]);
  if (channel === undefined) return {};
  return Object.fromEntries(readingsOf(channel).map(({ spec, value }) => [spec.id, value]));
}

describe('lists of devices', () => {
  test('plain lists and pages with edges are the same', () => {
    const plain = decodePage([DEVICE]);
    const page = decodePage({
      edges: [{ node: DEVICE }],
      pageInfo: { hasNextPage: true, endCursor: 'c2' },
    });
    expect(plain?.devices).toEqual(page?.devices);
    expect([plain?.next, page?.next]).toEqual([undefined, 'c2']);
    expect(plain?.devices[0]).toMatchObject({
      id: 'dd-1',
      address: '10.0.0.5',
      model: 'ULXD4Q',
      online: true,
    });
    expect(decodePage({ error: 1 })).toBeUndefined();
  });

  test('flat devices of older services are read too', () => {
    const flat = { id: 'x', ip: '10.0.0.9', type: 'QLXD', serial: 7, deviceState: 'OFFLINE' };
    expect(decodeDevice(flat)).toMatchObject({
      id: 'x',
      model: 'QLXD',
      serial: '7',
      online: false,
    });
  });

  test.each([
    ['UHFR', 'uhfr'],
    ['qlxd4', 'qlxd'],
    ['ULXD4Q', 'ulxd'],
    ['AXIENT_DIGITAL', 'axtd'],
    ['AD4D', 'axtd'],
    ['P10T', 'p10t'],
    ['PSM1000', 'p10t'],
    ['SBC220', 'charger'],
    ['MXA710', undefined],
  ])('%s is of the family %s', (model, family) => {
    expect(familyOf(model)).toBe(family);
  });
});

describe('channels', () => {
  test('every field comes on our scales', () => {
    const [channel] = decodeChannels({ channels: [CHANNEL] });
    const readings = channel === undefined ? [] : readingsOf(channel);
    expect(Object.fromEntries(readings.map(({ spec, value }) => [spec.id, value]))).toEqual({
      '2.name': 'Pult',
      '2.transmitter_on': true,
      '2.battery_bars': 3,
      '2.battery_percent': 62,
      '2.battery_minutes': 183,
      '2.battery_health': 98,
      '2.battery_cycles': 12,
      '2.battery_temperature': 30,
      '2.battery_type': 'LION',
      '2.audio_level': -18,
      '2.rssi': -55,
      '2.rssi_a': -52,
      '2.rssi_b': -61,
      '2.rf_quality': 100,
      '2.quality_percent': 80,
      '2.frequency': 470.125,
      '2.antenna': 'A',
      '2.diversity': 'ON',
      '2.status': 'ACTIVE',
      '2.transmitter_name': 'Anna',
      '2.slot': 4,
      '2.mute': true,
      '2.transmitter_power': 10,
      '2.encryption': true,
      '2.clip': false,
      '2.audio_peak': true,
    });
  });

  test('unknown values are left out, bars stand in for a missing percentage', () => {
    expect(values({ batteryBars: 255, batteryCharge: 255, batteryRuntimeMinutes: 65_535 })).toEqual(
      {
        '1.transmitter_on': true,
      },
    );
    expect(values({ batteryBars: 4 })).toMatchObject({ '1.battery_percent': 80 });
  });

  test('scales of receivers and run times as clocks are understood', () => {
    expect(
      values({ audioLevel: 25, rfLevel: 115, batteryRuntimeMinutes: '02:05', frequency: 470125 }),
    ).toMatchObject({
      '1.audio_percent': 50,
      '1.rf_percent': 100,
      '1.battery_minutes': 125,
      '1.frequency': 470.125,
    });
  });

  test('no transmitter is off, one that is not told is not', () => {
    expect(values(null)).toEqual({ '1.transmitter_on': false });
    expect(values(undefined, { name: 'A' })).toEqual({ '1.name': 'A' });
    expect(
      decodeChannels([{ channelNumber: 0 }, { channelNumber: 3, transmitter: {} }, 5]),
    ).toMatchObject([{ number: 3 }]);
  });
});

describe('frames', () => {
  test('transports, payloads and events are told apart', () => {
    expect(decodeFrame('{"transportId":"a-1"}')).toEqual({ type: 'transport', transportId: 'a-1' });
    expect(decodeFrame('{"transportId":"../x"}')?.type).not.toBe('transport');
    expect(decodeFrame(JSON.stringify({ ...DEVICE, channels: [CHANNEL] }))).toMatchObject({
      type: 'device',
      device: { id: 'dd-1', channels: [{ number: 2 }] },
    });
    expect(
      decodeFrame(JSON.stringify({ envelope: { eventName: 'E', deviceId: 'dd-1' }, body: {} })),
    ).toMatchObject({ type: 'device', device: { id: 'dd-1' } });
    expect(decodeFrame('{"transp')).toBeUndefined();
    expect(decodeFrame('7')).toBeUndefined();
  });
});

describe('a million wrong answers', () => {
  test('neither break the decoders nor get through as values of another kind', () => {
    const seeds = [[CHANNEL], { channels: [CHANNEL] }, { edges: [{ node: CHANNEL }] }];
    const cases = fuzzPayloads(seeds, 1_000_000, (payload) => {
      for (const channel of decodeChannels(payload)) {
        for (const { spec, value } of readingsOf(channel)) {
          if (typeof value !== (spec.kind === 'text' ? 'string' : spec.kind)) {
            throw new TypeError(`${spec.id} became ${typeof value}`);
          }
          if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(spec.id);
        }
      }
    });
    expect(cases).toBe(1_000_000);
  }, 180_000);

  test('of devices and pages', () => {
    const seeds = [DEVICE, [DEVICE], { edges: [{ node: DEVICE }], pageInfo: { endCursor: 'a' } }];
    const cases = fuzzPayloads(seeds, 1_000_000, (payload) => {
      decodeDevice(payload);
      decodePage(payload);
    });
    expect(cases).toBe(1_000_000);
  }, 180_000);

  test('of frames', () => {
    const event = { envelope: { eventName: 'E', deviceId: 'dd-1' }, body: DEVICE };
    const seeds = ['{"transportId":"a-1"}', JSON.stringify(DEVICE), JSON.stringify(event)];
    expect(fuzzTexts(seeds, 1_000_000, (text) => void decodeFrame(text))).toBe(1_000_000);
  }, 180_000);
});
