import { describe, expect, it } from 'vitest';
import { type LayoutChannel, type LayoutDevice, layoutOf } from './hardware-tree.js';

const device = (id: string, more: Partial<LayoutDevice> = {}): LayoutDevice => ({
  id,
  name: id,
  state: 'connected',
  instanceId: 1,
  vendor: 'shure-text',
  location: 'Stage',
  model: 'ULXD4D',
  address: null,
  lastError: null,
  ...more,
});
const channel = (
  deviceId: string,
  number: number,
  more: Partial<LayoutChannel> = {},
): LayoutChannel => ({
  id: `${deviceId}-${number}`,
  deviceId,
  number,
  label: `HH-0${number}`,
  name: 'Vox',
  status: 'good',
  direction: 'receive',
  frequencyMhz: 512.125,
  groupChannel: null,
  performer: null,
  batteryPercent: 80,
  txModel: null,
  ...more,
});
const vendors = new Map([
  [1, 'Shure hall'],
  [2, 'Sennheiser'],
]);
const devices = [
  device('rx-2'),
  device('rx-10', { state: 'error' }),
  device('rx-1', { location: null }),
  device('sk-1', { instanceId: 2, location: 'Stage' }),
];
const channels = [
  channel('rx-2', 2, { status: 'critical', performer: 'Ada', batteryPercent: 4.4 }),
  channel('rx-2', 1),
  channel('sk-1', 1, { status: 'off', frequencyMhz: null }),
];
const lines = (folds = new Map<string, boolean>(), sought = '') =>
  layoutOf({ devices, channels, vendors, folds, sought });
const labels = (rows: ReturnType<typeof lines>) =>
  rows.map((row) => `${'  '.repeat(row.level)}${row.label}`);

describe('the hardware layout', () => {
  it('hangs channels below devices, those below places and vendors, and puts trouble first', () => {
    expect(labels(lines())).toEqual([
      'Shure hall',
      '  Stage',
      '    rx-2',
      '      HH-01 Vox',
      '      HH-02 Vox',
      '    rx-10',
      '  No place given',
      '    rx-1',
      'Sennheiser',
      '  Stage',
      '    sk-1',
    ]);
  });

  it('says of each group how many are in trouble', () => {
    const [shure, stage] = lines();
    expect(shure?.state).toEqual({ tone: 'critical', word: '2 of 3 in trouble' });
    expect(stage?.note).toBe('2 devices');
    expect(lines().find((row) => row.label === 'Sennheiser')?.state.tone).toBe('good');
  });

  it('shows frequency, performer and battery of a channel', () => {
    const row = lines().find((one) => one.label === 'HH-02 Vox');
    expect(row).toMatchObject({ frequency: '512.125 MHz', performer: 'Ada', battery: '4 %' });
  });

  it('folds what was folded, and opens everything that is sought', () => {
    const folded = new Map([['vendor Shure hall', false]]);
    expect(labels(lines(folded))).toEqual(['Shure hall', 'Sennheiser', '  Stage', '    sk-1']);
    expect(labels(lines(folded, 'ada'))).toEqual([
      'Shure hall',
      '  Stage',
      '    rx-2',
      '      HH-02 Vox',
    ]);
    expect(lines(folded, 'nobody')).toEqual([]);
  });
});
