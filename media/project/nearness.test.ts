import { describe, expect, it } from 'vitest';
import type { ListenerState } from '../ports.js';
import { assetOf, at, listenerOf, settingsOf, square } from '../testing/definitions.js';
import { travel } from '../testing/geometry.js';
import { type Distance, Nearness } from './nearness.js';
import { AssetPool } from './pool.js';

const here = at(0, 0);

function nearness(
  listener: Partial<ListenerState>,
  part: Partial<Parameters<typeof assetOf>[0]>,
): Distance | undefined {
  const settings = settingsOf({ recordingRadiusM: 50 });
  const pool = new AssetPool(settings);
  pool.change({ projectId: 1, reset: true, put: [assetOf({ id: 1, ...part })], removed: [] });
  const asset = pool.get(1);
  return asset && new Nearness(settings, listenerOf(listener)).of(asset);
}

/** Of an asset so many metres off in a direction. */
const seen = (listener: Partial<ListenerState>, bearingDeg: number, metres = 100) =>
  nearness(listener, { position: travel(here, bearingDeg, metres) });

describe('nearness', () => {
  it('is a cone around a heading, also over north', () => {
    const north = { headingDeg: 350, headingWidthDeg: 40 };
    for (const bearing of [331, 340, 355, 0, 5, 9]) expect(seen(north, bearing)).toBe('near');
    for (const bearing of [11, 90, 180, 329]) expect(seen(north, bearing)).toBe('outside-heading');
    for (const headingDeg of [-10, 350, 710]) {
      expect(seen({ ...north, headingDeg }, 9)).toBe('near');
      expect(seen({ ...north, headingDeg }, 11)).toBe('outside-heading');
    }
    expect(seen({ headingDeg: 0, headingWidthDeg: 360 }, 180)).toBe('near');
    expect(nearness({ ...north, position: here }, { position: here })).toBe('near');
  });

  it('is a cone of 30° for Roundware when no width is given, and none for native listeners', () => {
    const roundware = { profile: 'roundware', headingDeg: 90 } as const;
    expect(seen(roundware, 76)).toBe('near');
    expect(seen(roundware, 74)).toBe('outside-heading');
    expect(seen({ headingDeg: 90 }, 270, 49)).toBe('near');
    expect(seen({ headingDeg: 90 }, 90, 51)).toBe('far');
  });

  it('of a cone reaches around the globe unless a ring cuts it', () => {
    const east = { profile: 'roundware', headingDeg: 90 } as const;
    expect(seen(east, 90, 19_000_000)).toBe('near');
    expect(seen({ ...east, rangeMaxM: 200 }, 90, 201)).toBe('outside-range');
    expect(seen({ ...east, rangeMinM: 150 }, 90, 149)).toBe('outside-range');
    expect(seen({ ...east, rangeMinM: 150, rangeMaxM: 200 }, 90, 175)).toBe('near');
  });

  it('is a ring where a largest range is given, whatever the radius or shape', () => {
    const ring = { rangeMinM: 60, rangeMaxM: 200 };
    expect(seen(ring, 10, 199)).toBe('near');
    expect(seen(ring, 10, 201)).toBe('outside-range');
    expect(seen(ring, 10, 59)).toBe('outside-range');
    expect(seen({ rangeMinM: 60 }, 10, 49)).toBe('near');
    expect(nearness(ring, { position: at(100, 0), shape: [square(at(900, 0), 5)] })).toBe('near');
  });

  it('is inside the shape, else within the own or the project’s radius', () => {
    const position = at(0, 40);
    const shape = [square(here, 10)];
    expect(nearness({}, { position: at(0, 900), shape })).toBe('near');
    expect(nearness({ position }, { position, shape })).toBe('far');
    expect(nearness({ position }, { position: here })).toBe('near');
    expect(nearness({ position }, { position: here, radiusM: 39 })).toBe('far');
    expect(nearness({ position: at(0, 60) }, { position: here, radiusM: 61 })).toBe('near');
  });

  it('is everything without a place of its own, and to who listens without a place', () => {
    expect(nearness({}, { position: undefined })).toBe('near');
    expect(nearness({ geoListen: false, position: undefined }, { position: at(9e6, 0) })).toBe(
      'near',
    );
  });

  it('is nothing to who never moved', () => {
    expect(nearness({ position: undefined }, { position: here })).toBe('far');
    expect(nearness({ position: undefined }, { position: undefined })).toBe('far');
  });

  it('takes numbers that are none as not given', () => {
    const nan = Number.NaN;
    const listener = { headingDeg: nan, headingWidthDeg: 10, rangeMinM: nan, rangeMaxM: nan };
    expect(seen(listener, 180, 49)).toBe('near');
    expect(seen(listener, 180, 51)).toBe('far');
  });
});
