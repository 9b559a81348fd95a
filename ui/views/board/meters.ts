import type { RfRow } from '../../../api/contract/rows.js';

/** Points of a strip and their distance: half a minute. */
export const STRIP_POINTS = 300;
export const STRIP_STEP_MS = 100;

const HOLD_MS = 1_500;
/** A slow machine draws late and still hears; longer than this, the tab slept. */
const ASLEEP_MS = 2_000;
const FALL_PERCENT_PER_S = 40;
const NOTHING = Number.NaN;

/** What one tile draws. Values are percent, NaN where nothing is said. Changed in place; owned by `Meters`. */
export interface Meter {
  /** Rings of `STRIP_POINTS`; the oldest point is at `at`. */
  readonly rfA: Float32Array;
  readonly rfB: Float32Array;
  readonly audio: Float32Array;
  at: number;
  nowA: number;
  nowB: number;
  nowAudio: number;
  /** Of an in-ear transmitter; NaN elsewhere. */
  nowLeft: number;
  nowRight: number;
  /** Highest audio of late: held, then falling. */
  held: number;
  heldForMs: number;
  overload: boolean;
  antenna: string;
  /** False: what is known is old, and is drawn as a gap. */
  fresh: boolean;
  /** Highest audio since the last point. */
  between: number;
}

type MeterSource = Pick<
  RfRow,
  | 'id'
  | 'rfPercent'
  | 'rfAPercent'
  | 'rfBPercent'
  | 'audioPercent'
  | 'audioLeftPercent'
  | 'audioRightPercent'
  | 'audioPeak'
  | 'antenna'
  | 'active'
  | 'deviceState'
>;

const ring = (): Float32Array => new Float32Array(STRIP_POINTS).fill(NOTHING);
const percent = (value: number | null): number =>
  value === null ? NOTHING : Math.max(0, Math.min(100, value));

/**
 * Levels of the channels that are shown: half a minute of each at ten points a second, whatever the rate they
 * come at. Between two points the highest audio counts, so that a short peak is not missed.
 */
export class Meters {
  readonly #byId = new Map<string, Meter>();
  #stepAtMs: number | undefined;

  get(id: string): Meter | undefined {
    return this.#byId.get(id);
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Takes over what the rows say now, and forgets channels that are not among them. */
  feed(rows: readonly MeterSource[]): void {
    for (const row of rows) {
      let meter = this.#byId.get(row.id);
      if (!meter) {
        meter = newMeter();
        this.#byId.set(row.id, meter);
      }
      take(meter, row);
    }
    if (this.#byId.size <= rows.length) return;
    const kept = new Set(rows.map((row) => row.id));
    for (const id of this.#byId.keys()) if (!kept.has(id)) this.#byId.delete(id);
  }

  /**
   * Adds the points that are due at `nowMs` (any clock that only goes forward). Not live: gaps are added.
   * @returns how many points each strip got.
   */
  step(nowMs: number, live: boolean): number {
    this.#stepAtMs ??= nowMs - STRIP_STEP_MS;
    const due = Math.floor((nowMs - this.#stepAtMs) / STRIP_STEP_MS);
    if (due <= 0) return 0;
    this.#stepAtMs += due * STRIP_STEP_MS;
    const points = Math.min(due, STRIP_POINTS);
    const awake = due * STRIP_STEP_MS <= ASLEEP_MS;
    for (const meter of this.#byId.values()) {
      const known = live && meter.fresh;
      for (let index = 1; index < points; index += 1) push(meter, known && awake);
      push(meter, known);
      fall(meter, due * STRIP_STEP_MS);
    }
    return points;
  }
}

function newMeter(): Meter {
  return {
    rfA: ring(),
    rfB: ring(),
    audio: ring(),
    at: 0,
    nowA: NOTHING,
    nowB: NOTHING,
    nowAudio: NOTHING,
    nowLeft: NOTHING,
    nowRight: NOTHING,
    held: NOTHING,
    heldForMs: 0,
    overload: false,
    antenna: '',
    fresh: false,
    between: NOTHING,
  };
}

function take(meter: Meter, row: MeterSource): void {
  const noAntennas = row.rfAPercent === null && row.rfBPercent === null;
  meter.nowA = percent(noAntennas ? row.rfPercent : row.rfAPercent);
  meter.nowB = percent(row.rfBPercent);
  meter.nowLeft = percent(row.audioLeftPercent);
  meter.nowRight = percent(row.audioRightPercent);
  const stereo =
    row.audioLeftPercent === null && row.audioRightPercent === null
      ? null
      : Math.max(row.audioLeftPercent ?? 0, row.audioRightPercent ?? 0);
  meter.nowAudio = percent(row.audioPercent ?? stereo);
  meter.overload = row.audioPeak;
  meter.antenna = row.antenna ?? '';
  meter.fresh = row.deviceState === 'connected' || row.deviceState === 'silent';
  if (!(meter.between >= meter.nowAudio)) meter.between = meter.nowAudio;
  if (!(meter.held >= meter.nowAudio)) {
    meter.held = meter.nowAudio;
    meter.heldForMs = 0;
  }
}

function push(meter: Meter, known: boolean): void {
  meter.rfA[meter.at] = known ? meter.nowA : NOTHING;
  meter.rfB[meter.at] = known ? meter.nowB : NOTHING;
  meter.audio[meter.at] = known ? meter.between : NOTHING;
  meter.at = (meter.at + 1) % STRIP_POINTS;
  if (known) meter.between = meter.nowAudio;
}

function fall(meter: Meter, elapsedMs: number): void {
  meter.heldForMs += elapsedMs;
  if (Number.isNaN(meter.held) || meter.heldForMs <= HOLD_MS) return;
  const fallen = meter.held - (FALL_PERCENT_PER_S * elapsedMs) / 1_000;
  meter.held = Number.isNaN(meter.nowAudio) ? NOTHING : Math.max(meter.nowAudio, fallen);
}
