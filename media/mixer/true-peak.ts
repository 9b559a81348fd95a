import { PHASES, TAPS } from './kernel.js';

/**
 * The interpolator of ITU-R BS.1770-4, annex 2: phases 0 and 1; phases 3 and 2 are the same backwards.
 * It finds the peak between samples that a listener's converter will make.
 */
const PHASE_0 = [
  0.001_708_984_375, 0.010_986_328_125, -0.019_653_320_312_5, 0.033_203_125, -0.059_448_242_187_5,
  0.137_329_101_562_5, 0.972_167_968_75, -0.102_294_921_875, 0.047_607_421_875, -0.026_611_328_125,
  0.014_892_578_125, -0.008_300_781_25,
] as const;
const PHASE_1 = [
  -0.029_174_804_687_5, 0.029_296_875, -0.051_757_812_5, 0.089_111_328_125, -0.166_503_906_25,
  0.465_087_890_625, 0.779_785_156_25, -0.200_317_382_812_5, 0.101_562_5, -0.058_227_539_062_5,
  0.033_081_054_687_5, -0.018_920_898_437_5,
] as const;

/** Tap k of a phase weighs the frame 6 − k after the centre. */
export const INTERPOLATOR: readonly (readonly number[])[] = [
  PHASE_0,
  PHASE_1,
  [...PHASE_1].reverse(),
  [...PHASE_0].reverse(),
];

/** Most that the interpolator can make of samples of magnitude 1: the sum of a phase's magnitudes. */
export const MOST_GAIN = Math.max(
  ...INTERPOLATOR.map((phase) => phase.reduce((sum, tap) => sum + Math.abs(tap), 0)),
);

/**
 * A bound for smooth sound: true peak ≤ `level * peak + bend * largest second difference`, over the
 * frames that the interpolator sees. Each phase is a straight line between the two frames at its centre
 * plus weighted second differences, because a sequence with neither sum nor slope is a sum of those.
 */
export const SMOOTH_BOUND = smoothBound();

function smoothBound(): { readonly level: number; readonly bend: number } {
  let level = 0;
  let bend = 0;
  for (const phase of INTERPOLATOR) {
    // In order of time: index 5 is the centre frame, 6 the next.
    const weights = [...phase].reverse();
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const slope = weights.reduce((total, weight, i) => total + weight * (i - 5), 0);
    const rest = weights.map((weight, i) => {
      if (i === 5) return weight - (sum - slope);
      return i === 6 ? weight - slope : weight;
    });
    let first = 0;
    let second = 0;
    let total = 0;
    for (const weight of rest) {
      first += weight;
      second += first;
      total += Math.abs(second);
    }
    level = Math.max(level, Math.abs(sum - slope) + Math.abs(slope));
    bend = Math.max(bend, total);
  }
  return { level, bend };
}

/** The taps as the kernel reads them: each in four lanes. */
export function splatTaps(into: Float32Array): void {
  for (let phase = 0; phase < PHASES; phase++) {
    for (let tap = 0; tap < TAPS; tap++) {
      const at = (phase * TAPS + tap) * 4;
      into.fill(INTERPOLATOR[phase]?.[tap] ?? 0, at, at + 4);
    }
  }
}
