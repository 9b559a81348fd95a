import { describe, expect, it } from 'vitest';
import { RingWriter } from '../live/ring.js';
import { LIVE_DELAY_FRAMES } from '../mixer/live-source.js';
import { BLOCK_FRAMES, CHUNK_FRAMES, RATE_HZ } from '../ports.js';
import { largestStep, onset, steady } from '../testing/curves.js';
import { at } from '../testing/definitions.js';
import { assetDef, MixSite, projectDef, speakerDef, trackDef } from '../testing/mix-site.js';

const SECOND = 50;
const URL = 'http://radio.example/live.mp3';

/** A live source that writes a steady level, block by block with the site's clock. */
class Radio {
  readonly writer = new RingWriter(URL);
  readonly #block = new Float32Array(2 * BLOCK_FRAMES);
  on = true;

  constructor(level = 0.4) {
    this.#block.fill(level);
  }

  /** Runs the site and, while it is on, the radio. */
  async run(site: MixSite, blocks: number): Promise<void> {
    for (let i = 0; i < blocks; i++) {
      if (this.on) this.writer.write(this.#block, 0, BLOCK_FRAMES);
      await site.run(1);
    }
  }
}

function liveSite(backup: boolean): MixSite {
  const site = new MixSite();
  site.media.set('backup', steady(2 * RATE_HZ, 0.1));
  const sources = [
    { kind: 'live', url: URL } as const,
    ...(backup ? [{ kind: 'media', mediaId: 'backup' } as const] : []),
  ];
  site.project(projectDef({ speakers: [speakerDef(1, { maxVolume: 1, sources })] }));
  return site;
}

describe('a live speaker', () => {
  it('is heard a fixed time behind its writer', async () => {
    const site = liveSite(false);
    const radio = new Radio();
    site.rings.set(URL, radio.writer.ring);
    site.listen('a');
    await radio.run(site, 3 * SECOND);
    const { left } = site.pcm('a');
    const start = onset(left);
    expect(start).toBeGreaterThanOrEqual(LIVE_DELAY_FRAMES - BLOCK_FRAMES);
    expect(start).toBeLessThan(LIVE_DELAY_FRAMES + 4 * BLOCK_FRAMES);
    expect(left.at(-1)).toBeCloseTo(0.4, 5);
    expect(largestStep(left)).toBeLessThan(0.4 / 200);
    expect(site.speakers.at(-1)).toEqual({
      projectId: 1,
      speakerId: 1,
      state: 'sounding',
      source: 0,
      error: undefined,
    });
  });

  it('is heard alike by all threads, whenever they begin to listen', async () => {
    const [one, two] = [liveSite(false), liveSite(false)];
    const writer = new RingWriter(URL);
    for (const site of [one, two]) site.rings.set(URL, writer.ring);
    const block = new Float32Array(2 * BLOCK_FRAMES);
    one.listen('a');
    for (let i = 0; i < 4 * SECOND; i++) {
      for (let k = 0; k < BLOCK_FRAMES; k++) {
        block[2 * k] = 0.4 * Math.sin((i * BLOCK_FRAMES + k) / 37);
        block[2 * k + 1] = block[2 * k] ?? 0;
      }
      writer.write(block, 0, BLOCK_FRAMES);
      if (i === 2 * SECOND + 7) two.listen('b');
      await one.run(1);
      await two.run(1);
    }
    const [early, late] = [one.pcm('a').left, two.pcm('b').left];
    expect(Buffer.from(late.slice(-RATE_HZ).buffer)).toEqual(
      Buffer.from(early.slice(-RATE_HZ).buffer),
    );
  });

  it('falls silent without a click when it stalls, and comes back when there is enough again', async () => {
    const site = liveSite(false);
    const radio = new Radio();
    site.rings.set(URL, radio.writer.ring);
    site.listen('a');
    await radio.run(site, 2 * SECOND);
    radio.on = false;
    await radio.run(site, 4 * SECOND);
    expect(site.pcm('a').left.at(-1)).toBe(0);
    expect(site.speakers.at(-1)).toMatchObject({
      state: 'silent',
      error: `no sound comes from ${URL}`,
    });
    radio.on = true;
    await radio.run(site, 3 * SECOND);
    const { left } = site.pcm('a');
    expect(left.at(-1)).toBeCloseTo(0.4, 5);
    expect(largestStep(left)).toBeLessThan(0.4 / 200);
    expect(site.speakers.at(-1)).toMatchObject({ state: 'sounding', source: 0 });
  });

  it('gives way to its backup, and takes over again when it has come back', async () => {
    const site = liveSite(true);
    const radio = new Radio();
    site.rings.set(URL, radio.writer.ring);
    site.listen('a');
    await radio.run(site, 3 * SECOND);
    expect(site.pcm('a').left.at(-1)).toBeCloseTo(0.4, 5);
    radio.on = false;
    await radio.run(site, 4 * SECOND);
    expect(site.pcm('a').left.at(-1)).toBeCloseTo(0.1, 5);
    expect(site.speakers.at(-1)).toMatchObject({ state: 'sounding', source: 1 });
    radio.on = true;
    await radio.run(site, 3 * SECOND);
    expect(site.pcm('a').left.at(-1)).toBeCloseTo(0.4, 5);
    expect(largestStep(site.pcm('a').left)).toBeLessThan(0.5 / 200);
    const states = site.speakers.map(({ state, source }) => `${state} ${source}`);
    expect(states).toEqual(['sounding 0', 'loading undefined', 'sounding 1', 'sounding 0']);
  });

  it('is let go of when nobody hears it any more', async () => {
    const site = liveSite(false);
    const radio = new Radio();
    site.rings.set(URL, radio.writer.ring);
    site.listen('a');
    await radio.run(site, SECOND);
    site.engine.updateSession({ id: 'a', position: at(5_000, 0) });
    await radio.run(site, 20 * SECOND);
    expect(site.released).toEqual([URL]);
  });

  it('is let go of when it is taken out of its project, and the others play on', async () => {
    const site = liveSite(false);
    const radio = new Radio();
    site.rings.set(URL, radio.writer.ring);
    site.media.set('loop', steady(2 * RATE_HZ, 0.1));
    const loop = speakerDef(2, { maxVolume: 1, sources: [{ kind: 'media', mediaId: 'loop' }] });
    const live = speakerDef(1, { maxVolume: 1, sources: [{ kind: 'live', url: URL }] });
    site.project(projectDef({ speakers: [live, loop] }));
    site.listen('a');
    await radio.run(site, SECOND);
    expect(site.pcm('a').left.at(-1)).toBeCloseTo(0.5, 5);
    site.engine.setProject(projectDef({ speakers: [loop] }));
    await radio.run(site, 20 * SECOND);
    expect(site.released).toEqual([URL]);
    expect(site.pcm('a').left.at(-1)).toBeCloseTo(0.1, 5);
    expect(site.engine.playing('a')?.voices).toHaveLength(1);
  });
});

describe('a speaker without its file', () => {
  it('sounds from its backup at once, and from the file when it is there', async () => {
    const site = new MixSite();
    site.media.set('file', steady(2 * RATE_HZ, 0.4));
    site.media.set('backup', steady(2 * RATE_HZ, 0.1));
    site.missing.add('file');
    const sources = [
      { kind: 'media', mediaId: 'file' },
      { kind: 'media', mediaId: 'backup' },
    ] as const;
    site.project(projectDef({ speakers: [speakerDef(1, { maxVolume: 1, sources })] }));
    site.listen('a');
    await site.run(SECOND);
    expect(site.pcm('a').left.at(-1)).toBeCloseTo(0.1, 5);
    expect(site.speakers.at(-1)).toMatchObject({ source: 1, error: 'no media file' });
    site.missing.delete('file');
    await site.run(5 * SECOND);
    expect(site.pcm('a').left.at(-1)).toBeCloseTo(0.4, 5);
    expect(site.speakers.at(-1)).toMatchObject({ source: 0, error: undefined });
  });

  it('is silent and says why when there is no other', async () => {
    const site = new MixSite();
    site.missing.add('440');
    site.project(projectDef({ speakers: [speakerDef(1), speakerDef(2, { sources: [] })] }));
    site.listen('a');
    await site.run(SECOND);
    expect(site.bytes('a').every((byte) => byte === 0)).toBe(true);
    const of = (id: number) => site.speakers.find((state) => state.speakerId === id);
    expect(of(1)).toMatchObject({ state: 'silent', source: undefined, error: 'no media 440' });
    expect(of(2)).toMatchObject({ state: 'silent', error: 'the speaker has no source' });
  });
});

describe('an asset without its file', () => {
  it('is passed over for the next one, without waiting', async () => {
    const site = new MixSite();
    site.missing.add('gone');
    site.project(projectDef({ tracks: [trackDef(1)] }), [
      assetDef(1, { mediaId: 'gone', weight: 99 }),
      assetDef(2, { weight: 50 }),
    ]);
    site.listen('a');
    await site.run(10);
    expect(site.engine.playing('a').tracks[0]?.assetId).toBe(2);
    const [why] = site.engine.explain('a', [1], 1);
    expect(why?.reasons).toContain('media-away');
  });

  it('fades when a part of it cannot be had in the middle, then ends, without a click', async () => {
    const site = new MixSite();
    site.media.set('long', steady(CHUNK_FRAMES + 10 * RATE_HZ, 0.5));
    site.project(projectDef({ tracks: [trackDef(1)] }), [
      assetDef(1, { mediaId: 'long', endS: 30 }),
    ]);
    site.listen('a');
    await site.run(5 * SECOND);
    // What is read ahead no longer comes.
    site.missing.add('long');
    await site.run(25 * SECOND);
    const { left } = site.pcm('a');
    expect(site.listens.map((event) => event.kind)).toEqual(['began', 'ended']);
    expect(site.listens[1]?.durationS).toBeCloseTo(20, 1);
    expect(largestStep(left)).toBeLessThan(0.5 / 200);
    expect(left.at(-1)).toBe(0);
  });

  it('that is shorter than it was said to be is played to its end', async () => {
    const site = new MixSite();
    site.media.set('short', steady(RATE_HZ / 2, 0.5));
    site.project(projectDef({ tracks: [trackDef(1)] }), [
      assetDef(1, { mediaId: 'short', startS: 1, endS: 30 }),
    ]);
    site.listen('a');
    await site.run(2 * SECOND);
    expect(site.listens[1]?.durationS).toBeCloseTo(0.5, 6);
    expect(largestStep(site.pcm('a').left)).toBeLessThan(0.5 / 200);
  });
});
