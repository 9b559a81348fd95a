import {
  EARTH_RADIUS_M,
  isPosition,
  type PreparedShape,
  toVec,
  type Vec3,
  vecDistanceM,
} from '../geometry.js';
import type { AssetDefinition, GeoPoint, ListenerState, ProjectSettings } from '../ports.js';
import { chordSquared, FREE, PLACELESS, type PlaceTable, POINT, SHAPE } from './place-table.js';
import { type Box, boxesAround, type GeoItem } from './spatial.js';

/** Full width of a Roundware listener's cone when none is given, degrees. */
const CONE_DEG = 30;
/** Nearer than this a source has no direction: it is in every cone. */
const HERE_M = 0.001;
/** Differences of cosines (times the distance in radii) that rounding can make are far smaller. */
const EDGE = 1e-12;
const HERE_CHORD = chordSquared(HERE_M);

/** An asset with its place worked out once. */
export interface PreparedAsset extends GeoItem {
  /** Of the definition, one step nearer. */
  readonly id: number;
  readonly definition: AssetDefinition;
  /** Undefined: it has no place (or an impossible one). */
  readonly position: GeoPoint | undefined;
  readonly place: Vec3 | undefined;
  readonly shape: PreparedShape | undefined;
  /** Place in the pool's table; the pool's. */
  no: number;
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
  /** Directions at the listener's place, and the squares of the ring's chords. */
  readonly #east: Vec3;
  readonly #north: Vec3;
  /** Cosine and sine of the heading, cosine of half the cone's width (above 1: nothing; below −1: all). */
  readonly #ahead: Vec3;
  readonly #minChord: number;
  readonly #maxChord: number;
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
    this.#minChord = this.#minM > 0 ? chordSquared(this.#minM) : 0;
    this.#maxChord = chordSquared(this.#maxM);
    const [lat, lon] = [
      ((this.position?.latitude ?? 0) * Math.PI) / 180,
      ((this.position?.longitude ?? 0) * Math.PI) / 180,
    ];
    const [sinLat, sinLon, cosLon] = [Math.sin(lat), Math.sin(lon), Math.cos(lon)];
    this.#east = { x: -sinLon, y: cosLon, z: 0 };
    this.#north = { x: -sinLat * cosLon, y: -sinLat * sinLon, z: Math.cos(lat) };
    const headingRad = (this.#headingDeg * Math.PI) / 180;
    const [halfRad, whole] = [(this.#halfDeg * Math.PI) / 180, this.#halfDeg >= 180];
    const cosHalf = whole ? -2 : this.#halfDeg < 0 ? 2 : Math.cos(halfRad);
    this.#ahead = { x: Math.cos(headingRad), y: Math.sin(headingRad), z: cosHalf };
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
    return this.#inCone(asset.place.x, asset.place.y, asset.place.z) ? 'near' : 'outside-heading';
  }

  /** The same as `of(...) === 'near'` of an asset in the pool's table: made for very many. */
  nearAt(table: PlaceTable, no: number): boolean {
    if (this.#rule === 'all') return table.kinds[no] !== FREE;
    const { place } = this;
    if (this.#rule === 'none' || place === undefined) return false;
    const kind = table.kinds[no];
    if (kind !== POINT) {
      const asset = kind === SHAPE ? table.items[no] : undefined;
      return asset === undefined ? kind === PLACELESS : this.of(asset) === 'near';
    }
    const { rows } = table;
    const at = no * 4;
    const x = rows[at] ?? 0;
    const y = rows[at + 1] ?? 0;
    const z = rows[at + 2] ?? 0;
    const dx = x - place.x;
    const dy = y - place.y;
    const dz = z - place.z;
    const chord = dx * dx + dy * dy + dz * dz;
    if (this.#rule === 'radius') return chord <= (rows[at + 3] ?? 0);
    if (!(chord >= this.#minChord && chord <= this.#maxChord)) return false;
    return this.#rule === 'ring' || chord < HERE_CHORD || this.#inCone(x, y, z);
  }

  #inCone(x: number, y: number, z: number): boolean {
    const east = x * this.#east.x + y * this.#east.y;
    const north = x * this.#north.x + y * this.#north.y + z * this.#north.z;
    // Cosines tell most of them apart; what is too near to the cone's edge is measured in degrees.
    const ahead = north * this.#ahead.x + east * this.#ahead.y;
    const edge = this.#ahead.z * Math.sqrt(east * east + north * north);
    if (Math.abs(ahead - edge) > EDGE) return ahead > edge;
    const off = (Math.atan2(east, north) * 180) / Math.PI - this.#headingDeg;
    const turn = Math.abs(((((off + 180) % 360) + 360) % 360) - 180);
    return turn <= this.#halfDeg;
  }
}
