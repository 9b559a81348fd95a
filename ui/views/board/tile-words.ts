import type { RfRow } from '../../../api/contract/rows.js';
import type { StateWord, Tone } from '../../data/states.js';

export type RfStatus = RfRow['status'];

/** Worst first: the order of "by trouble". */
export const STATUSES = [
  'com-error',
  'critical',
  'peak',
  'replace',
  'prev-critical',
  'prev-replace',
  'unassigned',
  'off',
  'prev-good',
  'good',
] as const satisfies readonly RfStatus[];

const WORDS: Readonly<
  Record<RfStatus, StateWord & { readonly short: string; readonly meaning: string }>
> = {
  'com-error': {
    tone: 'critical',
    word: 'Receiver lost',
    short: 'Lost',
    meaning: 'The receiver does not answer. What the tile shows is from before.',
  },
  critical: {
    tone: 'critical',
    word: 'Battery critical',
    short: 'Critical',
    meaning: 'The transmitter is on and its battery is nearly empty. Change it now.',
  },
  peak: {
    tone: 'attention',
    word: 'Audio peak',
    short: 'Peak',
    meaning: 'The sound was overloaded within the last ten seconds. Lower the gain.',
  },
  replace: {
    tone: 'attention',
    word: 'Replace battery',
    short: 'Replace',
    meaning: 'The battery lasts for a while. Change it before the show.',
  },
  'prev-critical': {
    tone: 'attention',
    word: 'Off, battery was critical',
    short: 'Off',
    meaning: 'The transmitter was switched off with a nearly empty battery.',
  },
  'prev-replace': {
    tone: 'attention',
    word: 'Off, replace battery',
    short: 'Off',
    meaning: 'The transmitter was switched off; its battery should be changed.',
  },
  unassigned: {
    tone: 'unknown',
    word: 'Nobody yet',
    short: 'New',
    meaning: 'No transmitter was heard here so far.',
  },
  off: {
    tone: 'off',
    word: 'Off',
    short: 'Off',
    meaning: 'No transmitter is heard, and none was for half an hour.',
  },
  'prev-good': {
    tone: 'off',
    word: 'Off, battery good',
    short: 'Off',
    meaning: 'The transmitter was switched off with a good battery.',
  },
  good: {
    tone: 'good',
    word: 'Good',
    short: 'Good',
    meaning: 'The transmitter is on and its battery is good.',
  },
};

/** Tone, word (short for small tiles) and meaning of what a tile says. */
export function statusWord(
  status: RfStatus,
): StateWord & { readonly short: string; readonly meaning: string } {
  return WORDS[status];
}

/** 0 is the worst. */
export function severity(status: RfStatus): number {
  return STATUSES.indexOf(status);
}

/** True for what somebody should look at. */
export function isTrouble(status: RfStatus): boolean {
  const { tone } = WORDS[status];
  return tone === 'critical' || tone === 'attention';
}

/** `5:10` for 310 minutes, as receivers show it; empty for what is not said. */
export function runtime(minutes: number | null): string {
  if (minutes === null || !Number.isFinite(minutes) || minutes < 0) return '';
  const whole = Math.floor(minutes);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** `470.125`: three digits, as crews write it; `–` for what is not said. */
export function frequency(mhz: number | null): string {
  return mhz === null || !Number.isFinite(mhz) ? '–' : mhz.toFixed(3);
}

/** 0..5 of five dots; null for what is not said. */
export function qualityDots(percent: number | null): number | null {
  if (percent === null || !Number.isFinite(percent)) return null;
  return Math.max(0, Math.min(5, Math.round(percent / 20)));
}

/** Filled bars of five: as reported, else from the percentage; null for what is not said. */
export function batteryBars(row: Pick<RfRow, 'batteryBars' | 'batteryPercent'>): number | null {
  const bars =
    row.batteryBars ?? (row.batteryPercent === null ? null : Math.ceil(row.batteryPercent / 20));
  return bars === null ? null : Math.max(0, Math.min(5, Math.round(bars)));
}

const BATTERY_TONES: Readonly<Record<RfRow['battery'], Tone>> = {
  good: 'good',
  fair: 'good',
  low: 'attention',
  critical: 'critical',
  unknown: 'unknown',
};

export function batteryTone(battery: RfRow['battery']): Tone {
  return BATTERY_TONES[battery];
}

const FILMS = /\.(mp4|m4v|webm|mov|ogv)(?:$|[?#])/i;

/** Whether an address is that of a film, as far as its ending tells. */
export function isFilm(url: string): boolean {
  return FILMS.test(url);
}
