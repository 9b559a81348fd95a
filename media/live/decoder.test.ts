import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SystemClock } from '../../engine/clock.js';
import { type LiveRing, RATE_HZ } from '../ports.js';
import { encodedTone, endlessOf, fileOf, LiveServer } from '../testing/live-server.js';
import { toneLevel } from '../tones.js';
import { type LiveSourceState, LiveSources, type LiveSourcesOptions } from './decoder.js';

const clock = new SystemClock();
let mp3: Buffer;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  mp3 = await encodedTone(440, 4);
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(answer: Parameters<typeof LiveServer.start>[0]): Promise<LiveServer> {
  const server = await LiveServer.start(answer);
  ends.push(() => server.stop());
  return server;
}

interface Watched {
  readonly sources: LiveSources;
  readonly seen: LiveSourceState[];
  reaches(state: LiveSourceState['state'], text?: RegExp): Promise<LiveSourceState>;
}

function watched(options: Partial<LiveSourcesOptions> = {}): Watched {
  const seen: LiveSourceState[] = [];
  let wake: (() => void) | undefined;
  const sources = new LiveSources({
    clock,
    random: () => 0.5,
    retryFirstMs: 50,
    retryCapMs: 200,
    ...options,
    onState: (state) => {
      seen.push(state);
      wake?.();
    },
  });
  ends.push(() => sources.close());
  return {
    sources,
    seen,
    async reaches(state, text) {
      for (let at = 0; ; at += 1) {
        while (at >= seen.length) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        const one = seen[at];
        if (one?.state !== state || text?.test(one.error ?? '') === false) continue;
        seen.splice(0, at + 1);
        return one;
      }
    },
  };
}

const writtenOf = (ring: LiveRing): number =>
  Number(Atomics.load(new BigInt64Array(ring.written), 0));

/** Waits until so many more frames are written, and answers the left ones. */
async function nextFrames(ring: LiveRing, count: number): Promise<Float32Array> {
  const from = writtenOf(ring);
  await expect
    .poll(() => writtenOf(ring), { timeout: 20_000 })
    .toBeGreaterThanOrEqual(from + count);
  const left = new Float32Array(ring.data, 0, ring.frames);
  return Float32Array.from({ length: count }, (_, i) => left[(from + i) % ring.frames] ?? 0);
}

/** ffmpeg's sine has an eighth of full level, in one channel; two get 3 dB less each. */
const LEVEL = 0.125 * Math.SQRT1_2;

describe('live sources', () => {
  it('decode an endless stream once for all who hold it, at the pace of the clock', async () => {
    const server = await serve(endlessOf(mp3, 16_000));
    const { sources, reaches } = watched();
    const url = `${server.origin}/live`;
    const ring = sources.acquire(url, 'media-0');
    expect(sources.acquire(url, 'media-1')).toBe(ring);
    expect((await reaches('sounding')).error).toBeUndefined();
    const [from, begun] = [writtenOf(ring), performance.now()];
    const heard = await nextFrames(ring, RATE_HZ);
    expect(toneLevel(heard, 440)).toBeCloseTo(LEVEL, 1);
    const written = (writtenOf(ring) - from) / RATE_HZ;
    // Not faster than it is heard, though the server sent a second in advance.
    expect(written).toBeLessThan((performance.now() - begun) / 1_000 + 0.2);
    expect(server.requests).toBe(1);
    expect(sources.stats).toEqual({ sources: 1, opened: 1 });
  });

  it('loop a file without a gap, and fetch a short one once', async () => {
    const wav = await encodedTone(500, 0.2, 'wav');
    const server = await serve(fileOf(wav, 'audio/wav'));
    const { sources, reaches } = watched();
    const ring = sources.acquire(`${server.origin}/loop.wav`, 'media-0');
    await reaches('sounding');
    const heard = await nextFrames(ring, RATE_HZ);
    for (let at = 0; at + 4_800 <= heard.length; at += 4_800) {
      expect(toneLevel(heard, 500, at, at + 4_800)).toBeCloseTo(LEVEL, 2);
    }
    expect(server.requests).toBe(1);
  });

  it('stand still while the source is away, and go on when it returns', async () => {
    const server = await serve(endlessOf(mp3, 16_000));
    const { sources, reaches } = watched();
    const ring = sources.acquire(`${server.origin}/live`, 'media-0');
    await reaches('sounding');
    server.answer = (_request, response) => response.writeHead(503).end();
    server.cut();
    const away = await reaches('silent');
    expect(away.error).toMatch(/does not sound: (status 503|the connection ended)/);
    const still = writtenOf(ring);
    const { requests } = server;
    await expect.poll(() => server.requests).toBeGreaterThan(requests + 2);
    expect(writtenOf(ring)).toBe(still);
    server.answer = endlessOf(mp3, 16_000);
    await reaches('sounding');
    expect(toneLevel(await nextFrames(ring, RATE_HZ / 2), 440)).toBeCloseTo(LEVEL, 1);
  }, 30_000);

  it.each([
    ['a page', 'text/html', /sends text\/html, not sound/],
    ['a playlist', 'audio/x-mpegurl', /is a playlist/],
    ['nothing named', '', /does not say what it sends/],
  ])('refuse %s by its content type', async (_what, type, text) => {
    const server = await serve((_request, response) => {
      response.writeHead(200, type === '' ? {} : { 'content-type': type });
      response.end(mp3);
    });
    const { sources, reaches } = watched();
    sources.acquire(`${server.origin}/x`, 'media-0');
    expect((await reaches('silent')).error).toMatch(text);
  });

  it('say so when what is called sound is none, and leave no file of ours open to it', async () => {
    // A playlist that names a local file, sent as MP3.
    const trap = Buffer.from('#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n');
    const server = await serve(fileOf(trap));
    const { sources, reaches } = watched();
    const ring = sources.acquire(`${server.origin}/trap.mp3`, 'media-0');
    expect((await reaches('silent')).error).toMatch(
      /does not|Invalid|not found|whitelist|no sound/i,
    );
    expect(writtenOf(ring)).toBe(0);
  });

  it('give up a server that does not answer, or sends nothing, and try again', async () => {
    const server = await serve(() => undefined);
    const { sources, reaches } = watched({ answerMs: 300 });
    sources.acquire(`${server.origin}/slow`, 'media-0');
    expect((await reaches('silent')).error).toMatch(/no answer within 300 ms/);
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' });
      response.flushHeaders();
    };
    expect((await reaches('silent', /no sound for/)).error).toMatch(/no sound for 300 ms/);
    server.answer = fileOf(mp3);
    await reaches('sounding');
  });

  it('follow redirects, but not in circles', async () => {
    const server = await serve((request, response) => {
      const round = Number(new URL(request.url ?? '', 'http://x').searchParams.get('n') ?? 0);
      if (request.url?.startsWith('/once') === true && round === 1) {
        fileOf(mp3)(request, response);
        return;
      }
      response.writeHead(302, { location: `?n=${round + 1}` }).end();
    });
    const { sources, reaches } = watched();
    sources.acquire(`${server.origin}/circle`, 'media-0');
    expect((await reaches('silent')).error).toMatch(/redirects in circles/);
    sources.acquire(`${server.origin}/once`, 'media-0');
    await reaches('sounding');
  });

  it('end a decoder when its last holder is gone, also when a whole thread was lost', async () => {
    const server = await serve(endlessOf(mp3, 16_000));
    const { sources, reaches } = watched({ lingerMs: 20 });
    const url = `${server.origin}/live`;
    sources.acquire(url, 'media-0');
    sources.acquire(url, 'media-0');
    sources.acquire(url, 'media-1');
    await reaches('sounding');
    expect(sources.release(url, 'media-1')).toBe(true);
    expect(sources.release(url, 'media-1')).toBe(false);
    expect(sources.state(url)?.state).toBe('sounding');
    sources.releaseAll('media-0');
    await expect.poll(() => sources.stats.sources).toBe(0);
    const again = sources.acquire(url, 'media-0');
    await reaches('sounding');
    await nextFrames(again, 960);
    expect(sources.stats.opened).toBe(2);
  });

  it('refuse what is no http address, and more than their limit, in words', async () => {
    const server = await serve(fileOf(mp3));
    const { sources } = watched({ maxSources: 1 });
    expect(() => sources.acquire('file:///etc/passwd', 'media-0')).toThrow(/http:\/\/ or https/);
    expect(() => sources.acquire('garden', 'media-0')).toThrow(/"garden" is not a URL/);
    sources.acquire(`${server.origin}/a`, 'media-0');
    expect(() => sources.acquire(`${server.origin}/b`, 'media-0')).toThrow(/limit of 1 live/);
    await sources.close();
    expect(() => sources.acquire(`${server.origin}/a`, 'media-0')).toThrow(/closed/);
  });
});
