import { describe, expect, it } from 'vitest';
import { libavEncoders } from '../encoders/libav.js';
import { type EncoderFactory, RATE_HZ } from '../ports.js';
import { at, square } from '../testing/definitions.js';
import { assetDef, MixSite, projectDef, speakerDef } from '../testing/mix-site.js';
import { decodeStream, type Stereo, toneLevel } from '../tones.js';

const SECOND = 50;
const WEST = at(-1_000, 0);
const EAST = at(1_000, 0);
const BIRD = at(1_500, 500);
const [WEST_ID, EAST_ID, BIRD_ID] = [1, 2, 10];

/** Two squares, 440 Hz and 1,000 Hz, that touch at longitude 0; a placed bird of 3,000 Hz in the second. */
const west = speakerDef(WEST_ID, { shape: [square(WEST, 1_000)] });
const east = speakerDef(EAST_ID, {
  shape: [square(EAST, 1_000)],
  sources: [{ kind: 'media', mediaId: '1000' }],
});
const TAGS = {
  defaultTagIds: [],
  categoryOf: new Map([
    [1, 1],
    [2, 1],
  ]),
};
const project = projectDef({ speakers: [west, east], settings: { tagRules: TAGS } });
const bird = assetDef(BIRD_ID, {
  name: 'Bird',
  position: BIRD,
  radiusM: 200,
  volume: 0.5,
  tagIds: [1],
  placed: true,
});

class Site extends MixSite {
  constructor(encoders: EncoderFactory = libav) {
    super(encoders);
    this.project(project, [bird]);
  }

  /** What a listener's player puts out. */
  sound(id: string): Promise<Stereo> {
    return decodeStream(this.bytes(id));
  }

  ids(id: string): number[] {
    return this.engine.playing(id).voices.map((voice) => voice.id);
  }
}

const found = await libavEncoders();
if (found === undefined) throw new Error('node-av is not installed');
const libav = found;

/** Loudness of a tone in steps of 100 ms. */
function course(sound: Stereo, hz: number): number[] {
  const step = RATE_HZ / 10;
  const levels: number[] = [];
  for (let at = 0; at + step <= sound.left.length; at += step) {
    levels.push(toneLevel(sound.left, hz, at, at + step));
  }
  return levels;
}

describe.each(['mp3', 'opus'] as const)('MixEngine in %s', (format) => {
  it('plays the speaker of the place and follows a move within 300 ms, for ever after', async () => {
    const site = new Site();
    site.listen('a', { position: WEST, format });
    await site.run(2 * SECOND);
    site.engine.updateSession({ id: 'a', position: EAST });
    await site.run(2 * SECOND);
    const sound = await site.sound('a');
    const west = course(sound, 440);
    const east = course(sound, 1000);
    expect(west[12]).toBeCloseTo(0.25, 1);
    expect(east[12]).toBeLessThan(0.005);
    expect(east[23]).toBeGreaterThan(0.03);
    expect(east[35]).toBeCloseTo(0.25, 1);
    expect(west[35]).toBeLessThan(0.005);
    site.engine.stop();
  });

  it('gives equal places one encoder, and parts them without a gap or a click', async () => {
    const site = new Site();
    site.listen('a', { position: WEST, format });
    site.listen('b', { position: WEST, format });
    await site.run(2 * SECOND);
    expect(site.engine.stats.mixes).toBe(1);
    site.engine.updateSession({ id: 'b', position: EAST });
    await site.run(2 * SECOND);
    expect(site.engine.stats.mixes).toBe(2);
    site.engine.updateSession({ id: 'b', position: WEST });
    await site.run(2 * SECOND);
    expect(site.engine.stats.mixes).toBe(1);
    const [a, b] = await Promise.all([site.sound('a'), site.sound('b')]);
    // Same number of frames: nothing lost, nothing twice.
    expect(b.left.length).toBe(a.left.length);
    expect(Math.abs(a.left.length / RATE_HZ - 6)).toBeLessThan(0.06);
    // Sines and their fades change slowly from sample to sample: a seam would stand out.
    expect(largestCurve(b.left)).toBeLessThan(1.5 * largestCurve(a.left) + 0.004);
    const west = course(b, 440);
    for (const at of [10, 18, 50, 55]) expect(west[at]).toBeCloseTo(0.25, 1);
    expect(west[35]).toBeLessThan(0.005);
    site.engine.stop();
  });
});

/** Largest second difference: what a click is made of. */
function largestCurve(plane: Float32Array): number {
  let most = 0;
  for (let i = 4802; i < plane.length - 4800; i++) {
    const curve = (plane[i] ?? 0) - 2 * (plane[i - 1] ?? 0) + (plane[i - 2] ?? 0);
    most = Math.max(most, Math.abs(curve));
  }
  return most;
}

describe('MixEngine', () => {
  it('encodes nothing for a session without listeners, and its state goes on', async () => {
    const site = new Site();
    site.listen('a', { position: BIRD });
    await site.run(SECOND);
    site.engine.listeners('a', 0);
    expect(site.engine.stats.mixes).toBe(0);
    const bytes = site.heard.get('a')?.length;
    await site.run(10 * SECOND);
    expect(site.heard.get('a')?.length).toBe(bytes);
    site.engine.stop();
  });

  it('says what is heard, with gains', async () => {
    const site = new Site();
    site.listen('a', { position: BIRD });
    await site.run(SECOND);
    expect(site.engine.playing('a').voices).toEqual([
      { kind: 'speaker', id: EAST_ID, name: 'speaker 2', gain: 0.5, pan: 0 },
      { kind: 'asset', id: BIRD_ID, name: 'Bird', gain: 0.5, pan: 0 },
    ]);
    expect(() => site.engine.playing('nobody')).toThrow(/no session nobody/);
    site.engine.stop();
  });

  it('plays a recording once, rests it for five seconds and plays it again', async () => {
    const site = new Site();
    site.listen('a', { position: BIRD });
    await site.run(10 * SECOND);
    const bird = course(await site.sound('a'), 3000);
    expect(bird[12]).toBeCloseTo(0.25, 1);
    expect(bird[40]).toBeLessThan(0.005);
    expect(bird[82]).toBeCloseTo(0.25, 1);
    site.engine.stop();
  });

  it('pauses to silence and resumes', async () => {
    const site = new Site();
    site.listen('a', { position: WEST });
    await site.run(SECOND);
    site.engine.command('a', { name: 'pause' });
    await site.run(2 * SECOND);
    site.engine.command('a', { name: 'resume' });
    await site.run(2 * SECOND);
    const west = course(await site.sound('a'), 440);
    expect(west[8]).toBeCloseTo(0.25, 1);
    expect(west[25]).toBeLessThan(0.002);
    expect(west[45]).toBeCloseTo(0.25, 1);
    site.engine.stop();
  });

  it('skips the recording and leaves the speaker', async () => {
    const site = new Site();
    site.listen('a', { position: BIRD });
    await site.run(SECOND / 2);
    site.engine.command('a', { name: 'skip' });
    await site.run(SECOND);
    expect(site.ids('a')).toEqual([EAST_ID]);
    site.engine.stop();
  });

  it('plays only recordings with a tag that the listener chose', async () => {
    const site = new Site();
    site.listen('a', { position: BIRD });
    site.engine.updateSession({ id: 'a', tagIds: [2] });
    await site.run(SECOND);
    expect(site.ids('a')).toEqual([EAST_ID]);
    site.engine.updateSession({ id: 'a', tagIds: [2, 1] });
    await site.run(SECOND);
    expect(site.ids('a').sort()).toEqual([BIRD_ID, EAST_ID]);
    site.engine.stop();
  });

  it('lets everyone hear an edited project', async () => {
    const site = new Site();
    site.listen('a', { position: WEST });
    site.listen('b', { position: WEST });
    await site.run(SECOND);
    const edited = speakerDef(WEST_ID, {
      shape: west.shape,
      sources: [{ kind: 'media', mediaId: '2000' }],
    });
    site.engine.setProject({ ...project, speakers: [edited] });
    await site.run(2 * SECOND);
    for (const id of ['a', 'b']) {
      const sound = await site.sound(id);
      expect(course(sound, 2000)[25]).toBeCloseTo(0.25, 1);
      expect(course(sound, 440)[25]).toBeLessThan(0.005);
    }
    expect(site.engine.stats.mixes).toBe(1);
    site.engine.stop();
  });

  it('ignores impossible positions', async () => {
    const site = new Site();
    site.listen('a', { position: WEST });
    for (const latitude of [Number.NaN, 91, Number.POSITIVE_INFINITY]) {
      site.engine.updateSession({ id: 'a', position: { latitude, longitude: 0 } });
    }
    await site.run(SECOND);
    expect(site.ids('a')).toEqual([WEST_ID]);
    site.engine.stop();
  });

  it('makes a short stall good and leaves out what a long one missed, counting both', async () => {
    const site = new Site();
    site.listen('a', { position: WEST });
    await site.run(SECOND);
    expect(site.engine.stats.lateBlocks).toBe(0);
    site.clock.advance(500);
    await site.run(5);
    expect(site.engine.stats.blocks).toBe(80);
    site.clock.advance(10_000);
    site.engine.tick();
    // A call ends, so that messages are heard, however far behind it is.
    expect(site.engine.stats.blocks).toBe(90);
    await site.run(10);
    expect(site.engine.stats.blocks).toBeLessThan(150);
    expect(site.engine.stats.lateBlocks).toBeGreaterThan(500);
    site.engine.stop();
  });

  it('lets go of media that nobody has heard for a while', async () => {
    const site = new Site();
    site.listen('a', { position: WEST });
    await site.run(SECOND);
    site.engine.updateSession({ id: 'a', position: EAST });
    await site.run(20 * SECOND);
    expect(site.released).toContain('440');
    expect(site.released).not.toContain('1000');
    site.engine.stop();
    expect(site.released).toContain('1000');
  });

  it('tries a broken encoder again and reports it', async () => {
    let tries = 0;
    const flaky: EncoderFactory = {
      ...libav,
      open: (options, onPacket, onError) => {
        tries++;
        if (tries === 1) throw new Error('no memory');
        return libav.open(options, onPacket, onError);
      },
    };
    const site = new Site(flaky);
    site.listen('a', { position: WEST });
    await site.run(2 * SECOND);
    expect(site.failures).toEqual(['stream 1: no memory']);
    expect(site.heard.get('a')?.length).toBeGreaterThan(10);
    site.engine.stop();
  });

  it('refuses a second session of one id, and any after stop', () => {
    const site = new Site();
    site.listen('a', { position: WEST });
    expect(() => site.listen('a', { position: WEST })).toThrow(/already running/);
    site.engine.stop();
    site.engine.stop();
    expect(() => site.listen('b', { position: WEST })).toThrow(/stopping/);
  });
});
