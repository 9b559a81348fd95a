import type { Stereo } from '../tones.js';

/** First frame from `from` on that is not silent; −1 when there is none. */
export function onset(plane: Float32Array, from = 0): number {
  for (let i = from; i < plane.length; i++) if (plane[i] !== 0) return i;
  return -1;
}

/** Largest distance of a plane from what it should be; not a number counts as infinite. */
export function farthest(
  plane: Float32Array,
  from: number,
  to: number,
  wanted: (i: number) => number,
): number {
  let most = 0;
  for (let i = from; i < to; i++) {
    const off = Math.abs((plane[i] ?? Number.NaN) - wanted(i));
    if (Number.isNaN(off)) return Number.POSITIVE_INFINITY;
    most = Math.max(most, off);
  }
  return most;
}

/** Largest step from one sample to the next. */
export function largestStep(plane: Float32Array, from = 0, to = plane.length): number {
  let most = 0;
  for (let i = from + 1; i < to; i++) {
    most = Math.max(most, Math.abs((plane[i] ?? 0) - (plane[i - 1] ?? 0)));
  }
  return most;
}

/** Largest second difference: what a click is made of. */
export function largestBend(plane: Float32Array, from = 0, to = plane.length): number {
  let most = 0;
  for (let i = from + 2; i < to; i++) {
    const bend = (plane[i] ?? 0) - 2 * (plane[i - 1] ?? 0) + (plane[i - 2] ?? 0);
    most = Math.max(most, Math.abs(bend));
  }
  return most;
}

/** Sound that never changes: what is heard of it is the gain. */
export function steady(frames: number, level = 1): Stereo {
  const plane = new Float32Array(frames).fill(level);
  return { left: plane, right: plane.slice() };
}
