import {
  bearingDeg,
  EARTH_RADIUS_M,
  isPosition,
  type PreparedShape,
  toVec,
  type Vec3,
  vecDistanceM,
} from '../geometry.js';
import type { AssetDefinition, GeoPoint, ListenerState, ProjectSettings } from '../ports.js';
import { type Box, boxesAround, type GeoItem } from './spatial.js';

/** Full width of a Roundware listener's cone when none is given, degrees. */
const CONE_DEG = 30;
/** Nearer than this a source has no direction: it is in every cone. */
const HERE_M = 0.001;

/** An asset with its place worked out once. */
export interface PreparedAsset extends GeoItem {
  readonly definition: AssetDefinition;
  /** Undefined: it has no place (or an impossible one). */
  readonly position: GeoPoint | undefined;
  readonly place: Vec3 | undefined;
  readonly shape: PreparedShape | undefined;
}

/** Why an asset is not near. */
export type Distance = 'near' | 'far' | 'outside-heading' | 'outside-range';

type Rule = 'all' | 'none' | 'cone' | 'ring' | 'radius';

const given = (value: number | undefined): value is number =>
  value !== undefined && !Number.isNaN(value);

/**
 * What is near to one listener at one place. The first rule that applies: a heading (for native
 * listeners only with a width) makes a cone, cut by the range ring; a largest range makes a ring;
 * an asset's shape; its radius. An asset without a place is near. Who listens without a place
 * (`geoListen` false) is near to everything; who never moved is near to nothing.
 */
export class Nearness {
  readonly position: GeoPoint | undefined;
  readonly place: Vec3 | undefined;
  readonly #rule: Rule;
  readonly #headingDeg: number;
  readonly #halfDeg: number;
  readonly #minM: number;
  readonly #maxM: number;
  readonly #radiusM: number;

  constructor(settings: Pick<ProjectSettings, 'recordingRadiusM'>, listener: ListenerState) {
    this.position = isPosition(listener.position) ? listener.position : undefined;
    this.place = this.position === undefined ? undefined : toVec(this.position);
    this.#radiusM = settings.recordingRadiusM;
    this.#minM = given(listener.rangeMinM) ? listener.rangeMinM : 0;
    this.#maxM = given(listener.rangeMaxM) ? listener.rangeMaxM : Math.PI * EARTH_RADIUS_M;
    const widthDeg = given(listener.headingWidthDeg)
      ? listener.headingWidthDeg
      : listener.profile === 'roundware'
        ? CONE_DEG
        : undefined;
    const cone = Number.isFinite(listener.headingDeg) && widthDeg !== undefined;
    this.#headingDeg = cone ? (listener.headingDeg ?? 0) : 0;
    this.#halfDeg = (widthDeg ?? 0) / 2;
    if (!listener.geoListen) this.#rule = 'all';
    else if (this.place === undefined) this.#rule = 'none';
    else if (cone) this.#rule = 'cone';
    else if (given(listener.rangeMaxM)) this.#rule = 'ring';
    else this.#rule = 'radius';
  }

  /** True when everything is near, or nothing: there is no need to look at places. */
  get everywhere(): boolean {
    return this.#rule === 'all';
  }

  get nowhere(): boolean {
    return this.#rule === 'none';
  }

  /** Boxes in which everything near has a box of its own; none when everything must be looked at. */
  boxes(): readonly Box[] | undefined {
    if (this.position === undefined) return undefined;
    if (this.#rule === 'radius') return boxesAround(this.position, 0);
    if (this.#maxM > EARTH_RADIUS_M) return undefined;
    return boxesAround(this.position, this.#maxM);
  }

  distanceM(asset: PreparedAsset): number | undefined {
    if (this.place === undefined || asset.place === undefined) return undefined;
    return vecDistanceM(this.place, asset.place);
  }

  of(asset: PreparedAsset): Distance {
    if (this.#rule === 'all') return 'near';
    const { place, position } = this;
    if (this.#rule === 'none' || place === undefined || position === undefined) return 'far';
    const { shape } = asset;
    if (asset.place === undefined || asset.position === undefined)
      return shape === undefined || shape.contains(place) ? 'near' : 'far';
    if (this.#rule === 'radius' && shape !== undefined)
      return shape.contains(place) ? 'near' : 'far';
    const distance = vecDistanceM(place, asset.place);
    if (this.#rule === 'radius')
      return distance <= (asset.definition.radiusM ?? this.#radiusM) ? 'near' : 'far';
    if (!(distance >= this.#minM && distance <= this.#maxM)) return 'outside-range';
    if (this.#rule === 'ring' || distance < HERE_M) return 'near';
    const off = bearingDeg(position, asset.position) - this.#headingDeg;
    const turn = Math.abs(((((off + 180) % 360) + 360) % 360) - 180);
    return turn <= this.#halfDeg ? 'near' : 'outside-heading';
  }
}
