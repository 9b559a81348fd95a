import type { AssetAudibility, CommandOutcome, TrackState } from '../listening.js';
import type { Mixer } from '../mixer/mixer.js';
import type { PcmSource } from '../mixer/source.js';
import { Playlist } from '../playlist/playlist.js';
import { type AssetDefinition, BLOCK_FRAMES, type ListenerState, RATE_HZ } from '../ports.js';
import type { PreparedProject } from '../project/prepared.js';
import type { Piece } from '../tracks/piece.js';
import { seedOf } from '../tracks/random.js';
import type { SavedTrack, TrackContext } from '../tracks/track.types.js';
import { TrackVoice } from '../tracks/track-voice.js';

/** Tracks of one mix; those beyond it are silent. */
const MAX_TRACKS = 32;
/** A track that will sound this soon has its own encoder made ready: 200 ms. */
const LEAD_FRAMES = 10 * BLOCK_FRAMES;

/** What tracks ask of the thread that mixes them. */
export interface TrackMedia {
  mediaOf(mediaId: string): PcmSource;
  failureOf(mediaId: string): string | undefined;
  need(source: PcmSource, frame: number): void;
}

/** An asset began or ended on a track; `frame` in the block. */
export type OnTrack = (
  kind: 'began' | 'ended',
  track: TrackVoice,
  piece: Piece,
  frame: number,
) => void;

export interface SavedTracks {
  readonly elapsed: number;
  readonly playlist: unknown;
  readonly tracks: readonly SavedTrack[];
}

/** The tracks of one listener and the playlist they share. Time is the sound its listener has had. */
export class SessionTracks {
  readonly #id: string;
  readonly #media: TrackMedia;
  readonly #onTrack: OnTrack;
  readonly #playlist: Playlist;
  #tracks: TrackVoice[] = [];
  #elapsedFrames = 0;
  #paused = false;
  #alone = false;
  #project: PreparedProject | undefined;
  #listener: ListenerState | undefined;
  /** To be taken up when the project is here. */
  #saved: SavedTracks | undefined;
  readonly #context: TrackContext;

  constructor(id: string, media: TrackMedia, onTrack: OnTrack) {
    this.#id = id;
    this.#media = media;
    this.#onTrack = onTrack;
    this.#playlist = new Playlist({ seed: seedOf(`${id} playlist`) });
    this.#context = this.#makeContext();
  }

  get elapsedS(): number {
    return this.#elapsedFrames / RATE_HZ;
  }

  get elapsedFrames(): number {
    return this.#elapsedFrames;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Takes a move, other choices, or an edited project. What sounds goes on, unless it may not. */
  retarget(project: PreparedProject | undefined, listener: ListenerState): void {
    this.#project = project;
    this.#listener = listener;
    if (project === undefined) {
      if (this.#tracks.length > 0) this.#stopAll();
      return;
    }
    this.#playlist.retarget(project, listener);
    if (this.#saved !== undefined) this.#takeUp(this.#saved, project, listener);
    this.#define(project);
    for (const track of this.#tracks) track.retarget(this.#context);
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    for (const track of this.#tracks) track.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (const track of this.#tracks) track.resume();
  }

  /** False: nothing sounded. */
  skip(): boolean {
    if (this.#project === undefined) return false;
    let any = false;
    for (const track of this.#tracks) any = track.skip(this.#context) || any;
    return any;
  }

  /** Plays an asset now, whatever is near or banned: old sounds fade, and one track begins it at once. */
  play(assetId: number): CommandOutcome {
    const project = this.#project;
    if (project === undefined) return refused('the project is not here yet: try again');
    if (this.#first === undefined) return refused(NO_TRACK);
    if (!this.#playlist.playNext(assetId)) {
      return refused(`asset ${assetId} cannot be played: it is unknown, silent or blocked`);
    }
    return this.#playNow();
  }

  /** Plays once more what was begun last. */
  replay(): CommandOutcome {
    if (this.#project === undefined) return refused('the project is not here yet: try again');
    if (this.#first === undefined) return refused(NO_TRACK);
    if (this.#playlist.replay() === undefined) return refused('nothing was played yet');
    return this.#playNow();
  }

  /** Goes on by one block that is heard. `alone`: nobody else hears its stream. */
  step(alone: boolean): void {
    if (this.#project !== undefined) {
      this.#alone = alone;
      let gone = false;
      for (const track of this.#tracks) {
        track.step(this.#context);
        if (track.gone) gone = true;
      }
      if (gone) this.#tracks = this.#tracks.filter((track) => !track.gone);
    }
    this.#elapsedFrames += BLOCK_FRAMES;
  }

  /** Something of it sounds, or will very soon. */
  get lively(): boolean {
    for (const track of this.#tracks) {
      const quiet = track.quietFrames;
      if (quiet === 0 || (quiet <= LEAD_FRAMES && !this.#paused)) return true;
    }
    return false;
  }

  /** Frames until it may sound; infinite when that cannot be foreseen. */
  get quietFrames(): number {
    let least = Number.POSITIVE_INFINITY;
    if (this.#paused) return least;
    for (const track of this.#tracks) least = Math.min(least, track.quietFrames);
    return least;
  }

  render(mixer: Mixer, tick: number, masterFrom: number, masterTo: number): void {
    for (const track of this.#tracks) track.render(mixer, tick, masterFrom, masterTo);
  }

  eachPlace(visit: (source: PcmSource, frame: number) => void): void {
    for (const track of this.#tracks) track.eachPlace(visit);
  }

  /** Its stream begins (again): what sounds comes in softly. */
  soften(): void {
    for (const track of this.#tracks) track.soften();
  }

  states(): TrackState[] {
    return this.#tracks.map((track) => stateOf(track));
  }

  queue(): { readonly next: readonly number[]; readonly total: number } {
    return this.#playlist.queue(this.elapsedS, 100);
  }

  explain(assetIds: readonly number[] | undefined, limit: number): AssetAudibility[] {
    return this.#playlist.explain(assetIds, limit, this.elapsedS);
  }

  save(): SavedTracks {
    if (this.#saved !== undefined) return this.#saved;
    return {
      elapsed: this.#elapsedFrames,
      playlist: this.#playlist.save(),
      tracks: this.#tracks.map((track) => track.save()),
    };
  }

  /** Goes on where another was saved, as soon as the project is here. */
  restore(saved: SavedTracks): void {
    this.#saved = saved;
    this.#elapsedFrames = saved.elapsed;
  }

  /** Its listener is gone for good. */
  stop(): void {
    if (this.#project !== undefined) this.#stopAll();
  }

  #playNow(): CommandOutcome {
    const first = this.#first;
    if (first === undefined) return refused(NO_TRACK);
    first.playNow(this.#context);
    for (const track of this.#tracks) if (track !== first) track.skip(this.#context);
    const message = this.#paused ? 'paused: it plays after resume' : undefined;
    return { done: true, message };
  }

  /** Where what is asked for by name is played. */
  get #first(): TrackVoice | undefined {
    return this.#tracks.find((track) => !track.retired);
  }

  #stopAll(): void {
    for (const track of this.#tracks) track.stop(this.#context);
    this.#tracks = [];
  }

  #takeUp(saved: SavedTracks, project: PreparedProject, listener: ListenerState): void {
    this.#saved = undefined;
    this.#playlist.restore(saved.playlist);
    this.#playlist.retarget(project, listener);
    this.#define(project);
    for (const place of saved.tracks) {
      this.#tracks.find((track) => track.definition.id === place.id)?.restore(place, this.#context);
    }
    // What faded beside another sound, and what tracks that are gone played, was not taken up.
    this.#playlist.soundsNow(this.#tracks.flatMap((track) => track.assetIds()));
  }

  /** One voice for each active track; those of tracks that are gone fade. */
  #define(project: PreparedProject): void {
    const active = project.definition.tracks.filter((track) => track.active).slice(0, MAX_TRACKS);
    for (const voice of this.#tracks) {
      if (!active.some((track) => track.id === voice.definition.id)) voice.retire(this.#context);
    }
    for (const definition of active) {
      const voice = this.#tracks.find((other) => other.definition.id === definition.id);
      if (voice === undefined) {
        const seed = seedOf(`${this.#id} track ${definition.id}`);
        this.#tracks.push(new TrackVoice(definition, seed));
      } else {
        voice.define(definition);
      }
    }
  }

  #makeContext(): TrackContext {
    const self = this;
    return {
      playlist: this.#playlist,
      get project(): PreparedProject {
        return self.#projectNow();
      },
      get nowFrame(): number {
        return self.#elapsedFrames;
      },
      get paused(): boolean {
        return self.#paused;
      },
      get alone(): boolean {
        return self.#alone;
      },
      sourceOf: (mediaId) => this.#media.mediaOf(mediaId),
      failureOf: (mediaId) => this.#media.failureOf(mediaId),
      need: (source, frame) => this.#media.need(source, frame),
      blocks: (asset) => this.#blocks(asset),
      began: (track, piece, frame) => this.#onTrack('began', track, piece, frame),
      ended: (track, piece, frame) => this.#onTrack('ended', track, piece, frame),
    };
  }

  #projectNow(): PreparedProject {
    const project = this.#project;
    if (project === undefined)
      throw new TypeError('a track was asked to go on without its project');
    return project;
  }

  #blocks(asset: AssetDefinition): boolean {
    const listener = this.#listener;
    if (listener === undefined) return false;
    if (listener.blockedAssetIds.includes(asset.id)) return true;
    return asset.userId !== undefined && listener.blockedUserIds.includes(asset.userId);
  }
}

const NO_TRACK = 'the project has no active audio track to play it on: add one';

const refused = (message: string): CommandOutcome => ({ done: false, message });

function stateOf(track: TrackVoice): TrackState {
  const { piece, pan, phase } = track;
  const base = { trackId: track.definition.id, pan: pan.to };
  if (piece === undefined || (!piece.began && !piece.held)) {
    return {
      ...base,
      state: phase === 'dead-air' ? 'dead-air' : 'waiting',
      assetId: undefined,
      name: undefined,
      positionS: undefined,
      remainingS: undefined,
      gain: 0,
    };
  }
  return {
    ...base,
    state: piece.held ? 'held' : piece.fading ? 'fading-out' : 'playing',
    assetId: piece.assetId,
    name: piece.name,
    positionS: (piece.start + piece.place) / RATE_HZ,
    remainingS: (piece.length - piece.place) / RATE_HZ,
    gain: piece.held ? 0 : piece.envelope.at(piece.place),
  };
}
