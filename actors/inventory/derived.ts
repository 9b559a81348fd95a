import type { AssignmentRow } from './inventory.types.js';

/** Times of what is fresh, old and forgotten. */
export const HEALTHY_MS = 5 * 60_000;
export const STALE_MS = 30 * 60_000;
export const PEAK_SHOWN_MS = 10_000;

export type Health = 'offline' | 'unknown' | 'healthy' | 'warning' | 'stale';
export type BatteryHealth = 'good' | 'fair' | 'low' | 'critical' | 'unknown';
export type SignalQuality = 'excellent' | 'good' | 'fair' | 'poor' | 'unknown';
export type TileStatus =
  | 'com-error'
  | 'peak'
  | 'critical'
  | 'replace'
  | 'good'
  | 'prev-critical'
  | 'prev-replace'
  | 'prev-good'
  | 'off'
  | 'unassigned';

/** Of a device: by when it was last heard. */
export function healthOf(
  active: boolean,
  lastSeenUnixMs: number | null,
  nowUnixMs: number,
): Health {
  if (!active) return 'offline';
  if (lastSeenUnixMs === null) return 'unknown';
  const ageMs = nowUnixMs - lastSeenUnixMs;
  if (ageMs < HEALTHY_MS) return 'healthy';
  return ageMs < STALE_MS ? 'warning' : 'stale';
}

/** 0..255 → 0..100; 255 says that nothing is known. */
export function percentOfByte(value: number | null): number | null {
  if (value === null || !(value >= 0 && value < 255)) return null;
  return Math.floor((value * 100) / 255);
}

/** Percent → bars 0..5, each of a fifth. */
export function barsOf(percent: number | null): number | null {
  if (percent === null) return null;
  return Math.min(5, Math.max(0, Math.ceil(percent / 20)));
}

export interface BatteryLimits {
  readonly batteryFairPercent: number;
  readonly batteryLowPercent: number;
  readonly batteryCriticalPercent: number;
}

export function batteryHealthOf(percent: number | null, limits: BatteryLimits): BatteryHealth {
  if (percent === null) return 'unknown';
  if (percent <= limits.batteryCriticalPercent) return 'critical';
  if (percent <= limits.batteryLowPercent) return 'low';
  return percent > limits.batteryFairPercent ? 'good' : 'fair';
}

export interface SignalLimits {
  readonly rfGoodPercent: number;
  readonly rfFairPercent: number;
  readonly rfLossDbm: number;
}

/** Above this share of the scale (200 of 255) it is excellent. */
const EXCELLENT_PERCENT = (200 * 100) / 255;

/** By quality when the device says one, else by the field strength, 0..100 of its scale. */
export function signalOf(
  percent: number | null,
  strongestDbm: number | null,
  limits: SignalLimits,
): SignalQuality {
  if (strongestDbm !== null && strongestDbm < limits.rfLossDbm) return 'poor';
  if (percent === null) return 'unknown';
  if (percent > Math.max(EXCELLENT_PERCENT, limits.rfGoodPercent)) return 'excellent';
  if (percent > limits.rfGoodPercent) return 'good';
  return percent > limits.rfFairPercent ? 'fair' : 'poor';
}

/** A transmitter is on: it says so, or it was heard within five minutes and says nothing. */
export function activeOf(
  said: boolean | null,
  heardUnixMs: number | null,
  nowUnixMs: number,
): boolean {
  return said ?? (heardUnixMs !== null && nowUnixMs - heardUnixMs < HEALTHY_MS);
}

export interface TileFacts {
  /** Its receiver is connected, or lost only within the hold-down. */
  readonly connected: boolean;
  /** Switched off by the operator, or nothing is received here by intention. */
  readonly unassigned: boolean;
  readonly active: boolean;
  /** 0..5, the last that was said. */
  readonly bars: number | null;
  readonly peakUnixMs: number | null;
  /** Last time that a transmitter which was on said something. */
  readonly heardUnixMs: number | null;
}

/** What a tile says, worst first. */
export function tileStatus(facts: TileFacts, nowUnixMs: number): TileStatus {
  const { bars, peakUnixMs, heardUnixMs } = facts;
  if (facts.unassigned) return 'unassigned';
  if (!facts.connected) return 'com-error';
  if (peakUnixMs !== null && nowUnixMs - peakUnixMs < PEAK_SHOWN_MS) return 'peak';
  if (facts.active) return bars === null ? 'good' : batteryWord(bars);
  const fresh = heardUnixMs !== null && nowUnixMs - heardUnixMs < STALE_MS;
  return fresh && bars !== null ? `prev-${batteryWord(bars)}` : 'off';
}

function batteryWord(bars: number): 'good' | 'replace' | 'critical' {
  if (bars >= 4) return 'good';
  return bars >= 3 ? 'replace' : 'critical';
}

const PRIORITY = { low: 0, normal: 1, high: 2, critical: 3 } as const;

/** Whoever is shown: of those whose time it is the highest priority, then the latest to begin, then the newest. */
export function assignmentAt(
  assignments: readonly AssignmentRow[],
  nowUnixMs: number,
): AssignmentRow | undefined {
  let best: AssignmentRow | undefined;
  for (const one of assignments) {
    if (one.fromUnixMs !== null && nowUnixMs < one.fromUnixMs) continue;
    if (one.toUnixMs !== null && nowUnixMs >= one.toUnixMs) continue;
    if (best === undefined || before(best, one) < 0) best = one;
  }
  return best;
}

const before = (a: AssignmentRow, b: AssignmentRow): number =>
  PRIORITY[a.priority] - PRIORITY[b.priority] ||
  (a.fromUnixMs ?? Number.MIN_SAFE_INTEGER) - (b.fromUnixMs ?? Number.MIN_SAFE_INTEGER) ||
  a.id - b.id;
