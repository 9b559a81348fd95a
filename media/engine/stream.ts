import { Limiter } from '../mixer/limiter.js';
import type { Mixer } from '../mixer/mixer.js';
import { BLOCK_FRAMES, type Encoder, type EncoderFactory, type StreamFormat } from '../ports.js';
import type { EngineSession } from './sessions.js';

/**
 * Blocks of past sound that warm a new encoder. A codec's memory is under 3 blocks; a process also
 * lags by what is in its pipes.
 */
const HISTORY_BLOCKS = 6;
const PROCESS_HISTORY_BLOCKS = 30;

export interface StreamFormatOptions {
  readonly format: StreamFormat;
  readonly bitrateKbps: number;
}

/** One encoder and the sessions that hear it. */
export class MixStream {
  readonly no: number;
  readonly options: StreamFormatOptions;
  readonly members = new Set<EngineSession>();
  readonly limiter = new Limiter();
  /** Where it stands in the index of settled streams. */
  indexKey: string | undefined;
  /** Tick at which joining an equal stream is tried. */
  joinTick = Number.POSITIVE_INFINITY;
  /** A member's mix changed in this tick, or still waits to leave. */
  changed = true;
  #encoder: Encoder | undefined;
  /** Up to here on the stream clock its listeners have had packets. */
  #endFrame = 0;
  #historySize = HISTORY_BLOCKS;
  #history: Float32Array | undefined;
  #historyBlocks = 0;

  constructor(no: number, options: StreamFormatOptions) {
    this.no = no;
    this.options = options;
  }

  /**
   * Opens the encoder for the block that starts at `startFrame` of the stream clock. With `like`, goes
   * on where that stream is: same limiter, and the encoder hears its last blocks first, so that the
   * packets continue those of `like` without a seam.
   * @throws EngineError `media.encoder`
   */
  open(
    factory: EncoderFactory,
    startFrame: number,
    like: MixStream | undefined,
    onPacket: (stream: MixStream, bytes: Uint8Array) => void,
    onError: (stream: MixStream, error: Error) => void,
  ): Encoder {
    if (!factory.synchronous) this.#historySize = PROCESS_HISTORY_BLOCKS;
    const warm = like === undefined ? 0 : like.#historyBlocks;
    this.#endFrame = like === undefined ? 0 : like.#endFrame;
    const encoder = factory.open(
      { ...this.options, startFrame: startFrame - warm * BLOCK_FRAMES },
      (bytes, endFrame) => {
        // All encoders cut at the same places, so those up to here are what `like` has delivered.
        if (endFrame <= this.#endFrame) return;
        this.#endFrame = endFrame;
        onPacket(this, bytes);
      },
      (error) => onError(this, error),
    );
    this.#encoder = encoder;
    if (like === undefined) return encoder;
    this.limiter.copy(like.limiter);
    for (let back = warm; back > 0; back--) {
      const at = like.#historyAt(startFrame / BLOCK_FRAMES - back);
      encoder.encode(at.left, at.right);
    }
    return encoder;
  }

  /** The member whose mix all members hear. */
  get leader(): EngineSession | undefined {
    for (const member of this.members) return member;
    return undefined;
  }

  /** Makes `member` the one that is heard. */
  lead(member: EngineSession): void {
    const others = [...this.members].filter((other) => other !== member);
    this.members.clear();
    this.members.add(member);
    for (const other of others) this.members.add(other);
  }

  /** Mixes and encodes block `tick`, which is block `block` of the stream clock. */
  render(mixer: Mixer, tick: number, block: number): void {
    mixer.begin(this.limiter);
    this.leader?.mix.render(mixer, tick);
    mixer.finish(this.limiter);
    this.#remember(mixer, block);
    this.#encoder?.encode(mixer.left, mixer.right);
  }

  close(): void {
    this.#encoder?.close();
    this.#encoder = undefined;
    this.#history = undefined;
  }

  /** Only a stream that someone may leave keeps its past. */
  #remember(mixer: Mixer, block: number): void {
    if (this.members.size < 2) {
      this.#history = undefined;
      this.#historyBlocks = 0;
      return;
    }
    this.#history ??= new Float32Array(this.#historySize * 2 * BLOCK_FRAMES);
    const at = (block % this.#historySize) * 2 * BLOCK_FRAMES;
    this.#history.set(mixer.left, at);
    this.#history.set(mixer.right, at + BLOCK_FRAMES);
    this.#historyBlocks = Math.min(this.#historySize, this.#historyBlocks + 1);
  }

  #historyAt(block: number): { left: Float32Array; right: Float32Array } {
    const at = (block % this.#historySize) * 2 * BLOCK_FRAMES;
    const history = this.#history ?? new Float32Array(this.#historySize * 2 * BLOCK_FRAMES);
    return {
      left: history.subarray(at, at + BLOCK_FRAMES),
      right: history.subarray(at + BLOCK_FRAMES, at + 2 * BLOCK_FRAMES),
    };
  }
}
