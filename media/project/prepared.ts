import { isPosition, PreparedShape, toVec, type Vec3 } from '../geometry.js';
import type {
  AssetChanges,
  AssetDefinition,
  GeoPoint,
  ListenerState,
  ProjectDefinition,
  SpeakerDefinition,
} from '../ports.js';
import { hearsPlaced } from './choice.js';
import { headingPan, placedVolume, speakerVolume } from './laws.js';
import { Nearness, type PreparedAsset } from './nearness.js';
import { AssetPool, type PoolOptions } from './pool.js';
import { type Box, boxesAround, boxesOf, GeoIndex, type GeoItem, sameShape } from './spatial.js';

/** Placed assets heard at once; beyond it the quietest are not. */
const MAX_PLACED = 64;

/** A source heard by itself, beside the tracks. */
export type Audible =
  | {
      readonly kind: 'speaker';
      readonly id: number;
      /** Above 0, up to 1. */
      readonly gain: number;
      /** −1 left … 1 right. */
      readonly pan: number;
      readonly speaker: SpeakerDefinition;
    }
  | {
      readonly kind: 'asset';
      readonly id: number;
      readonly gain: number;
      readonly pan: number;
      readonly asset: AssetDefinition;
    };

interface PreparedSpeaker extends GeoItem {
  readonly definition: SpeakerDefinition;
  readonly shape: PreparedShape;
  readonly boxes: readonly Box[];
  /** Place in the definition, for the order of what is heard. */
  readonly no: number;
}

/**
 * A project made ready for moves: shapes projected and everything with a place indexed, so that a move
 * costs microseconds however much there is. Edits reuse what did not change. Owned by one thread.
 */
export class PreparedProject {
  #definition: ProjectDefinition;
  #speakers = new Map<number, PreparedSpeaker>();
  readonly #speakerIndex = new GeoIndex<PreparedSpeaker>();
  /** Heard wherever the listener is. */
  #always: PreparedSpeaker[] = [];
  readonly #pool: AssetPool;

  constructor(definition: ProjectDefinition, options: PoolOptions = {}) {
    this.#definition = definition;
    this.#pool = new AssetPool(definition.settings, options);
    this.#takeSpeakers();
  }

  get definition(): ProjectDefinition {
    return this.#definition;
  }

  /** Grows with every change of what may be heard; equal numbers mean an equal project. */
  get revision(): number {
    return this.#pool.revision;
  }

  /** Everything about assets: lookup, choices, nearness. */
  get assets(): AssetPool {
    return this.#pool;
  }

  /** Takes an edited definition of the same project. Shapes that are equal are not prepared again. */
  setDefinition(definition: ProjectDefinition): void {
    this.#definition = definition;
    this.#takeSpeakers();
    this.#pool.setSettings(definition.settings);
  }

  changeAssets(changes: AssetChanges): void {
    this.#pool.change(changes);
  }

  /**
   * Speakers heard by a listener, in definition order. Who listens without a place hears all active
   * ones in full; who is nowhere (no position, or an impossible one) those with a minimum volume.
   */
  speakersAt(listener: ListenerState): Audible[] {
    const heard: Audible[] = [];
    if (!listener.geoListen) {
      for (const { definition } of this.#speakers.values())
        if (definition.active) this.#hear(heard, listener, definition, true, Infinity);
      return heard;
    }
    const position = isPosition(listener.position) ? listener.position : undefined;
    const found: { readonly speaker: PreparedSpeaker; readonly inside: boolean }[] = [];
    const inside = new Set<PreparedSpeaker>();
    const place = position === undefined ? undefined : toVec(position);
    if (position !== undefined && place !== undefined) {
      this.#speakerIndex.search(boxesAround(position, 0), (speaker) => {
        if (!speaker.shape.contains(place)) return;
        inside.add(speaker);
        found.push({ speaker, inside: true });
      });
    }
    for (const speaker of this.#always)
      if (!inside.has(speaker)) found.push({ speaker, inside: false });
    found.sort((a, b) => a.speaker.no - b.speaker.no);
    for (const entry of found) {
      const { definition, shape } = entry.speaker;
      const boundaryM =
        entry.inside && place !== undefined && definition.attenuationM > 0
          ? shape.boundaryDistanceM(place, definition.attenuationM)
          : Infinity;
      this.#hear(heard, listener, definition, entry.inside, boundaryM);
    }
    return heard;
  }

  /**
   * Placed assets heard by a native listener of a place, loudest first, at most 64: in full inside
   * their shape, or fading towards their radius; never outside of what the listener's range and cone
   * make near, or blocked.
   */
  placedAt(listener: ListenerState): Audible[] {
    const heard: Audible[] = [];
    if (!hearsPlaced(listener) || this.#pool.placedCount === 0) return heard;
    const nearness = new Nearness(this.#definition.settings, listener);
    const { choice } = this.#pool.selection(listener, []);
    this.#pool.eachPlaced(nearness, (item) => {
      const asset = item.definition;
      const distance = nearness.distanceM(item);
      if (distance === undefined || !choice.sounds(asset)) return;
      if (listener.blockedAssetIds.includes(asset.id)) return;
      if (asset.userId !== undefined && listener.blockedUserIds.includes(asset.userId)) return;
      if (nearness.of(item) !== 'near') return;
      const gain = this.#placedGain(item, nearness.place, distance);
      if (gain > 0)
        heard.push({ kind: 'asset', id: asset.id, gain, pan: panFor(listener, asset), asset });
    });
    heard.sort((a, b) => b.gain - a.gain || a.id - b.id);
    return heard.length > MAX_PLACED ? heard.slice(0, MAX_PLACED) : heard;
  }

  /** True when any active speaker's shape is within the project's out-of-range distance. */
  inRange(position: GeoPoint | undefined): boolean {
    if (!isPosition(position)) return true;
    const place = toVec(position);
    const limitM = this.#definition.settings.outOfRangeM;
    let near = false;
    this.#speakerIndex.search(boxesAround(position, 0), (speaker) => {
      near ||= speaker.shape.contains(place);
    });
    if (near || !(limitM > 0)) return near;
    this.#speakerIndex.search(boxesAround(position, limitM), (speaker) => {
      near ||= speaker.shape.distanceM(place) <= limitM;
    });
    return near;
  }

  #hear(
    heard: Audible[],
    listener: ListenerState,
    speaker: SpeakerDefinition,
    inside: boolean,
    boundaryM: number,
  ): void {
    const law = listener.profile === 'native' ? speaker.law : 'linear';
    const gain = speakerVolume(speaker, law, inside, boundaryM);
    if (gain > 0) heard.push({ kind: 'speaker', id: speaker.id, gain, pan: 0, speaker });
  }

  #placedGain(item: PreparedAsset, place: Vec3 | undefined, distance: number): number {
    const asset = item.definition;
    if (item.shape !== undefined) {
      const inside = place !== undefined && item.shape.contains(place);
      return inside ? placedVolume('linear', asset.volume, 1, 0) : 0;
    }
    const radiusM = asset.radiusM ?? this.#definition.settings.recordingRadiusM;
    return placedVolume(asset.law, asset.volume, radiusM, distance);
  }

  #takeSpeakers(): void {
    const before = this.#speakers;
    this.#speakers = new Map();
    this.#always = [];
    this.#speakerIndex.clear();
    for (const [no, definition] of this.#definition.speakers.entries()) {
      const old = before.get(definition.id);
      const same = old !== undefined && sameShape(old.definition.shape, definition.shape);
      const shape = same ? old.shape : new PreparedShape(definition.shape);
      const boxes = same ? old.boxes : boxesOf(shape);
      const speaker: PreparedSpeaker = { definition, shape, boxes, no, live: false, mark: 0 };
      this.#speakers.set(definition.id, speaker);
      if (!definition.active) continue;
      if (definition.minVolume > 0) this.#always.push(speaker);
      this.#speakerIndex.add(speaker, boxes);
    }
    this.#pool.touch();
  }
}

function panFor(listener: ListenerState, asset: AssetDefinition): number {
  if (listener.headingDeg === undefined || listener.position === undefined) return 0;
  if (asset.position === undefined) return 0;
  return headingPan(listener.position, listener.headingDeg, asset.position);
}
