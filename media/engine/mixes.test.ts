import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_FRAMES, type EncoderFactory, RATE_HZ } from '../ports.js';
import { farthest, largestStep, onset, steady } from '../testing/curves.js';
import { at, square } from '../testing/definitions.js';
import {
  assetDef,
  MixSite,
  pcmEncoders,
  projectDef,
  speakerDef,
  trackDef,
} from '../testing/mix-site.js';

const SECOND = 50;
const FAR = at(5_000, 0);

/** Two places with a steady speaker each; what is heard is the gain. */
function gainSite(encoders: EncoderFactory = pcmEncoders): MixSite {
  const site = new MixSite(encoders);
  site.media.set('one', steady(RATE_HZ, 0.8));
  const sources = [{ kind: 'media', mediaId: 'one' }] as const;
  site.project(
    projectDef({
      speakers: [
        speakerDef(1, { maxVolume: 1, sources }),
        speakerDef(2, { maxVolume: 1, sources, shape: [square(FAR, 100)] }),
      ],
    }),
  );
  return site;
}

describe('a move', () => {
  it('takes native gains to their targets in 400 ms, in a straight line', async () => {
    const site = gainSite();
    site.listen('a', { position: at(1_000, 0) });
    await site.run(SECOND);
    site.engine.updateSession({ id: 'a', position: at(0, 0) });
    await site.run(SECOND);
    const { left } = site.pcm('a');
    const start = onset(left) - 1;
    const rise = 0.4 * RATE_HZ;
    // The loop was not loaded before; it is a block late, and then comes in quickly, over 100 ms.
    expect(
      farthest(left, start, start + rise, (i) => 0.8 * Math.min(1, (i - start) / 4_800)),
    ).toBeLessThan(1e-4);
    site.engine.updateSession({ id: 'a', position: at(1_000, 0) });
    const from = left.length;
    await site.run(SECOND);
    const after = site.pcm('a').left;
    const begun = Math.ceil(from / BLOCK_FRAMES) * BLOCK_FRAMES;
    const fall = (i: number): number => 0.8 * Math.max(0, 1 - (i - begun) / rise);
    expect(farthest(after, begun, begun + RATE_HZ / 2, fall)).toBeLessThan(1e-4);
  });

  it('takes Roundware gains by 0.01 each 100 ms, and lets a new speaker begin at its target', async () => {
    const site = gainSite();
    site.listen('a', { profile: 'roundware', position: at(0, 0) });
    await site.run(SECOND);
    // Within 100 ms of its sound being here.
    expect(site.pcm('a').left[0.2 * RATE_HZ]).toBeCloseTo(0.8, 4);
    site.engine.updateSession({ id: 'a', position: FAR });
    await site.run(SECOND);
    const gains = site.engine.playing('a').voices;
    expect(gains.find((voice) => voice.id === 2)?.gain).toBe(1);
    expect(gains.find((voice) => voice.id === 1)?.gain).toBeCloseTo(0.9, 6);
    await site.run(9 * SECOND);
    expect(site.engine.playing('a').voices.map((voice) => voice.id)).toEqual([2]);
  });

  it('counts only as the last of ten thousand in a block', async () => {
    const site = gainSite();
    site.listen('a', { position: FAR });
    await site.run(SECOND);
    for (let i = 0; i < 10_000; i++) {
      site.engine.updateSession({ id: 'a', position: at(i % 7, i % 3), headingDeg: i % 360 });
    }
    site.engine.updateSession({ id: 'a', position: at(0, 0) });
    const block = site.engine.stats.blocks;
    await site.run(SECOND);
    expect(site.engine.stats.blocks).toBe(block + SECOND);
    expect(site.engine.playing('a').voices.map((voice) => voice.id)).toEqual([1]);
  });

  it('of any nonsense changes nothing and breaks nothing', async () => {
    const site = gainSite();
    site.listen('a');
    await site.run(10);
    const wild = fc.oneof(
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1e300, 91, -91, 1e9),
      fc.double(),
    );
    fc.assert(
      fc.property(wild, wild, wild, wild, (latitude, longitude, headingDeg, rangeMaxM) => {
        const poles = { latitude, longitude };
        site.engine.updateSession({ id: 'a', position: poles, headingDeg, rangeMaxM });
        site.engine.tick();
        site.clock.advance(20);
        expect(() => site.engine.playing('a')).not.toThrow();
        expect(() => site.engine.explain('a', undefined, 10)).not.toThrow();
      }),
      { numRuns: 200 },
    );
    site.engine.updateSession({
      id: 'a',
      position: at(0, 0),
      headingDeg: null,
      rangeMinM: null,
      rangeMaxM: null,
    });
    await site.run(SECOND);
    expect(site.engine.playing('a').voices[0]?.gain).toBe(1);
    expect(() => site.engine.updateSession({ id: 'b' })).toThrow(/no session b/);
  });
});

describe('pause', () => {
  it('fades everything of a native session, but not the speakers of a Roundware one', async () => {
    const site = gainSite();
    site.listen('native');
    site.listen('roundware', { profile: 'roundware' });
    await site.run(SECOND);
    for (const id of ['native', 'roundware']) site.engine.command(id, { name: 'pause' });
    await site.run(SECOND);
    expect(site.pcm('native').left.at(-1)).toBe(0);
    expect(site.pcm('roundware').left.at(-1)).toBeCloseTo(0.8, 4);
  });
});

describe('listeners of one place', () => {
  const tracked = (deadAirS: number, canSwitch = true): MixSite => {
    const site = new MixSite({ ...pcmEncoders, canSwitch: () => canSwitch });
    site.media.set('one', steady(RATE_HZ, 0.2));
    const sources = [{ kind: 'media', mediaId: 'one' }] as const;
    site.project(
      projectDef({
        speakers: [speakerDef(1, { maxVolume: 1, sources })],
        tracks: [trackDef(1, { deadAirS: [deadAirS, deadAirS + 1], startWithSilence: true })],
        settings: { bannedS: 0, repeatMode: 'continuous' },
      }),
      [assetDef(1, { volume: 0.3 })],
    );
    return site;
  };

  it('share an encoder between their assets, and part and meet without a seam', async () => {
    const site = tracked(6);
    for (const id of ['a', 'b', 'c']) site.listen(id);
    await site.run(2 * SECOND);
    expect(site.engine.stats.mixes).toBe(1);
    await site.until(() => site.engine.stats.mixes === 3);
    await site.until(() => site.engine.stats.mixes === 1);
    await site.until(() => site.engine.stats.mixes === 3);
    const sounds = ['a', 'b', 'c'].map((id) => site.pcm(id).left);
    for (const sound of sounds) {
      expect(sound.length).toBe(sounds[0]?.length);
      // A tone of 3,000 Hz at 0.15 changes by 0.06 in a sample; a seam would be a jump of the speaker.
      expect(largestStep(sound, RATE_HZ)).toBeLessThan(0.065);
    }
    const ended = site.listens.filter((event) => event.kind === 'ended');
    for (const event of ended) expect(event.durationS).toBe(2);
  });

  it('keep their own encoders while assets follow closely', async () => {
    const site = tracked(0.2);
    for (const id of ['a', 'b']) site.listen(id);
    await site.run(4 * SECOND);
    const { opened } = site;
    await site.run(20 * SECOND);
    expect(site.opened).toBe(opened);
  });

  it('keep their own encoders where packets lie on no common grid', async () => {
    const site = tracked(60, false);
    for (const id of ['a', 'b']) site.listen(id);
    await site.run(4 * SECOND);
    expect(site.engine.stats.mixes).toBe(2);
    expect(site.opened).toBe(2);
  });
});

describe('levelling', () => {
  it('brings whisper and shout to the project’s loudness, within bounds; unknown stays', async () => {
    const site = new MixSite();
    site.media.set('dc', steady(2 * RATE_HZ, 0.05));
    const heard: number[] = [];
    for (const [id, loudnessLufs] of [
      [1, -29],
      [2, -13],
      [3, undefined],
      [4, -90],
    ] as const) {
      site.project(projectDef({ tracks: [trackDef(1)], settings: { targetLufs: -23 } }), [
        assetDef(id, { mediaId: 'dc', loudnessLufs }),
      ]);
      site.listen(`s${id}`);
      await site.run(SECOND);
      heard.push((site.pcm(`s${id}`).left.at(-1) ?? 0) / 0.05);
      site.engine.stopSession(`s${id}`);
    }
    expect(heard[0]).toBeCloseTo(10 ** (6 / 20), 3);
    expect(heard[1]).toBeCloseTo(10 ** (-10 / 20), 3);
    expect(heard[2]).toBeCloseTo(1, 3);
    expect(heard[3]).toBeCloseTo(10 ** (18 / 20), 3);
  });
});

describe('an edited project', () => {
  it('is heard by everyone, and nothing that plays starts anew', async () => {
    const site = new MixSite();
    site.media.set('dc', steady(20 * RATE_HZ, 0.1));
    const asset = assetDef(1, { mediaId: 'dc', endS: 20 });
    const definition = projectDef({ tracks: [trackDef(1)], speakers: [speakerDef(1)] });
    site.project(definition, [asset]);
    for (let i = 0; i < 100; i++) site.listen(`s${i}`);
    await site.run(SECOND);
    site.media.set('new', steady(RATE_HZ, 0.3));
    site.engine.setProject({
      ...definition,
      tracks: [trackDef(1, { deadAirS: [5, 5] }), trackDef(2)],
      speakers: [speakerDef(3, { sources: [{ kind: 'media', mediaId: 'new' }], maxVolume: 1 })],
    });
    site.engine.changeAssets({
      projectId: 1,
      reset: false,
      put: [{ ...asset, weight: 1 }],
      removed: [],
    });
    await site.run(SECOND);
    for (let i = 0; i < 100; i++) {
      const playing = site.engine.playing(`s${i}`);
      expect(playing.tracks[0]).toMatchObject({ assetId: 1, state: 'playing' });
      expect(playing.tracks[0]?.positionS).toBeGreaterThan(1.9);
      expect(playing.voices.map((voice) => voice.id)).toEqual([3]);
      expect(site.pcm(`s${i}`).left.at(-1)).toBeCloseTo(0.4, 4);
    }
    expect(site.listens.length).toBe(100);
  });

  it('that goes away leaves silence, and comes back', async () => {
    const site = gainSite();
    site.listen('a');
    await site.run(SECOND);
    site.engine.removeProject(1);
    await site.run(SECOND);
    expect(site.pcm('a').left.at(-1)).toBe(0);
    expect(largestStep(site.pcm('a').left)).toBeLessThan(0.8 / 200);
    const sources = [{ kind: 'media', mediaId: 'one' }] as const;
    site.project(projectDef({ speakers: [speakerDef(1, { maxVolume: 1, sources })] }));
    await site.run(SECOND);
    expect(site.pcm('a').left.at(-1)).toBeCloseTo(0.8, 4);
  });
});
