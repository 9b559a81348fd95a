import { isPosition, PreparedShape, toVec } from '../geometry.js';
import type { AssetChanges, AssetDefinition, ListenerState, ProjectSettings } from '../ports.js';
import { Choice, isPlaced } from './choice.js';
import type { Nearness, PreparedAsset } from './nearness.js';
import { type Box, boxesAround, boxesOf, GeoIndex, sameShape } from './spatial.js';

/** Choices kept for sharing; beyond it the one that was asked for longest ago is forgotten. */
const MAX_CHOICES = 64;

type Chooser = Pick<ListenerState, 'profile' | 'geoListen' | 'tagIds' | 'languageId'>;

/** Assets of one choice, in the project's order; see `AssetPool.chosen`. */
interface Chosen {
  readonly choice: Choice;
  list: readonly PreparedAsset[] | undefined;
}

/** The assets of one project: by id, by place, and by choice. */
export class AssetPool {
  #settings: ProjectSettings;
  readonly #assets = new Map<number, PreparedAsset>();
  readonly #index = new GeoIndex<PreparedAsset>();
  /** The same, of placed ones alone: they are asked for at every move. */
  readonly #placedIndex = new GeoIndex<PlacedItem>();
  readonly #placed = new Map<number, PlacedItem>();
  /** Without a place: near to everybody. */
  readonly #placeless = new Map<number, PreparedAsset>();
  #choices = new Map<string, Chosen>();
  #revision = 0;

  constructor(settings: ProjectSettings) {
    this.#settings = settings;
  }

  get settings(): ProjectSettings {
    return this.#settings;
  }

  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#assets.size;
  }

  get placedCount(): number {
    return this.#placed.size;
  }

  /** Counts a change elsewhere in the project. */
  touch(): void {
    this.#revision++;
  }

  get(id: number): PreparedAsset | undefined {
    return this.#assets.get(id);
  }

  all(): IterableIterator<PreparedAsset> {
    return this.#assets.values();
  }

  setSettings(settings: ProjectSettings): void {
    const radiusChanged = settings.recordingRadiusM !== this.#settings.recordingRadiusM;
    this.#settings = settings;
    this.#choices.clear();
    this.#revision++;
    if (!radiusChanged) return;
    this.#index.clear();
    this.#placedIndex.clear();
    for (const asset of this.#assets.values()) this.#place(asset);
  }

  /** Takes changes in order. Unknown ids in `removed` are harmless. */
  change(changes: AssetChanges): void {
    const before = new Map(changes.reset ? this.#assets : []);
    if (changes.reset) {
      for (const id of before.keys()) this.#remove(id);
      this.#index.clear();
      this.#placedIndex.clear();
    }
    for (const id of changes.removed) this.#remove(id);
    for (const definition of changes.put) {
      const old = this.#assets.get(definition.id) ?? before.get(definition.id);
      this.#remove(definition.id);
      const asset = prepare(definition, old);
      this.#assets.set(definition.id, asset);
      this.#place(asset);
    }
    for (const chosen of this.#choices.values()) chosen.list = undefined;
    this.#revision++;
  }

  /** Shared by all listeners who choose the same. Valid until the settings change. */
  choice(listener: Chooser, trackTagIds: readonly number[]): Choice {
    return this.#chosen(listener, trackTagIds).choice;
  }

  /** Assets of a choice wherever they are, in playing order (`random`: by id). Shared: do not change. */
  chosen(listener: Chooser, trackTagIds: readonly number[]): readonly PreparedAsset[] {
    const chosen = this.#chosen(listener, trackTagIds);
    if (chosen.list === undefined) {
      const list = [...this.#assets.values()].filter((a) => chosen.choice.includes(a.definition));
      list.sort((a, b) => this.compare(a.definition, b.definition));
      chosen.list = list;
    }
    return chosen.list;
  }

  /** Playing order of two assets but for `random`: highest first, of equals the newest. */
  compare(a: AssetDefinition, b: AssetDefinition): number {
    const by = this.#settings.ordering;
    if (by === 'by_like' && a.likes !== b.likes) return b.likes - a.likes;
    if (by === 'by_weight' && a.weight !== b.weight) return b.weight - a.weight;
    return b.id - a.id;
  }

  /** Visits what is near, in no order. */
  eachNear(nearness: Nearness, visit: (asset: PreparedAsset) => void): void {
    if (nearness.nowhere) return;
    const boxes = nearness.everywhere ? undefined : nearness.boxes();
    if (boxes === undefined) {
      for (const asset of this.#assets.values()) if (nearness.of(asset) === 'near') visit(asset);
      return;
    }
    this.#index.search(boxes, (asset) => {
      if (nearness.of(asset) === 'near') visit(asset);
    });
    for (const asset of this.#placeless.values()) visit(asset);
  }

  /** Visits placed assets that may be near. */
  eachPlaced(nearness: Nearness, visit: (asset: PreparedAsset) => void): void {
    if (nearness.position === undefined) return;
    const boxes = boxesAround(nearness.position, 0);
    this.#placedIndex.search(boxes, (item) => visit(item.asset));
  }

  #chosen(listener: Chooser, trackTagIds: readonly number[]): Chosen {
    const key = choiceKey(listener, trackTagIds);
    let chosen = this.#choices.get(key);
    if (chosen === undefined) {
      chosen = {
        choice: new Choice(this.#settings.tagRules, listener, trackTagIds),
        list: undefined,
      };
      const oldest = this.#choices.keys().next();
      if (this.#choices.size >= MAX_CHOICES && oldest.done !== true)
        this.#choices.delete(oldest.value);
    } else {
      this.#choices.delete(key);
    }
    this.#choices.set(key, chosen);
    return chosen;
  }

  #remove(id: number): void {
    const asset = this.#assets.get(id);
    if (asset === undefined) return;
    this.#assets.delete(id);
    this.#placeless.delete(id);
    this.#index.remove(asset);
    const placed = this.#placed.get(id);
    if (placed !== undefined) this.#placedIndex.remove(placed);
    this.#placed.delete(id);
  }

  #place(asset: PreparedAsset): void {
    const boxes = this.#boxes(asset);
    if (boxes.length === 0) this.#placeless.set(asset.definition.id, asset);
    else this.#index.add(asset, boxes);
    if (!isPlaced(asset.definition) || boxes.length === 0) return;
    const item: PlacedItem = { asset, live: false, mark: 0 };
    this.#placed.set(asset.definition.id, item);
    this.#placedIndex.add(item, boxes);
  }

  #boxes(asset: PreparedAsset): readonly Box[] {
    const { position, shape } = asset;
    const radiusM = asset.definition.radiusM ?? this.#settings.recordingRadiusM;
    const around = position === undefined ? [] : boxesAround(position, shape ? 0 : radiusM);
    return shape === undefined ? around : [...around, ...boxesOf(shape)];
  }
}

interface PlacedItem {
  readonly asset: PreparedAsset;
  live: boolean;
  mark: number;
}

function prepare(definition: AssetDefinition, old: PreparedAsset | undefined): PreparedAsset {
  const position = isPosition(definition.position) ? definition.position : undefined;
  let shape: PreparedShape | undefined;
  if (definition.shape !== undefined && definition.shape.length > 0) {
    shape = sameShape(old?.definition.shape, definition.shape)
      ? old?.shape
      : new PreparedShape(definition.shape);
    if (shape?.empty === true) shape = undefined;
  }
  const place = position === undefined ? undefined : toVec(position);
  return { definition, position, place, shape, live: false, mark: 0 };
}

function choiceKey(listener: Chooser, trackTagIds: readonly number[]): string {
  const sorted = (ids: readonly number[]): string => [...new Set(ids)].sort((a, b) => a - b).join();
  return [
    listener.profile,
    listener.geoListen ? 'geo' : 'global',
    listener.languageId ?? '',
    sorted(listener.tagIds ?? []),
    sorted(trackTagIds),
  ].join('/');
}
