import { CHUNK_FRAMES, type PcmMedia } from '../ports.js';

/** One-shots are faded over this at their first and last samples, so that a hard cut does not click. */
const EDGE_FRAMES = 240;

/** Decoded sound as a mixer reads it: the chunks that are here now. Owned by the engine's library. */
export class PcmSource {
  readonly mediaId: string;
  /** Small number, unique in its engine: stands for the media in mix keys. */
  readonly no: number;
  #frames = 0;
  readonly #left: (Float32Array | undefined)[] = [];
  readonly #right: (Float32Array | undefined)[] = [];
  /** Frames that had to be left silent because their chunk was not here in time. */
  starvedFrames = 0;

  constructor(mediaId: string, no: number) {
    this.mediaId = mediaId;
    this.no = no;
  }

  /** Length of the media; 0 until its first chunk is here. */
  get frames(): number {
    return this.#frames;
  }

  get chunks(): number {
    return Math.ceil(this.#frames / CHUNK_FRAMES);
  }

  has(chunk: number): boolean {
    return this.#left[chunk] !== undefined;
  }

  put(media: PcmMedia): void {
    this.#frames = media.frames;
    this.#left[media.chunk] = new Float32Array(media.data, 0, media.dataFrames);
    this.#right[media.chunk] = new Float32Array(media.data, media.dataFrames * 4, media.dataFrames);
  }

  drop(chunk: number): void {
    this.#left[chunk] = undefined;
    this.#right[chunk] = undefined;
  }

  /**
   * Fills both planes from `frame` on. A loop wraps; a one-shot is silent before 0 and after its end
   * and has its edges faded. Sound that is not here is silent and counted.
   */
  read(frame: number, loop: boolean, left: Float32Array, right: Float32Array): void {
    const length = left.length;
    const total = this.#frames;
    if (total === 0) {
      left.fill(0);
      right.fill(0);
      return;
    }
    let from = loop ? ((frame % total) + total) % total : frame;
    let at = 0;
    while (at < length) {
      if (from >= total) {
        if (!loop) {
          left.fill(0, at);
          right.fill(0, at);
          break;
        }
        from = 0;
      }
      at = from < 0 ? zeroUntilStart(left, right, at, -from) : this.#copy(left, right, at, from);
      from = loop ? (frame + at) % total : frame + at;
      if (loop && from < 0) from += total;
    }
    if (!loop) this.#fadeEdges(frame, left, right);
  }

  /** Copies what the chunk at `from` has, returns the new fill mark. */
  #copy(left: Float32Array, right: Float32Array, at: number, from: number): number {
    const chunk = Math.floor(from / CHUNK_FRAMES);
    const chunkStart = chunk * CHUNK_FRAMES;
    const chunkEnd = Math.min(this.#frames, chunkStart + CHUNK_FRAMES);
    const end = Math.min(left.length, at + chunkEnd - from);
    const fromLeft = this.#left[chunk];
    const fromRight = this.#right[chunk];
    if (fromLeft === undefined || fromRight === undefined) {
      left.fill(0, at, end);
      right.fill(0, at, end);
      this.starvedFrames += end - at;
      return end;
    }
    // A plain loop, because a subarray per read would be garbage on the hot path.
    const shift = from - chunkStart - at;
    for (let i = at; i < end; i++) left[i] = fromLeft[shift + i] as number;
    for (let i = at; i < end; i++) right[i] = fromRight[shift + i] as number;
    return end;
  }

  #fadeEdges(frame: number, left: Float32Array, right: Float32Array): void {
    const total = this.#frames;
    if (frame >= EDGE_FRAMES && frame + left.length <= total - EDGE_FRAMES) return;
    const edge = Math.min(EDGE_FRAMES, total / 2);
    for (let i = 0; i < left.length; i++) {
      const fromEdge = Math.min(frame + i, total - 1 - frame - i);
      if (fromEdge >= edge || fromEdge < 0) continue;
      const gain = fromEdge / edge;
      left[i] = (left[i] as number) * gain;
      right[i] = (right[i] as number) * gain;
    }
  }
}

function zeroUntilStart(left: Float32Array, right: Float32Array, at: number, wait: number): number {
  const end = Math.min(left.length, at + wait);
  left.fill(0, at, end);
  right.fill(0, at, end);
  return end;
}
