import { describe, expect, it } from 'vitest';
import { BLOCK_FRAMES, RATE_HZ, type TrackDefinition } from '../ports.js';
import { assetDef, MixSite, projectDef, steady, trackDef } from '../testing/mix-site.js';

const SECOND = 50;

/** A site where steady sound plays on one track: what is heard is the envelope. */
function site(track: Partial<TrackDefinition> = {}, count = 3): MixSite {
  const made = new MixSite();
  made.media.set('dc', steady(2 * RATE_HZ));
  const assets = Array.from({ length: count }, (_, i) =>
    assetDef(i + 1, { mediaId: 'dc', volume: 0.5, weight: 90 - i }),
  );
  made.project(projectDef({ tracks: [trackDef(1, track)] }), assets);
  return made;
}

/** First frame that is not silent, from `from` on. */
function onset(plane: Float32Array, from = 0): number {
  for (let i = from; i < plane.length; i++) if (plane[i] !== 0) return i;
  return -1;
}

/** Largest difference between what was heard and what should be. */
function farthest(
  plane: Float32Array,
  from: number,
  to: number,
  wanted: (i: number) => number,
): number {
  let most = 0;
  for (let i = from; i < to; i++) {
    const off = Math.abs((plane[i] ?? Number.NaN) - wanted(i));
    if (!(off <= most)) most = off;
  }
  return most;
}

/** Straight up over `rise`, at `peak`, straight down over the last `fall`. */
const shape =
  (start: number, length: number, rise: number, fall: number, peak: number) =>
  (i: number): number => {
    const at = i - start;
    if (at <= 0 || at >= length) return 0;
    return peak * Math.min(1, at / rise, (length - at) / fall);
  };

describe('tracks', () => {
  it('play assets under straight fades that are exact to the sample, with dead air between', async () => {
    const heard = site({ deadAirS: [0.5005, 0.5005] });
    heard.listen('a');
    await heard.run(8 * SECOND);
    const { left, right } = heard.pcm('a');
    // The fade's first frame is silent.
    const start = onset(left) - 1;
    expect(start % BLOCK_FRAMES).toBe(0);
    const first = shape(start, 2 * RATE_HZ, 4_800, 9_600, 0.5);
    const again = start + 2 * RATE_HZ + 24_024;
    const second = shape(again, 2 * RATE_HZ, 4_800, 9_600, 0.5);
    const wanted = (i: number): number => first(i) + second(i);
    const end = again + 2 * RATE_HZ;
    expect(farthest(left, 0, end, wanted)).toBeLessThan(2e-5);
    expect(farthest(right, 0, end, wanted)).toBeLessThan(2e-5);
    expect(heard.listens.map((event) => [event.kind, event.assetId]).slice(0, 4)).toEqual([
      ['began', 1],
      ['ended', 1],
      ['began', 2],
      ['ended', 2],
    ]);
  });
});
