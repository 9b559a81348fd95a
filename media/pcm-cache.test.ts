import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PcmCache, type PcmCacheOptions } from './pcm-cache.js';
import { CHUNK_FRAMES, type PcmMedia, RATE_HZ } from './ports.js';
import { wav } from './synth/tools.js';
import { tone, toneLevel } from './tones.js';

let folder = '';
const caches: PcmCache[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pcm-'));
});

afterEach(async () => {
  for (const cache of caches.splice(0)) await cache.close();
  await rm(folder, { recursive: true, force: true });
});

function cacheOf(options: Partial<PcmCacheOptions> = {}): PcmCache {
  const cache = new PcmCache({
    locate: (mediaId) => join(folder, mediaId),
    spoolFolder: join(folder, 'spool'),
    ...options,
  });
  caches.push(cache);
  return cache;
}

async function toneFile(name: string, hz: number, seconds: number): Promise<void> {
  const { left, right } = tone(hz, seconds * RATE_HZ, 0.5);
  for (let i = 0; i < right.length; i++) right[i] = -(right[i] ?? 0);
  await writeFile(join(folder, name), wav([left, right]));
}

const leftOf = (media: PcmMedia): Float32Array => new Float32Array(media.data, 0, media.dataFrames);
const rightOf = (media: PcmMedia): Float32Array =>
  new Float32Array(media.data, media.dataFrames * 4, media.dataFrames);

describe('PcmCache', () => {
  it('decodes a file to planar sound of the same level and length', async () => {
    await toneFile('a.wav', 440, 2);
    const media = await cacheOf().acquire('a.wav');
    expect(media.frames).toBe(2 * RATE_HZ);
    expect(media.dataFrames).toBe(2 * RATE_HZ);
    expect(toneLevel(leftOf(media), 440)).toBeCloseTo(0.5, 3);
    const [left, right] = [leftOf(media)[101] ?? 0, rightOf(media)[101] ?? 0];
    expect(right).toBeCloseTo(-left, 4);
  });

  it('decodes once for all who ask at the same time and later', async () => {
    await toneFile('a.wav', 440, 1);
    const cache = cacheOf();
    const both = await Promise.all([cache.acquire('a.wav'), cache.acquire('a.wav', 0, 'media-1')]);
    const later = await cache.acquire('a.wav');
    expect(both[1].data).toBe(both[0].data);
    expect(later.data).toBe(both[0].data);
    expect(cache.stats.decodes).toBe(1);
  });

  it('hands a long file out in chunks from disk and holds no more than asked for', async () => {
    await toneFile('long.wav', 500, 45);
    const cache = cacheOf({ maxBytes: 2.5 * CHUNK_FRAMES * 8 });
    const frames: number[] = [];
    for (const chunk of [0, 1, 2]) {
      const media = await cache.acquire('long.wav', chunk);
      frames.push(media.dataFrames);
      expect(media.frames).toBe(45 * RATE_HZ);
      expect(toneLevel(leftOf(media), 500)).toBeCloseTo(0.5, 3);
      // Chunks follow each other sample by sample.
      const at = 777;
      const expected = 0.5 * Math.sin((2 * Math.PI * 500 * (chunk * CHUNK_FRAMES + at)) / RATE_HZ);
      expect(leftOf(media)[at]).toBeCloseTo(expected, 3);
      cache.release('long.wav', chunk);
    }
    expect(frames).toEqual([CHUNK_FRAMES, CHUNK_FRAMES, 5 * RATE_HZ]);
    expect(cache.stats.decodes).toBe(1);
    expect(cache.stats.bytes).toBeLessThanOrEqual(2.5 * CHUNK_FRAMES * 8);
    await expect(cache.acquire('long.wav', 3)).rejects.toThrow(/no chunk 3/);
    await cache.close();
    expect(await readdir(join(folder, 'spool'))).toEqual([]);
  });

  it('drops what was used least recently, never what is held', async () => {
    for (const name of ['a.wav', 'b.wav', 'c.wav']) await toneFile(name, 440, 1);
    const cache = cacheOf({ maxBytes: 2 * RATE_HZ * 8 });
    await cache.acquire('a.wav');
    await cache.acquire('b.wav');
    await expect(cache.acquire('c.wav')).rejects.toMatchObject({ code: 'server.busy' });
    expect(cache.release('b.wav')).toBe(true);
    await cache.acquire('c.wav');
    expect(cache.stats.decodes).toBe(4);
    await cache.acquire('a.wav');
    expect(cache.stats.decodes).toBe(4);
    cache.release('c.wav');
    await cache.acquire('b.wav');
    expect(cache.stats.decodes).toBe(5);
  });

  it('keeps no more on disk than it may: what was used least recently and is not held goes', async () => {
    for (const name of ['a.wav', 'b.wav', 'c.wav', 'd.wav']) await toneFile(name, 440, 21);
    const each = 21 * RATE_HZ * 8;
    const cache = cacheOf({ maxSpoolBytes: 2.5 * each });
    const spooled = async (): Promise<number> => (await readdir(join(folder, 'spool'))).length;
    await cache.acquire('a.wav', 1);
    await cache.acquire('b.wav');
    cache.release('b.wav');
    await cache.acquire('c.wav');
    await expect.poll(spooled).toBe(2);
    expect(cache.stats).toMatchObject({ spoolBytes: 2 * each, media: 2, decodes: 3 });
    // Both are held now.
    await expect(cache.acquire('d.wav')).rejects.toMatchObject({
      code: 'server.busy',
      message: expect.stringMatching(/no room on disk for media d\.wav/) as string,
    });
    expect(cache.stats.spoolBytes).toBe(2 * each);
    const again = await cache.acquire('a.wav', 0);
    expect(toneLevel(leftOf(again), 440)).toBeCloseTo(0.5, 3);
    cache.release('c.wav');
    await cache.acquire('d.wav');
    await expect.poll(spooled).toBe(2);
    expect(cache.stats).toMatchObject({ spoolBytes: 2 * each, media: 2 });
  });

  it('forgets short media of which nothing is in memory any more', async () => {
    for (const name of ['a.wav', 'b.wav']) await toneFile(name, 440, 1);
    const cache = cacheOf({ maxBytes: RATE_HZ * 8 });
    for (const name of ['a.wav', 'b.wav', 'a.wav']) {
      await cache.acquire(name);
      cache.release(name);
    }
    expect(cache.stats).toMatchObject({ media: 1, decodes: 3 });
  });

  it('removes what was left on disk by a process that ended badly', async () => {
    const spool = join(folder, 'spool');
    await mkdir(spool);
    await writeFile(join(spool, 'left.pcm'), 'sound');
    await writeFile(join(spool, 'other.txt'), 'not ours');
    await cacheOf().open();
    expect(await readdir(spool)).toEqual(['other.txt']);
  });

  it('lets go of everything a lost thread held', async () => {
    for (const name of ['a.wav', 'b.wav']) await toneFile(name, 440, 1);
    const cache = cacheOf({ maxBytes: RATE_HZ * 8 });
    await cache.acquire('a.wav', 0, 'media-0');
    await cache.acquire('a.wav', 0, 'media-0');
    await expect(cache.acquire('b.wav')).rejects.toMatchObject({ code: 'server.busy' });
    cache.releaseAll('media-0');
    await cache.acquire('b.wav');
  });

  it('names an unreadable file and what to do', async () => {
    await writeFile(join(folder, 'note.txt'), 'no sound in here');
    const cache = cacheOf();
    await expect(cache.acquire('note.txt')).rejects.toMatchObject({
      code: 'media.unreadable',
      message: expect.stringMatching(/note\.txt cannot be played: .*Replace it by/) as string,
    });
    await expect(cache.acquire('gone.wav')).rejects.toThrow(/gone\.wav.*missing/);
    expect(cache.stats).toMatchObject({ bytes: 0, media: 0 });
  });

  it('refuses what is too long or takes too long', async () => {
    await toneFile('a.wav', 440, 3);
    const short = cacheOf({ maxDurationS: 2 });
    await expect(short.acquire('a.wav')).rejects.toMatchObject({ code: 'input.too-large' });
    const hasty = cacheOf({ maxDecodeMs: 1 });
    await expect(hasty.acquire('a.wav')).rejects.toThrow(/not decoded within 1 ms/);
  });

  it('decodes again after a file changed', async () => {
    await toneFile('a.wav', 440, 1);
    const cache = cacheOf();
    await cache.acquire('a.wav');
    await toneFile('a.wav', 880, 2);
    cache.forget('a.wav');
    const media = await cache.acquire('a.wav');
    expect(media.frames).toBe(2 * RATE_HZ);
    expect(cache.stats.bytes).toBe(2 * RATE_HZ * 8);
  });

  it('settles every request when closed, and refuses later ones', async () => {
    await toneFile('long.wav', 440, 40);
    const cache = cacheOf({ maxDecoders: 1 });
    const pending = [cache.acquire('long.wav'), cache.acquire('other.wav')];
    const settled = Promise.allSettled(pending);
    await cache.close();
    for (const result of await settled) expect(result.status).toBe('rejected');
    await expect(cache.acquire('a.wav')).rejects.toMatchObject({ code: 'server.stopping' });
  });
});
