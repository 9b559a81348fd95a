import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineError } from '../../engine/errors.js';
import type { Job, JobLimits, JobResult, Step } from './ingest.types.js';
import { runJob } from './job.js';

const LIMITS: JobLimits = {
  maxDurationS: 60,
  maxPixels: 20_000_000,
  maxStreams: 16,
  maxTextBytes: 10_000,
  memoryBytes: 2_000_000_000,
  maxOutputBytes: 50_000_000,
  jobMs: 30_000,
};

let folder = '';
let made = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-job-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Makes a file with the real ffmpeg. */
function ffmpeg(name: string, ...options: readonly string[]): string {
  const file = join(folder, name);
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...options, file]);
  return file;
}

function written(name: string, bytes: Uint8Array | string): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

const TONE = ['-f', 'lavfi', '-i', 'sine=frequency=997:duration=2'];
const FILM = ['-f', 'lavfi', '-i', 'testsrc=duration=1:size=320x240:rate=10'];

async function run(
  input: string,
  wish: Partial<Job> = {},
  signal = new AbortController().signal,
): Promise<{ result: JobResult; outFolder: string; steps: Set<Step> }> {
  const outFolder = join(folder, `out${made++}`);
  mkdirSync(outFolder);
  const steps = new Set<Step>();
  const result = await runJob(
    {
      input,
      outFolder,
      stem: 'made',
      declaredKind: undefined,
      declaredType: undefined,
      limits: LIMITS,
      ...wish,
    },
    (step) => steps.add(step),
    signal,
  );
  return { result, outFolder, steps };
}

async function failure(input: string, wish: Partial<Job> = {}): Promise<EngineError> {
  try {
    await run(input, wish);
  } catch (error) {
    return error as EngineError;
  }
  throw new Error('the job should have failed');
}

describe('a sound', () => {
  it.each([
    ['wav', ['-c:a', 'pcm_s16le']],
    ['flac', []],
    ['mp3', ['-c:a', 'libmp3lame']],
    ['ogg', ['-c:a', 'libvorbis']],
    ['opus', ['-c:a', 'libopus']],
    ['webm', ['-c:a', 'libopus']],
    ['m4a', ['-c:a', 'aac']],
    ['mov', ['-c:a', 'aac', '-f', 'mov']],
    ['caf', ['-c:a', 'pcm_s16be']],
    ['aac', ['-c:a', 'aac', '-f', 'adts']],
    ['aiff', []],
  ])(
    'in a %s file becomes WAV, MP3, M4A, a waveform and a loudness, whatever its name',
    async (extension, options) => {
      const original = ffmpeg(`tone.${extension}`, ...TONE, ...options);
      const blob = written(`blob-${extension}`, readFileSync(original));
      const { result, outFolder, steps } = await run(blob);
      expect(result.kind).toBe('audio');
      expect(result.durationS).toBeGreaterThan(1.95);
      expect(result.durationS).toBeLessThan(2.15);
      expect(result.files.map((file) => file.role)).toEqual(['wav', 'mp3', 'm4a', 'peaks']);
      expect(result.loudnessLufs).toBeGreaterThan(-24);
      expect(result.loudnessLufs).toBeLessThan(-20);
      expect(result.truePeakDb).toBeGreaterThan(-20);
      expect(result.truePeakDb).toBeLessThan(-16);
      const wave = JSON.parse(readFileSync(join(outFolder, 'made.peaks.json'), 'utf8')) as {
        secondsPerPeak: number;
        peaks: number[];
      };
      expect(wave.secondsPerPeak * wave.peaks.length).toBeGreaterThan(1.9);
      expect(Math.max(...wave.peaks)).toBeGreaterThan(25);
      expect(Math.max(...wave.peaks)).toBeLessThan(45);
      expect([...steps]).toEqual(['probe', 'transcode', 'loudness', 'peaks']);
    },
  );

  it('that is silent has no loudness and no waveform, and is not refused', async () => {
    const { result } = await run(ffmpeg('silent.wav', '-f', 'lavfi', '-i', 'anullsrc', '-t', '1'));
    expect(result.kind).toBe('audio');
    expect(result.loudnessLufs).toBeUndefined();
  });

  it('with a cover picture is sound', async () => {
    const cover = ffmpeg('cover.jpg', ...FILM, '-frames:v', '1');
    const song = ffmpeg(
      'song.mp3',
      ...TONE,
      ...['-i', cover, '-map', '0:a', '-map', '1:v', '-c:v', 'copy', '-id3v2_version', '3'],
    );
    expect((await run(song)).result.kind).toBe('audio');
  });

  it('is cut off at the limit of length, also when the header lies', async () => {
    const long = ffmpeg('long.wav', '-f', 'lavfi', '-i', 'sine=duration=70', '-ar', '8000');
    expect((await failure(long)).message).toContain('longer than 60 s');
    // A pipe gets no length: the header claims the largest there is.
    const open = execFileSync('ffmpeg', ['-v', 'error', ...TONE, '-f', 'wav', 'pipe:1']);
    const { result } = await run(written('open.wav', open));
    expect(result.durationS).toBeCloseTo(2, 1);
    const claims = Buffer.from(readFileSync(ffmpeg('claims.mp4', ...TONE, '-c:a', 'aac')));
    const mvhd = claims.indexOf('mvhd');
    claims.writeUInt32BE(1_000, mvhd + 16);
    claims.writeUInt32BE(86_400_000, mvhd + 20);
    const mdhd = claims.indexOf('mdhd');
    claims.writeUInt32BE(86_400 * claims.readUInt32BE(mdhd + 16), mdhd + 20);
    const lied = await run(written('day.mp4', claims)).then(
      ({ result: { durationS } }) => `${Math.round(durationS ?? 0)} s`,
      (error: unknown) => (error as EngineError).code,
    );
    expect(['2 s', 'input.too-large']).toContain(lied);
  });
});

describe('a photo', () => {
  it.each(['jpg', 'png', 'gif', 'webp'])(
    'in a %s file is made anew, with a small one',
    async (extension) => {
      const { result } = await run(ffmpeg(`photo.${extension}`, ...FILM, '-frames:v', '1'));
      expect(result.kind).toBe('photo');
      expect(result.widthPx).toBe(320);
      expect(result.files.map((file) => file.role)).toEqual(['photo', 'thumbnail']);
    },
  );

  it('with more pixels than allowed is refused without being unpacked', async () => {
    const bomb = ffmpeg(
      'bomb.png',
      '-f',
      'lavfi',
      '-i',
      'color=black:size=6000x5000',
      '-frames:v',
      '1',
    );
    const error = await failure(bomb);
    expect(error.code).toBe('input.too-large');
    expect(error.message).toContain('6000 × 5000');
  });

  it('whose header hides its size is stopped by the decoder', async () => {
    const png = Buffer.from(readFileSync(ffmpeg('small.png', ...FILM, '-frames:v', '1')));
    png.writeUInt32BE(60_000, 16);
    png.writeUInt32BE(60_000, 20);
    expect((await failure(written('huge.png', png))).code).toMatch(
      /input\.too-large|media\.unreadable/,
    );
  });
});

describe('a film', () => {
  it.each([
    ['mp4', ['-c:v', 'libx264', '-c:a', 'aac']],
    ['webm', ['-c:v', 'libvpx', '-c:a', 'libopus']],
  ])('in a %s file becomes an MP4 and a still', async (extension, codecs) => {
    const { result } = await run(
      ffmpeg(`film.${extension}`, ...FILM, ...TONE, '-t', '1', ...codecs),
    );
    expect(result.kind).toBe('video');
    expect(result.files.map((file) => file.role)).toEqual(['video', 'thumbnail']);
    expect(result.durationS).toBeCloseTo(1, 0);
  });
});

describe('a text', () => {
  it('is kept when it was announced as text', async () => {
    const file = written('text', 'Grüße vom Fluss');
    const { result, outFolder } = await run(file, { declaredKind: 'text' });
    expect(result.kind).toBe('text');
    expect(readFileSync(join(outFolder, 'made.txt'), 'utf8')).toBe('Grüße vom Fluss');
    expect((await run(file, { declaredType: 'text/html' })).result.kind).toBe('text');
  });

  it('is refused when it came as sound', async () => {
    const error = await failure(written('page', '<html>404</html>'), { declaredKind: 'audio' });
    expect(error.message).toContain('it holds text');
  });
});

describe('a hostile file', () => {
  const secret = '/etc/passwd';
  const playlists = {
    hls: `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile://${secret}\n#EXT-X-ENDLIST\n`,
    concat: `ffconcat version 1.0\nfile ${secret}\n`,
    sdp: 'v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 96\n',
    dash: `<?xml version="1.0"?><MPD><BaseURL>file://${secret}</BaseURL></MPD>`,
  };

  it.each(Object.entries(playlists))(
    'that is a playlist (%s) reads nothing else',
    async (name, text) => {
      const error = await failure(written(`list-${name}.mp3`, text), { declaredKind: 'audio' });
      expect(error.code).toBe('media.unreadable');
      expect(error.message).toContain('it holds text');
    },
  );

  it('with a playlist behind a sound’s first bytes is opened as sound only', async () => {
    const file = written(
      'id3.mp3',
      Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\0\0'), Buffer.from(playlists.hls)]),
    );
    const error = await failure(file);
    expect(error.code).toBe('media.unreadable');
    expect(error.message).not.toContain('root:');
  });

  it('of random bytes, cut off or empty fails in words', async () => {
    const random = createHash('shake256', { outputLength: 50_000 }).update('noise').digest();
    expect((await failure(written('random', random))).code).toBe('media.unreadable');
    expect((await failure(written('none', ''))).code).toBe('media.unreadable');
    const m4a = readFileSync(ffmpeg('whole.m4a', ...TONE, '-c:a', 'aac'));
    const cut = await failure(written('cut.m4a', m4a.subarray(0, m4a.length / 2)));
    expect(cut.code).toBe('media.unreadable');
    expect(cut.message).not.toContain(folder);
  });

  it('with very many streams is refused', async () => {
    const maps = Array.from({ length: 40 }, () => ['-map', '0:a']).flat();
    const many = ffmpeg('many.mka', ...TONE, '-t', '0.1', ...maps, '-c:a', 'pcm_s16le');
    const error = await failure(many);
    expect(['input.too-large', 'media.unreadable']).toContain(error.code);
  });

  it('that takes too long, too much disk or too much memory is stopped', async () => {
    const tone = ffmpeg('minute.flac', '-f', 'lavfi', '-i', 'sine=duration=50');
    const slow = await failure(tone, { limits: { ...LIMITS, jobMs: 150 } });
    expect(slow.message).toContain('takes longer than');
    const large = await failure(tone, { limits: { ...LIMITS, maxOutputBytes: 1_000_000 } });
    expect(large.code).toBe('input.too-large');
    const lean = await failure(tone, { limits: { ...LIMITS, memoryBytes: 60_000_000 } });
    expect(['input.too-large', 'media.unreadable']).toContain(lean.code);
  });

  it('can be given up at any time', async () => {
    const stop = new AbortController();
    const tone = ffmpeg('stop.flac', '-f', 'lavfi', '-i', 'sine=duration=50');
    const running = run(tone, {}, stop.signal);
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: 'call.aborted' });
  });
});
