import { RATE_HZ, type TrackDefinition } from '../ports.js';
import { levelGain } from './level.js';
import { Piece, type SavedPiece } from './piece.js';
import type { Random } from './random.js';
import type { TrackContext } from './track.types.js';

/** What was asked for by name rises this quickly at least: 100 ms. */
const URGENT_RISE_FRAMES = 4_800;
/** Assets fetched ahead: other tracks may take the first. */
const AHEAD = 2;
/** Takes an asset from the playlist and draws how it is played, from frame `at` of the block on. */
export function nextPiece(
  track: TrackDefinition,
  context: TrackContext,
  at: number,
  random: Random,
): Piece | undefined {
  const taken = context.playlist.take(track, (context.nowFrame + at) / RATE_HZ);
  if (taken === undefined) return undefined;
  const { asset } = taken;
  const piece = new Piece(asset, context.sourceOf(asset.mediaId));
  const level = levelGain(context.project.definition.settings.targetLufs, asset.loudnessLufs);
  const mostRise = taken.forced ? URGENT_RISE_FRAMES : Number.POSITIVE_INFINITY;
  piece.draw(asset, track, level, mostRise, random);
  piece.remaining = taken.remaining;
  context.need(piece.source, piece.start);
  return piece;
}

/** Lets the media come that will probably be next. */
export function fetchNext(track: TrackDefinition, context: TrackContext): void {
  for (const id of context.playlist.peek(track, context.nowFrame / RATE_HZ, AHEAD)) {
    const asset = context.project.assets.get(id)?.definition;
    if (asset === undefined) continue;
    context.need(context.sourceOf(asset.mediaId), Math.round(asset.startS * RATE_HZ));
  }
}

/** A piece as it was saved; undefined when its asset is gone. */
export function restorePiece(saved: SavedPiece, context: TrackContext): Piece | undefined {
  const asset = context.project.assets.get(saved.assetId)?.definition;
  if (asset === undefined) return undefined;
  const piece = new Piece(asset, context.sourceOf(asset.mediaId));
  piece.restore(saved);
  // Where it was, it has ended; here its listener is told that it begins.
  piece.began = false;
  piece.heard = 0;
  context.need(piece.source, piece.mediaFrame);
  return piece;
}
