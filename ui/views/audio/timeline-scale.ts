import type { TimedAsset } from '../../data/content.js';

/** Shortest window, seconds. */
export const LEAST_S = 1;

/** A round length of the whole timeline that holds all windows with air behind. */
export function timelineLengthS(rows: readonly Pick<TimedAsset, 'endS'>[]): number {
  const last = rows.reduce((most, row) => Math.max(most, row.endS), 0);
  const steps = [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];
  return steps.find((step) => step >= last * 1.1) ?? Math.ceil((last * 1.1) / 86_400) * 86_400;
}

/** Times to mark on an axis of `lengthS`, about `most` of them, at round steps. */
export function ticksOf(lengthS: number, most: number): readonly number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400];
  const step = steps.find((one) => lengthS / one <= most) ?? 28_800;
  return Array.from({ length: Math.floor(lengthS / step) + 1 }, (_, at) => at * step);
}

export type Grip = 'whole' | 'start' | 'end';

const snap = (value: number, stepS: number): number => Math.round(value / stepS) * stepS;

/** A window after it was moved, or one of its ends, by `byS`; it stays in time and keeps its least length. */
export function draggedWindow(
  row: Pick<TimedAsset, 'startS' | 'endS'>,
  grip: Grip,
  byS: number,
  stepS: number,
): { readonly startS: number; readonly endS: number } {
  const { startS, endS } = row;
  switch (grip) {
    case 'start':
      return { startS: Math.max(0, Math.min(endS - LEAST_S, snap(startS + byS, stepS))), endS };
    case 'end':
      return { startS, endS: Math.max(startS + LEAST_S, snap(endS + byS, stepS)) };
    default: {
      const from = Math.max(0, snap(startS + byS, stepS));
      return { startS: from, endS: from + (endS - startS) };
    }
  }
}

/** Rows put into as few lanes as possible so that none covers another. */
export function lanesOf<T extends Pick<TimedAsset, 'id' | 'startS' | 'endS'>>(
  rows: readonly T[],
): readonly (readonly T[])[] {
  const lanes: T[][] = [];
  for (const row of rows.toSorted((a, b) => a.startS - b.startS || a.id - b.id)) {
    const free = lanes.find((lane) => (lane.at(-1)?.endS ?? 0) <= row.startS);
    if (free) free.push(row);
    else lanes.push([row]);
  }
  return lanes;
}

/** `1:05`, `1:02:05`. */
export function clockOf(seconds: number): string {
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3_600);
  const minutes = Math.floor((whole % 3_600) / 60);
  const rest = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}
