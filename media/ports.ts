/** Internal sound format: planar float32, −1..1, 48 kHz, stereo, blocks of 20 ms. */
export const RATE_HZ = 48_000;
export const BLOCK_FRAMES = 960;
export const BLOCK_MS = 20;

export type StreamFormat = 'mp3' | 'opus';

export interface GeoPoint {
  readonly latitude: number;
  readonly longitude: number;
}

/** Ring: first point equals last; the first ring of a polygon is its outside, the others are holes. */
export type Ring = readonly (readonly [longitude: number, latitude: number])[];
export type Polygon = readonly Ring[];

export interface SpeakerDefinition {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly shape: readonly Polygon[];
  /** Width of the border in which the volume rises from `minVolume` to `maxVolume`, metres inwards. */
  readonly attenuationM: number;
  readonly minVolume: number;
  readonly maxVolume: number;
  /** Media id of the loop it plays. */
  readonly mediaId: string;
}

export interface RecordingDefinition {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly position: GeoPoint;
  readonly radiusM: number;
  readonly volume: number;
  readonly tags: readonly string[];
  readonly mediaId: string;
}

export interface ProjectDefinition {
  readonly id: string;
  readonly name: string;
  readonly center: GeoPoint;
  readonly speakers: readonly SpeakerDefinition[];
  readonly recordings: readonly RecordingDefinition[];
}

/**
 * Decoded sound in shared memory, decoded once for the process: planar float32 at `RATE_HZ`, the left
 * plane (`dataFrames` samples) followed by the right one. Long media come in chunks: chunk `n` holds
 * frames `n * CHUNK_FRAMES` up to `dataFrames` more; a short one is all in chunk 0.
 */
export interface PcmMedia {
  readonly mediaId: string;
  /** Length of the whole media, not of this chunk. */
  readonly frames: number;
  readonly chunk: number;
  readonly dataFrames: number;
  readonly data: SharedArrayBuffer;
}

/** Frames in each chunk of a long media but the last: 20 s, 7.3 MiB. */
export const CHUNK_FRAMES = 20 * RATE_HZ;

/** One encoder instance. Not shared between mixes; single-threaded. */
export interface Encoder {
  readonly format: StreamFormat;
  readonly bitrateKbps: number;
  readonly contentType: string;
  /** Bytes a new listener must get first (Ogg headers); empty for MP3. Equal for equal options. */
  readonly header: Uint8Array;
  /**
   * Takes one block of `BLOCK_FRAMES` frames (planar, within −1..1) and hands finished packets to
   * `onPacket`, now or later (an ffmpeg process answers later). The arrays may be reused afterwards.
   */
  encode(left: Float32Array, right: Float32Array): void;
  /** Releases without waiting; packets not yet handed over are dropped. Idempotent. */
  close(): void;
}

export interface EncoderOptions {
  readonly format: StreamFormat;
  readonly bitrateKbps: number;
  /**
   * Place of the first block on the stream clock, frames, a multiple of `BLOCK_FRAMES`. All encoders of
   * one clock cut their packets at the same places, so that a listener can be moved from one to
   * another between two packets. Default 0.
   */
  readonly startFrame?: number;
}

/**
 * A whole MP3 frame or Ogg page. `endFrame`: place on the stream clock after its last sample, codec
 * delay left aside; the same for equal places of two encoders of one clock. `bytes` is only valid
 * during the call.
 */
export type OnPacket = (bytes: Uint8Array, endFrame: number) => void;

export interface EncoderFactory {
  readonly name: 'libav' | 'ffmpeg';
  /** Packets are handed over inside `encode`. */
  readonly synchronous: boolean;
  open(options: EncoderOptions, onPacket: OnPacket, onError: (error: Error) => void): Encoder;
}

/**
 * Encoded bytes of one tick: part i is `bytes[offset[i] .. offset[i+1])` of stream number `stream[i]`.
 * A stream may have several parts, in order. The buffers belong to the receiver.
 */
export interface AudioParts {
  readonly count: number;
  readonly stream: Uint32Array<ArrayBuffer>;
  readonly offset: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}
