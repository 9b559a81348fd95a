import type { ListenerState, TrackDefinition } from '../ports.js';
import type { Choice } from '../project/choice.js';
import { Nearness, type PreparedAsset } from '../project/nearness.js';
import type { PreparedProject } from '../project/prepared.js';
import { orderKey, ShuffledList } from './order.js';

/** Shuffled lists kept: one for each track filter. */
const MAX_SHUFFLED = 16;

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
  choice(track: TrackDefinition | undefined): Choice {
    return this.project.assets.choice(this.listener, track?.tagIds ?? []);
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

  /** Near assets of the choice, in no order; of a track, or of none. */
  *near(track: TrackDefinition | undefined): IterableIterator<PreparedAsset> {
    if (this.nearness.everywhere) {
      yield* this.project.assets.chosen(this.listener, track?.tagIds ?? []);
      return;
    }
    const choice = this.choice(track);
    for (const item of this.#places()) if (choice.includes(item.definition)) yield item;
  }

  /** The first near asset of a track that passes. */
  firstNear(
    track: TrackDefinition,
    passes: (item: PreparedAsset) => boolean,
  ): PreparedAsset | undefined {
    if (this.nearness.everywhere) {
      const list = this.project.assets.chosen(this.listener, track.tagIds);
      const ordered = this.project.definition.settings.ordering !== 'random';
      return ordered ? list.find(passes) : this.#shuffle(list, track).find(passes);
    }
    const choice = this.choice(track);
    let best: PreparedAsset | undefined;
    for (const item of this.#places()) {
      if (best !== undefined && this.compare(best, item) < 0) continue;
      if (passes(item) && choice.includes(item.definition)) best = item;
    }
    return best;
  }

  /** How many near assets of a track pass. `failing` names all that might not, where all are near. */
  countNear(
    track: TrackDefinition,
    passes: (item: PreparedAsset) => boolean,
    failing: Iterable<number>,
  ): number {
    let count = 0;
    if (!this.nearness.everywhere || this.#blockedUsers.size > 0) {
      for (const item of this.near(track)) if (passes(item)) count++;
      return count;
    }
    const { assets } = this.project;
    const choice = this.choice(track);
    count = assets.chosen(this.listener, track.tagIds).length;
    for (const id of new Set([...failing, ...this.#blockedAssets])) {
      const item = assets.get(id);
      if (item !== undefined && choice.includes(item.definition) && !passes(item)) count--;
    }
    return count;
  }

  /** Assets of the choice whose time window is open, wherever they are; each once. */
  timed(track: TrackDefinition | undefined, nowS: number): ReadonlySet<PreparedAsset> {
    const open = new Set<PreparedAsset>();
    const { timedAssets } = this.project.definition;
    if (timedAssets.length === 0) return open;
    const choice = this.choice(track);
    for (const { assetId, startS, endS } of timedAssets) {
      if (!(startS <= nowS && nowS <= endS)) continue;
      const item = this.project.assets.get(assetId);
      if (item !== undefined && choice.includes(item.definition)) open.add(item);
    }
    return open;
  }

  #places(): readonly PreparedAsset[] {
    if (this.#near === undefined || this.#nearRevision !== this.project.revision) {
      const near: PreparedAsset[] = [];
      this.project.assets.eachNear(this.nearness, (asset) => {
        near.push(asset);
      });
      this.#near = near;
      this.#nearRevision = this.project.revision;
    }
    return this.#near;
  }

  #key(item: PreparedAsset): number {
    return orderKey(this.#seed, this.#round, item.definition.id);
  }

  #shuffle(list: readonly PreparedAsset[], track: TrackDefinition): ShuffledList<PreparedAsset> {
    const name = track.tagIds.join();
    const known = this.#shuffled.get(name);
    if (known?.list === list) return known;
    const [seed, round] = [this.#seed, this.#round];
    const shuffled = new ShuffledList(list, (item) => orderKey(seed, round, item.definition.id));
    if (this.#shuffled.size >= MAX_SHUFFLED) this.#shuffled.clear();
    this.#shuffled.set(name, shuffled);
    return shuffled;
  }
}
