import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areaVolume, boxOf, distanceM, LatestSender, metresFrom, offset } from './geo.js';
import { Tails } from './tails.js';

const GRAZ = { latitude: 47.07, longitude: 15.44 };
const SQUARE = [
  [
    [0, 0],
    [100, 0],
    [100, 100],
    [0, 100],
    [0, 0],
  ],
] as const;
const LAW = { attenuationM: 20, minVolume: 0.2, maxVolume: 1 };

describe('offset', () => {
  it('comes back by metresFrom, anywhere a site may be', () => {
    const place = fc.record({
      latitude: fc.double({ min: -70, max: 70, noNaN: true }),
      longitude: fc.double({ min: -170, max: 170, noNaN: true }),
    });
    const metres = fc.double({ min: -2_000, max: 2_000, noNaN: true });
    fc.assert(
      fc.property(place, metres, metres, (from, eastM, northM) => {
        const [x, y] = metresFrom(from, offset(from, eastM, northM));
        expect(x).toBeCloseTo(eastM, 4);
        expect(y).toBeCloseTo(northM, 4);
      }),
    );
  });

  it('stays on the globe at the pole and over the date line', () => {
    expect(offset({ latitude: 89, longitude: 0 }, 0, 1_000_000).latitude).toBe(85);
    const beyond = offset({ latitude: 0, longitude: 179.999 }, 1_000, 0);
    expect(beyond.longitude).toBeLessThan(-179.9);
  });
});

describe('areaVolume', () => {
  it('rises from the border inwards and is lowest outside', () => {
    expect(areaVolume(SQUARE, -1, 50, LAW)).toBe(0.2);
    expect(areaVolume(SQUARE, 10, 50, LAW)).toBeCloseTo(0.6, 6);
    expect(areaVolume(SQUARE, 50, 50, LAW)).toBe(1);
  });

  it('is lowest in a hole', () => {
    const hole = [
      [40, 40],
      [60, 40],
      [60, 60],
      [40, 60],
    ] as const;
    expect(areaVolume([...SQUARE, hole], 50, 50, LAW)).toBe(0.2);
    expect(areaVolume([...SQUARE, hole], 38, 50, LAW)).toBeLessThan(0.4);
  });
});

describe('places', () => {
  it('has a box around all of them, and none around nothing', () => {
    expect(
      boxOf([
        [1, 2],
        [3, -4],
      ]),
    ).toEqual({ west: 1, east: 3, south: -4, north: 2 });
    expect(boxOf([])).toBeUndefined();
  });

  it('measures in metres', () => {
    expect(distanceM(GRAZ, offset(GRAZ, 30, 40))).toBeCloseTo(50, 6);
  });
});

describe('LatestSender', () => {
  it('sends the first and the last of a burst, and goes on after a failure', async () => {
    const sent: number[] = [];
    let done: () => void = () => undefined;
    const last = new Promise<void>((resolve) => {
      done = resolve;
    });
    const sender = new LatestSender<number>(1, async (value) => {
      sent.push(value);
      if (value === 9) done();
      throw new Error('the network is away');
    });
    for (let value = 0; value < 10; value += 1) sender.push(value);
    await last;
    expect(sent).toEqual([0, 9]);
  });
});

describe('Tails', () => {
  it('holds where listeners were, for a while, and forgets who left', () => {
    const tails = new Tails(1_000, 3);
    for (let step = 0; step < 6; step += 1) {
      tails.look([{ id: 'a', at: [step, 0] }], step * 100);
    }
    expect(tails.lines()[0]?.line).toEqual([
      [3, 0],
      [4, 0],
      [5, 0],
    ]);
    tails.look([{ id: 'a', at: [5, 0] }], 5_000);
    expect(tails.lines()).toEqual([]);
    tails.look([], 5_100);
    expect(tails.lines()).toEqual([]);
  });
});
