import { BLOCK_FRAMES } from '../ports.js';
import type { Envelope } from './envelope.js';
import { type Kernel, openKernel, PHASES, TAPS } from './kernel.js';
import { CARRY_FRAMES, type Limiter, LimiterKernel, OUT_FRAME, PLANE_FRAMES } from './limiter.js';
import type { SoundSource, Window } from './sound-source.js';
import { splatTaps } from './true-peak.js';

const PLANE_BYTES = PLANE_FRAMES * 4;
const LEFT_AT = 0;
const RIGHT_AT = PLANE_BYTES;
const OUT_AT = 2 * PLANE_BYTES;
const TAPS_AT = OUT_AT + 64;
const TAPS_BYTES = PHASES * TAPS * 16;
const WINDOWS_AT = TAPS_AT + TAPS_BYTES;
const WINDOW_PLANE_BYTES = BLOCK_FRAMES * 4;
/** Where a block is added: after what is carried over. */
const BLOCK_LEFT_AT = LEFT_AT + CARRY_FRAMES * 4;
const BLOCK_RIGHT_AT = RIGHT_AT + CARRY_FRAMES * 4;
/** Windows kept at once: distinct (media, place) pairs of one tick beyond this are read again. */
const WINDOWS = 256;

/**
 * Mixes blocks of 20 ms, one mix after the other: `begin`, `add` or `addShaped` per voice, `finish`.
 * Allocates nothing once made. A source's window is read once per tick for all mixes that hear it at the
 * same place, which is the rule for loops and live sources. One per thread.
 */
export class Mixer {
  /** The finished block; valid until the next `begin`. */
  readonly left: Float32Array;
  readonly right: Float32Array;
  readonly #kernel: Kernel;
  readonly #limiter: LimiterKernel;
  readonly #windows: Window[] = [];
  /** For voices whose gain bends inside the block. */
  readonly #scratch: Window;
  #nextWindow = 0;

  constructor() {
    const { kernel, memory } = openKernel(WINDOWS_AT + (WINDOWS + 1) * 2 * WINDOW_PLANE_BYTES);
    this.#kernel = kernel;
    splatTaps(new Float32Array(memory, TAPS_AT, PHASES * TAPS * 4));
    const places = { left: LEFT_AT, right: RIGHT_AT, taps: TAPS_AT, out: OUT_AT };
    this.#limiter = new LimiterKernel(kernel, memory, places);
    this.left = new Float32Array(memory, LEFT_AT + OUT_FRAME * 4, BLOCK_FRAMES);
    this.right = new Float32Array(memory, RIGHT_AT + OUT_FRAME * 4, BLOCK_FRAMES);
    for (let i = 0; i < WINDOWS; i++) this.#windows.push(makeWindow(memory, i));
    this.#scratch = makeWindow(memory, WINDOWS);
  }

  /** Starts a block of the stream that `limiter` belongs to. */
  begin(limiter: Limiter): void {
    this.#limiter.begin(limiter);
  }

  /**
   * Adds a block of `source` from `frame` on, its gains going in a straight line from the first to the
   * second of each pair. `tick` names the block being mixed, for all mixes alike.
   */
  add(
    source: SoundSource,
    frame: number,
    loop: boolean,
    tick: number,
    leftFrom: number,
    leftTo: number,
    rightFrom: number,
    rightTo: number,
  ): void {
    const at = this.#windowAt(source, frame, loop, tick);
    this.#mix(at, leftFrom, leftTo, rightFrom, rightTo);
  }

  /**
   * Adds a piece of `source`: the block begins at `frame` of the source and at `place` of `envelope`,
   * both of which may lie before their beginning. The envelope is exact to the sample; the other gains go
   * in a straight line.
   */
  addShaped(
    source: SoundSource,
    frame: number,
    envelope: Envelope,
    place: number,
    tick: number,
    leftFrom: number,
    leftTo: number,
    rightFrom: number,
    rightTo: number,
  ): void {
    if (envelope.straight(place, place + BLOCK_FRAMES)) {
      const from = envelope.at(place);
      const to = envelope.upTo(place + BLOCK_FRAMES);
      if (from === 0 && to === 0) return;
      const at = this.#windowAt(source, frame, false, tick);
      this.#mix(at, leftFrom * from, leftTo * to, rightFrom * from, rightTo * to);
      return;
    }
    const { at, left, right } = this.#scratch;
    source.read(frame, false, left, right);
    envelope.weigh(place, left, right);
    this.#mix(at, leftFrom, leftTo, rightFrom, rightTo);
  }

  /** Limits the block and leaves it in `left` and `right`: `LATENCY_FRAMES` late, nothing above `CEILING`. */
  finish(limiter: Limiter): void {
    this.#limiter.finish(limiter);
  }

  #mix(at: number, leftFrom: number, leftTo: number, rightFrom: number, rightTo: number): void {
    this.#kernel.mix(
      at,
      at + WINDOW_PLANE_BYTES,
      BLOCK_LEFT_AT,
      BLOCK_RIGHT_AT,
      WINDOW_PLANE_BYTES,
      leftFrom,
      rightFrom,
      (leftTo - leftFrom) / BLOCK_FRAMES,
      (rightTo - rightFrom) / BLOCK_FRAMES,
    );
  }

  #windowAt(source: SoundSource, frame: number, loop: boolean, tick: number): number {
    const known = source.window;
    if (known?.source === source && known.frame === frame && known.tick === tick) return known.at;
    const window = this.#windows[this.#nextWindow] as Window;
    this.#nextWindow = (this.#nextWindow + 1) % WINDOWS;
    source.read(frame, loop, window.left, window.right);
    window.source = source;
    window.frame = frame;
    window.tick = tick;
    source.window = window;
    return window.at;
  }
}

function makeWindow(memory: ArrayBuffer, index: number): Window {
  const at = WINDOWS_AT + index * 2 * WINDOW_PLANE_BYTES;
  return {
    source: undefined,
    frame: 0,
    tick: -1,
    at,
    left: new Float32Array(memory, at, BLOCK_FRAMES),
    right: new Float32Array(memory, at + WINDOW_PLANE_BYTES, BLOCK_FRAMES),
  };
}
