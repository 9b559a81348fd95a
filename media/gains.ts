import Flatbush from 'flatbush';
import {
  bearingDeg,
  EARTH_RADIUS_M,
  isPosition,
  PreparedShape,
  toVec,
  type Vec3,
  vecDistanceM,
  wrapLongitude,
} from './geometry.js';
import type { GeoPoint } from './ports.js';
import type { SpineProject, SpineRecording, SpineSpeaker } from './spine.js';

/** Inner part of a recording's radius in which it plays at full volume. */
const FULL_VOLUME_PART = 0.5;
/** How far to the side a source at 90° of the listener's heading is panned. */
const SIDE_PAN = 0.8;

const clamp01 = (value: number): number => (value > 0 ? Math.min(1, value) : 0);

/**
 * Volume of a speaker, 0..1: outside `minVolume`; inside it rises in proportion to the distance from
 * the boundary, to `maxVolume` at `attenuationM` and beyond. Not-a-number counts as 0.
 */
export function speakerGain(
  speaker: Pick<SpineSpeaker, 'attenuationM' | 'minVolume' | 'maxVolume'>,
  inside: boolean,
  boundaryM: number,
): number {
  const min = clamp01(speaker.minVolume);
  if (!inside) return min;
  const max = clamp01(speaker.maxVolume);
  if (!(boundaryM < speaker.attenuationM)) return max;
  return min + (max - min) * clamp01(boundaryM / speaker.attenuationM);
}

/**
 * Volume of a recording, 0..1: full up to half its radius, then a raised cosine down to 0 at the
 * radius, so that walking in or out at any speed has no edge. 0 outside or for a radius of 0.
 */
export function recordingGain(radiusM: number, volume: number, distance: number): number {
  if (!(distance < radiusM)) return 0;
  const part = distance / radiusM;
  if (part <= FULL_VOLUME_PART) return clamp01(volume);
  const edge = (part - FULL_VOLUME_PART) / (1 - FULL_VOLUME_PART);
  return clamp01(volume) * (0.5 + 0.5 * Math.cos(Math.PI * edge));
}

/** −1 left … 1 right for a source seen from a listener who faces `headingDeg`. */
export function panOf(listener: GeoPoint, headingDeg: number, source: GeoPoint): number {
  const angle = ((bearingDeg(listener, source) - headingDeg) * Math.PI) / 180;
  return Number.isFinite(angle) ? SIDE_PAN * Math.sin(angle) : 0;
}

/** One source that a listener hears at a place. */
export interface Audible {
  readonly kind: 'speaker' | 'recording';
  readonly id: string;
  readonly name: string;
  readonly mediaId: string;
  /** 0 excluded, up to 1. */
  readonly gain: number;
  /** −1 left … 1 right. */
  readonly pan: number;
}

/** Where a listener is and what they chose. */
export interface ListenerPlace {
  readonly position: GeoPoint | undefined;
  readonly headingDeg: number | undefined;
  /** Empty: every recording; else those that carry one of them. */
  readonly tags: readonly string[];
}

interface PreparedSpeaker {
  readonly definition: SpineSpeaker;
  readonly shape: PreparedShape;
}

interface PreparedRecording {
  readonly definition: SpineRecording;
  readonly place: Vec3;
}

/** A project's sources, prepared once, so that a move costs microseconds however many there are. */
export class PreparedProject {
  readonly definition: SpineProject;
  readonly #speakers: readonly PreparedSpeaker[];
  readonly #recordings: readonly PreparedRecording[];
  readonly #index: Flatbush | undefined;
  /** Box number → recording number: a box cut at the antimeridian has two. */
  readonly #boxOwner: Uint32Array;

  constructor(definition: SpineProject) {
    this.definition = definition;
    this.#speakers = definition.speakers.map((speaker) => ({
      definition: speaker,
      shape: new PreparedShape(speaker.shape),
    }));
    this.#recordings = definition.recordings
      .filter((r) => isPosition(r.position) && r.radiusM > 0 && r.volume > 0)
      .map((r) => ({ definition: r, place: toVec(r.position) }));
    const boxes = this.#recordings.flatMap((r, owner) =>
      boxesAround(r.definition.position, r.definition.radiusM).map((box) => ({ owner, box })),
    );
    this.#boxOwner = Uint32Array.from(boxes, (entry) => entry.owner);
    if (boxes.length > 0) {
      const index = new Flatbush(boxes.length);
      for (const { box } of boxes) index.add(box[0], box[1], box[2], box[3]);
      index.finish();
      this.#index = index;
    }
  }

  /**
   * What is heard at a place, speakers before recordings, each in definition order. Without a
   * position (or with an impossible one) a listener is outside everything: only speakers with a
   * minimum volume are heard.
   */
  audible(listener: ListenerPlace): Audible[] {
    const found: Audible[] = [];
    const position = isPosition(listener.position) ? listener.position : undefined;
    const place = position === undefined ? undefined : toVec(position);
    for (const { definition, shape } of this.#speakers) {
      const inside = place !== undefined && shape.contains(place);
      if (!inside && !(definition.minVolume > 0)) continue;
      const boundaryM =
        inside && definition.attenuationM > 0
          ? shape.boundaryDistanceM(place)
          : Number.POSITIVE_INFINITY;
      const gain = speakerGain(definition, inside, boundaryM);
      if (gain > 0) found.push({ kind: 'speaker', ...named(definition), gain, pan: 0 });
    }
    if (position !== undefined && place !== undefined)
      this.#recordingsAt(position, place, listener, found);
    return found;
  }

  /** Metres to the nearest speaker's shape, 0 inside; infinite without speakers. */
  nearestSpeakerM(position: GeoPoint): number {
    const place = toVec(position);
    let nearest = Number.POSITIVE_INFINITY;
    for (const { shape } of this.#speakers) nearest = Math.min(nearest, shape.distanceM(place));
    return nearest;
  }

  #recordingsAt(position: GeoPoint, place: Vec3, listener: ListenerPlace, found: Audible[]): void {
    const lon = wrapLongitude(position.longitude);
    const lat = position.latitude;
    const owners = (this.#index?.search(lon, lat, lon, lat) ?? []).map(
      (box) => this.#boxOwner[box] ?? 0,
    );
    owners.sort((a, b) => a - b);
    for (const [i, owner] of owners.entries()) {
      const recording = this.#recordings[owner];
      if (recording === undefined || owner === owners[i - 1]) continue;
      const { definition } = recording;
      if (listener.tags.length > 0 && !definition.tags.some((tag) => listener.tags.includes(tag)))
        continue;
      const gain = recordingGain(
        definition.radiusM,
        definition.volume,
        vecDistanceM(place, recording.place),
      );
      if (gain <= 0) continue;
      const pan =
        listener.headingDeg === undefined
          ? 0
          : panOf(position, listener.headingDeg, definition.position);
      found.push({ kind: 'recording', ...named(definition), gain, pan });
    }
  }
}

function named(definition: SpineSpeaker | SpineRecording) {
  return { id: definition.id, name: definition.name, mediaId: definition.mediaId };
}

type Box = readonly [minLon: number, minLat: number, maxLon: number, maxLat: number];

/** Boxes in degrees that hold every place within `radiusM`; two when cut at the antimeridian. */
function boxesAround(point: GeoPoint, radiusM: number): readonly Box[] {
  const angle = (radiusM / EARTH_RADIUS_M) * (180 / Math.PI) * 1.000_001 + 1e-9;
  const minLat = point.latitude - angle;
  const maxLat = point.latitude + angle;
  if (minLat <= -90 || maxLat >= 90) return [[-180, minLat, 180, maxLat]];
  const lon = wrapLongitude(point.longitude);
  const ratio = Math.sin((angle * Math.PI) / 180) / Math.cos((point.latitude * Math.PI) / 180);
  if (!(ratio < 1)) return [[-180, minLat, 180, maxLat]];
  const reach = (Math.asin(ratio) * 180) / Math.PI + 1e-9;
  const minLon = lon - reach;
  const maxLon = lon + reach;
  if (minLon < -180)
    return [
      [minLon + 360, minLat, 180, maxLat],
      [-180, minLat, maxLon, maxLat],
    ];
  if (maxLon > 180)
    return [
      [minLon, minLat, 180, maxLat],
      [-180, minLat, maxLon - 360, maxLat],
    ];
  return [[minLon, minLat, maxLon, maxLat]];
}
