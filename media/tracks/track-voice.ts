import type { Mixer } from '../mixer/mixer.js';
import type { PcmSource } from '../mixer/source.js';
import { BLOCK_FRAMES, RATE_HZ, type TrackDefinition } from '../ports.js';
import { fetchNext, nextPiece, restorePiece } from './next-piece.js';
import { PanWalk } from './pan-walk.js';
import type { Piece } from './piece.js';
import { Random } from './random.js';
import type { SavedTrack, TrackContext, TrackPhase } from './track.types.js';

/** Without anything to play, a track asks again after this, or as soon as its listener moves. */
const ASK_AGAIN_FRAMES = RATE_HZ;
/** The next asset's media is asked for this long before the dead air ends. */
const FETCH_AHEAD_FRAMES = 3 * RATE_HZ;
/** Media that does not come for this long, or breaks off for this long, is given up: 10 s, 3 s. */
const LOAD_BLOCKS = 500;
const STARVE_BLOCKS = 150;
/** Assets tried in one block, when one after the other has no media. */
const TRIES = 4;
/** Old sounds still fading beside the new one; beyond it the oldest ends at once. */
const MAX_TAILS = 4;
/** Filtered assets whose place is remembered; beyond it the oldest is forgotten. */
const MAX_REMEMBERED = 8;

/**
 * One parallel voice of a listener's mix: dead air, an asset, dead air … as its definition draws it,
 * counted in frames, by chance from its own seed. `step` once for each block that is heard, then
 * `render`. `startWithSilence` is honoured for all listeners: Roundware's server always began with dead
 * air, its clients look at the field; who wants the server's way sets it.
 */
export class TrackVoice {
  definition: TrackDefinition;
  readonly pan = new PanWalk();
  readonly #random: Random;
  #phase: TrackPhase = 'dead-air';
  /** Frames of dead air left, or until it asks again. */
  #left: number;
  #piece: Piece | undefined;
  /** The next asset was asked for by name. */
  #urgent = false;
  #fetched = false;
  #retired = false;
  /** Old sounds that fade beside the new one. */
  readonly #tails: Piece[] = [];
  readonly #remembered: Piece[] = [];
  /** What is heard in the block that was stepped to. */
  readonly #heard: Piece[] = [];

  constructor(definition: TrackDefinition, seed: number) {
    this.definition = definition;
    this.#random = new Random(seed);
    this.#left = definition.startWithSilence ? this.#draw(definition.deadAirS) : 0;
  }

  get phase(): TrackPhase {
    return this.#phase;
  }

  /** What it plays, is about to play, or holds. */
  get piece(): Piece | undefined {
    return this.#piece;
  }

  /** Its definition is gone; what sounded fades. */
  get retired(): boolean {
    return this.#retired;
  }

  /** True when nothing of it sounds, nor will. */
  get gone(): boolean {
    if (!this.#retired || this.#heard.length > 0) return false;
    return this.#piece === undefined && this.#tails.length === 0;
  }

  /** Frames until it may begin to sound; 0 while it sounds. Infinite: it holds, or has nothing to play. */
  get quietFrames(): number {
    if (this.#tails.length > 0 || this.#heard.length > 0) return 0;
    if (this.#piece !== undefined) return this.#piece.held ? Number.POSITIVE_INFINITY : 0;
    if (this.#retired || this.#phase === 'waiting') return Number.POSITIVE_INFINITY;
    return this.#left;
  }

  /** The listener moved, chose otherwise, or the project changed. */
  retarget(context: TrackContext): void {
    if (this.#phase === 'waiting') this.#left = 0;
    if (this.#piece !== undefined) this.#check(this.#piece, context);
    for (const old of [...this.#remembered]) {
      if (context.project.assets.get(old.assetId) === undefined) this.#forget(old, context);
    }
  }

  /** Fades what sounds, then goes on with dead air. False: nothing sounded. */
  skip(context: TrackContext): boolean {
    const piece = this.#piece;
    if (piece === undefined) return false;
    if (!piece.began || piece.held) this.#end(piece, context, 0);
    else piece.cut(this.#draw(this.definition.fadeOutS), 'end');
    return true;
  }

  /** Fades what sounds while the asset that was asked for begins beside it. */
  playNow(context: TrackContext): void {
    this.skip(context);
    const piece = this.#piece;
    if (piece !== undefined) {
      this.#piece = undefined;
      this.#tails.push(piece);
      const oldest = this.#tails[0];
      if (this.#tails.length > MAX_TAILS && oldest !== undefined) this.#end(oldest, context, 0);
    }
    this.#phase = 'dead-air';
    this.#left = 0;
    this.#urgent = true;
  }

  /** Fades what sounds and keeps its place. */
  pause(): void {
    const piece = this.#piece;
    // What was skipped already stays skipped, and what was filtered is remembered.
    if (piece === undefined || !piece.began || piece.fading) return;
    piece.cut(this.#draw(this.definition.fadeOutS), 'hold');
  }

  resume(): void {
    const piece = this.#piece;
    if (piece?.after === 'hold') this.#goOn(piece);
  }

  /** Its definition is no longer there: what sounds fades, and nothing follows. */
  retire(context: TrackContext): void {
    if (this.#retired) return;
    this.#retired = true;
    for (const old of [...this.#remembered]) this.#forget(old, context);
    this.skip(context);
  }

  /** Its definition is there (again), perhaps edited: what sounds goes on as it was drawn. */
  define(definition: TrackDefinition): void {
    this.definition = definition;
    this.#retired = false;
  }

  /** Its listener is gone for good. */
  stop(context: TrackContext): void {
    for (const tail of [...this.#tails]) this.#end(tail, context, 0);
    if (this.#piece !== undefined) this.#end(this.#piece, context, 0);
    for (const old of [...this.#remembered]) this.#forget(old, context);
    this.#heard.length = 0;
  }

  /** Goes on by one block. */
  step(context: TrackContext): void {
    this.#heard.length = 0;
    if (this.#tails.length > 0) for (const tail of [...this.#tails]) this.#play(tail, 0, context);
    let at = 0;
    let tries = 0;
    while (at < BLOCK_FRAMES) {
      if (this.#piece !== undefined) {
        const played = this.#play(this.#piece, at, context);
        if (played === undefined) break;
        at += played;
        continue;
      }
      if (this.#retired || context.paused) break;
      if (!this.#fetched && this.#left <= FETCH_AHEAD_FRAMES) {
        this.#fetched = true;
        fetchNext(this.definition, context);
      }
      const waits = Math.min(this.#left, BLOCK_FRAMES - at);
      this.#left -= waits;
      at += waits;
      if (this.#left > 0 || at >= BLOCK_FRAMES) break;
      tries++;
      if (tries > TRIES || !this.#take(context, at)) break;
    }
    if (this.#heard.length === 0) this.pan.rest();
    else this.pan.step(this.definition.pan, this.definition.panDurationS, this.#random);
  }

  /** Mixes the block that was stepped to, under a gain that goes from `masterFrom` to `masterTo`. */
  render(mixer: Mixer, tick: number, masterFrom: number, masterTo: number): void {
    const { from, to } = this.pan;
    for (const piece of this.#heard) {
      mixer.addShaped(
        piece.source,
        piece.start + piece.blockPlace,
        piece.envelope,
        piece.blockPlace,
        tick,
        masterFrom * Math.min(1, 1 - from),
        masterTo * Math.min(1, 1 - to),
        masterFrom * Math.min(1, 1 + from),
        masterTo * Math.min(1, 1 + to),
      );
    }
  }

  /** Media that is read next, and where. */
  eachPlace(visit: (source: PcmSource, frame: number) => void): void {
    if (this.#piece !== undefined) visit(this.#piece.source, this.#piece.mediaFrame);
    for (const tail of this.#tails) visit(tail.source, tail.mediaFrame);
  }

  /** What sounds begins softly: its stream was silent before, or is a new one. */
  soften(): void {
    this.#piece?.source.soften(this.#piece.mediaFrame);
    for (const tail of this.#tails) tail.source.soften(tail.mediaFrame);
  }

  save(): SavedTrack {
    return {
      id: this.definition.id,
      random: this.#random.state,
      phase: this.#phase,
      left: this.#left,
      pan: this.pan.save(),
      piece: this.#piece?.save(),
      remembered: this.#remembered.map((piece) => piece.save()),
    };
  }

  /** Assets that it plays, holds or remembers: an id once for each piece. */
  assetIds(): number[] {
    const playing = this.#piece === undefined ? [] : [this.#piece];
    return [...playing, ...this.#tails, ...this.#remembered].map((piece) => piece.assetId);
  }

  /** Goes on where another was saved; assets that are gone are left out. */
  restore(saved: SavedTrack, context: TrackContext): void {
    this.#random.state = saved.random;
    this.#phase = saved.phase;
    this.#left = saved.left;
    if (saved.pan !== undefined) this.pan.restore(saved.pan);
    this.#piece = saved.piece && restorePiece(saved.piece, context);
    if (this.#piece === undefined && this.#phase === 'playing') this.#rest();
    this.soften();
    for (const old of saved.remembered) {
      const piece = restorePiece(old, context);
      if (piece !== undefined) this.#remembered.push(piece);
    }
  }

  /** What is drawn from a range of seconds, in frames. */
  #draw(rangeS: readonly [number, number]): number {
    return Math.max(0, Math.round(this.#random.between(rangeS) * RATE_HZ));
  }

  /** Plays a piece from frame `at` of the block on; undefined: it cannot go on in this block. */
  #play(piece: Piece, at: number, context: TrackContext): number | undefined {
    if (piece.held || (!piece.began && context.paused)) return undefined;
    const media = this.#mediaOf(piece, context);
    if (media === 'failed') {
      this.#fail(piece, context, at);
      return piece.began ? undefined : 0;
    }
    if (media === 'late') return undefined;
    if (!piece.began) {
      if (!context.alone) return undefined;
      piece.began = true;
      context.began(this, piece, at);
    }
    const played = piece.advance(at, BLOCK_FRAMES - at);
    this.#heard.push(piece);
    if (piece.place >= piece.stopAt) this.#stopped(piece, context, at + played);
    return played;
  }

  #mediaOf(piece: Piece, context: TrackContext): 'here' | 'late' | 'failed' {
    // What nobody read for a while was let go of: its sound comes back in another place.
    if (!piece.covered(1)) {
      const current = context.sourceOf(piece.mediaId);
      if (current !== piece.source && piece.place > 0) current.soften(piece.mediaFrame);
      piece.source = current;
    }
    const { source } = piece;
    if (!piece.began && source.ready && !piece.fit(source.frames)) return 'failed';
    if (piece.covered(piece.began ? 1 : 2)) {
      piece.waited = 0;
      return 'here';
    }
    context.need(source, piece.mediaFrame);
    piece.waited++;
    if (!piece.began && context.failureOf(piece.mediaId) !== undefined) return 'failed';
    return piece.waited > (piece.began ? STARVE_BLOCKS : LOAD_BLOCKS) ? 'failed' : 'late';
  }

  #stopped(piece: Piece, context: TrackContext, frame: number): void {
    if (piece.after === 'hold' && piece.fading) {
      piece.held = true;
    } else if (piece.after === 'remember' && piece.fading) {
      this.#remember(piece, context, frame);
    } else {
      this.#end(piece, context, frame);
    }
  }

  #remember(piece: Piece, context: TrackContext, frame: number): void {
    context.ended(this, piece, frame);
    piece.began = false;
    piece.held = true;
    this.#remembered.push(piece);
    const oldest = this.#remembered[0];
    if (this.#remembered.length > MAX_REMEMBERED && oldest !== undefined) {
      this.#forget(oldest, context);
    }
    this.#piece = undefined;
    this.#rest();
  }

  #forget(piece: Piece, context: TrackContext): void {
    this.#remembered.splice(this.#remembered.indexOf(piece), 1);
    context.playlist.ended(piece.assetId);
  }

  #end(piece: Piece, context: TrackContext, frame: number): void {
    if (piece.began) context.ended(this, piece, frame);
    context.playlist.ended(piece.assetId);
    this.#drop(piece);
    if (this.#piece === undefined && this.#phase === 'playing') this.#rest();
  }

  #fail(piece: Piece, context: TrackContext, frame: number): void {
    if (piece.began) context.ended(this, piece, frame);
    context.playlist.failed(piece.assetId, (context.nowFrame + frame) / RATE_HZ);
    const sounded = piece.began;
    this.#drop(piece);
    if (this.#piece !== undefined) return;
    if (sounded) {
      this.#rest();
    } else {
      // A file that cannot be had takes no time.
      this.#phase = 'dead-air';
      this.#left = 0;
    }
  }

  #drop(piece: Piece): void {
    if (this.#piece === piece) this.#piece = undefined;
    const tail = this.#tails.indexOf(piece);
    if (tail >= 0) this.#tails.splice(tail, 1);
  }

  #rest(): void {
    this.#phase = 'dead-air';
    this.#left = this.#draw(this.definition.deadAirS);
    this.#fetched = false;
  }

  #goOn(piece: Piece): void {
    const { fadeInS, fadeOutS } = this.definition;
    piece.fade(this.#draw(fadeInS), this.#draw(fadeOutS));
    piece.held = false;
    piece.after = 'end';
  }

  /** Lets what no longer fits fade, and what fits again go on. */
  #check(piece: Piece, context: TrackContext): void {
    const asset = context.project.assets.get(piece.assetId)?.definition;
    const fits = context.playlist.accepts(piece.assetId, this.definition);
    if (asset === undefined || context.blocks(asset) || (!asset.submitted && !fits)) {
      this.skip(context);
    } else if (!fits && this.definition.fadeOutWhenFiltered) {
      if (!piece.began) this.#end(piece, context, 0);
      else if (piece.held) this.#remember(piece, context, 0);
      else if (!piece.fading) piece.cut(this.#draw(this.definition.fadeOutS), 'remember');
    } else if (fits && piece.fading && piece.after === 'remember') {
      this.#goOn(piece);
    }
  }

  /** Chooses what comes next: a remembered asset that fits again, else the playlist's. */
  #take(context: TrackContext, at: number): boolean {
    const urgent = this.#urgent;
    this.#urgent = false;
    if (!urgent) {
      const again = this.#remembered.find((old) =>
        context.playlist.accepts(old.assetId, this.definition),
      );
      if (again !== undefined) {
        this.#remembered.splice(this.#remembered.indexOf(again), 1);
        again.heard = 0;
        again.waited = 0;
        this.#goOn(again);
        this.#piece = again;
        this.#phase = 'playing';
        return true;
      }
    }
    const piece = nextPiece(this.definition, context, at, this.#random);
    if (piece === undefined) {
      this.#phase = 'waiting';
      this.#left = ASK_AGAIN_FRAMES;
      return false;
    }
    this.#piece = piece;
    this.#phase = 'playing';
    return true;
  }
}
