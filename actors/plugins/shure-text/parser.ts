import { Frame } from './frame.js';

/** A frame without its delimiters; the longest of the documents has under 200. */
export const MAX_FRAME_BYTES = 512;
/** Inside braces; the longest padded string of the documents has 32. */
export const MAX_STRING_BYTES = 96;

const LESS = 0x3c;
const GREATER = 0x3e;
const STAR = 0x2a;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const SPACE = 0x20;

const OUTSIDE = 0;
const INSIDE = 1;
const IN_STRING = 2;

/** A frame is done with when its parser goes on, so one serves all. */
const frame = new Frame();

export interface ParserCounts {
  frames: number;
  /** Frames that were cut, too long, or without a key. */
  malformed: number;
  /** Bytes between frames that are no white space. */
  skippedBytes: number;
}

/**
 * Frames of Shure's network text protocol out of a byte stream, cut anywhere: what a chunk leaves unfinished is
 * finished by the next. `angle`: `< … >`, where a `{…}` string may hold either sign. `star`: `* … *` of UHF-R. Nothing
 * is ever thrown; after garbage the next opening sign begins a frame. Memory: one frame.
 */
export class FrameParser {
  readonly counts: ParserCounts = { frames: 0, malformed: 0, skippedBytes: 0 };

  readonly #open: number;
  readonly #close: number;
  readonly #deliver: (frame: Frame) => void;
  readonly #carry = new Uint8Array(MAX_FRAME_BYTES + 1);
  #carried = 0;
  #stringBytes = 0;
  #state = OUTSIDE;

  /** `deliver` gets the one frame object again and again, and must not keep it. */
  constructor(delimiters: 'angle' | 'star', deliver: (frame: Frame) => void) {
    this.#open = delimiters === 'angle' ? LESS : STAR;
    this.#close = delimiters === 'angle' ? GREATER : STAR;
    this.#deliver = deliver;
  }

  /** The chunk may be reused by the caller as soon as this returns. */
  push(chunk: Uint8Array): void {
    const open = this.#open;
    const close = this.#close;
    const size = chunk.length;
    let state = this.#state;
    // Where the frame, or the part of it that is in this chunk, begins.
    let begin = 0;
    // At this byte it is too long.
    let limit = MAX_FRAME_BYTES - this.#carried;
    for (let i = 0; i < size; i++) {
      const byte = chunk[i];
      if (state === OUTSIDE) {
        if (byte === open) {
          state = INSIDE;
          begin = i + 1;
          limit = begin + MAX_FRAME_BYTES;
          this.#carried = 0;
        } else if (byte !== undefined && byte > SPACE) this.counts.skippedBytes += 1;
        continue;
      }
      if (state === INSIDE) {
        if (byte === close) {
          this.#finish(chunk, begin, i);
          state = OUTSIDE;
          continue;
        }
        if (byte === open) {
          this.counts.malformed += 1;
          begin = i + 1;
          limit = begin + MAX_FRAME_BYTES;
          this.#carried = 0;
          continue;
        }
        if (byte === BRACE_OPEN) {
          state = IN_STRING;
          this.#stringBytes = 0;
        }
      } else if (byte === BRACE_CLOSE) state = INSIDE;
      else if (++this.#stringBytes > MAX_STRING_BYTES) {
        state = this.#abandonString(chunk, begin, i + 1);
        begin = i + 1;
        limit = begin + MAX_FRAME_BYTES - this.#carried;
        continue;
      }
      if (i >= limit) {
        this.counts.malformed += 1;
        state = OUTSIDE;
      }
    }
    if (state !== OUTSIDE) this.#keep(chunk, begin, size);
    this.#state = state;
  }

  /** A datagram ended: what it left unfinished is given up. */
  end(): void {
    if (this.#state !== OUTSIDE) this.counts.malformed += 1;
    this.#state = OUTSIDE;
    this.#carried = 0;
  }

  #finish(chunk: Uint8Array, begin: number, end: number): void {
    let valid: boolean;
    if (this.#carried === 0) valid = frame.read(chunk, begin, end);
    else {
      this.#keep(chunk, begin, end);
      valid = frame.read(this.#carry, 0, this.#carried);
      this.#carried = 0;
    }
    if (!valid) {
      this.counts.malformed += 1;
      return;
    }
    this.counts.frames += 1;
    this.#deliver(frame);
  }

  #keep(chunk: Uint8Array, begin: number, end: number): void {
    if (end - begin < 16) {
      for (let i = begin; i < end; i++) this.#carry[this.#carried++] = chunk[i] ?? 0;
      return;
    }
    this.#carry.set(chunk.subarray(begin, end), this.#carried);
    this.#carried += end - begin;
  }

  /** A string that never ends hides the frames behind it, so its bytes are read again as if they were outside. */
  #abandonString(chunk: Uint8Array, begin: number, end: number): number {
    this.counts.malformed += 1;
    this.#keep(chunk, begin, end);
    const again = this.#carry.slice(0, this.#carried);
    this.#carried = 0;
    this.#state = OUTSIDE;
    this.push(again);
    return this.#state;
  }
}
