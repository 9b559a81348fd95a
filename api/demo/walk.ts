import type { GeoPoint } from '../../media/ports.js';
import { type Metres, onLoop, toGeo } from './ground.js';

/** Knots of the walks; each is a closed loop that touches several places. */
const WALKS: readonly (readonly Metres[])[] = [
  [
    [-8, 78],
    [-2, 40],
    [20, 18],
    [46, 34],
    [72, 52],
    [98, 62],
    [80, 74],
    [40, 66],
  ],
  [
    [-78, 40],
    [-72, 0],
    [-36, -4],
    [-4, -18],
    [22, 2],
    [4, 28],
    [-30, 34],
    [-64, 62],
    [-96, 56],
  ],
  [
    [-108, -60],
    [-84, -42],
    [-56, -42],
    [-24, -52],
    [10, -60],
    [36, -70],
    [20, -42],
    [-14, -24],
    [-60, -18],
    [-96, -34],
  ],
  [
    [86, -20],
    [92, -40],
    [108, -60],
    [84, -62],
    [60, -50],
    [34, -60],
    [14, -46],
    [30, -16],
    [58, -8],
  ],
];

/** A pleasant stroll. */
const SPEED_M_PER_S = 1.2;

export interface Step {
  readonly position: GeoPoint;
  readonly headingDeg: number;
}

/** One visitor's way through the garden: smooth, endless, the same for equal numbers. */
export class Walk {
  readonly #knots: readonly Metres[];
  readonly #direction: 1 | -1;
  readonly #speedMPerS: number;
  #place: number;

  constructor(number: number) {
    this.#knots = WALKS[number % WALKS.length] ?? [];
    this.#direction = Math.floor(number / WALKS.length) % 2 === 0 ? 1 : -1;
    this.#speedMPerS = SPEED_M_PER_S * (0.8 + ((number * 7) % 5) / 10);
    this.#place = (number * 2.618) % Math.max(1, this.#knots.length);
  }

  /** Goes on for `elapsedMs`. */
  step(elapsedMs: number): Step {
    // The curve's own speed differs between knots: walk it in short pieces of measured length.
    let restM = (this.#speedMPerS * elapsedMs) / 1_000;
    let here = onLoop(this.#knots, this.#place);
    let ahead = here;
    while (restM > 0) {
      this.#place += 0.002 * this.#direction;
      ahead = onLoop(this.#knots, this.#place);
      restM -= Math.hypot(ahead[0] - here[0], ahead[1] - here[1]);
      here = ahead;
    }
    const next = onLoop(this.#knots, this.#place + 0.01 * this.#direction);
    const headingDeg = (Math.atan2(next[0] - here[0], next[1] - here[1]) * 180) / Math.PI;
    return { position: toGeo(here), headingDeg: (headingDeg + 360) % 360 };
  }
}
