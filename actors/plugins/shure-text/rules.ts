import {
  barsToPercent,
  frequencyMhz,
  khzToMhz,
  offsetGainDb,
  plainPercent,
  psmAudioPercent,
  runtimeMinutes,
  shureQualityPercent,
} from '../sdk/normalise.js';
import type { FieldId, FieldSink } from './fields.js';
import type { Frame } from './frame.js';

/** Reads the values of one key. `part`: the channel or slot, 0 for the device. */
export type Rule = (frame: Frame, part: number, sink: FieldSink) => void;

/** Two-byte numbers from here on mean something else than a number. */
const WORD_MARKS_FROM = 65_529;

function refuse(frame: Frame, part: number, sink: FieldSink): void {
  sink.impossible(part, frame.key, frame.text());
}

const text =
  (field: FieldId): Rule =>
  (frame, part, sink) => {
    sink.value(part, field, frame.text());
  };

const whole =
  (
    field: FieldId,
    options: {
      readonly max: number;
      readonly unknown: readonly number[];
      /** Unknown takes away what was known; else it says nothing. */
      readonly forgets?: boolean;
      readonly convert: (raw: number) => number | undefined;
    },
  ): Rule =>
  (frame, part, sink) => {
    const raw = frame.integer(0);
    if (options.unknown.includes(raw)) {
      if (options.forgets === true) sink.value(part, field, null);
      return;
    }
    const value = raw >= 0 && raw <= options.max ? options.convert(raw) : undefined;
    if (value === undefined) refuse(frame, part, sink);
    else sink.value(part, field, value);
  };

const choice =
  (field: FieldId, yes: readonly string[], no: readonly string[]): Rule =>
  (frame, part, sink) => {
    const said = frame.word(0);
    if (yes.includes(said)) sink.value(part, field, true);
    else if (no.includes(said)) sink.value(part, field, false);
    else if (!UNKNOWN_WORDS.has(said)) refuse(frame, part, sink);
  };

const UNKNOWN_WORDS: ReadonlySet<string> = new Set(['UNKN', 'UNKNOWN', '']);

const gain = (max: number, offset: number): Rule =>
  whole('audio_gain', { max, unknown: [255], convert: (raw) => offsetGainDb(raw, offset) });

const frequency: Rule = (frame, part, sink) => {
  const raw = frame.integer(0);
  // From the lowest VHF channel to the 7 GHz band; the digits are kHz.
  const value = Number.isNaN(raw) ? frequencyMhz(frame.word(0)) : khzToMhz(raw);
  if (value === undefined || value < 40 || value > 7_200) refuse(frame, part, sink);
  else sink.value(part, 'frequency', value);
};

const groupChannel: Rule = (frame, part, sink) => {
  const said = frame.text();
  const comma = said.indexOf(',');
  const group = comma === -1 ? '' : said.slice(0, comma).trim();
  const channel = comma === -1 ? '' : said.slice(comma + 1).trim();
  if (group === '' || channel === '') refuse(frame, part, sink);
  else sink.value(part, 'group_channel', group === '--' ? '' : `G${group} CH${channel}`);
};

/** Bars make the percentage where the device has no better figure; `percentToo` says that it has none. */
const bars =
  (percentToo: boolean): Rule =>
  (frame, part, sink) => {
    const raw = frame.integer(0);
    if (raw === 255) {
      sink.value(part, 'transmitter_on', false);
      return;
    }
    const percent = barsToPercent(raw);
    if (percent === undefined) {
      refuse(frame, part, sink);
      return;
    }
    sink.value(part, 'battery_bars', raw);
    if (percentToo) sink.value(part, 'battery_percent', percent);
    sink.value(part, 'transmitter_on', true);
  };

const charge = whole('battery_percent', {
  max: 100,
  unknown: [253, 254, 255],
  forgets: true,
  convert: plainPercent,
});
const health = whole('battery_health', {
  max: 100,
  unknown: [253, 254, 255],
  forgets: true,
  convert: plainPercent,
});
const minutes: Rule = (frame, part, sink) => {
  const raw = frame.integer(0);
  if (raw > 65_532 && raw <= 65_535) {
    sink.value(part, 'battery_minutes', null);
    return;
  }
  const value = runtimeMinutes(raw);
  if (value === undefined) refuse(frame, part, sink);
  else sink.value(part, 'battery_minutes', value);
};
const cycles = whole('battery_cycles', {
  max: WORD_MARKS_FROM - 1,
  unknown: [65_533, 65_534, 65_535],
  forgets: true,
  convert: (raw) => raw,
});
/** Sent with 40 added, so that frost has no sign. */
const celsius = whole('battery_temperature', {
  max: 165,
  unknown: [253, 254, 255],
  forgets: true,
  convert: (raw) => raw - 40,
});
const transmitterModel: Rule = (frame, part, sink) => {
  const said = frame.text();
  const on = !UNKNOWN_WORDS.has(said);
  sink.value(part, 'transmitter_on', on);
  sink.value(part, 'transmitter_model', on ? said : '');
};
const encryption = choice('encryption', ['ON', 'AUTO', 'MANUAL'], ['OFF']);
const flash = choice('flash', ['ON'], ['OFF']);

/** Power steps of QLX-D and ULX-D, of which the milliwatts depend on the band: 1, 10 and 20 in most. */
const powerStep: Rule = (frame, part, sink) => {
  const said = frame.word(0);
  const milliwatts = { LOW: 1, NORMAL: 10, HIGH: 20 }[said];
  if (milliwatts !== undefined) {
    sink.value(part, 'transmitter_power', milliwatts);
    sink.value(part, 'transmitter_power_mode', said.toLowerCase());
  } else if (!UNKNOWN_WORDS.has(said)) refuse(frame, part, sink);
};

/** Two switches that make the one word `transmitter_lock`; the other one's state is in `locks`. */
function lockSwitches(): { power: Rule; menu: Rule } {
  const held = new WeakMap<FieldSink, Map<number, number>>();
  const rule =
    (bit: number): Rule =>
    (frame, part, sink) => {
      const said = frame.word(0);
      if (said !== 'ON' && said !== 'OFF') {
        if (!UNKNOWN_WORDS.has(said)) refuse(frame, part, sink);
        return;
      }
      let parts = held.get(sink);
      if (parts === undefined) {
        parts = new Map();
        held.set(sink, parts);
      }
      const before = parts.get(part) ?? 0;
      const now = said === 'ON' ? before | bit : before & ~bit;
      parts.set(part, now);
      sink.value(part, 'transmitter_lock', ['none', 'power', 'menu', 'all'][now] ?? 'none');
    };
  return { power: rule(1), menu: rule(2) };
}
const locks = lockSwitches();

const lockWord: Rule = (frame, part, sink) => {
  const said = frame.word(0);
  const lock = { POWER: 'power', MENU: 'menu', ALL: 'all', OFF: 'none', NONE: 'none' }[said];
  if (lock !== undefined) sink.value(part, 'transmitter_lock', lock);
  else if (!UNKNOWN_WORDS.has(said)) refuse(frame, part, sink);
};

const COMMON: readonly (readonly [string, Rule])[] = [
  ['CHAN_NAME', text('name')],
  ['FREQUENCY', frequency],
  ['GROUP_CHAN', groupChannel],
  ['GROUP_CHANNEL', groupChannel],
  ['FLASH', flash],
];

/** QLX-D and ULX-D. */
export const QULXD_RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...COMMON,
  ['AUDIO_GAIN', gain(60, 18)],
  ['AUDIO_MUTE', choice('mute', ['ON'], ['OFF'])],
  ['BATT_BARS', bars(false)],
  ['BATT_CHARGE', charge],
  ['BATT_RUN_TIME', minutes],
  ['BATT_HEALTH', health],
  ['BATT_CYCLE', cycles],
  ['BATT_TEMP_C', celsius],
  ['BATT_TYPE', text('battery_type')],
  ['TX_TYPE', transmitterModel],
  ['TX_DEVICE_ID', text('transmitter_name')],
  ['TX_OFFSET', whole('transmitter_offset', { max: 60, unknown: [255], convert: (raw) => raw })],
  ['TX_RF_PWR', powerStep],
  ['TX_MUTE_STATUS', choice('transmitter_mute', ['ON'], ['OFF'])],
  ['TX_PWR_LOCK', locks.power],
  ['TX_MENU_LOCK', locks.menu],
  ['TX_LOCK', lockWord],
  ['RF_INT_DET', choice('interference', ['CRITICAL', 'DETECTED'], ['NONE'])],
  ['ENCRYPTION_WARNING', choice('encryption_error', ['ON'], ['OFF'])],
]);

/** Axient Digital and SLX-D share the words for the transmitter. */
export const AXTD_RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...COMMON,
  ['AUDIO_GAIN', gain(60, 18)],
  ['AUDIO_MUTE', choice('mute', ['ON'], ['OFF'])],
  ['TX_BATT_BARS', bars(false)],
  ['TX_BATT_CHARGE_PERCENT', charge],
  ['TX_BATT_HEALTH_PERCENT', health],
  ['TX_BATT_MINS', minutes],
  ['TX_BATT_CYCLE_COUNT', cycles],
  ['TX_BATT_TEMP_C', celsius],
  ['TX_BATT_TYPE', text('battery_type')],
  ['TX_MODEL', transmitterModel],
  ['TX_DEVICE_ID', text('transmitter_name')],
  [
    'TX_OFFSET',
    whole('transmitter_offset', { max: 60, unknown: [255], convert: (raw) => raw - 12 }),
  ],
  [
    'TX_POWER_LEVEL',
    whole('transmitter_power', { max: 254, unknown: [255], convert: (raw) => raw }),
  ],
  ['TX_MUTE_MODE_STATUS', choice('transmitter_mute', ['MUTE', 'ON'], ['OFF'])],
  ['TX_LOCK', lockWord],
  [
    'CHAN_QUALITY',
    whole('quality_percent', { max: 5, unknown: [255], convert: shureQualityPercent }),
  ],
  ['INTERFERENCE_STATUS', choice('interference', ['DETECTED'], ['NONE'])],
  ['ENCRYPTION_STATUS', choice('encryption_error', ['ERROR'], ['OK'])],
]);

export const SLXD_RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...[...AXTD_RULES].filter(([key]) => key !== 'AUDIO_MUTE'),
  ['TX_BATT_BARS', bars(true)],
]);

export const P10T_RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...COMMON,
  ['RF_MUTE', choice('mute', ['1', '0001', 'ON'], ['0', '0000', 'OFF'])],
  ['RF_TX_LVL', whole('transmitter_power', { max: 1_000, unknown: [], convert: (raw) => raw })],
  ['AUDIO_IN_LVL_L', psmSide('audio_left_percent')],
  ['AUDIO_IN_LVL_R', psmSide('audio_right_percent')],
]);

function psmSide(field: 'audio_left_percent' | 'audio_right_percent'): Rule {
  return whole(field, { max: 99_999_999, unknown: [], convert: psmAudioPercent });
}

/** UHF-R says battery bars 1 to 5, `U` without a transmitter, and its gain as attenuation. */
export const UHFR_RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...COMMON,
  ['TX_BAT', uhfrBattery],
  ['BATT_BARS', uhfrBattery],
  ['AUDIO_GAIN', whole('audio_gain', { max: 32, unknown: [255], convert: (raw) => -raw })],
  ['TX_TYPE', transmitterModel],
]);

function uhfrBattery(frame: Frame, part: number, sink: FieldSink): void {
  if (frame.word(0) === 'U') sink.value(part, 'transmitter_on', false);
  else bars(true)(frame, part, sink);
}

/** Networked chargers; a bay is a part. */
export const CHARGER_RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['BATT_DETECTED', choice('slot_occupied', ['YES'], ['NO'])],
  [
    'BATT_BARS',
    (frame, part, sink) => {
      const raw = frame.integer(0);
      if (barsToPercent(raw) !== undefined) sink.value(part, 'battery_bars', raw);
      else if (raw >= 253 && raw <= 255) sink.value(part, 'battery_bars', null);
      else refuse(frame, part, sink);
    },
  ],
  ['BATT_CHARGE', charge],
  ['BATT_HEALTH', health],
  ['BATT_CYCLE', cycles],
  ['BATT_TEMP_C', celsius],
  ['BATT_TYPE', text('battery_type')],
  [
    'BATT_TIME_TO_FULL',
    (frame, part, sink) => {
      const raw = frame.integer(0);
      if (raw >= 0 && raw < WORD_MARKS_FROM) sink.value(part, 'slot_time_to_full', raw);
      else if (!(raw >= WORD_MARKS_FROM && raw <= 65_535)) refuse(frame, part, sink);
    },
  ],
  [
    'BATT_STATE',
    (frame, part, sink) => {
      const said = frame.text();
      sink.value(part, 'slot_state', said.toLowerCase());
      sink.value(part, 'slot_charging', said.startsWith('CHARG') || said.startsWith('WARM'));
    },
  ],
  [
    'BATT_ERROR',
    (frame, part, sink) => {
      const code = frame.integer(0);
      sink.value(part, 'slot_error', code === 0 ? '' : frame.text());
    },
  ],
]);

/** Keys without a channel, of all families. Who and what the device is comes from `identity.ts`. */
export const DEVICE_RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['DEVICE_ID', text('device_name')],
  ['DEVICE_NAME', text('device_name')],
  ['RF_BAND', text('rf_band')],
  ['FLASH', flash],
  ['STORAGE_MODE', choice('storage_mode', ['ON'], ['OFF'])],
  ['ENCRYPTION', encryption],
  ['ENCRYPTION_MODE', encryption],
]);
