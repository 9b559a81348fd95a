import fc from 'fast-check';
import { expect, test } from 'vitest';
import { datapointId, parseDatapointId } from './datapoint-id.js';

test('the id of a stored value tells its channel and its time to the microsecond', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4_294_967_295 }),
      fc.integer({ min: 0, max: 9_000_000_000_000 }),
      fc.integer({ min: 0, max: 999 }),
      (channel, ms, us) => {
        const atUnixMs = Number((BigInt(ms) * 1_000n + BigInt(us)).toString()) / 1_000;
        const id = datapointId({ channel, atUnixMs });
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        const back = parseDatapointId(id);
        expect(back.channel).toBe(channel);
        expect(Math.abs(back.atUnixMs - atUnixMs)).toBeLessThan(0.002);
      },
    ),
  );
});

test('any other UUID is the id of no stored value', () => {
  expect(() => parseDatapointId('6f1b1c1e-0a52-4c43-9b8e-3c1f5b2b8a11')).toThrow(/no stored value/);
});
