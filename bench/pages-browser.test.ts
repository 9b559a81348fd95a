import { describe, expect, it } from 'vitest';
import { framesFigures } from './pages-browser.js';

describe('frames of a page', () => {
  it('are counted by the steps between them, not by how many began', () => {
    const atMs = Array.from({ length: 61 }, (_, frame) => 5_000 + frame * 20);
    const { fps, frameP95Ms } = framesFigures({ atMs });
    expect(fps).toBeCloseTo(50, 6);
    expect(frameP95Ms).toBeCloseTo(20, 6);
  });

  it('show a page that stood still for a moment', () => {
    const steps = Array.from({ length: 100 }, (_, frame) => (frame % 10 === 9 ? 120 : 16));
    let at = 0;
    const atMs = [0, ...steps.map((step) => (at += step))];
    const { fps, frameP95Ms } = framesFigures({ atMs });
    expect(fps).toBeCloseTo(100_000 / (90 * 16 + 10 * 120), 6);
    expect(frameP95Ms).toBe(120);
  });

  it('are not known of a page that drew once or never', () => {
    expect(framesFigures({ atMs: [] })).toEqual({ fps: null, frameP95Ms: null });
    expect(framesFigures({ atMs: [12] })).toEqual({ fps: null, frameP95Ms: null });
  });
});
