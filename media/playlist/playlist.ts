import type { AssetAudibility } from '../listening.js';
import type { AssetDefinition, ListenerState, TrackDefinition } from '../ports.js';
import { carriesOneOf, hasSound } from '../project/choice.js';
import type { PreparedAsset } from '../project/nearness.js';
import type { PreparedProject } from '../project/prepared.js';
import { Bans } from './bans.js';
import { Candidates } from './candidates.js';
import { type AssetPast, explainAsset, MAX_EXPLAINED, nearestAssets } from './explain.js';
import { firstOf } from './order.js';
import { type PlayKind, type PlaylistPlace, readPlace } from './place.js';

/** Assets asked for by `playNext` and not yet taken; beyond it the earliest asked is dropped. */
const MAX_FORCED = 100;
/** How long an asset whose media failed is left alone, seconds. */
const AWAY_S = 60;
/** Failed media remembered; beyond it the one that failed first is tried again. */
const MAX_AWAY = 1_000;

/** What a track plays next. */
export interface Taken {
  readonly asset: AssetDefinition;
  /** Taken for its time window, wherever it is. */
  readonly timed: boolean;
  /** Taken because it was asked for, whatever was banned, near or filtered. */
  readonly forced: boolean;
  /** Left in the queue for that track. */
  readonly remaining: number;
}

export interface Queue {
  /** Next first. */
  readonly next: readonly number[];
  /** Length of the whole queue. */
  readonly total: number;
}

interface Sounding {
  readonly kind: PlayKind;
  /** Voices that play it: more than one when it was asked for while it sounded. */
  count: number;
}

/**
 * What one listener's tracks play, shared by all of them. Time is `nowS`, seconds of the stream's
 * sound; chance comes from the seed: equal calls give equal answers, on any machine. A move works out
 * no more than which bans it lifts; near assets are looked for when a track asks.
 */
export class Playlist {
  #seed: number;
  /** Shuffles anew: grows when a queue was played to its end. */
  #round = 0;
  #candidates: Candidates | undefined;
  readonly #bans = new Bans();
  readonly #sounding = new Map<number, Sounding>();
  readonly #away = new Map<number, number>();
  #forced: number[] = [];
  #last: number | undefined;

  /** `seed`: a whole number; 32 bits of it count. */
  constructor(options: { readonly seed: number }) {
    this.#seed = options.seed >>> 0;
  }

  /** Takes a move, another choice, or an edited project. Lifts the place bans of what is left behind. */
  retarget(project: PreparedProject, listener: ListenerState): void {
    const candidates = new Candidates(project, listener, this.#seed, this.#round, this.#candidates);
    this.#candidates = candidates;
    this.#bans.liftPlaces((id) => {
      const item = project.assets.get(id);
      return listener.geoListen && item !== undefined && candidates.nearness.of(item) === 'near';
    });
  }

  /** The next asset for a track, now playing and banned; undefined: nothing may be played. */
  take(track: TrackDefinition, nowS: number): Taken | undefined {
    const candidates = this.#candidates;
    if (candidates === undefined) return undefined;
    this.#prune(candidates, nowS);
    const forced = this.#takeForced(candidates);
    if (forced !== undefined) {
      const { count } = this.#near(candidates, track, nowS);
      return this.#begin(candidates, forced, 'forced', track, nowS, count);
    }
    const first = this.#pick(candidates, track, nowS);
    if (first !== undefined) return first;
    if (candidates.project.definition.settings.repeatMode !== 'continuous') return undefined;
    if (!this.#liftFor(candidates, track)) return undefined;
    this.#nextRound(candidates);
    return this.#pick(candidates, track, nowS);
  }

  /**
   * Puts an asset before all others, whatever is banned, near or filtered. False: it is unknown, has
   * no sound, is blocked, or is not submitted and not the listener's own.
   */
  playNext(assetId: number): boolean {
    const candidates = this.#candidates;
    const item = candidates?.project.assets.get(assetId);
    if (candidates === undefined || item === undefined) return false;
    if (!mayForce(candidates, item)) return false;
    this.#forced = [assetId, ...this.#forced.filter((id) => id !== assetId)].slice(0, MAX_FORCED);
    return true;
  }

  /** Puts the asset that was started last before all others, and tells which; undefined: none. */
  replay(): number | undefined {
    const id = this.#last;
    return id !== undefined && this.playNext(id) ? id : undefined;
  }

  /** False when what sounds no longer fits: filtered, blocked, left behind or gone. */
  accepts(assetId: number, track: TrackDefinition): boolean {
    const candidates = this.#candidates;
    const item = candidates?.project.assets.get(assetId);
    if (candidates === undefined || item === undefined || candidates.blocked(item)) return false;
    const kind = this.#sounding.get(assetId)?.kind ?? 'near';
    if (kind === 'forced') return mayForce(candidates, item);
    if (!candidates.selection(track).includes(item)) return false;
    return kind === 'timed' || candidates.nearness.of(item) === 'near';
  }

  /** A voice no longer plays it. */
  ended(assetId: number): void {
    const sounding = this.#sounding.get(assetId);
    if (sounding === undefined) return;
    sounding.count--;
    if (sounding.count <= 0) this.#sounding.delete(assetId);
  }

  /** After `restore`: what the voices really took up, an id once for each. All else no longer sounds. */
  soundsNow(assetIds: Iterable<number>): void {
    const kinds = new Map([...this.#sounding].map(([id, { kind }]) => [id, kind]));
    this.#sounding.clear();
    for (const id of assetIds) {
      const count = (this.#sounding.get(id)?.count ?? 0) + 1;
      this.#sounding.set(id, { kind: kinds.get(id) ?? 'near', count });
    }
  }

  /** Its media cannot be had: it ended, and is left alone for a minute. */
  failed(assetId: number, nowS: number): void {
    this.ended(assetId);
    this.#away.delete(assetId);
    this.#away.set(assetId, nowS + AWAY_S);
    const first = this.#away.keys().next();
    if (this.#away.size > MAX_AWAY && first.done !== true) this.#away.delete(first.value);
  }

  /** What `take` would give a track now, and after it: at most `limit` ids, next first. For fetching. */
  peek(track: TrackDefinition, nowS: number, limit: number): readonly number[] {
    const candidates = this.#candidates;
    if (candidates === undefined) return [];
    const free = this.#freeFor(candidates, track, nowS);
    const timed = this.#firstTimed(candidates, track, nowS);
    const near = candidates.firstNear(track, free, limit).map((item) => item.definition.id);
    const ids = new Set([...this.#forced, ...(timed ? [timed.definition.id] : []), ...near]);
    return [...ids].slice(0, limit);
  }

  /** What comes next if nothing changes, for all active tracks together; at most `limit` ids. */
  queue(nowS: number, limit = 100): Queue {
    const candidates = this.#candidates;
    if (candidates === undefined) return { next: [], total: 0 };
    const { settings, tracks } = candidates.project.definition;
    const active = tracks.filter((track) => track.active);
    const asked = new Set(this.#forced);
    const askers = active.map((track) => ({ track, free: this.#freeFor(candidates, track, nowS) }));
    const plays = (item: PreparedAsset, by: typeof askers): boolean =>
      !asked.has(item.definition.id) &&
      by.some(({ track, free }) => carriesOneOf(item.definition, track.tagIds) && free(item));
    const withTimed = askers.filter(({ track }) => track.timedPriority !== 'discard');
    const timed = [...candidates.timed(undefined, nowS)].filter((item) => plays(item, withTimed));
    const isTimed = new Set(timed);
    const near: PreparedAsset[] = [];
    candidates.eachNear(undefined, (item) => {
      if (!isTimed.has(item) && plays(item, askers)) near.push(item);
    });
    const parts = settings.timedFirst ? [timed, near] : [near, timed];
    const ids = parts.flatMap((part) =>
      firstOf(part, limit, candidates.compare).map((item) => item.definition.id),
    );
    return {
      next: [...asked, ...ids].slice(0, limit),
      total: asked.size + timed.length + near.length,
    };
  }

  /** Of the given assets (unknown ones left out), or of the nearest `limit`; at most 1,000. */
  explain(assetIds: readonly number[] | undefined, limit: number, nowS: number): AssetAudibility[] {
    const candidates = this.#candidates;
    if (candidates === undefined) return [];
    const { assets, definition } = candidates.project;
    const items =
      assetIds === undefined
        ? nearestAssets(assets, candidates.nearness, limit)
        : assetIds.slice(0, MAX_EXPLAINED).flatMap((id) => assets.get(id) ?? []);
    const { bannedS } = definition.settings;
    return items.map((item) => {
      const { id } = item.definition;
      const past: AssetPast = {
        playing: this.#sounding.has(id),
        asked: this.#forced.includes(id),
        away: this.#isAway(id, nowS),
        bannedTime: (track) => this.#bans.holdsTime(id, nowS, Math.max(bannedS, track.bannedS)),
        bannedPlace: (track) => !track.repeatRecordings && this.#bans.holdsPlace(id),
      };
      return explainAsset(candidates, item, past, nowS);
    });
  }

  /** Everything that the future depends on but the project, the listener and the time. JSON. */
  save(): PlaylistPlace {
    return {
      v: 1,
      seed: this.#seed,
      round: this.#round,
      last: this.#last ?? null,
      forced: this.#forced,
      bans: this.#bans.save(),
      sounding: [...this.#sounding].map(([id, { kind, count }]) => [id, kind, count]),
      away: [...this.#away],
    };
  }

  /** Goes on where another was saved. What cannot be read is left out. `retarget` afterwards. */
  restore(saved: unknown): void {
    const place = readPlace(saved);
    this.#seed = place.seed;
    this.#round = place.round;
    this.#last = place.last ?? undefined;
    this.#forced = place.forced.slice(0, MAX_FORCED);
    this.#bans.restore(place.bans);
    this.#sounding.clear();
    for (const [id, kind, count] of place.sounding) this.#sounding.set(id, { kind, count });
    this.#away.clear();
    for (const [id, untilS] of place.away.slice(-MAX_AWAY)) this.#away.set(id, untilS);
    const { project, listener } = this.#candidates ?? {};
    if (project === undefined || listener === undefined) return;
    this.#candidates = new Candidates(project, listener, this.#seed, this.#round);
  }

  #pick(candidates: Candidates, track: TrackDefinition, nowS: number): Taken | undefined {
    const { first: near, count } = this.#near(candidates, track, nowS);
    const timed = this.#firstTimed(candidates, track, nowS);
    if (timed !== undefined && (near === undefined || timedBefore(candidates, track, timed, near)))
      return this.#begin(candidates, timed, 'timed', track, nowS, count);
    return near && this.#begin(candidates, near, 'near', track, nowS, count);
  }

  #near(candidates: Candidates, track: TrackDefinition, nowS: number) {
    const failing = [...this.#bans.ids(), ...this.#sounding.keys(), ...this.#away.keys()];
    return candidates.near(track, this.#freeFor(candidates, track, nowS), failing);
  }

  #firstTimed(
    candidates: Candidates,
    track: TrackDefinition,
    nowS: number,
  ): PreparedAsset | undefined {
    let first: PreparedAsset | undefined;
    if (track.timedPriority === 'discard') return first;
    const free = this.#freeFor(candidates, track, nowS);
    for (const item of candidates.timed(track, nowS)) {
      if (!free(item)) continue;
      if (first === undefined || candidates.compare(item, first) < 0) first = item;
    }
    return first;
  }

  /** `count`: near assets the track might have taken, this one perhaps among them. */
  #begin(
    candidates: Candidates,
    item: PreparedAsset,
    kind: PlayKind,
    track: TrackDefinition,
    nowS: number,
    count: number,
  ): Taken {
    const asset = item.definition;
    const counted =
      this.#freeFor(candidates, track, nowS)(item) &&
      candidates.selection(track).includes(item) &&
      candidates.nearness.of(item) === 'near';
    const left = counted ? count - 1 : count;
    this.#sounding.set(asset.id, { kind, count: (this.#sounding.get(asset.id)?.count ?? 0) + 1 });
    // Whole milliseconds, so that a saved place is short.
    this.#bans.start(asset.id, Math.round(nowS * 1_000) / 1_000, candidates.listener.geoListen);
    this.#last = asset.id;
    if (left === 0) this.#nextRound(candidates);
    const remaining = this.#forced.length + left;
    return { asset, timed: kind === 'timed', forced: kind === 'forced', remaining };
  }

  #nextRound(candidates: Candidates): void {
    this.#round++;
    candidates.setRound(this.#round);
  }

  #takeForced(candidates: Candidates): PreparedAsset | undefined {
    for (;;) {
      const id = this.#forced.shift();
      if (id === undefined) return undefined;
      const item = candidates.project.assets.get(id);
      if (item !== undefined && mayForce(candidates, item)) return item;
    }
  }

  /** Lifts place bans of what a track could play; what only other tracks play stays banned. */
  #liftFor(candidates: Candidates, track: TrackDefinition): boolean {
    const selection = candidates.selection(track);
    let lifted = false;
    this.#bans.liftPlaces((id) => {
      const item = candidates.project.assets.get(id);
      if (item !== undefined && !selection.includes(item)) return true;
      lifted = true;
      return false;
    });
    return lifted;
  }

  /** Asks of assets whether nothing but tags, language and place could keep a track from playing them. */
  #freeFor(
    candidates: Candidates,
    track: TrackDefinition,
    nowS: number,
  ): (item: PreparedAsset) => boolean {
    const bannedS = Math.max(candidates.project.definition.settings.bannedS, track.bannedS);
    const place = !track.repeatRecordings;
    const bans = this.#bans;
    const sounding = this.#sounding;
    const away = this.#away;
    // Asked of very many: what is empty is not looked at.
    return (item) => {
      const { id } = item.definition;
      return !(
        bans.holds(id, nowS, bannedS, place) ||
        (sounding.size > 0 && sounding.has(id)) ||
        (candidates.blocks && candidates.blocked(item)) ||
        (away.size > 0 && this.#isAway(id, nowS))
      );
    };
  }

  #isAway(id: number, nowS: number): boolean {
    return nowS < (this.#away.get(id) ?? Number.NEGATIVE_INFINITY);
  }

  #prune(candidates: Candidates, nowS: number): void {
    const { settings, tracks } = candidates.project.definition;
    this.#bans.prune(nowS, Math.max(settings.bannedS, ...tracks.map((track) => track.bannedS)));
    for (const [id, untilS] of this.#away) if (nowS >= untilS) this.#away.delete(id);
  }
}

function timedBefore(
  candidates: Candidates,
  track: TrackDefinition,
  timed: PreparedAsset,
  near: PreparedAsset,
): boolean {
  const { timedFirst } = candidates.project.definition.settings;
  if (track.timedPriority === 'normal') return timedFirst;
  if (track.timedPriority === 'neutral') return candidates.compare(timed, near) <= 0;
  return track.timedPriority === 'highest';
}

function mayForce(candidates: Candidates, item: PreparedAsset): boolean {
  const asset = item.definition;
  const own = asset.userId !== undefined && asset.userId === candidates.listener.userId;
  return (asset.submitted || own) && hasSound(asset) && !candidates.blocked(item);
}
