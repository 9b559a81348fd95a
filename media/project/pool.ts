import { isPosition, PreparedShape, toVec } from '../geometry.js';
import type { AssetChanges, AssetDefinition, ListenerState, ProjectSettings } from '../ports.js';
import { Choice, isPlaced, sameRules } from './choice.js';
import type { Nearness, PreparedAsset } from './nearness.js';
import { PlaceTable } from './place-table.js';
import { Selection } from './selection.js';
import { type Box, boxesAround, boxesOf, GeoIndex, sameShape } from './spatial.js';

/** Choices kept for sharing; beyond it the one that was asked for longest ago is forgotten. */
const MAX_SELECTIONS = 64;
/** So many places are looked through faster than the index is asked. */
const SCAN_UP_TO = 512;
/** Where more than this part of all assets is near, all are looked through. */
const DENSE_PART = 0.06;
/** Assets that are asked to know. */
const SAMPLES = 100;
/** After so many changes at once the playing order is sorted anew. */
const MAX_RESORTED = 256;

type Chooser = Pick<ListenerState, 'profile' | 'geoListen' | 'tagIds' | 'languageId'>;

export interface PoolOptions {
  /** A project of at most so many assets is looked through at each question. Default 512. */
  readonly scanUpTo?: number | undefined;
}

/** The assets of one project: by id, by place, and by choice. */
export class AssetPool {
  #settings: ProjectSettings;
  readonly #scanUpTo: number;
  readonly #assets = new Map<number, PreparedAsset>();
  readonly #table = new PlaceTable();
  readonly #index = new GeoIndex<PreparedAsset>();
  /** Of placed ones alone: they are asked for at every move. */
  readonly #placedIndex = new GeoIndex<PlacedItem>();
  readonly #placed = new Map<number, PlacedItem>();
  /** Without a place: near to everybody. */
  readonly #placeless = new Map<number, PreparedAsset>();
  /** All assets in playing order; undefined until it is asked for. */
  #ordered: PreparedAsset[] | undefined;
  readonly #selections = new Map<string, Selection>();
  #revision = 0;

  constructor(settings: ProjectSettings, options: PoolOptions = {}) {
    this.#settings = settings;
    this.#scanUpTo = options.scanUpTo ?? SCAN_UP_TO;
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
    const before = this.#settings;
    this.#settings = settings;
    this.#revision++;
    if (before.ordering !== settings.ordering) this.#ordered = undefined;
    if (before.ordering !== settings.ordering || !sameRules(before.tagRules, settings.tagRules))
      this.#selections.clear();
    if (before.recordingRadiusM === settings.recordingRadiusM) return;
    this.#index.clear();
    this.#placedIndex.clear();
    for (const asset of this.#assets.values()) {
      this.#table.setReach(asset, this.#radiusM(asset));
      this.#place(asset);
    }
  }

  /** Takes changes in order. Unknown ids in `removed` are harmless. */
  change(changes: AssetChanges): void {
    const before = new Map(changes.reset ? this.#assets : []);
    if (changes.reset || changes.put.length + changes.removed.length > MAX_RESORTED)
      this.#ordered = undefined;
    if (changes.reset) {
      for (const asset of before.values()) this.#remove(asset);
      this.#index.clear();
      this.#placedIndex.clear();
    }
    for (const id of changes.removed) {
      const asset = this.#assets.get(id);
      if (asset !== undefined) this.#remove(asset);
    }
    for (const definition of changes.put) {
      const old = this.#assets.get(definition.id);
      if (old !== undefined) this.#remove(old);
      this.#put(prepare(definition, old ?? before.get(definition.id)));
    }
    this.#revision++;
  }

  /** Shared by all listeners who choose the same. Valid until the settings change. */
  selection(listener: Chooser, trackTagIds: readonly number[]): Selection {
    const key = choiceKey(listener, trackTagIds);
    const known = this.#selections.get(key);
    const selection =
      known ?? new Selection(new Choice(this.#settings.tagRules, listener, trackTagIds));
    const oldest = this.#selections.keys().next();
    if (known !== undefined) this.#selections.delete(key);
    else if (this.#selections.size >= MAX_SELECTIONS && oldest.done !== true)
      this.#selections.delete(oldest.value);
    this.#selections.set(key, selection);
    return selection;
  }

  /**
   * Assets of a choice wherever they are, in playing order; for `random` from new to old. The same
   * array until an asset changes. Shared: do not change.
   */
  chosen(listener: Chooser, trackTagIds: readonly number[]): readonly PreparedAsset[] {
    return this.selection(listener, trackTagIds).list(() => {
      this.#ordered ??= [...this.#assets.values()].sort(this.#compare);
      return this.#ordered;
    });
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
    const boxes = this.size <= this.#scanUpTo ? undefined : nearness.boxes();
    if (boxes === undefined || this.#mostlyNear(nearness)) {
      this.#scan(nearness, visit);
      return;
    }
    this.#index.search(boxes, (asset) => {
      if (nearness.nearAt(this.#table, asset.no)) visit(asset);
    });
    for (const asset of this.#placeless.values()) visit(asset);
  }

  /** Visits placed assets that may be near. */
  eachPlaced(nearness: Nearness, visit: (asset: PreparedAsset) => void): void {
    if (nearness.position === undefined) return;
    const boxes = boxesAround(nearness.position, 0);
    this.#placedIndex.search(boxes, (item) => visit(item.asset));
  }

  /** Asks a few assets for all: looking through everything is then faster than the index. */
  #mostlyNear(nearness: Nearness): boolean {
    const { length } = this.#table;
    const step = Math.max(1, Math.floor(length / SAMPLES));
    let near = 0;
    for (let no = 0; no < length; no += step) if (nearness.nearAt(this.#table, no)) near++;
    return near > SAMPLES * DENSE_PART;
  }

  #scan(nearness: Nearness, visit: (asset: PreparedAsset) => void): void {
    const table = this.#table;
    const { length, items } = table;
    for (let no = 0; no < length; no++) {
      if (!nearness.nearAt(table, no)) continue;
      const asset = items[no];
      if (asset !== undefined) visit(asset);
    }
  }

  readonly #compare = (a: PreparedAsset, b: PreparedAsset): number =>
    this.compare(a.definition, b.definition);

  #put(asset: PreparedAsset): void {
    this.#assets.set(asset.definition.id, asset);
    this.#table.add(asset, this.#radiusM(asset));
    this.#place(asset);
    for (const selection of this.#selections.values()) selection.forget(asset);
    this.#ordered?.splice(placeIn(this.#ordered, asset, this.#compare), 0, asset);
  }

  #remove(asset: PreparedAsset): void {
    const { id } = asset.definition;
    if (this.#ordered !== undefined) {
      const at = placeIn(this.#ordered, asset, this.#compare);
      if (this.#ordered[at] === asset) this.#ordered.splice(at, 1);
    }
    for (const selection of this.#selections.values()) selection.forget(asset);
    this.#assets.delete(id);
    this.#placeless.delete(id);
    this.#table.remove(asset);
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
    const radiusM = shape === undefined ? this.#radiusM(asset) : 0;
    const around = position === undefined ? [] : boxesAround(position, radiusM);
    return shape === undefined ? around : [...around, ...boxesOf(shape)];
  }

  #radiusM(asset: PreparedAsset): number {
    return asset.definition.radiusM ?? this.#settings.recordingRadiusM;
  }
}

interface PlacedItem {
  readonly asset: PreparedAsset;
  live: boolean;
  mark: number;
}

/** Where an item is in a sorted list, or belongs. */
function placeIn<T>(sorted: readonly T[], item: T, compare: (a: T, b: T) => number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = sorted[middle];
    if (other !== undefined && compare(other, item) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
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
  return { id: definition.id, definition, position, place, shape, no: -1, live: false, mark: 0 };
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
