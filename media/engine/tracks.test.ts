import { describe, expect, it } from 'vitest';
import { BLOCK_FRAMES, RATE_HZ, type TrackDefinition } from '../ports.js';
import { farthest, onset, steady } from '../testing/curves.js';
import { assetDef, MixSite, projectDef, trackDef } from '../testing/mix-site.js';

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

describe('commands', () => {
  it('skip fades over the drawn time, then rests for the dead air, then goes on', async () => {
    const heard = site({ deadAirS: [0.5, 0.5], fadeOutS: [0.3, 0.3] });
    heard.listen('a');
    await heard.run(SECOND);
    const at = heard.pcm('a').left.length;
    expect(heard.engine.command('a', { name: 'skip' }).done).toBe(true);
    await heard.run(2 * SECOND);
    const { left } = heard.pcm('a');
    // The first block that is mixed after the call, behind the limiter's delay.
    const from = Math.ceil(at / BLOCK_FRAMES) * BLOCK_FRAMES;
    const fall = 0.3 * RATE_HZ;
    const wanted = (i: number): number => 0.5 * Math.max(0, 1 - (i - from) / fall);
    expect(farthest(left, from, from + fall + 24_000, wanted)).toBeLessThan(2e-5);
    expect(onset(left, from + fall + 1)).toBe(from + fall + 24_000 + 1);
    expect(heard.engine.playing('a').tracks[0]?.assetId).toBe(2);
  });

  it('skip lets what ends sooner than the fade run out', async () => {
    const heard = site({ fadeOutS: [0.2, 0.2] });
    heard.listen('a');
    await heard.run(SECOND);
    const before = heard.pcm('a').left;
    const start = onset(before) - 1;
    const left = 2 * RATE_HZ - (BLOCK_FRAMES * SECOND - start);
    await heard.run(Math.floor((left - 7_000) / BLOCK_FRAMES));
    heard.engine.command('a', { name: 'skip' });
    await heard.run(20);
    const natural = shape(start, 2 * RATE_HZ, 4_800, 9_600, 0.5);
    const now = heard.pcm('a').left;
    expect(farthest(now, start, start + 2 * RATE_HZ, natural)).toBeLessThan(2e-5);
  });

  it('skip does nothing, and says so, where nothing sounds', async () => {
    const heard = site({ startWithSilence: true, deadAirS: [5, 5] });
    heard.listen('a');
    await heard.run(10);
    expect(heard.engine.command('a', { name: 'skip' })).toEqual({
      done: false,
      message: 'nothing sounds that could be skipped',
    });
  });

  it('pause fades and holds the place; resume goes on there', async () => {
    const heard = site({ fadeOutS: [0.2, 0.2], fadeInS: [0.1, 0.1] });
    heard.listen('a');
    await heard.run(SECOND / 2);
    heard.engine.command('a', { name: 'pause' });
    await heard.run(2 * SECOND);
    const held = heard.engine.playing('a').tracks[0];
    expect(held?.state).toBe('held');
    expect(
      heard
        .pcm('a')
        .left.subarray(-RATE_HZ)
        .every((value) => value === 0),
    ).toBe(true);
    heard.engine.command('a', { name: 'resume' });
    await heard.run(1);
    const going = heard.engine.playing('a').tracks[0];
    expect(going?.state).toBe('playing');
    expect(going?.positionS).toBeCloseTo((held?.positionS ?? 0) + 0.02, 6);
    await heard.run(SECOND / 2);
    expect(heard.pcm('a').left.at(-1)).toBeCloseTo(0.5, 4);
    expect(heard.listens.map((event) => event.kind)).toEqual(['began']);
  });

  it('play is heard within 300 ms beside the old sound that fades, whatever is banned', async () => {
    const heard = site({ fadeOutS: [1.5, 1.5], fadeInS: [4, 4] });
    heard.listen('a');
    await heard.run(6 * SECOND);
    // All three were played and are banned for half an hour.
    heard.engine.command('a', { name: 'skip' });
    await heard.run(4 * SECOND);
    expect(heard.engine.playing('a').tracks[0]?.state).toBe('waiting');
    const at = heard.pcm('a').left.length;
    expect(heard.engine.command('a', { name: 'play', assetId: 2 })).toEqual({
      done: true,
      message: undefined,
    });
    await heard.run(SECOND);
    const { left } = heard.pcm('a');
    const begun = onset(left, at);
    expect(begun - at).toBeLessThan(0.06 * RATE_HZ);
    expect(left[begun + 0.1 * RATE_HZ]).toBeCloseTo(0.5, 2);
    // Again, over itself: the old one fades over 1.5 s, the new one rises in 0.1 s.
    const again = heard.pcm('a').left.length;
    heard.engine.command('a', { name: 'play', assetId: 3 });
    await heard.run(SECOND / 2);
    const both = heard.pcm('a').left;
    expect(both[again + 0.25 * RATE_HZ]).toBeGreaterThan(0.6);
    expect(heard.engine.playing('a').tracks[0]?.assetId).toBe(3);
  });

  it('play refuses an unknown asset, and a project without tracks', async () => {
    const heard = site();
    heard.listen('a');
    const unknown = heard.engine.command('a', { name: 'play', assetId: 99 });
    expect(unknown.done).toBe(false);
    expect(unknown.message).toMatch(/asset 99/);
    expect(heard.engine.command('a', { name: 'replay' }).message).toMatch(/nothing was played/);
    heard.project(projectDef(), [assetDef(1)]);
    expect(heard.engine.command('a', { name: 'play', assetId: 1 }).message).toMatch(/no active/);
  });

  it('replay plays what was begun last', async () => {
    const heard = site({ deadAirS: [60, 60] });
    heard.listen('a');
    await heard.run(4 * SECOND);
    expect(heard.engine.command('a', { name: 'replay' }).done).toBe(true);
    await heard.run(SECOND);
    expect(heard.engine.playing('a').tracks[0]?.assetId).toBe(1);
  });
});

describe('a listener who filters', () => {
  const TAGS = {
    defaultTagIds: [],
    categoryOf: new Map([
      [1, 1],
      [2, 1],
    ]),
  };

  it('has the asset faded out, and later resumed at the remembered place', async () => {
    const heard = new MixSite();
    const ramp = steady(20 * RATE_HZ);
    heard.media.set('long', ramp);
    const long = assetDef(1, { mediaId: 'long', volume: 0.5, endS: 20, tagIds: [1] });
    heard.project(
      projectDef({
        tracks: [trackDef(1, { fadeOutWhenFiltered: true, deadAirS: [0, 0] })],
        settings: { tagRules: TAGS },
      }),
      [long],
    );
    heard.listen('a', { tagIds: [1] });
    await heard.run(2 * SECOND);
    heard.engine.updateSession({ id: 'a', tagIds: [2] });
    await heard.run(SECOND);
    const at = heard.engine.playing('a');
    expect(at.tracks[0]?.state).toBe('waiting');
    expect(heard.pcm('a').left.at(-1)).toBe(0);
    await heard.run(3 * SECOND);
    heard.engine.updateSession({ id: 'a', tagIds: [1] });
    await heard.run(10);
    const again = heard.engine.playing('a').tracks[0];
    expect(again?.assetId).toBe(1);
    // 2 s and the fade of 0.2 s were played, then 10 blocks.
    expect(again?.positionS).toBeGreaterThan(2.15);
    expect(again?.positionS).toBeLessThan(2.45);
    await heard.run(SECOND);
    expect(heard.pcm('a').left.at(-1)).toBeCloseTo(0.5, 4);
    expect(heard.listens.map((event) => event.kind)).toEqual(['began', 'ended', 'began']);
  });

  it('hears the asset to its end where the track says so', async () => {
    const heard = new MixSite();
    heard.project(projectDef({ tracks: [trackDef(1)], settings: { tagRules: TAGS } }), [
      assetDef(1, { tagIds: [1] }),
    ]);
    heard.listen('a', { tagIds: [1] });
    await heard.run(10);
    heard.engine.updateSession({ id: 'a', tagIds: [2] });
    await heard.run(SECOND);
    expect(heard.engine.playing('a').tracks[0]?.state).toBe('playing');
  });
});
