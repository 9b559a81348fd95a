import { describe, expect, it } from 'vitest';
import {
  BLOCK_FRAMES,
  type Encoder,
  type EncoderFactory,
  type EncoderOptions,
  RATE_HZ,
} from '../ports.js';
import { decodeStream, type Stereo, tone, toneLevel } from '../tones.js';
import { channelsOf } from './channels.js';
import { ffmpegEncoders } from './ffmpeg.js';
import { libavEncoders } from './libav.js';
import { OggPackets } from './ogg.js';

const libav = await libavEncoders();
if (libav === undefined) throw new Error('node-av is not installed');
const factories: readonly EncoderFactory[] = [libav, ffmpegEncoders()];
const SECONDS = 3;
/** Half of 0.5, as ffmpeg spreads one channel over two: 3 dB less in each. */
const ONE_CHANNEL = 0.25 * Math.SQRT1_2;

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
  options: EncoderOptions,
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
  // A process keeps up to 200 ms in its pipes until more sound pushes it out.
  const until = start + sound.left.length - RATE_HZ / 4;
  await taker.until(() => taker.errors.length > 0 || (taker.ends.at(-1) ?? 0) >= until);
  return { taker, encoder };
}

const FORMATS = ['mp3', 'opus', 'vorbis'] as const;

/** Places (granules) of the pages of a stream. */
function granules(stream: Uint8Array): number[] {
  const found: number[] = [];
  new OggPackets().push(
    stream,
    () => undefined,
    (granule) => found.push(granule),
  );
  return found;
}

describe.each(factories)('$name encoders', (factory) => {
  it.each([
    { format: 'mp3', bitrateKbps: 80 },
    { format: 'mp3', bitrateKbps: 128 },
    { format: 'mp3', bitrateKbps: 320 },
    { format: 'opus', bitrateKbps: 40 },
    { format: 'opus', bitrateKbps: 96 },
    { format: 'vorbis', bitrateKbps: 64 },
    { format: 'vorbis', bitrateKbps: 128 },
    { format: 'vorbis', bitrateKbps: 320 },
  ] as const)('keep level, place and length in $format at $bitrateKbps kbit/s', async (options) => {
    const { taker, encoder } = await run(factory, options, twoTones());
    encoder.close();
    expect(taker.errors).toEqual([]);
    const heard = await decodeStream(Buffer.concat([encoder.header, ...taker.packets]));
    const seconds = heard.left.length / RATE_HZ;
    expect(seconds).toBeGreaterThan(SECONDS - 0.3);
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

  it.each([
    { format: 'mp3', bitrateKbps: 32 },
    { format: 'mp3', bitrateKbps: 64 },
    { format: 'opus', bitrateKbps: 16 },
    { format: 'opus', bitrateKbps: 32 },
    { format: 'vorbis', bitrateKbps: 48 },
  ] as const)('give low rates to one channel: $format at $bitrateKbps kbit/s', async (options) => {
    expect(channelsOf(options.format, options.bitrateKbps)).toBe(1);
    const { taker, encoder } = await run(factory, options, twoTones());
    encoder.close();
    expect(taker.errors).toEqual([]);
    const heard = await decodeStream(Buffer.concat([encoder.header, ...taker.packets]));
    const [from, to] = [RATE_HZ / 2, 2.5 * RATE_HZ];
    // Each side at half its level, and the same on both.
    for (const plane of [heard.left, heard.right]) {
      expect(toneLevel(plane, 440, from, to)).toBeCloseTo(ONE_CHANNEL, 1);
      expect(toneLevel(plane, 1500, from, to)).toBeCloseTo(ONE_CHANNEL, 1);
    }
    expect(heard.left.every((value, i) => value === heard.right[i])).toBe(true);
  });

  it.each(FORMATS)('take another number of channels by name in %s', async (format) => {
    const options = { format, bitrateKbps: 96, channels: 1 } as const;
    const { taker, encoder } = await run(factory, options, twoTones(1));
    encoder.close();
    const heard = await decodeStream(Buffer.concat([encoder.header, ...taker.packets]));
    expect(heard.left.every((value, i) => value === heard.right[i])).toBe(true);
    expect(toneLevel(heard.right, 440, RATE_HZ / 4)).toBeCloseTo(ONE_CHANNEL, 1);
  });

  it.each(FORMATS)('cut whole packets, and say truly where they end, in %s', async (format) => {
    const startFrame = 7 * BLOCK_FRAMES;
    const { taker, encoder } = await run(
      factory,
      { format, bitrateKbps: 128, startFrame },
      twoTones(),
    );
    encoder.close();
    expect(taker.ends).toEqual([...taker.ends].sort((a, b) => a - b));
    if (format === 'mp3') {
      expect(taker.packets.every((packet) => packet.length === 384 && packet[0] === 0xff)).toBe(
        true,
      );
      return;
    }
    expect(taker.packets.map((page) => granules(page))).toEqual(taker.ends.map((end) => [end]));
    const between = taker.ends.slice(1).map((end, i) => end - (taker.ends[i] ?? 0));
    // A page a block or so: no player waits for more.
    expect(Math.max(...between)).toBeLessThanOrEqual(format === 'opus' ? BLOCK_FRAMES : 3072);
  });

  it('cut packets at the same places whenever they start, where listeners may be moved', async () => {
    for (const format of FORMATS.filter((one) => factory.canSwitch(one))) {
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

  it.each(FORMATS)(
    'let a listener come in at any packet, after the header, in %s',
    async (format) => {
      const { taker, encoder } = await run(factory, { format, bitrateKbps: 128 }, twoTones());
      encoder.close();
      const late = taker.packets.slice(61);
      const heard = await decodeStream(Buffer.concat([encoder.header, ...late]));
      expect(toneLevel(heard.left, 440, 4800, RATE_HZ)).toBeCloseTo(0.5, 1);
    },
  );

  it.each(FORMATS)('give equal headers to equal options in %s', async (format) => {
    const open = (startFrame: number) =>
      factory.open(
        { format, bitrateKbps: 96, startFrame },
        () => undefined,
        () => undefined,
      );
    const [one, same, later] = [open(960), open(960), open(1_920)];
    expect(one.header).toEqual(same.header);
    // Another Vorbis encoder is another logical stream.
    expect(Buffer.compare(one.header, later.header) === 0).toBe(factory.canSwitch(format));
    for (const encoder of [one, same, later]) encoder.close();
  });

  it('chain Vorbis: a second encoder of a mount begins a logical stream that players go on with', async () => {
    const options = { format: 'vorbis', bitrateKbps: 96 } as const;
    const one = await run(factory, options, twoTones(2));
    const two = await run(factory, { ...options, startFrame: 2 * RATE_HZ }, twoTones(2));
    const parts = [one, two].flatMap(({ encoder, taker }) => [encoder.header, ...taker.packets]);
    for (const { encoder } of [one, two]) encoder.close();
    const heard = await decodeStream(Buffer.concat(parts));
    expect(heard.left.length).toBeGreaterThan(3.3 * RATE_HZ);
    expect(toneLevel(heard.left, 440, RATE_HZ / 2, 1.5 * RATE_HZ)).toBeCloseTo(0.5, 1);
    expect(toneLevel(heard.left, 440, 2.25 * RATE_HZ, 3.25 * RATE_HZ)).toBeCloseTo(0.5, 1);
  });

  it('close twice, take no more sound, and hand out nothing after', async () => {
    for (const format of FORMATS) {
      const { taker, encoder } = await run(factory, { format, bitrateKbps: 128 }, twoTones(1));
      encoder.close();
      encoder.close();
      const count = taker.packets.length;
      feed(encoder, twoTones(1));
      await new Promise<void>((resolve) => setImmediate(resolve));
      expect(taker.packets.length).toBe(count);
      expect(taker.errors).toEqual([]);
    }
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
      for (const format of FORMATS) {
        const encoder = libav.open({ format, bitrateKbps: 128 }, taker.onPacket, taker.onError);
        feed(encoder, tone(440, 3 * BLOCK_FRAMES, 0.5));
        encoder.close();
      }
    };
    for (let i = 0; i < 200; i++) cycle();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 800; i++) cycle();
    // A leaked MP3 encoder alone is over 150 KB: 120 MB for these.
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
  });

  it('refuse an impossible bitrate in words', () => {
    const taker = new Taker();
    expect(() =>
      libav.open({ format: 'opus', bitrateKbps: 5000 }, taker.onPacket, taker.onError),
    ).toThrow(/5000 kbit/);
  });
});

describe('the clock of Ogg pages', () => {
  it.each(['opus', 'vorbis'] as const)('goes on in %s when a thread is lost', async (format) => {
    const originFrame = 1_000 * BLOCK_FRAMES;
    const [first, second] = [libav, await libavEncoders({ originFrame })];
    if (second === undefined) throw new Error('node-av is not installed');
    const options = { format, bitrateKbps: 96 } as const;
    const before = await run(first, options, twoTones(1));
    const after = await run(second, options, twoTones(1));
    const pages = [...before.taker.packets, ...after.taker.packets].flatMap(granules);
    expect(pages).toEqual([...pages].sort((a, b) => a - b));
    // Where a packet lies on the stream clock is not changed by it.
    expect(after.taker.ends).toEqual(before.taker.ends);
    const process = await run(ffmpegEncoders('ffmpeg', { originFrame }), options, twoTones(1));
    expect(granules(process.taker.packets[0] ?? new Uint8Array(0))[0]).toBeGreaterThan(originFrame);
    for (const { encoder } of [before, after, process]) encoder.close();
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
