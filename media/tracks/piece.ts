import { Envelope } from '../mixer/envelope.js';
import type { PcmSource } from '../mixer/source.js';
import { EDGE_FRAMES } from '../mixer/source.js';
import { type AssetDefinition, BLOCK_FRAMES, RATE_HZ, type TrackDefinition } from '../ports.js';
import type { Random } from './random.js';

/** No duration is drawn shorter, seconds. */
const SHORTEST_S = 1;
/** What sounds shorter than this is not begun, frames: 10 ms. */
const LEAST_FRAMES = 2 * EDGE_FRAMES;

/** What happens where a piece stops. */
export type After = 'end' | 'hold' | 'remember';

export interface SavedPiece {
  readonly assetId: number;
  readonly start: number;
  readonly length: number;
  readonly place: number;
  readonly stopAt: number;
  readonly peak: number;
  readonly corners: readonly (readonly [number, number])[];
  readonly after: After;
  readonly held: boolean;
  readonly began: boolean;
  readonly heard: number;
  readonly remaining: number;
}

/**
 * One playing of an asset on a track: a part of its media under an envelope. Places are frames, of the
 * piece; all edges lie on whole frames, wherever blocks begin. Fades last 5 ms at least, so that no
 * edge clicks.
 */
export class Piece {
  readonly assetId: number;
  readonly name: string;
  readonly mediaId: string;
  source: PcmSource;
  readonly envelope = new Envelope();
  /** Frame of the media at place 0. */
  start = 0;
  /** Planned length, frames. */
  length = 0;
  /** Frames played so far. */
  place = 0;
  /** Where it stops: at its length, or sooner. */
  stopAt = 0;
  /** Highest gain. */
  peak = 0;
  after: After = 'end';
  /** It waits, silent, at its place. */
  held = false;
  /** It sounded, and its listener was told. */
  began = false;
  /** Frames heard since it began (or began again). */
  heard = 0;
  /** Left in the queue when it was taken. */
  remaining = 0;
  /** Place at the first frame of the block that is being mixed. */
  blockPlace = 0;
  /** Blocks it waited for its media. */
  waited = 0;
  #rise = 0;
  #fall = 0;

  constructor(asset: AssetDefinition, source: PcmSource) {
    this.assetId = asset.id;
    this.name = asset.name;
    this.mediaId = asset.mediaId;
    this.source = source;
  }

  /** Draws what is played of an asset, how loud and with which fades; it rises over `mostRise` frames at most. */
  draw(
    asset: AssetDefinition,
    track: TrackDefinition,
    level: number,
    mostRise: number,
    random: Random,
  ): void {
    const [least, most] = track.durationS;
    const region = Math.max(0, asset.endS - asset.startS);
    const drawn = random.between([Math.max(least, SHORTEST_S), Math.max(most, SHORTEST_S)]);
    const durationS = Math.min(region, drawn);
    const startS = random.between([asset.startS, asset.endS - durationS]);
    const fadeInS = random.between(track.fadeInS);
    const fadeOutS = random.between(track.fadeOutS);
    this.peak = Math.max(0, asset.volume * random.between(track.volume)) * level;
    this.start = Math.round(startS * RATE_HZ);
    this.length = Math.round(durationS * RATE_HZ);
    this.#rise = Math.min(mostRise, Math.round(fadeInS * RATE_HZ));
    this.#fall = Math.round(fadeOutS * RATE_HZ);
    this.fade(this.#rise, this.#fall);
  }

  /** The media turned out shorter: keeps what there is. False: nothing to hear. */
  fit(mediaFrames: number): boolean {
    if (this.start + this.length <= mediaFrames) return this.length >= LEAST_FRAMES;
    this.start = Math.max(0, Math.min(this.start, mediaFrames - this.length));
    this.length = Math.min(this.length, mediaFrames - this.start);
    this.place = Math.min(this.place, this.length);
    this.fade(this.#rise, this.#fall);
    return this.length >= LEAST_FRAMES;
  }

  /**
   * Lays the envelope from its place to its end: up over `fadeIn` frames from the gain it has now, and
   * down over the last `fadeOut`. When they are longer than what is left, each gets half.
   */
  fade(fadeIn: number, fadeOut: number): void {
    const left = this.length - this.place;
    let rise = Math.max(EDGE_FRAMES, fadeIn);
    let fall = Math.max(EDGE_FRAMES, fadeOut);
    if (rise + fall > left) {
      rise = Math.floor(left / 2);
      fall = left - rise;
    }
    const gain = this.began && !this.held ? this.envelope.at(this.place) : 0;
    this.envelope
      .begin(this.place, gain)
      .to(this.place + rise, this.peak)
      .to(this.length - fall, this.peak)
      .to(this.length, 0);
    this.stopAt = this.length;
  }

  /** Lets it fade over `frames` from where it is; when less is left it runs out. */
  cut(frames: number, after: After): void {
    const fall = Math.max(EDGE_FRAMES, frames);
    if (this.stopAt - this.place <= fall) {
      // What fades already goes on to its end, but what comes after is as asked last.
      if (this.stopAt < this.length) this.after = after;
      return;
    }
    const gain = this.envelope.at(this.place);
    this.stopAt = this.place + fall;
    this.envelope.begin(this.place, gain).to(this.stopAt, 0);
    this.after = after;
  }

  /** True while it fades before its planned end. */
  get fading(): boolean {
    return this.stopAt < this.length;
  }

  /** Frame of the media that sounds at the beginning of the block. */
  get mediaFrame(): number {
    return this.start + this.place;
  }

  /** True when its media is here for the next `blocks`. */
  covered(blocks: number): boolean {
    return this.source.covers(this.mediaFrame, blocks * BLOCK_FRAMES, false);
  }

  /** Plays up to `frames`, from frame `at` of the block on; returns how many it took. */
  advance(at: number, frames: number): number {
    this.blockPlace = this.place - at;
    const played = Math.min(frames, this.stopAt - this.place);
    this.place += played;
    this.heard += played;
    return played;
  }

  save(): SavedPiece {
    return {
      assetId: this.assetId,
      start: this.start,
      length: this.length,
      place: this.place,
      stopAt: this.stopAt,
      peak: this.peak,
      corners: this.envelope.save(),
      after: this.after,
      held: this.held,
      began: this.began,
      heard: this.heard,
      remaining: this.remaining,
    };
  }

  restore(saved: SavedPiece): void {
    this.start = saved.start;
    this.length = saved.length;
    this.place = saved.place;
    this.stopAt = saved.stopAt;
    this.peak = saved.peak;
    this.after = saved.after;
    this.held = saved.held;
    this.began = saved.began;
    this.heard = saved.heard;
    this.remaining = saved.remaining;
    for (const [i, [frame, gain]] of saved.corners.entries()) {
      if (i === 0) this.envelope.begin(frame, gain);
      else this.envelope.to(frame, gain);
    }
  }
}
