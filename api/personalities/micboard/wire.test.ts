import { expect, test } from 'vitest';
import type { RfRow } from '../../contract/rows.js';
import { covers } from '../testing/mic-contract.js';
import { rfRow } from '../testing/mic-rows.js';
import { chartOf, receiverStatus, txOf, typeOf } from './wire.js';

const WORDS: Readonly<Record<RfRow['status'], string>> = {
  'com-error': 'RX_COM_ERROR',
  peak: 'AUDIO_PEAK',
  critical: 'CRITICAL',
  replace: 'REPLACE',
  good: 'GOOD',
  'prev-critical': 'PREV_CRITICAL',
  'prev-replace': 'PREV_REPLACE',
  'prev-good': 'PREV_GOOD',
  off: 'TX_COM_ERROR',
  unassigned: 'UNASSIGNED',
};

const row = (values: Partial<RfRow> = {}): RfRow => rfRow({ id: '1', deviceId: 'a', ...values });

test('each state of a tile has its word, and in-ear transmitters have two of them', () => {
  for (const [status, word] of Object.entries(WORDS) as [RfRow['status'], string][]) {
    expect(txOf(row({ status })).status).toBe(word);
    const inEar = txOf(row({ status, direction: 'send' })).status;
    expect(inEar).toBe(status === 'com-error' ? 'RX_COM_ERROR' : 'UNASSIGNED');
  }
  covers('micboard data.json tx', '=tx status words');
  expect(
    ['connected', 'connecting', 'error', 'parked'].map((s) => receiverStatus(s as never)),
  ).toEqual(['CONNECTED', 'CONNECTING', 'DISCONNECTED', 'DISCONNECTED']);
});

test('series are told from models, and other vendors get the series that shows what is known', () => {
  const models = ['ULXD4Q', 'QLXD4', 'SLXD4D', 'AD4D', 'P10T', 'UR4D', 'UHF-R'];
  expect(models.map((model) => typeOf(model, false))).toEqual([
    'ulxd',
    'qlxd',
    'qlxd',
    'axtd',
    'p10t',
    'uhfr',
    'uhfr',
  ]);
  expect(txOf(row({ model: null, txModel: 'ULXD2' })).type).toBe('ulxd');
  expect(typeOf('EM 300', false)).toBe('qlxd');
  expect(typeOf('EM 300', false, true)).toBe('axtd');
  expect(typeOf(null, true)).toBe('p10t');
});

test('numbers are brought to the scales of the app', () => {
  expect(txOf(row({ batteryBars: null, batteryPercent: 41 })).battery).toBe(3);
  expect(txOf(row({ batteryBars: 4, status: 'prev-good' })).battery).toBe(255);
  expect(txOf(row({ batteryMinutes: 65.4 })).runtime).toBe('1:05');
  expect(txOf(row({ batteryMinutes: 59.6 })).runtime).toBe('1:00');
  expect(txOf(row({ qualityPercent: 80 })).quality).toBe(4);
  expect(txOf(row({ frequencyMhz: 541 })).frequency).toBe('541.000');
  expect(chartOf(row({ audioPercent: 41.6 }), 5)).toEqual({
    audio_level: 42,
    rf_level: 83,
    slot: 1,
    type: 'qlxd',
    timestamp: 5,
  });
});
