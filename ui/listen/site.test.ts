import { describe, expect, it } from 'vitest';
import { distanceM, offset } from '../data/geo.js';
import type { ProjectForListener } from './shapes.js';
import { awayM, rangeOf, recordingsOf, siteOf, sliderOf, startOf, wayOf } from './site.js';

const center = { latitude: 48, longitude: 11 };
const square = (eastM: number, northM: number, sizeM: number) => {
  const corner = (x: number, y: number): [number, number] => {
    const at = offset(center, eastM + x, northM + y);
    return [at.longitude, at.latitude];
  };
  return [[corner(0, 0), corner(sizeM, 0), corner(sizeM, sizeM), corner(0, sizeM), corner(0, 0)]];
};
const area = (id: number, eastM: number) => ({
  id,
  name: `Area ${id}`,
  shape: [square(eastM, 0, 20)],
  attenuationM: 5,
});
const info = (speakers: ProjectForListener['speakers']): ProjectForListener => ({
  project: {
    id: 1,
    name: 'P',
    ...center,
    listenEnabled: true,
    geoListenEnabled: true,
    speakEnabled: true,
    geoSpeakEnabled: true,
    maxRecordingS: 30,
    recordingRadiusM: null,
    outOfRangeM: 1_000,
    sharingUrl: '',
    plan: null,
  },
  language: 'en',
  texts: {
    legalAgreement: null,
    description: null,
    sharingMessage: null,
    outOfRangeMessage: null,
    demoStreamMessage: null,
  },
  languages: [],
  tracks: 0,
  listenGroups: [],
  speakGroups: [],
  speakers,
});

describe('the site on the map', () => {
  it('draws the nearest areas when there are too many for a phone', () => {
    const many = Array.from({ length: 300 }, (_, id) => area(id, (300 - id) * 40));
    const drawn = siteOf(info(many)).speakers;
    expect(drawn.length).toBe(200);
    expect(drawn[0]?.name).toBe('Area 299');
  });

  it('shows recordings that have a place and a sound', () => {
    const base = { name: 'x', latitude: 1, longitude: 2, tagIds: [], userId: null, mediaUrl: null };
    expect(
      recordingsOf([
        { ...base, id: 1, mediaType: 'audio' },
        { ...base, id: 2, mediaType: 'photo' },
      ]).map(({ id }) => id),
    ).toEqual([1]);
  });
});

describe('where a visit begins', () => {
  it('is the middle of the project where that sounds, or nothing does', () => {
    expect(startOf(info([]))).toEqual(center);
    expect(startOf(info([area(1, -10)]))).toEqual(center);
  });

  it('is where it sounds nearest to the middle, not in a hole', () => {
    const start = startOf(info([area(1, 300), area(2, 100)]));
    expect(awayM(info([area(2, 100)]), start)).toBe(0);
    const ring = { ...area(3, -40), shape: [[...square(-40, -40, 80), ...square(-20, -20, 40)]] };
    const inRing = startOf(info([ring]));
    expect(distanceM(center, inRing)).toBeGreaterThan(20);
    expect(awayM(info([ring]), inRing)).toBe(0);
  });
});

describe('how far somebody is', () => {
  it('is nothing inside of an area, and the way to its nearest corner outside', () => {
    const one = info([area(1, 1_000)]);
    expect(awayM(one, offset(center, 1_010, 10))).toBe(0);
    expect(awayM(one, offset(center, 1_500, 0))).toBeCloseTo(480, -1);
    expect(awayM(info([]), offset(center, 0, 300))).toBeCloseTo(300, -1);
  });

  it('is said in the words of the language', () => {
    expect(wayOf(348.6, 'en')).toBe('349 m');
    expect(wayOf(1_440, 'en')).toBe('1.4 km');
    expect(wayOf(1_440, 'de')).toBe('1,4 km');
    expect(wayOf(320_400, 'en')).toBe('320 km');
  });
});

describe('the range slider', () => {
  it('goes from near to as far as the project says', () => {
    expect(rangeOf(0)).toBe(5);
    expect(rangeOf(99)).toBe(2_000);
    expect(rangeOf(100)).toBeNull();
    expect(sliderOf(null)).toBe(100);
  });

  it('never falls back, and comes back to its place', () => {
    let last = 0;
    for (let at = 0; at < 100; at += 1) {
      const range = rangeOf(at) ?? 0;
      expect(range).toBeGreaterThanOrEqual(last);
      last = range;
      expect(Math.abs(sliderOf(range) - at)).toBeLessThanOrEqual(2);
    }
  });
});
