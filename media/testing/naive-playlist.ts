import { EARTH_RADIUS_M, isPosition, PreparedShape, toVec } from '../geometry.js';
import { orderKey } from '../playlist/order.js';
import type {
  AssetDefinition,
  GeoPoint,
  ListenerState,
  ProjectDefinition,
  TrackDefinition,
} from '../ports.js';

const RAD = Math.PI / 180;

/** Haversine, as the contract names it. */
export function haversineM(a: GeoPoint, b: GeoPoint): number {
  const half =
    Math.sin(((b.latitude - a.latitude) * RAD) / 2) ** 2 +
    Math.cos(a.latitude * RAD) *
      Math.cos(b.latitude * RAD) *
      Math.sin(((b.longitude - a.longitude) * RAD) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(Math.min(1, half)));
}

function compassDeg(from: GeoPoint, to: GeoPoint): number {
  const [lat, lon] = [from.latitude * RAD, from.longitude * RAD];
  const { x, y, z } = toVec(to);
  const east = -Math.sin(lon) * x + Math.cos(lon) * y;
  const north =
    -Math.sin(lat) * Math.cos(lon) * x - Math.sin(lat) * Math.sin(lon) * y + Math.cos(lat) * z;
  return Math.atan2(east, north) / RAD;
}

/**
 * The rules of a playlist, said as plainly as they can be and with nothing kept that could be worked
 * out: what the real one is compared with.
 */
export class NaivePlaylist {
  definition: ProjectDefinition;
  assets: readonly AssetDefinition[] = [];
  listener: ListenerState;
  round = 0;
  readonly #seed: number;
  readonly #started = new Map<number, number>();
  readonly #here = new Set<number>();
  readonly #sounding = new Set<number>();
  #forced: number[] = [];

  constructor(seed: number, definition: ProjectDefinition, listener: ListenerState) {
    this.#seed = seed;
    this.definition = definition;
    this.listener = listener;
  }

  moved(): void {
    for (const id of this.#here) {
      const asset = this.#asset(id);
      if (!this.listener.geoListen || asset === undefined || !this.near(asset))
        this.#here.delete(id);
    }
  }

  near(asset: AssetDefinition): boolean {
    const { listener } = this;
    if (!listener.geoListen) return true;
    if (!isPosition(listener.position)) return false;
    const inside =
      asset.shape !== undefined &&
      new PreparedShape(asset.shape).contains(toVec(listener.position));
    if (!isPosition(asset.position)) return asset.shape === undefined || inside;
    const distance = haversineM(listener.position, asset.position);
    const inRing =
      distance >= (listener.rangeMinM ?? 0) &&
      distance <= (listener.rangeMaxM ?? Math.PI * EARTH_RADIUS_M);
    const width = listener.headingWidthDeg ?? (listener.profile === 'roundware' ? 30 : undefined);
    if (listener.headingDeg !== undefined && width !== undefined) {
      const bearing = compassDeg(listener.position, asset.position);
      // Wrapped by trying all turns that matter.
      const turn = Math.min(
        ...[-1080, -720, -360, 0, 360, 720, 1080].map((full) =>
          Math.abs(bearing - (listener.headingDeg ?? 0) + full),
        ),
      );
      return inRing && (turn <= width / 2 || distance < 0.001);
    }
    if (listener.rangeMaxM !== undefined) return inRing;
    if (asset.shape !== undefined) return inside;
    return distance <= (asset.radiusM ?? this.definition.settings.recordingRadiusM);
  }

  chosen(asset: AssetDefinition, track: TrackDefinition): boolean {
    const { listener, definition } = this;
    const { tagRules } = definition.settings;
    if (!asset.submitted || !(asset.endS - asset.startS > 1e-6)) return false;
    if (listener.languageId !== undefined && listener.languageId !== asset.languageId) return false;
    if (listener.profile === 'native' && listener.geoListen && asset.placed && asset.position)
      return false;
    if (track.tagIds.length > 0 && !track.tagIds.some((tag) => asset.tagIds.includes(tag)))
      return false;
    let tags = listener.tagIds ?? [];
    if (tags.length === 0) {
      if (listener.profile === 'native') return true;
      tags = tagRules.defaultTagIds;
      if (tags.length === 0) return false;
    }
    for (const category of new Set(tagRules.categoryOf.values())) {
      const ofCategory = tags.filter((tag) => tagRules.categoryOf.get(tag) === category);
      if (ofCategory.length > 0 && !ofCategory.some((tag) => asset.tagIds.includes(tag)))
        return false;
    }
    return true;
  }

  blocked(asset: AssetDefinition): boolean {
    const { blockedAssetIds, blockedUserIds } = this.listener;
    return (
      blockedAssetIds.includes(asset.id) ||
      (asset.userId !== undefined && blockedUserIds.includes(asset.userId))
    );
  }

  banned(asset: AssetDefinition, track: TrackDefinition, nowS: number): boolean {
    if (this.#sounding.has(asset.id)) return true;
    if (this.#here.has(asset.id) && !track.repeatRecordings) return true;
    const started = this.#started.get(asset.id) ?? Number.NEGATIVE_INFINITY;
    return nowS - started < Math.max(this.definition.settings.bannedS, track.bannedS);
  }

  /** All that a track may be given, in playing order, near and timed apart. */
  ready(track: TrackDefinition, nowS: number) {
    const free = this.assets.filter(
      (a) => this.chosen(a, track) && !this.blocked(a) && !this.banned(a, track, nowS),
    );
    free.sort((a, b) => this.#compare(a, b));
    const isOpen = (asset: AssetDefinition): boolean =>
      track.timedPriority !== 'discard' &&
      this.definition.timedAssets.some(
        (timed) => timed.assetId === asset.id && timed.startS <= nowS && nowS <= timed.endS,
      );
    return { near: free.filter((a) => this.near(a)), timed: free.filter(isOpen) };
  }

  playNext(id: number): boolean {
    const asset = this.#asset(id);
    if (asset === undefined || !this.#mayForce(asset)) return false;
    this.#forced = [id, ...this.#forced.filter((other) => other !== id)];
    return true;
  }

  take(track: TrackDefinition, nowS: number) {
    // A ban that is over stays so, even if the project is edited to have longer ones.
    const { settings, tracks } = this.definition;
    const longestS = Math.max(settings.bannedS, ...tracks.map((one) => one.bannedS));
    for (const [id, startedS] of this.#started)
      if (!this.#here.has(id) && nowS - startedS >= longestS) this.#started.delete(id);
    while (this.#forced.length > 0) {
      const asset = this.#asset(this.#forced.shift() ?? 0);
      if (asset !== undefined && this.#mayForce(asset)) return this.#begin(asset, 'forced', nowS);
    }
    const first = this.#first(track, nowS);
    if (first !== undefined || this.definition.settings.repeatMode === 'stop') return first;
    const mine = [...this.#here].filter((id) => {
      const asset = this.#asset(id);
      return asset === undefined || this.chosen(asset, track);
    });
    if (mine.length === 0) return undefined;
    for (const id of mine) this.#here.delete(id);
    this.round++;
    return this.#first(track, nowS);
  }

  ended(id: number): void {
    this.#sounding.delete(id);
  }

  #first(track: TrackDefinition, nowS: number) {
    const { near, timed } = this.ready(track, nowS);
    const [a, b] = [near[0], timed[0]];
    if (a === undefined || b === undefined) {
      if (b !== undefined) return this.#begin(b, 'timed', nowS);
      return a === undefined ? undefined : this.#begin(a, 'near', nowS);
    }
    const timedFirst = {
      highest: true,
      normal: this.definition.settings.timedFirst,
      neutral: this.#compare(b, a) <= 0,
      lowest: false,
      discard: false,
    }[track.timedPriority];
    return timedFirst ? this.#begin(b, 'timed', nowS) : this.#begin(a, 'near', nowS);
  }

  #begin(asset: AssetDefinition, kind: 'near' | 'timed' | 'forced', nowS: number) {
    this.#started.set(asset.id, nowS);
    this.#sounding.add(asset.id);
    if (this.listener.geoListen) this.#here.add(asset.id);
    else this.#here.delete(asset.id);
    return { id: asset.id, kind };
  }

  #mayForce(asset: AssetDefinition): boolean {
    const own = asset.userId !== undefined && asset.userId === this.listener.userId;
    return (asset.submitted || own) && asset.endS - asset.startS > 1e-6 && !this.blocked(asset);
  }

  #asset(id: number): AssetDefinition | undefined {
    return this.assets.find((asset) => asset.id === id);
  }

  #compare(a: AssetDefinition, b: AssetDefinition): number {
    switch (this.definition.settings.ordering) {
      case 'by_like':
        return b.likes - a.likes || b.id - a.id;
      case 'by_weight':
        return b.weight - a.weight || b.id - a.id;
      case 'random': {
        const key = (x: AssetDefinition): number => orderKey(this.#seed, this.round, x.id);
        return key(a) - key(b) || b.id - a.id;
      }
    }
  }
}
