import { describe, expect, it } from 'vitest';
import { BLOCK_FRAMES, type Encoder, type EncoderFactory, RATE_HZ } from '../ports.js';
import { decodeStream, type Stereo, tone, toneLevel } from '../tones.js';
import { ffmpegEncoders } from './ffmpeg.js';
import { libavEncoders } from './libav.js';

const libav = await libavEncoders();
if (libav === undefined) throw new Error('node-av is not installed');
const factories: readonly EncoderFactory[] = [libav, ffmpegEncoders()];
const SECONDS = 3;

/** Takes an encoder's packets and lets a test wait for them. */
class Taker {
  readonly packets: Uint8Array[] = [];
  readonly ends: number[] = [];
  readonly errors: Error[] = [];
  #wake: (() => void) | undefined;

  readonly onPacket = (bytes: Uint8Array, endFrame: number): void => {
    this.packets.push(Uint8Array.from(bytes));
    this.ends.push(endFrame);
    this.#wake?.();
  };

  readonly onError = (error: Error): void => {
    this.errors.push(error);
    this.#wake?.();
  };

  async until(enough: () => boolean): Promise<void> {
    while (!enough()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function feed(encoder: Encoder, sound: Stereo): void {
  for (let at = 0; at + BLOCK_FRAMES <= sound.left.length; at += BLOCK_FRAMES) {
    const end = at + BLOCK_FRAMES;
    encoder.encode(sound.left.subarray(at, end), sound.right.subarray(at, end));
  }
}

/** 440 Hz on the left, 1,500 Hz on the right, peaks of 0.5. */
function twoTones(seconds = SECONDS): Stereo {
  const left = tone(440, seconds * RATE_HZ, 0.5).left;
  return { left, right: tone(1500, seconds * RATE_HZ, 0.5).right };
}

async function run(
  factory: EncoderFactory,
  options: Parameters<EncoderFactory['open']>[0],
  sound: Stereo,
): Promise<{ taker: Taker; encoder: Encoder }> {
  const taker = new Taker();
  const encoder = factory.open(options, taker.onPacket, taker.onError);
  const start = options.startFrame ?? 0;
  // Half a second at a time, as a process takes no more than two seconds in advance.
  for (let at = 0; at < sound.left.length; at += RATE_HZ / 2) {
    const end = at + RATE_HZ / 2;
    feed(encoder, { left: sound.left.subarray(at, end), right: sound.right.subarray(at, end) });
    const due = start + end - RATE_HZ;
    await taker.until(() => taker.errors.length > 0 || (taker.ends.at(-1) ?? 0) >= due);
  }
  // A process keeps up to 100 ms in its pipes until more sound pushes it out.
  const until = start + sound.left.length - RATE_HZ / 5;
  await taker.until(() => taker.errors.length > 0 || (taker.ends.at(-1) ?? 0) >= until);
  return { taker, encoder };
}

describe.each(factories)('$name encoders', (factory) => {
  it.each([
    { format: 'mp3', bitrateKbps: 128 },
    { format: 'mp3', bitrateKbps: 64 },
    { format: 'mp3', bitrateKbps: 320 },
    { format: 'opus', bitrateKbps: 96 },
  ] as const)('keep level, place and length in $format at $bitrateKbps kbit/s', async (options) => {
    const { taker, encoder } = await run(factory, options, twoTones());
    encoder.close();
    expect(taker.errors).toEqual([]);
    const heard = await decodeStream(Buffer.concat([encoder.header, ...taker.packets]));
    const seconds = heard.left.length / RATE_HZ;
    expect(seconds).toBeGreaterThan(SECONDS - 0.25);
    expect(seconds).toBeLessThan(SECONDS + 0.05);
    const [from, to] = [RATE_HZ / 2, 2.5 * RATE_HZ];
    expect(toneLevel(heard.left, 440, from, to)).toBeCloseTo(0.5, 1);
    expect(toneLevel(heard.right, 1500, from, to)).toBeCloseTo(0.5, 1);
    expect(toneLevel(heard.left, 1500, from, to)).toBeLessThan(0.02);
    for (let at = from; at < to; at += RATE_HZ / 20) {
      // No gap: each 50 ms is as loud as the whole. No clipping: nothing much above the peak.
      expect(toneLevel(heard.left, 440, at, at + RATE_HZ / 20)).toBeCloseTo(0.5, 1);
    }
    expect(heard.left.reduce((most, value) => Math.max(most, value), 0)).toBeLessThan(0.6);
  });

  it('cut packets at the same places whenever they start', async () => {
    for (const format of ['mp3', 'opus'] as const) {
      const startFrame = 7 * BLOCK_FRAMES;
      const early = await run(factory, { format, bitrateKbps: 128 }, twoTones());
      const late = await run(factory, { format, bitrateKbps: 128, startFrame }, twoTones());
      const places = new Set(early.taker.ends);
      const common = late.taker.ends.filter((end) => end <= 2 * RATE_HZ);
      expect(common.length).toBeGreaterThan(50);
      for (const end of common) expect(places.has(end)).toBe(true);
      early.encoder.close();
      late.encoder.close();
    }
  });

  it('let a listener come in at any packet, after the header', async () => {
    for (const format of ['mp3', 'opus'] as const) {
      const { taker, encoder } = await run(factory, { format, bitrateKbps: 128 }, twoTones());
      encoder.close();
      const late = taker.packets.slice(61);
      const heard = await decodeStream(Buffer.concat([encoder.header, ...late]));
      expect(toneLevel(heard.left, 440, 4800, RATE_HZ)).toBeCloseTo(0.5, 1);
    }
  });

  it('close twice, take no more sound, and hand out nothing after', async () => {
    const { taker, encoder } = await run(factory, { format: 'mp3', bitrateKbps: 128 }, twoTones(1));
    encoder.close();
    encoder.close();
    const count = taker.packets.length;
    feed(encoder, twoTones(1));
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(taker.packets.length).toBe(count);
    expect(taker.errors).toEqual([]);
  });
});

describe('libav encoders', () => {
  it('hand over a block at once in Opus, and within two frames in MP3', () => {
    const lags = { opus: 0, mp3: 0 };
    for (const format of ['mp3', 'opus'] as const) {
      const taker = new Taker();
      const encoder = libav.open({ format, bitrateKbps: 128 }, taker.onPacket, taker.onError);
      for (let block = 1; block <= 50; block++) {
        feed(encoder, tone(440, BLOCK_FRAMES, 0.5));
        if (block > 10) {
          lags[format] = Math.max(lags[format], block * BLOCK_FRAMES - (taker.ends.at(-1) ?? 0));
        }
      }
      encoder.close();
    }
    expect(lags.opus).toBe(0);
    expect(lags.mp3).toBeLessThanOrEqual(2 * 1152);
  });

  it('open and close by the thousand without keeping memory', () => {
    const cycle = (): void => {
      const taker = new Taker();
      for (const format of ['mp3', 'opus'] as const) {
        const encoder = libav.open({ format, bitrateKbps: 128 }, taker.onPacket, taker.onError);
        feed(encoder, tone(440, 3 * BLOCK_FRAMES, 0.5));
        encoder.close();
      }
    };
    for (let i = 0; i < 300; i++) cycle();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 1500; i++) cycle();
    // A leaked MP3 encoder alone is over 150 KB: 225 MB for these.
    expect(process.memoryUsage().rss - before).toBeLessThan(60 * 1024 * 1024);
  });

  it('refuse an impossible bitrate in words', () => {
    const taker = new Taker();
    expect(() =>
      libav.open({ format: 'opus', bitrateKbps: 5000 }, taker.onPacket, taker.onError),
    ).toThrow(/5000 kbit/);
  });
});

describe('ffmpeg encoders', () => {
  it('report a command that is not there', async () => {
    const taker = new Taker();
    ffmpegEncoders('/nowhere/ffmpeg').open(
      { format: 'mp3', bitrateKbps: 128 },
      taker.onPacket,
      taker.onError,
    );
    await taker.until(() => taker.errors.length > 0);
    expect(taker.errors[0]?.message).toMatch(/cannot be started/);
  });

  it('report a process that ends by itself, once', async () => {
    const taker = new Taker();
    const encoder = ffmpegEncoders('false').open(
      { format: 'mp3', bitrateKbps: 128 },
      taker.onPacket,
      taker.onError,
    );
    await taker.until(() => taker.errors.length > 0);
    feed(encoder, twoTones(1));
    expect(taker.errors).toHaveLength(1);
    expect(taker.errors[0]).toMatchObject({ code: 'media.encoder' });
  });
});
