/** A part of a source that was read into the kernel's memory. */
export interface Window {
  source: SoundSource | undefined;
  frame: number;
  tick: number;
  /** Address of its left plane, bytes; the right one follows. */
  readonly at: number;
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/** Sound that voices read in blocks: a decoded media, or a live one. */
export interface SoundSource {
  /** Small number, unique in its engine: stands for the sound in mix keys. */
  readonly no: number;
  /** There is something to hear. */
  readonly ready: boolean;
  /** Frames after which a loop of it begins anew; infinite for what never ends. */
  readonly span: number;
  /** The mixer's: what it read of it last. */
  window: Window | undefined;
  /**
   * Fills both planes from `frame` on: of the media, which may `loop`; of a live source a frame of the
   * clock that all listeners share. What is not here is silent, without a click.
   */
  read(frame: number, loop: boolean, left: Float32Array, right: Float32Array): void;
}
