import { BLOCK_FRAMES, type EncoderFactory, type EncoderOptions, type OnPacket } from '../ports.js';
import { channelsFor } from './channels.js';
import type { AvConstants, AvLib, AvPacket } from './libav.types.js';
import { fillPlanes, LibavEncoder, LibavShared, type SharedFrame } from './libav-base.js';
import { HEADER_PAGES, opusHeader } from './ogg.js';
import { splitXiphHeaders, VorbisPages, vorbisHeader, vorbisSerial } from './vorbis.js';

/**
 * LAME's fastest class of psychoacoustics: measured 205 × real time a core, against 120 × at 5 and
 * 52 × at 2. Levels 8 and 9 are no faster.
 */
const MP3_COMPRESSION_LEVEL = 7;
/** Measured 300 × real time a core, against 191 × at 5 and 136 × at 10. */
const OPUS_COMPRESSION_LEVEL = 3;
const MP3_FRAME = 1152;
/** libvorbis takes no more in one frame; 15 of them make a block. */
const VORBIS_FRAME = 64;
/** Length of the identification header that libopus writes. */
const OPUS_HEAD_BYTES = 19;

export interface EncodersOptions {
  /**
   * Added to the places (granules) that Ogg pages carry, frames, a multiple of `BLOCK_FRAMES`. Where each
   * incarnation of a media thread begins later than the one before it ended, a player's clock goes on after
   * a thread was lost, and never jumps back. Default 0.
   */
  readonly originFrame?: number;
}

/**
 * Encoders in this thread by libav; undefined where the optional package `node-av` is not installed or
 * lacks a codec. Call it in the thread that encodes.
 */
export async function libavEncoders(
  options: EncodersOptions = {},
): Promise<EncoderFactory | undefined> {
  try {
    // Computed names, because the compiler must not insist on an optional package.
    const [libName, constantsName] = ['node-av/lib', 'node-av/constants'];
    const lib = (await import(libName)) as AvLib;
    const constants = (await import(constantsName)) as AvConstants;
    for (const codec of ['libmp3lame', 'libopus', 'libvorbis']) {
      if (lib.Codec.findEncoderByName(codec) === null) return undefined;
    }
    lib.Log.setLevel(constants.AV_LOG_FATAL);
    const shared = new LibavShared(lib, constants, options.originFrame ?? 0);
    return {
      name: 'libav',
      synchronous: true,
      canSwitch: (format) => format !== 'vorbis',
      open: (wish, onPacket, onError) => {
        switch (wish.format) {
          case 'mp3':
            return new Mp3Encoder(shared, wish, onPacket, onError);
          case 'opus':
            return new OpusEncoder(shared, wish, onPacket, onError);
          case 'vorbis':
            return new VorbisEncoder(shared, wish, onPacket, onError);
        }
      },
    };
  } catch {
    return undefined;
  }
}

/**
 * MP3 at a constant bitrate, without the bit reservoir: each frame stands for itself, so that a
 * listener can be moved between two encoders, or begin, at any frame. Latency from a block to its
 * bytes: one frame (24 ms) and what the block lacks of a whole one (0–20 ms).
 */
class Mp3Encoder extends LibavEncoder {
  readonly contentType = 'audio/mpeg';
  readonly header = new Uint8Array(0);
  readonly #frame: SharedFrame;
  readonly #kept: readonly Float32Array[];
  #fill: number;
  #endFrame: number;

  constructor(
    shared: LibavShared,
    options: EncoderOptions,
    onPacket: OnPacket,
    onError: (error: Error) => void,
  ) {
    const settings = { compression_level: MP3_COMPRESSION_LEVEL, reservoir: 0 };
    const choice = { codecName: 'libmp3lame', planar: true, settings };
    super(shared, choice, options, onPacket, onError);
    this.#frame = shared.frame(true, this.channels, MP3_FRAME);
    this.#kept = this.#frame.planes.map(() => new Float32Array(MP3_FRAME));
    const startFrame = options.startFrame ?? 0;
    this.#fill = startFrame % MP3_FRAME;
    this.#endFrame = startFrame - this.#fill;
  }

  encode(left: Float32Array, right: Float32Array): void {
    if (this.closed) return;
    const room = MP3_FRAME - this.#fill;
    if (left.length < room) {
      fillPlanes(this.#kept, this.#fill, left, right, 0, left.length);
      this.#fill += left.length;
      return;
    }
    const { frame, planes } = this.#frame;
    for (let plane = 0; plane < planes.length; plane++) {
      const [to, from] = [planes[plane], this.#kept[plane]];
      if (to === undefined || from === undefined) continue;
      for (let i = 0; i < this.#fill; i++) to[i] = from[i] as number;
    }
    fillPlanes(planes, this.#fill, left, right, 0, room);
    this.#fill = left.length - room;
    fillPlanes(this.#kept, 0, left, right, room, this.#fill);
    this.send(frame);
  }

  protected packet(bytes: Uint8Array): void {
    this.#endFrame += MP3_FRAME;
    this.onPacket(bytes, this.#endFrame);
  }
}

/** Opus in Ogg, a 20 ms packet a page. A block's bytes are there when `encode` returns. */
class OpusEncoder extends LibavEncoder {
  readonly contentType = 'audio/ogg; codecs=opus';
  readonly header: Uint8Array;
  readonly #frame: SharedFrame;
  #endFrame: number;

  constructor(
    shared: LibavShared,
    options: EncoderOptions,
    onPacket: OnPacket,
    onError: (error: Error) => void,
  ) {
    const settings = { compression_level: OPUS_COMPRESSION_LEVEL };
    const choice = { codecName: 'libopus', planar: false, settings };
    super(shared, choice, options, onPacket, onError);
    this.#frame = shared.frame(false, this.channels, BLOCK_FRAMES);
    const key = `opus/${this.channels}`;
    const known = shared.headers.get(key)?.[0];
    this.header = known ?? opusHeader(this.extraData.slice(0, OPUS_HEAD_BYTES));
    shared.headers.set(key, [this.header]);
    this.#endFrame = options.startFrame ?? 0;
  }

  encode(left: Float32Array, right: Float32Array): void {
    if (this.closed) return;
    const { frame, planes } = this.#frame;
    const both = planes[0];
    if (both === undefined) return;
    if (this.channels === 1) {
      fillPlanes(planes, 0, left, right, 0, BLOCK_FRAMES);
    } else {
      for (let i = 0; i < BLOCK_FRAMES; i++) {
        both[2 * i] = left[i] as number;
        both[2 * i + 1] = right[i] as number;
      }
    }
    this.send(frame);
  }

  protected packet(bytes: Uint8Array): void {
    this.#endFrame += BLOCK_FRAMES;
    const granule = this.shared.originFrame + this.#endFrame;
    const sequence = HEADER_PAGES + granule / BLOCK_FRAMES - 1;
    this.onPacket(this.shared.pager.page(bytes, granule, sequence), this.#endFrame);
  }
}

/**
 * Vorbis in Ogg at about the bitrate (its rate follows the sound). Every encoder is a logical stream of its
 * own, see `EncoderFactory.canSwitch`. Latency from a block to its bytes: up to 64 ms.
 */
class VorbisEncoder extends LibavEncoder {
  readonly contentType = 'audio/ogg; codecs=vorbis';
  readonly header: Uint8Array;
  readonly #frame: SharedFrame;
  readonly #pages: VorbisPages;

  constructor(
    shared: LibavShared,
    options: EncoderOptions,
    onPacket: OnPacket,
    onError: (error: Error) => void,
  ) {
    super(
      shared,
      { codecName: 'libvorbis', planar: true, settings: {} },
      options,
      onPacket,
      onError,
    );
    this.#frame = shared.frame(true, this.channels, VORBIS_FRAME);
    const key = `vorbis/${channelsFor(options)}/${options.bitrateKbps}`;
    const packets = shared.headers.get(key) ?? splitXiphHeaders(this.extraData);
    shared.headers.set(key, packets);
    const startFrame = options.startFrame ?? 0;
    const serial = vorbisSerial(shared.originFrame + startFrame);
    this.header = vorbisHeader(packets, serial);
    this.#pages = new VorbisPages(serial, startFrame, shared.originFrame, onPacket);
  }

  encode(left: Float32Array, right: Float32Array): void {
    const { frame, planes } = this.#frame;
    for (let at = 0; at < left.length && !this.closed; at += VORBIS_FRAME) {
      fillPlanes(planes, 0, left, right, at, VORBIS_FRAME);
      this.send(frame);
    }
    if (!this.closed) this.#pages.flush();
  }

  protected packet(bytes: Uint8Array, end: number): void {
    this.#pages.add(bytes, end);
  }

  protected override endOf(packet: AvPacket): number {
    return Number(packet.pts + packet.duration);
  }
}
