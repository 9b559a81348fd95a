import { describe, expect, it, vi } from 'vitest';
import type { TestClock } from '../../engine/clock.js';
import { SessionMix } from '../mix/session-mix.js';
import { BLOCK_FRAMES, RATE_HZ } from '../ports.js';
import { farthest, largestBend, largestStep, onset, steady } from '../testing/curves.js';
import { at } from '../testing/definitions.js';
import {
  assetDef,
  MixSite,
  pcmEncoders,
  projectDef,
  speakerDef,
  trackDef,
} from '../testing/mix-site.js';

const SECOND = 50;
const ASSETS = Array.from({ length: 12 }, (_, i) =>
  assetDef(i + 1, { mediaId: String(300 + 50 * i), endS: 2, volume: 0.4 }),
);
/** Everything about it is drawn. */
const CHANCE = trackDef(1, {
  deadAirS: [0.1, 0.7],
  durationS: [0.5, 3],
  fadeInS: [0.05, 0.5],
  fadeOutS: [0.05, 1],
  volume: [0.3, 1],
  pan: [-1, 1],
  panDurationS: [0.5, 2],
  startWithSilence: true,
});
const LIVELY = projectDef({
  tracks: [CHANCE, { ...CHANCE, id: 2 }],
  speakers: [speakerDef(1)],
  settings: { ordering: 'random', repeatMode: 'continuous', bannedS: 3 },
});

function lively(clock?: TestClock): MixSite {
  const site = new MixSite(pcmEncoders, clock);
  site.project(LIVELY, ASSETS);
  return site;
}

describe('chance', () => {
  it('is a session’s own and the same on every engine', async () => {
    const [one, two] = [lively(), lively()];
    one.listen('a');
    one.listen('b');
    two.listen('a');
    await one.run(10 * SECOND);
    await two.run(10 * SECOND);
    expect(Buffer.compare(one.bytes('a'), two.bytes('a'))).toBe(0);
    expect(Buffer.compare(one.bytes('a'), one.bytes('b'))).not.toBe(0);
    expect(one.listens.filter((event) => event.sessionId === 'a')).toEqual(two.listens);
    expect(two.listens.length).toBeGreaterThan(6);
  });
});

describe('a session that moves to another engine', () => {
  it('goes on with the same asset at the same place, under the same envelope', async () => {
    const project = projectDef({ ...LIVELY, speakers: [], tracks: [CHANCE] });
    const make = (): MixSite => {
      const site = new MixSite();
      site.project(project, ASSETS);
      return site;
    };
    const whole = make();
    whole.listen('a');
    // Some place in the middle of the third asset.
    await whole.until(() => whole.listens.filter((event) => event.kind === 'began').length === 3);
    await whole.run(5);
    const blocks = whole.engine.stats.blocks;
    await whole.run(10 * SECOND);

    const first = make();
    first.listen('a');
    await first.run(blocks);
    const place = first.engine.place('a');
    const second = make();
    second.listen('a', {}, place);
    await second.run(9 * SECOND);

    const seen = (site: MixSite): string[] =>
      site.listens.map((event) => `${event.kind} ${event.assetId}`);
    // The new engine tells that what sounded begins there.
    const [resumes, ...rest] = seen(second);
    expect(resumes).toBe(seen(first).at(-1));
    const all = [...seen(first), ...rest];
    expect(all).toEqual(seen(whole).slice(0, all.length));
    expect(seen(second).length).toBeGreaterThan(5);
    // It waits a few blocks for its media, comes in over 5 ms, and is then what it would have been.
    const straight = whole.pcm('a').left.subarray(blocks * BLOCK_FRAMES);
    const resumed = second.pcm('a').left;
    const begun = Math.floor(onset(resumed) / BLOCK_FRAMES) * BLOCK_FRAMES;
    expect(begun).toBeLessThan(5 * BLOCK_FRAMES);
    const wanted = (i: number): number => straight[i - begun] ?? Number.NaN;
    expect(farthest(resumed, begun + 240, begun + 8 * RATE_HZ, wanted)).toBeLessThan(1e-6);
  });

  it('plays again, later, what only faded or was on a track that is gone', async () => {
    const tracks = [1, 2].map((id) => trackDef(id, { fadeOutS: [1, 1], repeatRecordings: true }));
    const assets = [1, 2, 3].map((id) => assetDef(id));
    const first = new MixSite();
    first.project(projectDef({ tracks }), assets);
    first.listen('a');
    await first.run(SECOND / 2);
    const before = first.engine.playing('a').tracks.map((track) => track.assetId);
    const asked = assets.find((asset) => !before.includes(asset.id))?.id ?? 0;
    // One sound fades beside what was asked for, the other on a track that will be gone.
    first.engine.command('a', { name: 'play', assetId: asked });
    await first.run(5);
    const place = first.engine.place('a');

    const second = new MixSite();
    second.project(projectDef({ tracks: tracks.slice(0, 1) }), assets);
    second.listen('a', {}, place);
    await second.run(5);
    const playing = second.engine
      .explain('a', [1, 2, 3], 3)
      .filter((asset) => asset.playing)
      .map((asset) => asset.assetId);
    expect(playing).toEqual([asked]);
  });

  it('says its place only when it changed, and reports one that cannot be read', async () => {
    const site = lively();
    site.listen('a');
    await site.run(10);
    expect(site.engine.place('a')).toBeDefined();
    expect(site.engine.place('a')).toBeUndefined();
    expect(site.engine.place('nobody')).toBeUndefined();
    site.listen('b', {}, 'nonsense');
    expect(site.failures.join()).toMatch(/session b: .*cannot be read/);
    await site.run(SECOND);
    expect(site.engine.playing('b').elapsedS).toBeGreaterThan(0.9);
  });
});

describe('a session that nobody hears', () => {
  it('stands still with its tracks and goes on where they were, without a click', async () => {
    const site = new MixSite();
    site.media.set('dc', steady(20 * RATE_HZ));
    const long = assetDef(1, { mediaId: 'dc', endS: 20, volume: 0.5 });
    site.project(projectDef({ tracks: [trackDef(1)] }), [long]);
    site.listen('a');
    await site.run(SECOND);
    site.engine.listeners('a', 0);
    const before = site.engine.playing('a');
    const heard = site.pcm('a').left.length;
    // Long enough for its media to be let go of.
    await site.run(60 * SECOND);
    expect(site.released).toContain('dc');
    expect(site.engine.playing('a')).toEqual(before);
    expect(site.engine.stats.mixes).toBe(0);
    site.engine.listeners('a', 1);
    await site.run(SECOND);
    const after = site.engine.playing('a');
    expect(after.elapsedS).toBeCloseTo(before.elapsedS + 1, 6);
    // Within the few blocks that its media needs to come.
    const on = (after.tracks[0]?.positionS ?? 0) - (before.tracks[0]?.positionS ?? 0);
    expect(on).toBeGreaterThan(0.9);
    expect(on).toBeLessThanOrEqual(1);
    expect(site.listens.length).toBe(1);
    // The bytes that wait in the limiter end with the old stream: the new one begins softly.
    const { left } = site.pcm('a');
    expect(largestStep(left, heard + 72)).toBeLessThan(0.5 / 200);
  });
});

describe('edges', () => {
  it('make no click: starts, ends, skips, pauses, resumes, pans, edits, moves', async () => {
    const site = new MixSite();
    site.media.set('dc', steady(4 * RATE_HZ));
    site.media.set('loop', steady(4 * RATE_HZ, 0.2));
    const quick = trackDef(1, {
      deadAirS: [0, 0.05],
      durationS: [1, 1.5],
      fadeInS: [0, 0],
      fadeOutS: [0, 0],
      pan: [-1, 1],
      panDurationS: [0.5, 1],
    });
    const assets = ASSETS.map((asset) => ({ ...asset, mediaId: 'dc', volume: 0.2 }));
    const definition = projectDef({
      tracks: [quick, { ...quick, id: 2 }],
      speakers: [speakerDef(1, { sources: [{ kind: 'media', mediaId: 'loop' }] })],
      settings: { bannedS: 0, repeatMode: 'continuous' },
    });
    site.project(definition, assets);
    site.listen('a');
    const away = at(5_000, 0);
    const acts: (() => unknown)[] = [
      () => site.engine.command('a', { name: 'skip' }),
      () => site.engine.command('a', { name: 'pause' }),
      () => site.engine.command('a', { name: 'resume' }),
      () => site.engine.command('a', { name: 'play', assetId: 3 }),
      () => site.engine.updateSession({ id: 'a', position: away }),
      () => site.engine.updateSession({ id: 'a', position: at(0, 0) }),
      () => site.engine.setProject({ ...definition, tracks: [quick] }),
      () => site.engine.setProject(definition),
      () => site.engine.changeAssets({ projectId: 1, reset: false, put: [], removed: [3] }),
      () =>
        site.engine.setProject({
          ...definition,
          settings: { ...definition.settings, masterGain: 0.5 },
        }),
      () => site.engine.updateSession({ id: 'a', blockedAssetIds: [1, 2, 4] }),
    ];
    await site.run(SECOND);
    for (const act of acts) {
      act();
      await site.run(SECOND + 7);
    }
    const { left, right } = site.pcm('a');
    // The sharpest edge that is allowed: 5 ms, of each of two tracks and their successors.
    const limit = (3 * 0.2) / 240 + 1e-4;
    for (const plane of [left, right]) {
      expect(largestStep(plane)).toBeLessThan(limit);
      expect(largestBend(plane)).toBeLessThan(limit);
    }
    expect(site.listens.filter((event) => event.kind === 'began').length).toBeGreaterThan(10);
  });
});

/** A session that is heard in the end has as many endings as beginnings. */
describe('listen events', () => {
  it('tell what began and ended, how long it was heard, and the end of the session', async () => {
    const site = lively();
    site.listen('a');
    await site.run(20 * SECOND + 11);
    site.engine.stopSession('a');
    const began = site.listens.filter((event) => event.kind === 'began');
    const ended = site.listens.filter((event) => event.kind === 'ended');
    expect(ended.length).toBe(began.length);
    for (const event of site.listens) {
      expect(event.durationS).toBeGreaterThan(0);
      expect(event.durationS).toBeLessThanOrEqual(2);
      expect([1, 2]).toContain(event.trackId);
    }
    // The first asset was heard as long as was planned.
    const first = began[0];
    const end = ended.find((event) => event.trackId === first?.trackId);
    expect(end?.durationS).toBeCloseTo(first?.durationS ?? 0, 6);
    expect((end?.atUnixMs ?? 0) - (first?.atUnixMs ?? 0)).toBeCloseTo(
      (first?.durationS ?? 0) * 1_000,
      1,
    );
  });
});

describe('a mix that breaks', () => {
  it('is silent alone, is reported, and comes back', async () => {
    const site = lively();
    site.listen('good');
    site.listen('bad');
    await site.run(SECOND);
    let throws = true;
    const tags = new Proxy<number[]>([], {
      get: (target, key) => {
        if (throws) throw new RangeError('broken tags');
        return Reflect.get(target, key) as unknown;
      },
    });
    site.engine.updateSession({ id: 'bad', tagIds: tags });
    await site.run(SECOND / 2);
    expect(site.failures).toEqual(['session bad: broken tags']);
    const [good, bad] = [site.pcm('good').left.length, site.pcm('bad').left.length];
    expect(good - bad).toBeGreaterThan(0.4 * RATE_HZ);
    throws = false;
    await site.run(2 * SECOND);
    expect(site.pcm('good').left.length - good).toBe(2 * SECOND * BLOCK_FRAMES);
    expect(site.pcm('bad').left.length - bad).toBeGreaterThan(1.4 * RATE_HZ);
  });

  it('is tried again less and less often, whatever broke, while the others go on', async () => {
    const site = lively();
    // Its media's place is asked for by the sweep, outside of its own turn.
    let broken = false;
    const step = vi.spyOn(SessionMix.prototype, 'eachPlace').mockImplementation(() => {
      if (broken) throw new RangeError('no place');
    });
    site.listen('bad');
    await site.run(SECOND);
    broken = true;
    await site.run(8 * SECOND);
    // After 1, 2 and 4 s, each time in the first sweep that it is in.
    expect(site.failures).toEqual(Array(4).fill('session bad: no place'));
    broken = false;
    step.mockRestore();
    await site.run(9 * SECOND);
    const before = site.pcm('bad').left.length;
    await site.run(SECOND);
    expect(site.pcm('bad').left.length - before).toBe(SECOND * BLOCK_FRAMES);
  });
});
