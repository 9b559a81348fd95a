import { expect, test } from 'vitest';
import { CENTER, HEIGHT_M, WIDTH_M } from './ground.js';
import { planCorners, planSvg } from './plan.js';
import { demoProject } from './site.js';
import { Walk } from './walk.js';

const METRES_PER_DEG = 111_320;

test('the demo site has the shapes a sounding site can have', () => {
  const { speakers, recordings } = demoProject();
  expect(speakers.length).toBeGreaterThanOrEqual(6);
  expect(recordings.length).toBe(12);
  expect(speakers.some((s) => s.shape.length > 1)).toBe(true);
  expect(speakers.some((s) => s.shape.some((polygon) => polygon.length > 1))).toBe(true);
  for (const speaker of speakers) {
    for (const ring of speaker.shape.flat()) {
      expect(ring.length).toBeGreaterThanOrEqual(4);
      expect(ring.at(-1)).toEqual(ring[0]);
    }
  }
  const ids = [...speakers, ...recordings].map((x) => x.id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('everything lies on the plan, whose corners span its size', () => {
  const [west, east] = [planCorners()[0]?.[0] ?? 0, planCorners()[1]?.[0] ?? 0];
  const cos = Math.cos((CENTER.latitude * Math.PI) / 180);
  expect((east - west) * METRES_PER_DEG * cos).toBeCloseTo(WIDTH_M, 3);
  const north = planCorners()[0]?.[1] ?? 0;
  const south = planCorners()[2]?.[1] ?? 0;
  expect((north - south) * METRES_PER_DEG).toBeCloseTo(HEIGHT_M, 3);
  const { speakers, recordings } = demoProject();
  const points = [
    ...speakers.flatMap((s) => s.shape.flat(2)),
    ...recordings.map((r) => [r.position.longitude, r.position.latitude] as const),
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
