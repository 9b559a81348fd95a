/**
 * From a vendor's scale to ours, once: an adapter calls one of these where it reads the value, and everything
 * behind it speaks of percent, dBm, dBFS, MHz and minutes. All are pure. `undefined` means that the device said
 * "unknown", or something that is not on the scale: such a value is not passed on.
 */

/** Shure says 255 (one byte) or 65,535 (two) for what it does not know. */
const UNKNOWN_BYTE = 255;
const UNKNOWN_WORD = 65_535;
/** Shure's run times: 65,533 is a communication warning, 65,534 still calculating, 65,535 unknown. */
const RUNTIME_MAX_MIN = 65_532;
const BARS_MAX = 5;
const SHURE_RF_MAX = 115;
const SHURE_AUDIO_MAX = 50;
/** Shure sends levels below zero with 120 added. */
const SHURE_LEVEL_OFFSET = 120;
/** The transmitters' scale of the older receivers: 100 is nothing, 20 is full. */
const UHFR_RF_NONE = 100;
const UHFR_RF_SPAN = 80;
const UHFR_AUDIO_STEP = 12.5;
/** Steps of the in-ear monitors' meters, as raw levels; each is 10 %. */
const PSM_STEPS = [
  10_272, 23_728, 85_488, 246_260, 641_928, 1_588_744, 2_157_767, 2_502_970,
] as const;

/** Into 0..100; not a finite number: undefined. */
export function clampPercent(value: number): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  return Math.min(100, Math.max(0, value));
}

/** A share of a scale from `min` to `max`, as 0..100, cut at the ends. `min` may be the greater one. */
export function scaleToPercent(value: number, min: number, max: number): number | undefined {
  if (min === max) return undefined;
  return clampPercent((100 * (value - min)) / (max - min));
}

/** Battery bars 0..5 → 0..100 in steps of 20; 255 and what is off the scale: unknown. */
export function barsToPercent(bars: number): number | undefined {
  if (!Number.isInteger(bars) || bars < 0 || bars > BARS_MAX) return undefined;
  return (100 * bars) / BARS_MAX;
}

/** 0..100 → bars 0..5: a bar is lit while anything of it is left. */
export function percentToBars(percent: number): number | undefined {
  if (!Number.isFinite(percent) || percent < 0 || percent > 100) return undefined;
  return Math.ceil((percent * BARS_MAX) / 100);
}

/** 0..254 → 0..100, rounded down; 255 is unknown. */
export function byteToPercent(value: number): number | undefined {
  if (!Number.isInteger(value) || value < 0 || value >= UNKNOWN_BYTE) return undefined;
  return Math.floor((100 * value) / UNKNOWN_BYTE);
}

/** A percentage that a device says as such; 255, 65,535 and the like: unknown. */
export function plainPercent(value: number): number | undefined {
  return Number.isFinite(value) && value >= 0 && value <= 100 ? value : undefined;
}

/** Minutes left, 0..65,532; warnings and unknown above. */
export function runtimeMinutes(value: number): number | undefined {
  if (!Number.isInteger(value) || value < 0 || value > RUNTIME_MAX_MIN) return undefined;
  return value;
}

/** Minutes as `3:05`, the way receivers show them; undefined: the empty text. */
export function minutesToClock(minutes: number | undefined): string {
  if (minutes === undefined || !Number.isFinite(minutes) || minutes < 0) return '';
  const whole = Math.floor(minutes);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** QLX-D, ULX-D and Axient Digital: RF 0..115 → 0..100. */
export function shureRfPercent(raw: number): number | undefined {
  return raw === UNKNOWN_BYTE ? undefined : scaleToPercent(raw, 0, SHURE_RF_MAX);
}

/** QLX-D and ULX-D: audio 0..50 → 0..100. */
export function shureAudioPercent(raw: number): number | undefined {
  return raw === UNKNOWN_BYTE ? undefined : scaleToPercent(raw, 0, SHURE_AUDIO_MAX);
}

/** RSSI 0..120 → −120..0 dBm. */
export function shureRssiDbm(raw: number): number | undefined {
  return shureLevel(raw);
}

/** Audio level 0..120 → −120..0 dBFS. */
export function shureAudioDbfs(raw: number): number | undefined {
  return shureLevel(raw);
}

/** Axient Digital and SLX-D: channel quality 0..5 → 0..100; 255: unknown. */
export function shureQualityPercent(raw: number): number | undefined {
  return barsToPercent(raw);
}

/** UHF-R: RF 100 (nothing) .. 20 (full) → 0..100. */
export function uhfrRfPercent(raw: number): number | undefined {
  return scaleToPercent(raw, UHFR_RF_NONE, UHFR_RF_NONE - UHFR_RF_SPAN);
}

/** UHF-R: the highest lit step of the audio meter 0..8 → 0..100. */
export function uhfrAudioPercent(step: number): number | undefined {
  return Number.isFinite(step) ? clampPercent(Math.ceil(step * UHFR_AUDIO_STEP)) : undefined;
}

/** PSM 1000: raw level of a side → 0..80 in steps of 10. */
export function psmAudioPercent(raw: number): number | undefined {
  if (!Number.isFinite(raw) || raw < 0) return undefined;
  const above = PSM_STEPS.findIndex((step) => raw < step);
  return 10 * (above === -1 ? PSM_STEPS.length : above);
}

/** Gain or offset of a transmitter that is sent with `offsetDb` added; 255 and 65,535: unknown. */
export function offsetGainDb(raw: number, offsetDb: number): number | undefined {
  if (!Number.isFinite(raw) || raw === UNKNOWN_BYTE || raw === UNKNOWN_WORD) return undefined;
  return raw - offsetDb;
}

/** kHz → MHz with three decimals; 0 and below: no frequency. */
export function khzToMhz(khz: number): number | undefined {
  if (!Number.isFinite(khz) || khz <= 0) return undefined;
  return Math.round(khz) / 1_000;
}

/** Text as a frequency, `470125` kHz or `470.125` MHz → 470.125. */
export function frequencyMhz(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^\d{1,7}(\.\d{1,6})?$/.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return trimmed.includes('.') ? khzToMhz(value * 1_000) : khzToMhz(value);
}

/** Received power → 0..100 between the level where nothing is heard and the one where it cannot get better. */
export function dbmToPercent(dbm: number, floorDbm = -100, fullDbm = -40): number | undefined {
  return scaleToPercent(dbm, floorDbm, fullDbm);
}

/** Digital level → 0..100 of a meter that begins at `floorDbfs`. */
export function dbfsToPercent(dbfs: number, floorDbfs = -60): number | undefined {
  return scaleToPercent(dbfs, floorDbfs, 0);
}

/** Texts that are padded, in braces or quoted: `{Pastor   }` → `Pastor`. */
export function plainText(text: string): string {
  const trimmed = text.trim();
  const inner =
    trimmed.startsWith('{') && trimmed.endsWith('}') ? trimmed.slice(1, -1).trim() : trimmed;
  return inner;
}

/** `ON`, `true`, `1`, `enabled` … → true; their opposites → false; anything else: unknown. */
export function switchWord(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  if (ON_WORDS.has(word)) return true;
  return OFF_WORDS.has(word) ? false : undefined;
}

const ON_WORDS: ReadonlySet<string> = new Set(['on', 'true', '1', 'yes', 'enable', 'enabled']);
const OFF_WORDS: ReadonlySet<string> = new Set(['off', 'false', '0', 'no', 'disable', 'disabled']);

function shureLevel(raw: number): number | undefined {
  if (!Number.isFinite(raw) || raw < 0 || raw > SHURE_LEVEL_OFFSET) return undefined;
  return raw - SHURE_LEVEL_OFFSET;
}
