import type { PcmSource } from '../mixer/source.js';
import type { Playlist } from '../playlist/playlist.js';
import type { AssetDefinition } from '../ports.js';
import type { PreparedProject } from '../project/prepared.js';
import type { SavedPan } from './pan-walk.js';
import type { Piece, SavedPiece } from './piece.js';
import type { TrackVoice } from './track-voice.js';

/** What a track needs of its listener's mix in one block. */
export interface TrackContext {
  readonly playlist: Playlist;
  readonly project: PreparedProject;
  /** Frames of stream sound before this block. */
  readonly nowFrame: number;
  readonly paused: boolean;
  /** Nobody else hears its stream, so that a sound may begin. */
  readonly alone: boolean;
  sourceOf(mediaId: string): PcmSource;
  /** Why a media cannot be had now. */
  failureOf(mediaId: string): string | undefined;
  need(source: PcmSource, frame: number): void;
  blocks(asset: AssetDefinition): boolean;
  /** `frame`: in the block. */
  began(track: TrackVoice, piece: Piece, frame: number): void;
  ended(track: TrackVoice, piece: Piece, frame: number): void;
}

/** `waiting`: nothing to play. */
export type TrackPhase = 'dead-air' | 'waiting' | 'playing';

export interface SavedTrack {
  readonly id: number;
  readonly random: number;
  readonly phase: TrackPhase;
  readonly left: number;
  readonly pan: SavedPan | undefined;
  readonly piece: SavedPiece | undefined;
  readonly remembered: readonly SavedPiece[];
}
