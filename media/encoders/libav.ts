import { EngineError } from '../../engine/errors.js';
import {
  BLOCK_FRAMES,
  type Encoder,
  type EncoderFactory,
  type EncoderOptions,
  type OnPacket,
  RATE_HZ,
} from '../ports.js';
import { HEADER_PAGES, OggPager, opusHeader } from './ogg.js';

/**
 * LAME's fastest class of psychoacoustics: measured 205 × real time a core, against 120 × at 5 and
 * 52 × at 2. Levels 8 and 9 are no faster.
 */
const MP3_COMPRESSION_LEVEL = 7;
/** Measured 300 × real time a core, against 191 × at 5 and 136 × at 10. */
const OPUS_COMPRESSION_LEVEL = 3;
const MP3_FRAME = 1152;
/** Length of the identification header that libopus writes. */
const OPUS_HEAD_BYTES = 19;

/** The little of `node-av` that is used. Declared here because the package is optional. */
interface AvFrame {
  format: number;
  sampleRate: number;
  channelLayout: { nbChannels: number; order: number; mask: bigint };
  nbSamples: number;
  pts: bigint;
  readonly data: Buffer[] | null;
  alloc(): void;
  getBuffer(align: number): number;
}

interface AvPacket {
  readonly data: Buffer | null;
  alloc(): void;
  unref(): void;
}

interface AvContext {
  sampleRate: number;
  channelLayout: { nbChannels: number; order: number; mask: bigint };
  sampleFormat: number;
  bitRate: bigint;
  timeBase: { num: number; den: number };
  readonly frameSize: number;
  readonly extraData: Buffer | null;
  allocContext3(codec: object): void;
  setOption(name: string, value: number, type: number): number;
  open2Sync(codec: object, options: null): number;
  sendFrameSync(frame: AvFrame | null): number;
  receivePacketSync(packet: AvPacket): number;
  freeContext(): void;
}

interface AvLib {
  readonly Codec: { findEncoderByName(name: string): object | null };
  readonly CodecContext: new () => AvContext;
  readonly Frame: new () => AvFrame;
  readonly Packet: new () => AvPacket;
  readonly Log: { setLevel(level: number): void };
}

interface AvConstants {
  readonly AV_SAMPLE_FMT_FLT: number;
  readonly AV_SAMPLE_FMT_FLTP: number;
  readonly AV_OPT_TYPE_INT: number;
  readonly AV_LOG_FATAL: number;
  readonly AVERROR_EAGAIN: number;
}

/** What all encoders of one thread share: they run one after the other. */
interface Shared {
  readonly lib: AvLib;
  readonly constants: AvConstants;
  readonly packet: AvPacket;
  readonly pager: OggPager;
  readonly mp3Frame: AvFrame;
  readonly mp3Left: Float32Array;
  readonly mp3Right: Float32Array;
  readonly opusFrame: AvFrame;
  readonly opusBoth: Float32Array;
  opusHeader: Uint8Array | undefined;
}

const STEREO = { nbChannels: 2, order: 1, mask: 3n } as const;

/**
 * Encoders in this thread by libav; undefined where the optional package `node-av` is not installed or
 * lacks a codec. Call it in the thread that encodes.
 */
export async function libavEncoders(): Promise<EncoderFactory | undefined> {
  try {
    // Computed names, because the compiler must not insist on an optional package.
    const [libName, constantsName] = ['node-av/lib', 'node-av/constants'];
    const lib = (await import(libName)) as AvLib;
    const constants = (await import(constantsName)) as AvConstants;
    if (lib.Codec.findEncoderByName('libmp3lame') === null) return undefined;
    if (lib.Codec.findEncoderByName('libopus') === null) return undefined;
    lib.Log.setLevel(constants.AV_LOG_FATAL);
    const shared = shareFrames(lib, constants);
    return {
      name: 'libav',
      synchronous: true,
      open: (options, onPacket, onError) =>
        options.format === 'mp3'
          ? new Mp3Encoder(shared, options, onPacket, onError)
          : new OpusEncoder(shared, options, onPacket, onError),
    };
  } catch {
    return undefined;
  }
}

function shareFrames(lib: AvLib, constants: AvConstants): Shared {
  const packet = new lib.Packet();
  packet.alloc();
  const mp3Frame = makeFrame(lib, constants.AV_SAMPLE_FMT_FLTP, MP3_FRAME);
  const opusFrame = makeFrame(lib, constants.AV_SAMPLE_FMT_FLT, BLOCK_FRAMES);
  return {
    lib,
    constants,
    packet,
    pager: new OggPager(),
    mp3Frame,
    mp3Left: floatsOf(mp3Frame, 0, MP3_FRAME),
    mp3Right: floatsOf(mp3Frame, 1, MP3_FRAME),
    opusFrame,
    opusBoth: floatsOf(opusFrame, 0, 2 * BLOCK_FRAMES),
    opusHeader: undefined,
  };
}

function makeFrame(lib: AvLib, format: number, samples: number): AvFrame {
  const frame = new lib.Frame();
  frame.alloc();
  frame.format = format;
  frame.sampleRate = RATE_HZ;
  frame.channelLayout = { ...STEREO };
  frame.nbSamples = samples;
  check(frame.getBuffer(0), 'getting a frame buffer');
  return frame;
}

/** The frame's memory: it stays in place, because each encoder is done with it when `send` returns. */
function floatsOf(frame: AvFrame, plane: number, samples: number): Float32Array {
  const data = frame.data?.[plane];
  if (data === undefined) throw new EngineError('media.encoder', 'libav gave no frame memory');
  return new Float32Array(data.buffer, data.byteOffset, samples);
}

function check(code: number, doing: string): void {
  if (code < 0) throw new EngineError('media.encoder', `libav failed at ${doing} (${code})`);
}

function openContext(
  shared: Shared,
  codecName: string,
  sampleFormat: number,
  bitrateKbps: number,
  settings: Readonly<Record<string, number>>,
): AvContext {
  const { lib, constants } = shared;
  const codec = lib.Codec.findEncoderByName(codecName);
  if (codec === null) throw new EngineError('media.encoder', `libav has no ${codecName}`);
  const context = new lib.CodecContext();
  context.allocContext3(codec);
  context.sampleRate = RATE_HZ;
  context.channelLayout = { ...STEREO };
  context.sampleFormat = sampleFormat;
  context.bitRate = BigInt(bitrateKbps) * 1000n;
  context.timeBase = { num: 1, den: RATE_HZ };
  // Options are set one by one: the dictionary that `open2` takes is freed twice (node-av 6.1).
  for (const [name, value] of Object.entries(settings)) {
    check(context.setOption(name, value, constants.AV_OPT_TYPE_INT), `setting ${name}`);
  }
  const code = context.open2Sync(codec, null);
  if (code < 0) {
    context.freeContext();
    throw new EngineError(
      'media.encoder',
      `libav refuses ${codecName} at ${bitrateKbps} kbit/s (${code}): choose another bitrate`,
    );
  }
  return context;
}

abstract class LibavEncoder implements Encoder {
  abstract readonly format: Encoder['format'];
  abstract readonly contentType: string;
  abstract readonly header: Uint8Array;
  readonly bitrateKbps: number;
  protected readonly shared: Shared;
  protected readonly onPacket: OnPacket;
  readonly #onError: (error: Error) => void;
  readonly #context: AvContext;
  #pts = 0;
  #closed = false;

  constructor(
    shared: Shared,
    options: EncoderOptions,
    context: AvContext,
    onPacket: OnPacket,
    onError: (error: Error) => void,
  ) {
    this.bitrateKbps = options.bitrateKbps;
    this.shared = shared;
    this.#context = context;
    this.onPacket = onPacket;
    this.#onError = onError;
  }

  abstract encode(left: Float32Array, right: Float32Array): void;
  protected abstract packet(bytes: Uint8Array): void;

  protected get closed(): boolean {
    return this.#closed;
  }

  protected send(frame: AvFrame): void {
    frame.pts = BigInt(this.#pts);
    this.#pts += frame.nbSamples;
    const sent = this.#context.sendFrameSync(frame);
    const packet = this.shared.packet;
    let got = sent;
    while (got >= 0) {
      got = this.#context.receivePacketSync(packet);
      if (got < 0) break;
      const bytes = packet.data;
      if (bytes !== null) this.packet(bytes);
      packet.unref();
    }
    if (got === this.shared.constants.AVERROR_EAGAIN) return;
    this.close();
    this.#onError(new EngineError('media.encoder', `libav failed while encoding (${got})`));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.freeContext();
  }
}

/**
 * MP3 at a constant bitrate, without the bit reservoir: each frame stands for itself, so that a
 * listener can be moved between two encoders, or begin, at any frame. Latency from a block to its
 * bytes: one frame (24 ms) and what the block lacks of a whole one (0–20 ms).
 */
class Mp3Encoder extends LibavEncoder {
  readonly format = 'mp3';
  readonly contentType = 'audio/mpeg';
  readonly header = new Uint8Array(0);
  readonly #left = new Float32Array(MP3_FRAME);
  readonly #right = new Float32Array(MP3_FRAME);
  #fill: number;
  #endFrame: number;

  constructor(
    shared: Shared,
    options: EncoderOptions,
    onPacket: OnPacket,
    onError: (error: Error) => void,
  ) {
    const context = openContext(
      shared,
      'libmp3lame',
      shared.constants.AV_SAMPLE_FMT_FLTP,
      options.bitrateKbps,
      { compression_level: MP3_COMPRESSION_LEVEL, reservoir: 0 },
    );
    super(shared, options, context, onPacket, onError);
    const startFrame = options.startFrame ?? 0;
    this.#fill = startFrame % MP3_FRAME;
    this.#endFrame = startFrame - this.#fill;
  }

  encode(left: Float32Array, right: Float32Array): void {
    if (this.closed) return;
    const room = MP3_FRAME - this.#fill;
    if (left.length < room) {
      this.#keep(left, right, 0, this.#fill);
      this.#fill += left.length;
      return;
    }
    const { mp3Left, mp3Right, mp3Frame } = this.shared;
    const kept = this.#fill;
    for (let i = 0; i < kept; i++) mp3Left[i] = this.#left[i] as number;
    for (let i = 0; i < kept; i++) mp3Right[i] = this.#right[i] as number;
    for (let i = 0; i < room; i++) mp3Left[kept + i] = left[i] as number;
    for (let i = 0; i < room; i++) mp3Right[kept + i] = right[i] as number;
    this.#keep(left, right, room, 0);
    this.#fill = left.length - room;
    this.send(mp3Frame);
  }

  protected packet(bytes: Uint8Array): void {
    this.#endFrame += MP3_FRAME;
    this.onPacket(bytes, this.#endFrame);
  }

  #keep(left: Float32Array, right: Float32Array, from: number, to: number): void {
    const shift = to - from;
    for (let i = from; i < left.length; i++) this.#left[i + shift] = left[i] as number;
    for (let i = from; i < left.length; i++) this.#right[i + shift] = right[i] as number;
  }
}

/** Opus in Ogg, a 20 ms packet a page. A block's bytes are there when `encode` returns. */
class OpusEncoder extends LibavEncoder {
  readonly format = 'opus';
  readonly contentType = 'audio/ogg; codecs=opus';
  readonly header: Uint8Array;
  #endFrame: number;

  constructor(
    shared: Shared,
    options: EncoderOptions,
    onPacket: OnPacket,
    onError: (error: Error) => void,
  ) {
    const context = openContext(
      shared,
      'libopus',
      shared.constants.AV_SAMPLE_FMT_FLT,
      options.bitrateKbps,
      { compression_level: OPUS_COMPRESSION_LEVEL },
    );
    super(shared, options, context, onPacket, onError);
    shared.opusHeader ??= opusHeader(
      Uint8Array.from((context.extraData ?? Buffer.alloc(0)).subarray(0, OPUS_HEAD_BYTES)),
    );
    this.header = shared.opusHeader;
    this.#endFrame = options.startFrame ?? 0;
  }

  encode(left: Float32Array, right: Float32Array): void {
    if (this.closed) return;
    const both = this.shared.opusBoth;
    for (let i = 0; i < BLOCK_FRAMES; i++) {
      both[2 * i] = left[i] as number;
      both[2 * i + 1] = right[i] as number;
    }
    this.send(this.shared.opusFrame);
  }

  protected packet(bytes: Uint8Array): void {
    this.#endFrame += BLOCK_FRAMES;
    const sequence = HEADER_PAGES + this.#endFrame / BLOCK_FRAMES - 1;
    this.onPacket(this.shared.pager.page(bytes, this.#endFrame, sequence), this.#endFrame);
  }
}
