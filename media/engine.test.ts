import { describe, expect, it } from 'vitest';
import { TestClock } from '../engine/clock.js';
import { libavEncoders } from './encoders/libav.js';
import { MixEngine } from './engine.js';
import type { MixEngineEvents } from './engine.types.js';
import {
  type AudioParts,
  BLOCK_MS,
  type EncoderFactory,
  type GeoPoint,
  RATE_HZ,
  type StreamFormat,
} from './ports.js';
import type { SpineProject } from './spine.js';
import { decodeStream, pcmOf, type Stereo, tone, toneLevel } from './tones.js';

const SECOND = 1000 / BLOCK_MS;
const square = (lon: number, lat: number, half: number) => [
  [
    [lon - half, lat - half] as const,
    [lon + half, lat - half] as const,
    [lon + half, lat + half] as const,
    [lon - half, lat + half] as const,
    [lon - half, lat - half] as const,
  ],
];

/** Two squares, 440 Hz and 1,000 Hz, that touch at longitude 0; a recording of 3,000 Hz in the second. */
const project: SpineProject = {
  id: 'p',
  name: 'P',
  center: { latitude: 0, longitude: 0 },
  speakers: [speaker('west', square(-0.01, 0, 0.01)), speaker('east', square(0.01, 0, 0.01))],
  recordings: [
    {
      id: 'bird',
      projectId: 'p',
      name: 'Bird',
      position: { latitude: 0.005, longitude: 0.015 },
      radiusM: 200,
      volume: 0.5,
      tags: ['birds'],
      mediaId: '3000',
    },
  ],
};
const WEST: GeoPoint = { latitude: 0, longitude: -0.01 };
const EAST: GeoPoint = { latitude: 0, longitude: 0.01 };
const BIRD: GeoPoint = { latitude: 0.005, longitude: 0.015 };

function speaker(id: string, shape: SpineProject['speakers'][number]['shape'][number]) {
  return {
    id,
    projectId: 'p',
    name: id,
    shape: [shape],
    attenuationM: 0,
    minVolume: 0,
    maxVolume: 0.5,
    mediaId: id === 'west' ? '440' : '1000',
  };
}

/** An engine on a test clock whose listeners keep what they hear. */
class Site {
  readonly clock = new TestClock();
  readonly engine: MixEngine;
  readonly heard = new Map<string, Uint8Array[]>();
  readonly streamOf = new Map<string, number>();
  readonly headers = new Map<number, Uint8Array>();
  readonly failures: string[] = [];
  readonly released: string[] = [];
  closed = 0;
  opened = 0;

  constructor(encoders: EncoderFactory) {
    const events: MixEngineEvents = {
      opened: (stream, ids, _type, header) => {
        this.opened++;
        this.headers.set(stream, header);
        for (const id of ids) this.#join(id, stream);
      },
      moved: (id, stream) => this.#join(id, stream),
      closed: () => {
        this.closed++;
      },
      audio: (parts) => this.#deliver(parts),
      failed: (what, error) => this.failures.push(`${what}: ${error.message}`),
    };
    this.engine = new MixEngine({
      clock: this.clock,
      encoders,
      events,
      media: {
        acquire: async (mediaId) => pcmOf(mediaId, tone(Number(mediaId), 2 * RATE_HZ, 0.5)),
        release: (mediaId) => this.released.push(mediaId),
      },
    });
    this.engine.addProject(project);
  }

  #join(id: string, stream: number): void {
    if (!this.heard.has(id)) this.heard.set(id, [this.headers.get(stream) ?? new Uint8Array()]);
    this.streamOf.set(id, stream);
  }

  #deliver(parts: AudioParts): void {
    for (let i = 0; i < parts.count; i++) {
      const bytes = parts.bytes.slice(parts.offset[i], parts.offset[i + 1]);
      for (const [id, stream] of this.streamOf) {
        if (stream === parts.stream[i]) this.heard.get(id)?.push(bytes);
      }
    }
  }

  listen(id: string, position: GeoPoint, format: StreamFormat = 'mp3'): void {
    this.engine.startSession({
      id,
      projectId: 'p',
      format,
      bitrateKbps: 128,
      position,
      headingDeg: undefined,
      tags: [],
    });
    this.engine.listeners(id, 1);
  }

  async run(blocks: number): Promise<void> {
    for (let i = 0; i < blocks; i++) {
      this.engine.tick();
      this.clock.advance(BLOCK_MS);
      // Media that was asked for arrives.
      await Promise.resolve();
      await Promise.resolve();
    }
  }

  /** What a listener's player puts out. */
  sound(id: string): Promise<Stereo> {
    return decodeStream(Buffer.concat(this.heard.get(id) ?? []));
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
    const site = new Site(libav);
    site.listen('a', WEST, format);
    await site.run(2 * SECOND);
    site.engine.updateSession('a', { position: EAST });
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
    const site = new Site(libav);
    site.listen('a', WEST, format);
    site.listen('b', WEST, format);
    await site.run(2 * SECOND);
    expect(site.engine.stats.mixes).toBe(1);
    site.engine.updateSession('b', { position: EAST });
    await site.run(2 * SECOND);
    expect(site.engine.stats.mixes).toBe(2);
    site.engine.updateSession('b', { position: WEST });
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
    const site = new Site(libav);
    site.listen('a', BIRD);
    await site.run(SECOND);
    site.engine.listeners('a', 0);
    expect(site.engine.stats.mixes).toBe(0);
    const bytes = site.heard.get('a')?.length;
    await site.run(10 * SECOND);
    expect(site.heard.get('a')?.length).toBe(bytes);
    site.engine.stop();
  });

  it('says what is heard, with gains', async () => {
    const site = new Site(libav);
    site.listen('a', BIRD);
    await site.run(SECOND);
    expect(site.engine.hearing('a').voices).toEqual([
      { id: 'east', name: 'east', gain: 0.5 },
      { id: 'bird', name: 'Bird', gain: 0.5 },
    ]);
    expect(() => site.engine.hearing('nobody')).toThrow(/no session nobody/);
    site.engine.stop();
  });

  it('plays a recording once, rests it for five seconds and plays it again', async () => {
    const site = new Site(libav);
    site.listen('a', BIRD);
    await site.run(10 * SECOND);
    const bird = course(await site.sound('a'), 3000);
    expect(bird[12]).toBeCloseTo(0.25, 1);
    expect(bird[40]).toBeLessThan(0.005);
    expect(bird[82]).toBeCloseTo(0.25, 1);
    site.engine.stop();
  });

  it('pauses to silence and resumes', async () => {
    const site = new Site(libav);
    site.listen('a', WEST);
    await site.run(SECOND);
    site.engine.command('a', 'pause');
    await site.run(2 * SECOND);
    site.engine.command('a', 'resume');
    await site.run(2 * SECOND);
    const west = course(await site.sound('a'), 440);
    expect(west[8]).toBeCloseTo(0.25, 1);
    expect(west[25]).toBeLessThan(0.002);
    expect(west[45]).toBeCloseTo(0.25, 1);
    site.engine.stop();
  });

  it('skips the recording and leaves the speaker', async () => {
    const site = new Site(libav);
    site.listen('a', BIRD);
    await site.run(SECOND / 2);
    site.engine.command('a', 'skip');
    await site.run(SECOND);
    expect(site.engine.hearing('a').voices.map((voice) => voice.id)).toEqual(['east']);
    site.engine.stop();
  });

  it('plays only recordings with a tag that the listener chose', async () => {
    const site = new Site(libav);
    site.listen('a', BIRD);
    site.engine.updateSession('a', { tags: ['water'] });
    await site.run(SECOND);
    expect(site.engine.hearing('a').voices.map((voice) => voice.id)).toEqual(['east']);
    site.engine.updateSession('a', { tags: ['water', 'birds'] });
    await site.run(SECOND);
    expect(site.engine.hearing('a').voices.map((voice) => voice.id)).toEqual(['east', 'bird']);
    site.engine.stop();
  });

  it('lets everyone hear an edited project', async () => {
    const site = new Site(libav);
    site.listen('a', WEST);
    site.listen('b', WEST);
    await site.run(SECOND);
    const west = { ...speaker('west', square(-0.01, 0, 0.01)), mediaId: '2000' };
    site.engine.addProject({ ...project, speakers: [west] });
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
    const site = new Site(libav);
    site.listen('a', WEST);
    for (const latitude of [Number.NaN, 91, Number.POSITIVE_INFINITY]) {
      site.engine.updateSession('a', { position: { latitude, longitude: 0 } });
    }
    await site.run(SECOND);
    expect(site.engine.hearing('a').voices.map((voice) => voice.id)).toEqual(['west']);
    site.engine.stop();
  });

  it('makes a short stall good and leaves out what a long one missed, counting both', async () => {
    const site = new Site(libav);
    site.listen('a', WEST);
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
    const site = new Site(libav);
    site.listen('a', WEST);
    await site.run(SECOND);
    site.engine.updateSession('a', { position: EAST });
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
    site.listen('a', WEST);
    await site.run(2 * SECOND);
    expect(site.failures).toEqual(['stream 1: no memory']);
    expect(site.heard.get('a')?.length).toBeGreaterThan(10);
    site.engine.stop();
  });

  it('refuses a second session of one id, and any after stop', () => {
    const site = new Site(libav);
    site.listen('a', WEST);
    expect(() => site.listen('a', WEST)).toThrow(/already running/);
    site.engine.stop();
    site.engine.stop();
    expect(() => site.listen('b', WEST)).toThrow(/stopping/);
  });
});
