import type { AssetDefinition, ListenerState, TagRules } from '../ports.js';

/** Assets shorter than this have no sound, seconds. */
const SHORTEST_S = 1e-6;

/** True when its playable part is longer than a microsecond. */
export const hasSound = (asset: AssetDefinition): boolean => asset.endS - asset.startS > SHORTEST_S;

export const carriesOneOf = (asset: AssetDefinition, tagIds: readonly number[]): boolean =>
  tagIds.length === 0 || asset.tagIds.some((tag) => tagIds.includes(tag));

/**
 * The tags that a listener asks for: an asset must carry one of each group (OR in a category, AND
 * across). Only categories of active listen groups count. `undefined`: nothing may be heard.
 * Roundware's listeners without tags ask for the project's defaults, and hear nothing when there are
 * none; native ones without tags hear everything.
 */
export function tagGroups(
  rules: TagRules,
  listener: Pick<ListenerState, 'profile' | 'tagIds'>,
): readonly (readonly number[])[] | undefined {
  let wanted = listener.tagIds ?? [];
  if (wanted.length === 0) {
    if (listener.profile === 'native') return [];
    wanted = rules.defaultTagIds;
    if (wanted.length === 0) return undefined;
  }
  const groups = new Map<number, number[]>();
  for (const tag of wanted) {
    const category = rules.categoryOf.get(tag);
    if (category === undefined) continue;
    const group = groups.get(category);
    if (group === undefined) groups.set(category, [tag]);
    else group.push(tag);
  }
  return [...groups.values()];
}

/**
 * Which assets a listener chose, wherever they are: submitted, with sound, in their language, with
 * their tags, and with one of a track's. See `Selection`, which remembers the answers.
 */
export class Choice {
  readonly #groups: readonly (readonly number[])[] | undefined;
  readonly #trackTagIds: readonly number[];
  readonly #languageId: number | undefined;
  readonly #withPlaced: boolean;

  constructor(
    rules: TagRules,
    listener: Pick<ListenerState, 'profile' | 'geoListen' | 'tagIds' | 'languageId'>,
    trackTagIds: readonly number[],
  ) {
    this.#groups = tagGroups(rules, listener);
    this.#trackTagIds = trackTagIds;
    this.#languageId = listener.languageId;
    this.#withPlaced = !hearsPlaced(listener);
  }

  /** True for an asset that tracks may play. */
  includes(asset: AssetDefinition): boolean {
    return (this.#withPlaced || !isPlaced(asset)) && this.sounds(asset);
  }

  /** The same, for one heard at its place. */
  sounds(asset: AssetDefinition): boolean {
    return asset.submitted && hasSound(asset) && this.speaks(asset) && this.tagged(asset);
  }

  speaks(asset: AssetDefinition): boolean {
    return this.#languageId === undefined || asset.languageId === this.#languageId;
  }

  tagged(asset: AssetDefinition): boolean {
    if (this.#groups === undefined || !carriesOneOf(asset, this.#trackTagIds)) return false;
    for (const group of this.#groups) if (!carriesOneOf(asset, group)) return false;
    return true;
  }
}

/** True for rules that mean the same: messages between threads are copies. */
export function sameRules(a: TagRules, b: TagRules): boolean {
  if (a === b) return true;
  if (a.categoryOf.size !== b.categoryOf.size) return false;
  if (a.defaultTagIds.join() !== b.defaultTagIds.join()) return false;
  for (const [tag, category] of a.categoryOf) if (b.categoryOf.get(tag) !== category) return false;
  return true;
}

/** Heard by itself at its place, by those who hear placed assets. */
export const isPlaced = (asset: AssetDefinition): boolean =>
  asset.placed && asset.position !== undefined;

/** Native listeners of a place hear placed assets beside the tracks; to others they are like any. */
export const hearsPlaced = (listener: Pick<ListenerState, 'profile' | 'geoListen'>): boolean =>
  listener.profile === 'native' && listener.geoListen;
