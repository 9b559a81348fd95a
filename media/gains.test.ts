import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PreparedProject, panOf, recordingGain, speakerGain } from './gains.js';
import { distanceM } from './geometry.js';
import type { GeoPoint } from './ports.js';
import type { SpineProject, SpineRecording } from './spine.js';

const M = 1 / 111_194.93;
const point = (eastM: number, northM: number): GeoPoint => ({
  latitude: northM * M,
  longitude: eastM * M,
});
const volume = fc.double({ min: 0, max: 1, noNaN: true });
const metres = fc.double({ min: 0, max: 1000, noNaN: true });

describe('speakerGain', () => {
  const law = { attenuationM: 20, minVolume: 0.2, maxVolume: 0.8 };

  it('rises from the boundary to the inner border', () => {
    expect(speakerGain(law, true, 0)).toBeCloseTo(0.2);
    expect(speakerGain(law, true, 10)).toBeCloseTo(0.5);
    expect(speakerGain(law, true, 20)).toBeCloseTo(0.8);
    expect(speakerGain(law, true, 500)).toBeCloseTo(0.8);
  });

  it('is the minimum outside, however far', () => {
    for (const distance of [0, 10, 30, 5_000]) expect(speakerGain(law, false, distance)).toBe(0.2);
  });

  it('is full at once without a border', () => {
    expect(speakerGain({ ...law, attenuationM: 0 }, true, 0)).toBe(0.8);
  });

  it('is always between 0 and 1 and never not a number', () => {
    const any = fc.double();
    fc.assert(
      fc.property(
        any,
        any,
        any,
        any,
        fc.boolean(),
        (attenuationM, minVolume, maxVolume, d, inside) => {
          const gain = speakerGain({ attenuationM, minVolume, maxVolume }, inside, d);
          expect(gain).toBeGreaterThanOrEqual(0);
          expect(gain).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe('recordingGain', () => {
  it('is full in the inner half, silent from the radius on, and falls in between', () => {
    expect(recordingGain(100, 0.8, 0)).toBe(0.8);
    expect(recordingGain(100, 0.8, 50)).toBe(0.8);
    expect(recordingGain(100, 0.8, 75)).toBeCloseTo(0.4);
    expect(recordingGain(100, 0.8, 100)).toBe(0);
    expect(recordingGain(0, 1, 0)).toBe(0);
    expect(recordingGain(Number.NaN, 1, 0)).toBe(0);
  });

  it('never rises with distance and has no step', () => {
    fc.assert(
      fc.property(volume, metres, metres, (v, distance, radius) => {
        const here = recordingGain(radius, v, distance);
        const farther = recordingGain(radius, v, distance + radius * 0.001);
        expect(farther).toBeLessThanOrEqual(here + 1e-12);
        expect(here - farther).toBeLessThan(0.01);
      }),
    );
  });
});

describe('panOf', () => {
  it('puts what is on the right of the heading on the right', () => {
    const here = point(0, 0);
    expect(panOf(here, 0, point(50, 0))).toBeCloseTo(0.8);
    expect(panOf(here, 0, point(-50, 0))).toBeCloseTo(-0.8);
    expect(panOf(here, 90, point(50, 0))).toBeCloseTo(0);
    expect(panOf(here, 350, point(0, 50))).toBeGreaterThan(0);
    expect(panOf(here, Number.NaN, point(0, 50))).toBe(0);
  });
});

function recording(id: string, position: GeoPoint, radiusM: number, tags: string[] = []) {
  const base = { id, projectId: 'p', name: id, volume: 1, mediaId: id };
  return { ...base, position, radiusM, tags } satisfies SpineRecording;
}

const projectOf = (recordings: SpineRecording[]): SpineProject => ({
  id: 'p',
  name: 'p',
  center: point(0, 0),
  speakers: [],
  recordings,
});

describe('PreparedProject', () => {
  const listener = { headingDeg: undefined, tags: [] };

  it('finds the same recordings as looking at each one, at the poles and the antimeridian too', () => {
    const place = fc.record({
      latitude: fc.oneof(
        fc.double({ min: -90, max: 90, noNaN: true }),
        fc.constantFrom(90, -90, 89.9999),
      ),
      longitude: fc.oneof(
        fc.double({ min: -180, max: 180, noNaN: true }),
        fc.constantFrom(180, -180, 179.99999),
      ),
    });
    const radius = fc.oneof(metres, fc.double({ min: 1e4, max: 1e7, noNaN: true }));
    const spots = fc.array(fc.record({ position: place, radiusM: radius }), { maxLength: 12 });
    fc.assert(
      fc.property(spots, place, (list, position) => {
        const recordings = list.map((spot, i) => recording(`r${i}`, spot.position, spot.radiusM));
        const found = new PreparedProject(projectOf(recordings)).audible({ ...listener, position });
        const expected = recordings.filter(
          (r) => recordingGain(r.radiusM, 1, distanceM(position, r.position)) > 0,
        );
        expect(found.map((heard) => heard.id)).toEqual(expected.map((r) => r.id));
      }),
      { numRuns: 500 },
    );
  });

  it('honours tags', () => {
    const here = point(0, 0);
    const project = new PreparedProject(
      projectOf([recording('a', here, 10, ['x']), recording('b', here, 10, ['y'])]),
    );
    const ids = (tags: string[]) =>
      project.audible({ ...listener, tags, position: here }).map((heard) => heard.id);
    expect(ids([])).toEqual(['a', 'b']);
    expect(ids(['y', 'z'])).toEqual(['b']);
    expect(ids(['z'])).toEqual([]);
  });

  it('leaves out what can never be heard and survives impossible listeners', () => {
    const project = new PreparedProject(
      projectOf([
        recording('nan', { latitude: Number.NaN, longitude: 0 }, 10),
        recording('none', point(0, 0), 0),
        recording('ok', point(0, 0), 10),
      ]),
    );
    expect(project.audible({ ...listener, position: point(0, 0) }).map((h) => h.id)).toEqual([
      'ok',
    ]);
    const lost = { latitude: Number.NaN, longitude: 0 };
    expect(project.audible({ ...listener, position: lost })).toEqual([]);
    expect(project.audible({ ...listener, position: undefined })).toEqual([]);
  });

  it('lets a speaker with a minimum be heard everywhere, also without a position', () => {
    const ring = [point(-10, -10), point(10, -10), point(10, 10), point(-10, 10), point(-10, -10)];
    const shape = [[ring.map((corner) => [corner.longitude, corner.latitude] as const)]];
    const base = { projectId: 'p', name: 's', shape, attenuationM: 5, maxVolume: 1, mediaId: 's' };
    const project = new PreparedProject({
      ...projectOf([]),
      speakers: [
        { ...base, id: 'always', minVolume: 0.3 },
        { ...base, id: 'inside', minVolume: 0 },
      ],
    });
    const gains = (position: GeoPoint | undefined) =>
      project.audible({ ...listener, position }).map((heard) => [heard.id, heard.gain]);
    expect(gains(undefined)).toEqual([['always', 0.3]]);
    expect(gains(point(5_000, 0))).toEqual([['always', 0.3]]);
    expect(gains(point(0, 0))).toEqual([
      ['always', 1],
      ['inside', 1],
    ]);
    expect(project.nearestSpeakerM(point(0, 0))).toBe(0);
    expect(project.nearestSpeakerM(point(110, 0))).toBeCloseTo(100, 1);
  });
});
