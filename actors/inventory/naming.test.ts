import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deviceName, renamedAtReceiver, splitName, tileName } from './naming.js';

describe('names of tiles', () => {
  test.each([
    ['HH-03 Ada', 'HH-03', 'Ada'],
    ['HH3 Ada Lovelace', 'HH3', 'Ada Lovelace'],
    ['12 Pastor', '12', 'Pastor'],
    ['-7', '-7', ''],
    ['Ada', '', 'Ada'],
    ['', '', ''],
    ['BP 4', '', 'BP 4'],
    ['  HH01   x ', 'HH01', 'x'],
  ])('%j is split into %j and %j', (reported, label, name) => {
    expect(splitName(reported)).toEqual({ label, name });
  });

  test('lose no character that is not a space', () => {
    fc.assert(
      fc.property(fc.string(), (reported) => {
        const { label, name } = splitName(reported);
        expect((label + name).replaceAll(/\s/g, '')).toBe(reported.replaceAll(/\s/g, ''));
      }),
    );
  });

  test('that were given here stay, whatever the receiver says', () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string()), (given, reported) => {
        const channel = { givenId: null, givenName: given, reportedName: 'HH-03 Ada' };
        expect(tileName(channel, reported).name).toBe(given);
        expect(tileName({ ...channel, givenId: 'A1' }, reported).label).toBe('A1');
      }),
    );
    const channel = { givenId: null, givenName: 'Ada', reportedName: 'HH-03 Bob' };
    expect(tileName(channel, 'HH-03 Bob')).toEqual({ label: 'HH-03', name: 'Ada' });
    expect(renamedAtReceiver(channel, 'HH-03 Bob')).toBe(false);
    expect(renamedAtReceiver(channel, 'HH-04 Cy')).toBe(true);
    expect(renamedAtReceiver({ ...channel, givenName: null }, 'HH-04 Cy')).toBe(false);
  });

  test('of devices are the given one, the reported one, the model, the address, in this order', () => {
    const record = { givenName: 'A', reportedName: 'B', model: 'C', externalId: 'D' };
    expect(deviceName(record)).toBe('A');
    expect(deviceName({ ...record, givenName: null })).toBe('B');
    expect(deviceName({ ...record, givenName: null, reportedName: null })).toBe('C');
    expect(deviceName({ ...record, givenName: null, reportedName: null, model: null })).toBe('D');
  });
});
