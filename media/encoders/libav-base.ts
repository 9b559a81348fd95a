import { EngineError } from '../../engine/errors.js';
import { type Encoder, type EncoderOptions, type OnPacket, RATE_HZ } from '../ports.js';
import { channelsFor } from './channels.js';
import type { AvConstants, AvContext, AvFrame, AvLayout, AvLib, AvPacket } from './libav.types.js';
import { OggPager } from './ogg.js';

/** A frame of libav and its memory: one array a plane. */
export interface SharedFrame {
  readonly frame: AvFrame;
  readonly planes: readonly Float32Array[];
}

/** What all encoders of one thread share: they run one after the other. */
export class LibavShared {
  readonly lib: AvLib;
  readonly constants: AvConstants;
  readonly packet: AvPacket;
  readonly pager = new OggPager();
  /** Added to the places that Ogg pages carry; see `libavEncoders`. */
  readonly originFrame: number;
  /** Headers by what they depend on. */
  readonly headers = new Map<string, readonly Uint8Array[]>();
  readonly #frames = new Map<string, SharedFrame>();

  constructor(lib: AvLib, constants: AvConstants, originFrame: number) {
    this.lib = lib;
    this.constants = constants;
    this.originFrame = originFrame;
    this.packet = new lib.Packet();
    this.packet.alloc();
  }

  /** One for all encoders that take frames of this kind. Its memory stays in place: an encoder is done with it when `send` returns. */
  frame(planar: boolean, channels: 1 | 2, samples: number): SharedFrame {
    const key = `${planar}/${channels}/${samples}`;
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    const { AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_FLTP } = this.constants;
    const frame = new this.lib.Frame();
    frame.alloc();
    frame.format = planar ? AV_SAMPLE_FMT_FLTP : AV_SAMPLE_FMT_FLT;
    frame.sampleRate = RATE_HZ;
    frame.channelLayout = layoutOf(channels);
    frame.nbSamples = samples;
    check(frame.getBuffer(0), 'getting a frame buffer');
    const planes = planar && channels === 2 ? [0, 1] : [0];
    const size = planar ? samples : samples * channels;
    const made = { frame, planes: planes.map((plane) => floatsOf(frame, plane, size)) };
    this.#frames.set(key, made);
    return made;
  }
}

function layoutOf(channels: 1 | 2): AvLayout {
  return channels === 2
    ? { nbChannels: 2, order: 1, mask: 3n }
    : { nbChannels: 1, order: 1, mask: 4n };
}

function floatsOf(frame: AvFrame, plane: number, samples: number): Float32Array {
  const data = frame.data?.[plane];
  if (data === undefined) throw new EngineError('media.encoder', 'libav gave no frame memory');
  return new Float32Array(data.buffer, data.byteOffset, samples);
}

function check(code: number, doing: string): void {
  if (code < 0) throw new EngineError('media.encoder', `libav failed at ${doing} (${code})`);
}

export interface CodecChoice {
  readonly codecName: string;
  readonly planar: boolean;
  readonly settings: Readonly<Record<string, number>>;
}

function openContext(
  { lib, constants }: LibavShared,
  { codecName, planar, settings }: CodecChoice,
  options: EncoderOptions,
): AvContext {
  const codec = lib.Codec.findEncoderByName(codecName);
  if (codec === null) throw new EngineError('media.encoder', `libav has no ${codecName}`);
  const context = new lib.CodecContext();
  context.allocContext3(codec);
  context.sampleRate = RATE_HZ;
  context.channelLayout = layoutOf(channelsFor(options));
  context.sampleFormat = planar ? constants.AV_SAMPLE_FMT_FLTP : constants.AV_SAMPLE_FMT_FLT;
  context.bitRate = BigInt(options.bitrateKbps) * 1000n;
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
      `libav refuses ${codecName} at ${options.bitrateKbps} kbit/s (${code}): choose another bitrate`,
    );
  }
  return context;
}

/** What encoders of all formats have in common: the context, sending frames, taking packets, closing. */
export abstract class LibavEncoder implements Encoder {
  abstract readonly contentType: string;
  abstract readonly header: Uint8Array;
  readonly format: Encoder['format'];
  readonly bitrateKbps: number;
  protected readonly shared: LibavShared;
  protected readonly channels: 1 | 2;
  protected readonly onPacket: OnPacket;
  readonly #onError: (error: Error) => void;
  readonly #context: AvContext;
  #pts = 0;
  #closed = false;

  constructor(
    shared: LibavShared,
    choice: CodecChoice,
    options: EncoderOptions,
    onPacket: OnPacket,
    onError: (error: Error) => void,
  ) {
    this.format = options.format;
    this.bitrateKbps = options.bitrateKbps;
    this.channels = channelsFor(options);
    this.shared = shared;
    this.#context = openContext(shared, choice, options);
    this.onPacket = onPacket;
    this.#onError = onError;
  }

  abstract encode(left: Float32Array, right: Float32Array): void;
  /** `end`: samples that a decoder has put out after it, from the encoder's start, codec delay left aside. */
  protected abstract packet(bytes: Uint8Array, end: number): void;

  protected get closed(): boolean {
    return this.#closed;
  }

  protected get extraData(): Uint8Array {
    return Uint8Array.from(this.#context.extraData ?? []);
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
      if (bytes !== null) this.packet(bytes, this.endOf(packet));
      packet.unref();
    }
    if (got === this.shared.constants.AVERROR_EAGAIN) return;
    this.close();
    this.#onError(new EngineError('media.encoder', `libav failed while encoding (${got})`));
  }

  /** Only Vorbis needs it: the others count, which is cheaper than asking libav. */
  protected endOf(_packet: AvPacket): number {
    return 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.freeContext();
  }
}

/** Left and right, or their mean, into planes from `to` on: `count` samples from `from`. */
export function fillPlanes(
  planes: readonly Float32Array[],
  to: number,
  left: Float32Array,
  right: Float32Array,
  from: number,
  count: number,
): void {
  const [first, second] = planes;
  if (first === undefined) return;
  const shift = from - to;
  const end = to + count;
  if (second === undefined) {
    for (let i = to; i < end; i++) {
      first[i] = ((left[i + shift] as number) + (right[i + shift] as number)) * 0.5;
    }
    return;
  }
  for (let i = to; i < end; i++) first[i] = left[i + shift] as number;
  for (let i = to; i < end; i++) second[i] = right[i + shift] as number;
}
