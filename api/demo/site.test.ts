import { expect, test } from 'vitest';
import { CENTER, HEIGHT_M, toGeo, WIDTH_M } from './ground.js';
import { planCorners, planSvg } from './plan.js';
import { demoSpeakers, SPOTS, TAGS, TRACK_SOUNDS } from './site.js';
import { Walk } from './walk.js';

const METRES_PER_DEG = 111_320;

test('the demo site has the shapes a sounding site can have', () => {
  const speakers = demoSpeakers(1);
  expect(speakers.length).toBeGreaterThanOrEqual(6);
  expect(speakers.some((s) => s.shape.length > 1)).toBe(true);
  expect(speakers.some((s) => s.shape.some((polygon) => polygon.length > 1))).toBe(true);
  for (const speaker of speakers) {
    expect(speaker.code.length).toBeLessThanOrEqual(10);
    for (const ring of speaker.shape.flat()) {
      expect(ring.length).toBeGreaterThanOrEqual(4);
      expect(ring.at(-1)).toEqual(ring[0]);
    }
  }
  expect(new Set(speakers.map(({ code }) => code)).size).toBe(speakers.length);
});

test('every recording has a tag of each category, so that one choice never silences the other', () => {
  const [kinds, themes] = [Object.keys(TAGS.kind.items), Object.keys(TAGS.theme.items)];
  for (const { tags } of [...SPOTS, ...TRACK_SOUNDS]) {
    expect(kinds).toContain(tags[0]);
    expect(themes).toContain(tags[1]);
  }
  const languages = TRACK_SOUNDS.map(({ language }) => language);
  expect(languages.filter((one) => one === 'en').length).toBe(languages.length / 2);
});

test('everything lies on the plan, whose corners span its size', () => {
  const [west, east] = [planCorners()[0]?.[0] ?? 0, planCorners()[1]?.[0] ?? 0];
  const cos = Math.cos((CENTER.latitude * Math.PI) / 180);
  expect((east - west) * METRES_PER_DEG * cos).toBeCloseTo(WIDTH_M, 3);
  const north = planCorners()[0]?.[1] ?? 0;
  const south = planCorners()[2]?.[1] ?? 0;
  expect((north - south) * METRES_PER_DEG).toBeCloseTo(HEIGHT_M, 3);
  const points = [
    ...demoSpeakers(1).flatMap((s) => s.shape.flat(2)),
    ...[...SPOTS, ...TRACK_SOUNDS].map(({ at }) => {
      const { latitude, longitude } = toGeo(at);
      return [longitude, latitude] as const;
    }),
  ];
  for (const [longitude, latitude] of points) {
    expect(longitude > west && longitude < east).toBe(true);
    expect(latitude > south && latitude < north).toBe(true);
  }
  expect(planSvg()).toMatch(/^<svg .*<\/svg>$/s);
});

test('a walk is smooth, keeps its pace and never leaves the garden', () => {
  for (let number = 0; number < 8; number += 1) {
    const walk = new Walk(number);
    let last = walk.step(0).position;
    for (let i = 0; i < 1_000; i += 1) {
      const { position, headingDeg } = walk.step(500);
      const cos = Math.cos((CENTER.latitude * Math.PI) / 180);
      const eastM = (position.longitude - last.longitude) * METRES_PER_DEG * cos;
      const northM = (position.latitude - last.latitude) * METRES_PER_DEG;
      const stepM = Math.hypot(eastM, northM);
      expect(stepM).toBeGreaterThan(0.2);
      expect(stepM).toBeLessThan(1.2);
      expect(headingDeg >= 0 && headingDeg < 360).toBe(true);
      expect(Math.abs(position.latitude - CENTER.latitude) * METRES_PER_DEG).toBeLessThan(
        HEIGHT_M / 2,
      );
      last = position;
    }
  }
});
