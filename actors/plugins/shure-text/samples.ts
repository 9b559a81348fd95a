import {
  clampPercent,
  shureAudioDbfs,
  shureAudioPercent,
  shureQualityPercent,
  shureRfPercent,
  shureRssiDbm,
  uhfrAudioPercent,
  uhfrRfPercent,
} from '../sdk/normalise.js';
import type { FieldId } from './fields.js';
import type { Frame } from './frame.js';

/** A value of one field of a sample; undefined: the device does not know it. */
export type SampleValue = number | string | boolean | undefined;

/** The meters of a series: what one `SAMPLE` frame tells of a channel. */
export interface SampleReader {
  /** Their order is that of the values. */
  readonly fields: readonly FieldId[];
  /**
   * Writes one value a field into `values`; false: the frame says what cannot be, and none of them counts. Called many
   * thousand times a second, so it makes no strings but antenna words.
   */
  readonly read: (frame: Frame, values: SampleValue[]) => boolean;
}

const A = 0x41;
const B = 0x42;
/** Percent from which these receivers show an overload. */
const PEAK_PERCENT = 80;
/** A bar meter that begins at −100 dBFS, as receivers with levels in dB are shown beside those without. */
const BAR_FLOOR_DBFS = -100;

function within(raw: number, max: number): boolean {
  return raw >= 0 && raw <= max;
}

/** `AX`, `XB`, `AB`, `XX` by two lights that are on or off. */
function antennaWord(a: boolean, b: boolean): string {
  if (a) return b ? 'AB' : 'A';
  return b ? 'B' : 'XX';
}

/** QLX-D, ULX-D: antenna, RF 0..115, audio 0..50. The RF is that of the antenna in use. */
export const sampleQulxd: SampleReader = {
  fields: ['antenna', 'rf_percent', 'rssi', 'audio_percent', 'audio_level', 'audio_peak'],
  read: (frame, values) => {
    const rf = frame.integer(1);
    const audio = frame.integer(2);
    if (frame.length(0) !== 2 || !within(rf, 115) || !within(audio, 50)) return false;
    const audioPercent = shureAudioPercent(audio) ?? 0;
    values[0] = antennaWord(frame.byte(0, 0) === A, frame.byte(0, 1) === B);
    values[1] = shureRfPercent(rf) ?? 0;
    values[2] = rf - 128;
    values[3] = audioPercent;
    values[4] = audio - 50;
    values[5] = audioPercent >= PEAK_PERCENT;
    return true;
  },
};

/**
 * Axient Digital: quality, LED bits, audio peak, audio RMS, antenna lights (one letter an antenna), then LED bits and
 * RSSI of each antenna; frequency diversity repeats the last three kinds. Only antennas A and B are taken.
 */
export const sampleAxtd: SampleReader = {
  fields: [
    ...(['quality_percent', 'audio_peak', 'audio_peak_level', 'audio_level'] as const),
    ...(['audio_percent', 'antenna', 'antenna_status', 'rssi_a', 'rssi_b'] as const),
    ...(['rf_a_percent', 'rf_b_percent', 'rf_percent'] as const),
  ],
  read: (frame, values) => {
    const quality = frame.integer(0);
    const leds = frame.integer(1);
    const peak = frame.integer(2);
    const rms = frame.integer(3);
    const rssiA = frame.integer(6);
    const rssiB = frame.integer(8);
    const possible =
      (within(quality, 5) || quality === 255) &&
      within(leds, 255) &&
      within(peak, 120) &&
      within(rms, 120) &&
      within(rssiA, 120) &&
      within(rssiB, 120);
    if (!possible) return false;
    const rmsDbfs = shureAudioDbfs(rms) ?? 0;
    const a = shureRfPercent(rssiA) ?? 0;
    const b = shureRfPercent(rssiB) ?? 0;
    values[0] = shureQualityPercent(quality);
    values[1] = (leds & 128) !== 0;
    values[2] = shureAudioDbfs(peak) ?? 0;
    values[3] = rmsDbfs;
    values[4] = clampPercent(rmsDbfs - BAR_FLOOR_DBFS) ?? 0;
    values[5] = antennaWord(frame.byte(4, 0) === B, frame.byte(4, 1) === B);
    values[6] = frame.word(4);
    values[7] = shureRssiDbm(rssiA) ?? 0;
    values[8] = shureRssiDbm(rssiB) ?? 0;
    values[9] = a;
    values[10] = b;
    values[11] = Math.max(a, b);
    return true;
  },
};

/** SLX-D: audio peak, audio RMS, one RSSI of 0..120. */
export const sampleSlxd: SampleReader = {
  fields: [
    ...(['audio_peak_level', 'audio_level', 'audio_percent'] as const),
    ...(['audio_peak', 'rssi', 'rf_percent'] as const),
  ],
  read: (frame, values) => {
    const peak = frame.integer(0);
    const rms = frame.integer(1);
    const rssi = frame.integer(2);
    if (!within(peak, 120) || !within(rms, 120) || !within(rssi, 120)) return false;
    const peakDbfs = shureAudioDbfs(peak) ?? 0;
    const rmsDbfs = shureAudioDbfs(rms) ?? 0;
    values[0] = peakDbfs;
    values[1] = rmsDbfs;
    values[2] = clampPercent(rmsDbfs - BAR_FLOOR_DBFS) ?? 0;
    values[3] = peakDbfs >= 0;
    values[4] = shureRssiDbm(rssi) ?? 0;
    values[5] = clampPercent((100 * rssi) / 120) ?? 0;
    return true;
  },
};

/** UHF-R: antenna, RF A, RF B (100 nothing, 20 full), battery bars, audio LED bits. */
export const sampleUhfr: SampleReader = {
  fields: [
    ...(['antenna', 'rf_a_percent', 'rf_b_percent', 'rf_percent'] as const),
    ...(['battery_bars', 'battery_percent', 'audio_percent', 'audio_peak'] as const),
  ],
  read: (frame, values) => {
    const rfA = frame.integer(1);
    const rfB = frame.integer(2);
    const battery = frame.integer(3);
    const leds = frame.integer(4);
    if (frame.length(0) !== 2 || !within(rfA, 100) || !within(rfB, 100) || !within(leds, 255)) {
      return false;
    }
    const a = uhfrRfPercent(rfA) ?? 0;
    const b = uhfrRfPercent(rfB) ?? 0;
    const bars = battery >= 0 && battery <= 5 ? battery : undefined;
    const step = leds < 2 ? 0 : 31 - Math.clz32(leds);
    values[0] = antennaWord(frame.byte(0, 0) === A, frame.byte(0, 1) === B);
    values[1] = a;
    values[2] = b;
    values[3] = Math.max(a, b);
    values[4] = bars;
    values[5] = bars === undefined ? undefined : bars * 20;
    values[6] = uhfrAudioPercent(step) ?? 0;
    values[7] = (leds & 128) !== 0;
    return true;
  },
};
