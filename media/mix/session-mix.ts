import { EngineError } from '../../engine/errors.js';
import type {
  AssetAudibility,
  CommandOutcome,
  SessionPlaying,
  SessionSounding,
} from '../listening.js';
import type { Mixer } from '../mixer/mixer.js';
import type { ListenerState } from '../ports.js';
import type { PreparedProject } from '../project/prepared.js';
import { Ambience, type OnPlaced, type SoundSources } from './ambience.js';
import {
  type OnTrack,
  type SavedTracks,
  SessionTracks,
  type TrackMedia,
} from './session-tracks.js';
import { GAIN_UNITS, NATIVE_STEP, PAN_UNITS, type Voice } from './voice.js';

/** The master gain goes to an edited value at this pace, units a block: by 1 in 400 ms. */
const MASTER_STEP = NATIVE_STEP;
/** A listener is put with others who hear the same only when no track of theirs will sound for this long: 3 s. */
const REJOIN_FRAMES = 3 * 48_000;

/** Where a mix gets its sound from, and what it tells. One for all mixes of an engine but for `on…`. */
export interface MixParts extends SoundSources, TrackMedia {
  readonly onTrack: OnTrack;
  readonly onPlaced: OnPlaced;
}

interface SavedMix {
  readonly v: 1;
  readonly paused: boolean;
  readonly tracks: SavedTracks;
}

/** What one listener hears: what is around, the tracks, and the master gain. */
export class SessionMix {
  /** Equal keys mean (but for hash collisions, see `sameSound`) equal sound in this block. */
  key = 0;
  /** True while nothing moves and no track sounds: the key holds until the next change. */
  settled = false;
  readonly #no: number;
  readonly #parts: MixParts;
  readonly #ambience = new Ambience();
  readonly #tracks: SessionTracks;
  #lively = false;
  #master = GAIN_UNITS;
  #masterFrom = GAIN_UNITS;
  #masterWanted = GAIN_UNITS;
  #project: PreparedProject | undefined;
  #stale = true;
  #lastPlace = '';
  #placedFrames = -1;
  #touched = true;

  /** `no`: unique in its engine. `id` is the seed of all chance. */
  constructor(no: number, id: string, parts: MixParts) {
    this.#no = no;
    this.#parts = parts;
    this.#tracks = new SessionTracks(id, parts, parts.onTrack);
  }

  get paused(): boolean {
    return this.#tracks.paused;
  }

  get voices(): readonly Voice[] {
    return this.#ambience.voices;
  }

  /** It sounds for itself alone, or will very soon. */
  get lively(): boolean {
    return this.#lively;
  }

  /** No track will sound for a while, so that its listener may share a stream. */
  get restful(): boolean {
    return !this.#lively && this.#tracks.quietFrames >= REJOIN_FRAMES;
  }

  /** Takes a new place, other choices, or an edited project. `jump`: nobody listens, so do not fade. */
  retarget(project: PreparedProject | undefined, listener: ListenerState, jump: boolean): void {
    this.#touched = true;
    this.#project = project;
    this.#ambience.retarget(project, listener, this.#parts, jump);
    this.#tracks.retarget(project, listener);
    const gain = project?.definition.settings.masterGain ?? 1;
    this.#masterWanted = Math.round(Math.max(0, gain) * GAIN_UNITS);
    if (jump) {
      this.#master = this.#masterWanted;
      this.#masterFrom = this.#master;
    }
    this.#stale = true;
  }

  pause(): void {
    this.#touched = true;
    this.#tracks.pause();
    this.#ambience.pause();
  }

  resume(tick: number): void {
    this.#touched = true;
    this.#tracks.resume();
    this.#ambience.resume(tick);
  }

  /** False: nothing sounded that could be skipped. */
  skip(): boolean {
    this.#touched = true;
    const placed = this.#ambience.skip();
    return this.#tracks.skip() || placed;
  }

  play(assetId: number): CommandOutcome {
    this.#touched = true;
    return this.#tracks.play(assetId);
  }

  replay(): CommandOutcome {
    this.#touched = true;
    return this.#tracks.replay();
  }

  /** Its stream begins (again). */
  soften(): void {
    this.#tracks.soften();
  }

  /**
   * Goes on to block `tick`, which is heard. `alone`: nobody else hears its stream, so tracks may begin.
   * Returns true when this block's key may differ from the last one's.
   */
  step(tick: number, alone: boolean): boolean {
    let changed = this.#ambience.step(tick, this.#parts.onPlaced) || this.#stale;
    this.#stale = false;
    this.#masterFrom = this.#master;
    if (this.#master !== this.#masterWanted) {
      const delta = this.#masterWanted - this.#master;
      this.#master += Math.max(-MASTER_STEP, Math.min(MASTER_STEP, delta));
      this.#stale = true;
      changed = true;
    }
    this.#tracks.step(alone);
    const { lively } = this.#tracks;
    if (lively !== this.#lively) changed = true;
    this.#lively = lively;
    this.settled = this.#ambience.settled && this.#master === this.#masterFrom && !lively;
    if (!changed) return false;
    // Chance is each listener's own: what sounds on tracks is shared with nobody.
    if (lively) this.key = -this.#no;
    else this.key = this.#ambience.hash(tick, this.#master * 8192 + this.#masterFrom);
    return true;
  }

  /** Mixes block `tick`, between the mixer's `begin` and `finish`. */
  render(mixer: Mixer, tick: number): void {
    const from = this.#masterFrom / GAIN_UNITS;
    const to = this.#master / GAIN_UNITS;
    this.#ambience.render(mixer, tick, from, to);
    this.#tracks.render(mixer, tick, from, to);
  }

  /** True when both sound the same in block `tick`, and will as long as both are settled. */
  sameSound(other: SessionMix, tick: number): boolean {
    if (this === other) return true;
    if (this.#lively || other.#lively) return false;
    if (this.#master !== other.#master || this.#masterFrom !== other.#masterFrom) return false;
    return this.#ambience.sameSound(other.#ambience, tick);
  }

  /** Media that is read next, and where; speakers by their voice. */
  eachPlace(tick: number, visitVoice: (voice: Voice, frame: number) => void): void {
    this.#ambience.eachPlace(tick, visitVoice);
    this.#tracks.eachPlace((source, frame) => this.#parts.need(source, frame));
  }

  sounding(tick: number): SessionSounding {
    const voices = this.#ambience.voices
      .filter((voice) => voice.gain > 0 && voice.sounds(tick))
      .map((voice) => ({
        kind: voice.kind,
        id: voice.id,
        name: voice.name,
        gain: voice.gain / GAIN_UNITS,
        pan: voice.pan / PAN_UNITS,
      }))
      .sort((a, b) => b.gain - a.gain);
    return { elapsedS: this.#tracks.elapsedS, tracks: this.#tracks.states(), voices };
  }

  /** The same, and the queue, which must be worked out for it. */
  playing(tick: number): SessionPlaying {
    const { next, total } = this.#tracks.queue();
    return { ...this.sounding(tick), queue: next, queued: total };
  }

  /** Why assets are or are not heard; a placed one that sounds is playing. */
  explain(assetIds: readonly number[] | undefined, limit: number, tick: number): AssetAudibility[] {
    const placed = new Set(
      this.#ambience.voices
        .filter((voice) => voice.kind === 'asset' && voice.gain > 0 && voice.sounds(tick))
        .map((voice) => voice.id),
    );
    return this.#tracks
      .explain(assetIds, limit)
      .map((asset) =>
        placed.has(asset.assetId) ? { ...asset, playing: true, reasons: [] } : asset,
      );
  }

  /** What to go on from elsewhere, when it changed since it was last asked for. */
  place(): string | undefined {
    // Nothing of it moves but by what is heard and what is done.
    if (!this.#touched && this.#tracks.elapsedFrames === this.#placedFrames) return undefined;
    this.#touched = false;
    this.#placedFrames = this.#tracks.elapsedFrames;
    const saved: SavedMix = { v: 1, paused: this.paused, tracks: this.#tracks.save() };
    const place = JSON.stringify(saved);
    if (place === this.#lastPlace) return undefined;
    this.#lastPlace = place;
    return place;
  }

  /** @throws EngineError `input.invalid` for what no mix has made */
  restore(place: string): void {
    const saved = parsePlace(place);
    this.#tracks.restore(saved.tracks);
    if (saved.paused) this.pause();
  }

  /** Its listener is gone for good. */
  stop(tick: number): void {
    this.#tracks.stop();
    this.#ambience.stop(tick, this.#parts.onPlaced);
  }

  get project(): PreparedProject | undefined {
    return this.#project;
  }
}

function parsePlace(place: string): SavedMix {
  try {
    const parsed = JSON.parse(place) as Partial<SavedMix> | null;
    if (parsed?.v === 1 && Array.isArray(parsed.tracks?.tracks)) return parsed as SavedMix;
  } catch {
    // Falls through to the error that says what it was.
  }
  throw new EngineError('input.invalid', "a session's saved place cannot be read: it starts anew");
}
