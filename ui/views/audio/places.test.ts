import { describe, expect, it } from 'vitest';
import { metresFrom } from '../../data/geo.js';
import { rampColour } from './heat.js';
import { placesAreas } from './places.js';

describe('cells of listening', () => {
  const here = { latitude: 48, longitude: 16 };

  it('are squares around their middle, hottest first', () => {
    const cells = placesAreas(
      [
        { ...here, seconds: 100 },
        { ...here, seconds: 25 },
      ],
      10,
    );
    expect(cells.map((cell) => cell.share)).toEqual([1, 0.5]);
    const [x, y] = metresFrom(here, {
      longitude: cells[0]?.ring[2]?.[0] ?? 0,
      latitude: cells[0]?.ring[2]?.[1] ?? 0,
    });
    expect(x).toBeCloseTo(5, 3);
    expect(y).toBeCloseTo(5, 3);
    expect(placesAreas([{ ...here, seconds: 0 }], 10)).toEqual([]);
  });

  it('are coloured between the ends of a ramp', () => {
    expect(rampColour(0, ['#000000', '#ffffff'])).toEqual([0, 0, 0]);
    expect(rampColour(0.5, ['#000000', '#ff0000', '#ffffff'])).toEqual([255, 0, 0]);
    expect(rampColour(7, ['#000000', '#ffffff'])).toEqual([255, 255, 255]);
  });
});
