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
import type { FieldSink } from './fields.js';
import type { Frame } from './frame.js';

/** Reads one `SAMPLE` frame: called many thousand times a second, so it makes no strings but antenna words. */
export type SampleReader = (frame: Frame, part: number, sink: FieldSink) => void;

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

function refuse(frame: Frame, part: number, sink: FieldSink): void {
  sink.impossible(part, 'SAMPLE', frame.text());
}

/** QLX-D, ULX-D: antenna, RF 0..115, audio 0..50. The RF is that of the antenna in use. */
export const sampleQulxd: SampleReader = (frame, part, sink) => {
  const rf = frame.integer(1);
  const audio = frame.integer(2);
  if (frame.length(0) !== 2 || !within(rf, 115) || !within(audio, 50)) {
    refuse(frame, part, sink);
    return;
  }
  const a = frame.byte(0, 0) === A;
  const b = frame.byte(0, 1) === B;
  const rfPercent = shureRfPercent(rf) ?? 0;
  const audioPercent = shureAudioPercent(audio) ?? 0;
  sink.value(part, 'antenna', antennaWord(a, b));
  sink.value(part, 'rf_percent', rfPercent);
  sink.value(part, 'rssi', rf - 128);
  sink.value(part, 'audio_percent', audioPercent);
  sink.value(part, 'audio_level', audio - 50);
  sink.value(part, 'audio_peak', audioPercent >= PEAK_PERCENT);
};

/**
 * Axient Digital: quality, LED bits, audio peak, audio RMS, antenna lights (one letter an antenna), then LED bits and
 * RSSI of each antenna; frequency diversity repeats the last three kinds. Only antennas A and B are taken.
 */
export const sampleAxtd: SampleReader = (frame, part, sink) => {
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
  if (!possible) {
    refuse(frame, part, sink);
    return;
  }
  const qualityPercent = shureQualityPercent(quality);
  if (qualityPercent !== undefined) sink.value(part, 'quality_percent', qualityPercent);
  sink.value(part, 'audio_peak', (leds & 128) !== 0);
  sink.value(part, 'audio_peak_level', shureAudioDbfs(peak) ?? 0);
  const rmsDbfs = shureAudioDbfs(rms) ?? 0;
  sink.value(part, 'audio_level', rmsDbfs);
  sink.value(part, 'audio_percent', clampPercent(rmsDbfs - BAR_FLOOR_DBFS) ?? 0);
  sink.value(part, 'antenna', antennaWord(frame.byte(4, 0) === B, frame.byte(4, 1) === B));
  sink.value(part, 'antenna_status', frame.word(4));
  antennaLevels(rssiA, rssiB, part, sink);
};

function antennaLevels(rssiA: number, rssiB: number, part: number, sink: FieldSink): void {
  const a = shureRfPercent(rssiA) ?? 0;
  const b = shureRfPercent(rssiB) ?? 0;
  sink.value(part, 'rssi_a', shureRssiDbm(rssiA) ?? 0);
  sink.value(part, 'rssi_b', shureRssiDbm(rssiB) ?? 0);
  sink.value(part, 'rf_a_percent', a);
  sink.value(part, 'rf_b_percent', b);
  sink.value(part, 'rf_percent', Math.max(a, b));
}

/** SLX-D: audio peak, audio RMS, one RSSI of 0..120. */
export const sampleSlxd: SampleReader = (frame, part, sink) => {
  const peak = frame.integer(0);
  const rms = frame.integer(1);
  const rssi = frame.integer(2);
  if (!within(peak, 120) || !within(rms, 120) || !within(rssi, 120)) {
    refuse(frame, part, sink);
    return;
  }
  const peakDbfs = shureAudioDbfs(peak) ?? 0;
  const rmsDbfs = shureAudioDbfs(rms) ?? 0;
  sink.value(part, 'audio_peak_level', peakDbfs);
  sink.value(part, 'audio_level', rmsDbfs);
  sink.value(part, 'audio_percent', clampPercent(rmsDbfs - BAR_FLOOR_DBFS) ?? 0);
  sink.value(part, 'audio_peak', peakDbfs >= 0);
  sink.value(part, 'rssi', shureRssiDbm(rssi) ?? 0);
  sink.value(part, 'rf_percent', clampPercent((100 * rssi) / 120) ?? 0);
};

/** UHF-R: antenna, RF A, RF B (100 nothing, 20 full), battery bars, audio LED bits. */
export const sampleUhfr: SampleReader = (frame, part, sink) => {
  const rfA = frame.integer(1);
  const rfB = frame.integer(2);
  const battery = frame.integer(3);
  const leds = frame.integer(4);
  if (frame.length(0) !== 2 || !within(rfA, 100) || !within(rfB, 100) || !within(leds, 255)) {
    refuse(frame, part, sink);
    return;
  }
  const a = uhfrRfPercent(rfA) ?? 0;
  const b = uhfrRfPercent(rfB) ?? 0;
  sink.value(part, 'antenna', antennaWord(frame.byte(0, 0) === A, frame.byte(0, 1) === B));
  sink.value(part, 'rf_a_percent', a);
  sink.value(part, 'rf_b_percent', b);
  sink.value(part, 'rf_percent', Math.max(a, b));
  if (battery >= 0 && battery <= 5) {
    sink.value(part, 'battery_bars', battery);
    sink.value(part, 'battery_percent', battery * 20);
  }
  const step = leds < 2 ? 0 : 31 - Math.clz32(leds);
  sink.value(part, 'audio_percent', uhfrAudioPercent(step) ?? 0);
  sink.value(part, 'audio_peak', (leds & 128) !== 0);
};
