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

/** Decoded sound in shared memory, decoded once for the process. `data` is interleaved float32 stereo at `RATE_HZ`. */
export interface PcmMedia {
  readonly mediaId: string;
  readonly frames: number;
  readonly data: SharedArrayBuffer;
}

/** One encoder instance. Not shared between mixes; single-threaded. */
export interface Encoder {
  readonly format: StreamFormat;
  readonly bitrateKbps: number;
  readonly contentType: string;
  /** Bytes a new listener must get first (Ogg headers); empty for MP3. */
  readonly header: Uint8Array;
  /**
   * Takes one block of `BLOCK_FRAMES` frames (planar) and hands finished bytes to `onBytes`, now or later
   * (an ffmpeg process answers later). The arrays may be reused by the caller afterwards.
   */
  encode(left: Float32Array, right: Float32Array): void;
  /** Flushes and releases. Idempotent. */
  close(): void;
}

export interface EncoderFactory {
  readonly name: 'libav' | 'ffmpeg';
  open(
    options: { readonly format: StreamFormat; readonly bitrateKbps: number },
    onBytes: (bytes: Uint8Array) => void,
    onError: (error: Error) => void,
  ): Encoder;
}
