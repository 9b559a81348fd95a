/** Micboard's words and scales, from the rows of the board. */
import type { RfRow } from '../../contract/rows.js';

/** Device types that Micboard's app can draw. */
export type NetworkType = 'axtd' | 'p10t' | 'qlxd' | 'uhfr' | 'ulxd';

const SERIES: readonly (readonly [RegExp, NetworkType])[] = [
  [/^ulx/i, 'ulxd'],
  [/^(qlx|slx)/i, 'qlxd'],
  [/^(ad|axt|axient)/i, 'axtd'],
  [/^(p\d+t|psm)/i, 'p10t'],
  [/^u(hf|r\d)/i, 'uhfr'],
];

/** Series of a device; for a vendor that Micboard does not know the one that shows what is known of it. */
export function typeOf(model: string | null, sends: boolean, hasQuality = false): NetworkType {
  const found = SERIES.find(([pattern]) => pattern.test(model ?? ''));
  if (found !== undefined) return found[1];
  if (sends) return 'p10t';
  return hasQuality ? 'axtd' : 'qlxd';
}

const STATUS: Readonly<Record<RfRow['status'], string>> = {
  'com-error': 'RX_COM_ERROR',
  peak: 'AUDIO_PEAK',
  critical: 'CRITICAL',
  replace: 'REPLACE',
  good: 'GOOD',
  'prev-critical': 'PREV_CRITICAL',
  'prev-replace': 'PREV_REPLACE',
  'prev-good': 'PREV_GOOD',
  off: 'TX_COM_ERROR',
  unassigned: 'UNASSIGNED',
};

const RECEIVER_STATUS: Partial<Readonly<Record<RfRow['deviceState'], string>>> = {
  connected: 'CONNECTED',
  silent: 'CONNECTED',
  connecting: 'CONNECTING',
};

export const receiverStatus = (state: RfRow['deviceState'] | undefined): string =>
  (state === undefined ? undefined : RECEIVER_STATUS[state]) ?? 'DISCONNECTED';

/** Micboard's word for "not said". */
const NONE = 255;
const NO_FREQUENCY = '000000';

const level = (percent: number | null): number => Math.round(percent ?? 0);
const isOff = (row: RfRow): boolean => row.status === 'off' || row.status.startsWith('prev-');

function batteryOf(row: RfRow): number {
  if (isOff(row)) return NONE;
  if (row.batteryBars !== null) return Math.round(row.batteryBars);
  return row.batteryPercent === null ? NONE : Math.ceil(row.batteryPercent / 20);
}

function runtimeOf(row: RfRow): string {
  const minutes = row.batteryMinutes;
  if (minutes === null || minutes < 0 || isOff(row)) return '';
  const whole = Math.round(minutes);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

export const isInEar = (row: RfRow): boolean => row.direction === 'send';

/** In-ear transmitters are never more than connected or not. */
const statusOf = (row: RfRow): string =>
  isInEar(row) && row.status !== 'com-error' ? 'UNASSIGNED' : STATUS[row.status];

const seriesOf = (row: RfRow): NetworkType =>
  typeOf(row.model ?? row.txModel, isInEar(row), row.qualityPercent !== null);

/** A channel as the app reads it, keys in order, without `raw`. */
export function txOf(row: RfRow) {
  const inEar = isInEar(row);
  return {
    antenna: row.antenna ?? 'XX',
    audio_level: level(row.audioPercent),
    ...(inEar
      ? {
          audio_level_l: level(row.audioLeftPercent),
          audio_level_r: level(row.audioRightPercent),
        }
      : {}),
    battery: inEar ? NONE : batteryOf(row),
    channel: row.number,
    frequency: row.frequencyMhz === null ? NO_FREQUENCY : row.frequencyMhz.toFixed(3),
    id: row.label,
    name: row.name,
    name_raw: row.reportedName ?? '',
    power_lock: row.txLock ?? '',
    quality: row.qualityPercent === null ? NONE : Math.round(row.qualityPercent / 20),
    rf_level: level(row.rfPercent),
    runtime: runtimeOf(row),
    slot: row.slot,
    status: statusOf(row),
    tx_offset: row.txOffsetDb ?? NONE,
    type: seriesOf(row),
  };
}

/** A point of the charts. `timestamp`: Unix seconds. */
export function chartOf(row: RfRow, timestamp: number) {
  const { slot } = row;
  const type = seriesOf(row);
  return isInEar(row)
    ? {
        audio_level_l: level(row.audioLeftPercent),
        audio_level_r: level(row.audioRightPercent),
        slot,
        type,
        timestamp,
      }
    : {
        audio_level: level(row.audioPercent),
        rf_level: level(row.rfPercent),
        slot,
        type,
        timestamp,
      };
}

/** A slot that has a place on a board but no channel. */
export interface OfflineSlot {
  readonly slot: number;
  readonly extendedId: string;
  readonly extendedName: string;
}

export const offlineTxOf = ({ slot, extendedId, extendedName }: OfflineSlot) => ({
  frequency: NO_FREQUENCY,
  id: extendedId,
  name: extendedName,
  name_raw: `${extendedId} ${extendedName}`,
  slot,
  status: 'UNASSIGNED',
  type: 'offline',
});

/** What the app calls offline slots' receiver, as it spells it. */
export const OFFLINE_IP = 'offine device';
