import { describe, expect, test } from 'vitest';
import { fuzzPayloads, fuzzTexts } from '../testing/fuzz.js';
import {
  channelsOf,
  fastResources,
  readingsOf,
  steadyResources,
  transmitterOn,
  writeOf,
} from './resources.js';
import { decodeEvent, sessionOf } from './subscription.js';

function values(path: string, value: unknown): Record<string, unknown> {
  return Object.fromEntries(
    readingsOf(path, value).map(({ spec, value: read }) => [spec.id, read]),
  );
}

describe('resources', () => {
  test.each([
    [
      '/api/channel/0',
      { name: 'Pult', mute: false, gain: 12 },
      { '1.name': 'Pult', '1.mute': false, '1.audio_gain': 12 },
    ],
    ['/api/channel/3/signalQualityIndicator', { value: 88 }, { '4.quality_percent': 88 }],
    [
      '/api/channel/1/signalStrengthIndicator',
      { value: -70 },
      { '2.rssi': -70, '2.rf_percent': 50 },
    ],
    ['/api/channel/1/diversityIndicator', { value: 2 }, { '2.antenna': 'B' }],
    ['/api/channel/1/level', { value: -138.5 }, { '2.audio_level': -138.5 }],
    [
      '/api/channel/1/warnings',
      ['AfPeak', 'LowBattery'],
      { '2.warnings': 'AfPeak, LowBattery', '2.audio_peak': true },
    ],
    ['/api/rf/channels/0', { frequency: 606_500 }, { '1.frequency': 606.5 }],
    [
      '/api/transmitters/0/battery',
      { gauge: 65, lifetime: 240, type: 'Battery' },
      {
        '1.battery_percent': 65,
        '1.battery_minutes': 240,
        '1.battery_type': 'Battery',
        '1.transmitter_on': true,
      },
    ],
    ['/api/device/identification', { visual: true }, { identify: true }],
    ['/api/audio/outputs/global/mute', { enabled: true }, { mute: true }],
    [
      '/api/audio/inputs/microphone/beam/direction',
      { azimuth: 90, elevation: 30 },
      { beam_azimuth: 90, beam_elevation: 30 },
    ],
    ['/api/unknown', { value: 1 }, {}],
    ['/api/channel/1/level', { value: 900 }, {}],
    ['/api/channel/1/level', null, {}],
    ['__proto__', {}, {}],
  ])('%s of %j', (path, value, expected) => {
    expect(values(path, value)).toEqual(expected);
  });

  test('every resource that is asked for is understood', () => {
    for (const channels of [0, 2, 4]) {
      const all = [...steadyResources(channels), ...fastResources(channels)];
      expect(new Set(all).size).toBe(all.length);
      expect(all.every((path) => path.startsWith('/api/'))).toBe(true);
    }
    expect(steadyResources(2)).toContain('/api/transmitters/1/battery');
    expect(transmitterOn(2, false).spec.id).toBe('2.transmitter_on');
  });

  test('what can be set says where', () => {
    expect(writeOf('2.frequency', 606.525)).toEqual({
      paths: ['/api/rf/channels/1/frequency', '/api/rf/channels/1'],
      body: { frequency: 606_525 },
    });
    expect(writeOf('1.mute', true)?.body).toEqual({ mute: true });
    expect(writeOf('identify', true)?.paths).toEqual(['/api/device/identification']);
    expect(writeOf('1.battery_percent', 5)).toBeUndefined();
    expect(writeOf('../x', 5)).toBeUndefined();
  });

  test.each([
    ['EWDX2CHDS', 2],
    ['EWDX4CHDS', 4],
    ['EW-DX EM 4 Dante', 4],
    ['TCCM', 0],
    ['Something', undefined],
  ])('%s has %s channels', (product, count) => {
    expect(channelsOf(product)).toBe(count);
  });
});

describe('sessions', () => {
  const api = { sessionPath: (uuid: string) => `/api/ssc/state/subscriptions/${uuid}` };
  test('are named by the header, the first event, or its id; other paths are not followed', () => {
    const path = '/api/ssc/state/subscriptions/a-1';
    expect(sessionOf(api, { 'content-location': path }, undefined)).toBe(path);
    expect(sessionOf(api, {}, { path })).toBe(path);
    expect(sessionOf(api, {}, { sessionUUID: 'a-1' })).toBe(path);
    expect(
      sessionOf(api, { 'content-location': 'http://elsewhere/x' }, { sessionUUID: '../..' }),
    ).toBeUndefined();
  });
});

describe('a million wrong values', () => {
  test('of resources become no value of another kind', () => {
    const paths = [...steadyResources(2), ...fastResources(2), ...fastResources(0)];
    const seeds = [
      { name: 'A', mute: true, gain: 3, value: 2, frequency: 606_500, enabled: true },
      { gauge: 65, lifetime: 240, type: 'Battery', peak: -3, azimuth: 4, warnings: ['AfPeak'] },
      ['AfPeak'],
    ];
    let at = 0;
    const cases = fuzzPayloads(seeds, 1_000_000, (payload) => {
      at = (at + 1) % paths.length;
      for (const { spec, value } of readingsOf(paths[at] ?? '', payload)) {
        if (typeof value !== (spec.kind === 'text' ? 'string' : spec.kind)) {
          throw new TypeError(`${spec.id} became ${typeof value}`);
        }
      }
    });
    expect(cases).toBe(1_000_000);
  }, 180_000);

  test('of events and paths are left out', () => {
    const api = { sessionPath: (uuid: string) => uuid };
    const seeds = [
      '{"/api/channel/0/level":{"value":-20}}',
      '{"path":"/api/ssc/state/subscriptions/1"}',
    ];
    const cases = fuzzTexts(seeds, 1_000_000, (text) => {
      const event = decodeEvent(text);
      for (const [path, value] of Object.entries(event ?? {})) readingsOf(path, value);
      sessionOf(api, {}, event);
    });
    expect(cases).toBe(1_000_000);
  }, 180_000);
});
