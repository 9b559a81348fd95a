import type { AssetAudibility, SilenceReason } from '../listening.js';
import type { TrackDefinition } from '../ports.js';
import { carriesOneOf, hasSound, hearsPlaced, isPlaced } from '../project/choice.js';
import type { Nearness, PreparedAsset } from '../project/nearness.js';
import type { AssetPool } from '../project/pool.js';
import type { Candidates } from './candidates.js';
import { firstOf } from './order.js';

/** Assets explained at once, at most. */
export const MAX_EXPLAINED = 1_000;

/** What the playlist knows of an asset's past. */
export interface AssetPast {
  readonly playing: boolean;
  /** Asked for by name, and not yet begun. */
  readonly asked: boolean;
  readonly away: boolean;
  bannedTime(track: TrackDefinition): boolean;
  bannedPlace(track: TrackDefinition): boolean;
}

/** The `limit` nearest assets; those without a place last; without a listener's place, the newest. */
export function nearestAssets(
  assets: AssetPool,
  nearness: Nearness,
  limit: number,
): PreparedAsset[] {
  const entries = function* (): IterableIterator<{
    readonly item: PreparedAsset;
    readonly m: number;
  }> {
    for (const item of assets.all()) yield { item, m: nearness.distanceM(item) ?? Infinity };
  };
  return firstOf(entries(), Math.max(0, Math.min(MAX_EXPLAINED, limit)), (a, b) =>
    a.m === b.m ? b.item.definition.id - a.item.definition.id : a.m - b.m,
  ).map(({ item }) => item);
}

/** Why an asset is not audible now. */
export function explainAsset(
  candidates: Candidates,
  item: PreparedAsset,
  past: AssetPast,
  nowS: number,
): AssetAudibility {
  const { nearness, listener } = candidates;
  const asset = item.definition;
  const reasons: SilenceReason[] = [];
  const own = asset.userId !== undefined && asset.userId === listener.userId;
  const forced = past.asked && (asset.submitted || own);
  if (!asset.submitted && !forced) reasons.push('not-submitted');
  if (!hasSound(asset)) reasons.push('no-sound');
  if (candidates.blocksAsset(asset.id)) reasons.push('blocked-asset');
  if (candidates.blocksUser(asset.userId)) reasons.push('blocked-user');
  if (past.away) reasons.push('media-away');
  if (!forced) reasons.push(...trackReasons(candidates, item, past, nowS));
  return {
    assetId: asset.id,
    playing: past.playing,
    reasons: past.playing ? [] : reasons,
    distanceM: nearness.distanceM(item),
  };
}

/** Why no track may take it. Of several tracks the one that comes nearest to taking it counts. */
function trackReasons(
  candidates: Candidates,
  item: PreparedAsset,
  past: AssetPast,
  nowS: number,
): SilenceReason[] {
  const asset = item.definition;
  const reasons: SilenceReason[] = [];
  const { tracks, timedAssets } = candidates.project.definition;
  const { choice } = candidates.selection(undefined);
  const playing = tracks.filter((track) => track.active && carriesOneOf(asset, track.tagIds));
  if (!choice.speaks(asset)) reasons.push('wrong-language');
  if (!choice.tagged(asset) || playing.length === 0) reasons.push('filtered');
  const windows = timedAssets.filter((timed) => timed.assetId === asset.id);
  const open = windows.some(({ startS, endS }) => startS <= nowS && nowS <= endS);
  const distance = candidates.nearness.of(item);
  const reaching =
    distance === 'near'
      ? playing
      : playing.filter((track) => open && track.timedPriority !== 'discard');
  if (distance !== 'near' && reaching.length === 0) {
    reasons.push(distance);
    if (windows.length > 0 && !open) reasons.push('not-its-time');
  }
  // Heard by itself at its place, it knows no ban.
  if (isPlaced(asset) && hearsPlaced(candidates.listener)) return reasons;
  const bans = (reaching.length > 0 ? reaching : playing).map((track) => ({
    time: past.bannedTime(track),
    place: past.bannedPlace(track),
  }));
  if (bans.every((ban) => ban.time || ban.place)) {
    if (bans.some((ban) => ban.time)) reasons.push('banned-time');
    if (bans.some((ban) => ban.place)) reasons.push('banned-place');
  }
  return reasons;
}
