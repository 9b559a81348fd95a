/** The little of `node-av` that is used. Declared here because the package is optional. */

export interface AvLayout {
  nbChannels: number;
  order: number;
  mask: bigint;
}

export interface AvFrame {
  format: number;
  sampleRate: number;
  channelLayout: AvLayout;
  nbSamples: number;
  pts: bigint;
  readonly data: Buffer[] | null;
  alloc(): void;
  getBuffer(align: number): number;
}

export interface AvPacket {
  readonly data: Buffer | null;
  readonly pts: bigint;
  readonly duration: bigint;
  alloc(): void;
  unref(): void;
}

export interface AvContext {
  sampleRate: number;
  channelLayout: AvLayout;
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

export interface AvLib {
  readonly Codec: { findEncoderByName(name: string): object | null };
  readonly CodecContext: new () => AvContext;
  readonly Frame: new () => AvFrame;
  readonly Packet: new () => AvPacket;
  readonly Log: { setLevel(level: number): void };
}

export interface AvConstants {
  readonly AV_SAMPLE_FMT_FLT: number;
  readonly AV_SAMPLE_FMT_FLTP: number;
  readonly AV_OPT_TYPE_INT: number;
  readonly AV_LOG_FATAL: number;
  readonly AVERROR_EAGAIN: number;
}
