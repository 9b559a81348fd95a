import type { ListenerState, TrackDefinition } from '../ports.js';
import { Nearness, type PreparedAsset } from '../project/nearness.js';
import type { PreparedProject } from '../project/prepared.js';
import type { Selection } from '../project/selection.js';
import { firstOf, orderKey, ShuffledList } from './order.js';

/** Shuffled lists kept: one for each track filter. */
const MAX_SHUFFLED = 16;
/** Near assets kept until the next move; more are looked for at each question. */
const MAX_NEAR_KEPT = 4_096;

/**
 * What one listener may be played at one place, in playing order, whatever was played before. Nothing
 * is looked up until it is asked for; then it is kept until the place or the project changes.
 */
export class Candidates {
  readonly project: PreparedProject;
  readonly listener: ListenerState;
  readonly nearness: Nearness;
  readonly #blockedAssets: ReadonlySet<number>;
  readonly #blockedUsers: ReadonlySet<number>;
  readonly #seed: number;
  #round: number;
  /** Near assets of `#nearRevision`. */
  #near: readonly PreparedAsset[] | undefined;
  #nearRevision = -1;
  /** By tags of the track. */
  readonly #shuffled: Map<string, ShuffledList<PreparedAsset>>;

  /** `before` hands on what it has worked out and still holds. */
  constructor(
    project: PreparedProject,
    listener: ListenerState,
    seed: number,
    round: number,
    before?: Candidates,
  ) {
    this.project = project;
    this.listener = listener;
    this.nearness = new Nearness(project.definition.settings, listener);
    this.#seed = seed;
    this.#round = round;
    const old = before?.listener;
    this.#blockedAssets =
      before !== undefined && old?.blockedAssetIds === listener.blockedAssetIds
        ? before.#blockedAssets
        : new Set(listener.blockedAssetIds);
    this.#blockedUsers =
      before !== undefined && old?.blockedUserIds === listener.blockedUserIds
        ? before.#blockedUsers
        : new Set(listener.blockedUserIds);
    this.#shuffled =
      before !== undefined && before.#seed === seed && before.#round === round
        ? before.#shuffled
        : new Map<string, ShuffledList<PreparedAsset>>();
  }

  /** Shuffles anew. */
  setRound(round: number): void {
    this.#round = round;
    this.#shuffled.clear();
  }

  /** False: nothing is blocked. */
  get blocks(): boolean {
    return this.#blockedAssets.size > 0 || this.#blockedUsers.size > 0;
  }

  blocksAsset(assetId: number): boolean {
    return this.#blockedAssets.has(assetId);
  }

  blocksUser(userId: number | undefined): boolean {
    return userId !== undefined && this.#blockedUsers.has(userId);
  }

  blocked(item: PreparedAsset): boolean {
    return this.blocksAsset(item.definition.id) || this.blocksUser(item.definition.userId);
  }

  /** `undefined`: of no track. */
  selection(track: TrackDefinition | undefined): Selection {
    return this.project.assets.selection(this.listener, track?.tagIds ?? []);
  }

  /** Playing order; never 0 for two assets. */
  readonly compare = (a: PreparedAsset, b: PreparedAsset): number => {
    const { assets, definition } = this.project;
    if (definition.settings.ordering === 'random') {
      const [keyA, keyB] = [this.#key(a), this.#key(b)];
      if (keyA !== keyB) return keyA - keyB;
    }
    return assets.compare(a.definition, b.definition);
  };

  /** Visits near assets of the choice, in no order; of a track, or of none. */
  eachNear(track: TrackDefinition | undefined, visit: (item: PreparedAsset) => void): void {
    const { assets } = this.project;
    if (this.nearness.everywhere) {
      for (const item of assets.chosen(this.listener, track?.tagIds ?? [])) visit(item);
      return;
    }
    const selection = this.selection(track);
    if (this.#near !== undefined && this.#nearRevision === this.project.revision) {
      for (const item of this.#near) if (selection.includes(item)) visit(item);
      return;
    }
    const near: PreparedAsset[] = [];
    assets.eachNear(this.nearness, (item) => {
      if (near.length <= MAX_NEAR_KEPT) near.push(item);
      if (selection.includes(item)) visit(item);
    });
    this.#near = near.length <= MAX_NEAR_KEPT ? near : undefined;
    this.#nearRevision = this.project.revision;
  }

  /** The first `limit` near assets of a track that pass, in playing order. */
  firstNear(
    track: TrackDefinition,
    passes: (item: PreparedAsset) => boolean,
    limit: number,
  ): readonly PreparedAsset[] {
    if (!this.nearness.everywhere) {
      const free: PreparedAsset[] = [];
      this.eachNear(track, (item) => {
        if (passes(item)) free.push(item);
      });
      return firstOf(free, limit, this.compare);
    }
    const list = this.project.assets.chosen(this.listener, track.tagIds);
    if (this.project.definition.settings.ordering === 'random')
      return this.#shuffle(list, track).first(limit, passes);
    const first: PreparedAsset[] = [];
    for (const item of list) {
      if (first.length >= limit) break;
      if (passes(item)) first.push(item);
    }
    return first;
  }

  /**
   * The first near asset of a track that passes, and how many do. `failing` names all that might
   * not, but for blocks: the others are not asked.
   */
  near(
    track: TrackDefinition,
    passes: (item: PreparedAsset) => boolean,
    failing: Iterable<number>,
  ): { readonly first: PreparedAsset | undefined; readonly count: number } {
    const { assets, definition } = this.project;
    const selection = this.selection(track);
    const random = definition.settings.ordering === 'random';
    const { everywhere } = this.nearness;
    // Assets of blocked people are not named: then every one is asked.
    const askAll = this.#blockedUsers.size > 0;
    let count = 0;
    let first: PreparedAsset | undefined;
    let firstKey = 0;
    if (everywhere && !askAll) {
      count = assets.chosen(this.listener, track.tagIds).length;
      first = this.firstNear(track, passes, 1)[0];
    } else {
      this.eachNear(track, (item) => {
        if (askAll && !passes(item)) return;
        count++;
        const key = random ? this.#key(item) : 0;
        if (first !== undefined) {
          if (random && key > firstKey) return;
          if (key === firstKey && this.compare(first, item) < 0) return;
        }
        if (!askAll && !passes(item)) return;
        first = item;
        firstKey = key;
      });
    }
    if (!askAll) {
      for (const id of new Set([...failing, ...this.#blockedAssets])) {
        const item = assets.get(id);
        if (item === undefined || !selection.includes(item) || passes(item)) continue;
        if (everywhere || this.nearness.of(item) === 'near') count--;
      }
    }
    return { first, count };
  }

  /** Assets of the choice whose time window is open, wherever they are; each once. */
  timed(track: TrackDefinition | undefined, nowS: number): ReadonlySet<PreparedAsset> {
    const open = new Set<PreparedAsset>();
    const { timedAssets } = this.project.definition;
    if (timedAssets.length === 0) return open;
    const selection = this.selection(track);
    for (const { assetId, startS, endS } of timedAssets) {
      if (!(startS <= nowS && nowS <= endS)) continue;
      const item = this.project.assets.get(assetId);
      if (item !== undefined && selection.includes(item)) open.add(item);
    }
    return open;
  }

  #key(item: PreparedAsset): number {
    return orderKey(this.#seed, this.#round, item.id);
  }

  #shuffle(list: readonly PreparedAsset[], track: TrackDefinition): ShuffledList<PreparedAsset> {
    const name = track.tagIds.join();
    const known = this.#shuffled.get(name);
    if (known?.list === list) return known;
    const [seed, round] = [this.#seed, this.#round];
    const shuffled = new ShuffledList(list, (item) => orderKey(seed, round, item.id));
    if (this.#shuffled.size >= MAX_SHUFFLED) this.#shuffled.clear();
    this.#shuffled.set(name, shuffled);
    return shuffled;
  }
}
