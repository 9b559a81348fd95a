import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ring, Shape } from './content.types.js';
import { distanceM, metresFrom, offset } from './geo.js';
import {
  addArea,
  addHole,
  areaM2,
  closed,
  heardAt,
  heatGrid,
  innerBorder,
  insideRing,
  movedShape,
  recordingArea,
  ringsOf,
  roundArea,
  scaledShape,
  shapeOf,
  speakerArea,
  withoutRing,
} from './shapes.js';

const HERE = { latitude: 48.2, longitude: 16.37 };
const square = (eastM: number, northM: number, sizeM: number): Ring =>
  closed(
    (
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ] as const
    ).map(([x, y]) => {
      const at = offset(HERE, eastM + x * sizeM, northM + y * sizeM);
      return [at.longitude, at.latitude] as const;
    }),
  );
const at = (eastM: number, northM: number) => offset(HERE, eastM, northM);
const yard: Shape = [[square(0, 0, 40), square(10, 10, 10)], [square(100, 0, 20)]];

describe('a shape', () => {
  it('comes apart into rings and together again', () => {
    expect(ringsOf(yard).map(({ polygon, hole }) => [polygon, hole])).toEqual([
      [0, false],
      [0, true],
      [1, false],
    ]);
    expect(shapeOf(ringsOf(yard))).toEqual(yard);
  });

  it('of any rings is closed and has an outside first', () => {
    const point = fc.tuple(
      fc.double({ min: 16, max: 17, noNaN: true }),
      fc.double({ min: 48, max: 49, noNaN: true }),
    );
    const loose = fc.record({
      polygon: fc.nat(4),
      hole: fc.boolean(),
      ring: fc.array(point, { maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(loose, { maxLength: 6 }), (rings) => {
        const shape = shapeOf(rings);
        for (const ring of shape.flat()) {
          expect(ring.length).toBeGreaterThanOrEqual(4);
          expect(ring.at(-1)).toEqual(ring[0]);
        }
        expect(shapeOf(ringsOf(shape))).toEqual(shape);
      }),
    );
  });

  it('takes a hole where it lies inside, and refuses one elsewhere', () => {
    const whole = addArea([], square(0, 0, 40));
    expect(addHole(whole, square(5, 5, 10))?.[0]).toHaveLength(2);
    expect(addHole(whole, square(35, 35, 10))).toBeUndefined();
    expect(addHole(yard, square(12, 12, 4))).toBeUndefined();
  });

  it('loses a hole alone, but an area with its holes', () => {
    expect(withoutRing(yard, 0, 1)).toEqual([[square(0, 0, 40)], [square(100, 0, 20)]]);
    expect(withoutRing(yard, 0, 0)).toEqual([[square(100, 0, 20)]]);
  });

  it('knows its size without holes', () => {
    expect(areaM2(yard)).toBeCloseTo(1_600 - 100 + 400, -1);
    expect(areaM2([])).toBe(0);
  });

  it('is moved and scaled by metres', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -500, max: 500, noNaN: true }),
        fc.double({ min: -500, max: 500, noNaN: true }),
        (eastM, northM) => {
          const [longitude = 0, latitude = 0] = movedShape(yard, eastM, northM)[0]?.[0]?.[0] ?? [];
          const [x, y] = metresFrom(HERE, { latitude, longitude });
          expect(x).toBeCloseTo(eastM, 1);
          expect(y).toBeCloseTo(northM, 1);
        },
      ),
    );
    expect(areaM2(scaledShape([[square(0, 0, 40)]], 2)) / 1_600).toBeCloseTo(4, 1);
    expect(scaledShape([], 2)).toEqual([]);
  });

  it('may be round for who does not draw', () => {
    const ring = roundArea(HERE, 15);
    for (const [longitude, latitude] of ring) {
      expect(distanceM(HERE, { longitude, latitude })).toBeCloseTo(15, 1);
    }
    expect(insideRing(ring, [HERE.longitude, HERE.latitude])).toBe(true);
  });
});

describe('the attenuation border', () => {
  it('ends its width inside of the edge, around holes too', () => {
    const lines = innerBorder([[square(0, 0, 40), square(15, 15, 10)]], 4);
    expect(lines.length).toBeGreaterThan(20);
    for (const [longitude, latitude] of lines.flat()) {
      const [x, y] = metresFrom(HERE, { longitude, latitude });
      const outer = Math.min(x, y, 40 - x, 40 - y);
      const dx = Math.max(15 - x, 0, x - 25);
      const dy = Math.max(15 - y, 0, y - 25);
      expect(Math.abs(Math.min(outer, Math.hypot(dx, dy)) - 4)).toBeLessThan(0.6);
    }
  });

  it('has no inside when it is wider than the area, or nothing to draw when it is 0', () => {
    expect(innerBorder([[square(0, 0, 40)]], 30)).toEqual([]);
    expect(innerBorder([[square(0, 0, 40)]], 0)).toEqual([]);
    expect(innerBorder([], 5)).toEqual([]);
  });
});

describe('what is heard where', () => {
  const fountain = speakerArea({
    id: 1,
    name: 'Fountain',
    shape: [[square(0, 0, 40), square(10, 10, 10)]],
    attenuationM: 5,
    minVolume: 0,
    maxVolume: 0.8,
  });
  const everywhere = speakerArea({
    id: 2,
    name: 'Hum',
    shape: [[square(0, 0, 5)]],
    attenuationM: 0,
    minVolume: 0.1,
    maxVolume: 1,
  });
  const bees = recordingArea({ id: 9, name: 'Bees', shape: null }, at(30, 30), 6);
  const areas = [fountain, everywhere, bees].filter((area) => area !== undefined);

  it('is told for a place, loudest first', () => {
    expect(heardAt(at(30, 30), areas).map((one) => one.name)).toEqual(['Bees', 'Fountain', 'Hum']);
    expect(heardAt(at(15, 15), areas).map((one) => one.name)).toEqual(['Hum']);
    expect(heardAt(at(-300, 0), areas)).toEqual([{ id: 'speaker 2', name: 'Hum', volume: 0.1 }]);
  });

  it('is counted on a grid', () => {
    const low = at(0, 0);
    const high = at(40, 40);
    const box = {
      west: low.longitude,
      south: low.latitude,
      east: high.longitude,
      north: high.latitude,
    };
    const heat = heatGrid(box, 40, 40, areas);
    const cell = (eastM: number, northM: number): number =>
      heat[(39 - Math.floor(northM)) * 40 + Math.floor(eastM)] ?? -1;
    expect(cell(30, 30)).toBe(3);
    expect(cell(15, 15)).toBe(1);
    expect(cell(5, 35)).toBe(2);
    expect(Math.max(...heatGrid(box, 8, 8, []))).toBe(0);
  });

  it('may be bounded by a shape instead of a radius', () => {
    const area = recordingArea({ id: 3, name: 'Arbour', shape: yard }, at(500, 0), 5);
    expect(area?.volumeAt(at(5, 5))).toBe(1);
    expect(area?.volumeAt(at(500, 0))).toBe(0);
    expect(
      speakerArea({ id: 1, name: '', shape: [], attenuationM: 0, minVolume: 0, maxVolume: 1 }),
    ).toBeUndefined();
  });
});
