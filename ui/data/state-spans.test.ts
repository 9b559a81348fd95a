import { expect, test } from 'vitest';
import { inRequests } from './series-requests.js';
import { stateSpans } from './state-spans.js';

test('states hold until the next one, within the range', () => {
  const points = [
    { at: 0, state: 'On' },
    { at: 20, state: 'On' },
    { at: 30, state: null },
    { at: 40, state: 'Off' },
  ];
  expect(stateSpans(points, 10, 50)).toEqual([
    { state: 'On', fromUnixMs: 10, toUnixMs: 30 },
    { state: null, fromUnixMs: 30, toUnixMs: 40 },
    { state: 'Off', fromUnixMs: 40, toUnixMs: 50 },
  ]);
  expect(stateSpans([], 0, 10)).toEqual([]);
});

test('history of many channels goes in as few requests as the server takes', () => {
  const names = Array.from({ length: 130 }, (_, at) => `device-${at}/temp`);
  const groups = inRequests([...names, ...names]);
  expect(groups.flat()).toEqual(names);
  expect(groups.length).toBe(3);
  expect(inRequests(['x'.repeat(300), 'y'.repeat(3_400)])).toHaveLength(2);
});
