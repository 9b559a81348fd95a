import type { AssetAudibility, SilenceReason } from '../listening.js';
import { carriesOneOf, hasSound } from '../project/choice.js';
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
  readonly bannedTime: boolean;
  readonly bannedPlace: boolean;
  readonly away: boolean;
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
  if (!forced) {
    const choice = candidates.choice(undefined);
    if (!choice.speaks(asset)) reasons.push('wrong-language');
    if (!choice.tagged(asset) || !anyTrackPlays(candidates, item)) reasons.push('filtered');
    const distance = nearness.of(item);
    const windows = windowsOf(candidates, asset.id);
    const open = windows.some(({ startS, endS }) => startS <= nowS && nowS <= endS);
    if (distance !== 'near' && !open) {
      reasons.push(distance);
      if (windows.length > 0) reasons.push('not-its-time');
    }
    if (past.bannedTime) reasons.push('banned-time');
    if (past.bannedPlace) reasons.push('banned-place');
  }
  return {
    assetId: asset.id,
    playing: past.playing,
    reasons: past.playing ? [] : reasons,
    distanceM: nearness.distanceM(item),
  };
}

function anyTrackPlays(candidates: Candidates, item: PreparedAsset): boolean {
  return candidates.project.definition.tracks.some(
    (track) => track.active && carriesOneOf(item.definition, track.tagIds),
  );
}

function windowsOf(candidates: Candidates, assetId: number) {
  const { tracks, timedAssets } = candidates.project.definition;
  if (!tracks.some((track) => track.active && track.timedPriority !== 'discard')) return [];
  return timedAssets.filter((timed) => timed.assetId === assetId);
}
