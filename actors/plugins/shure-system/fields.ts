import {
  barsToPercent,
  frequencyMhz,
  plainPercent,
  runtimeMinutes,
  shureAudioPercent,
  shureRfPercent,
} from '../sdk/normalise.js';
import { anyFieldOf, flagOf, numberOf, textOf } from '../sdk/payload.js';
import type { ChannelSpec } from '../sdk/plugin.types.js';
import type { ChannelRole } from '../sdk/roles.js';
import type { ShureChannel } from './decode.js';

type Value = number | string | boolean;

interface Field {
  readonly from: readonly string[];
  /** Of a channel's parameter: `1.<what>`. */
  readonly what: string;
  readonly name: string;
  readonly kind: ChannelSpec['kind'];
  readonly role?: ChannelRole;
  readonly unit?: string;
  readonly meter?: boolean;
  readonly decimals?: number;
  readonly read: (raw: unknown) => Value | undefined;
}

const UNKNOWN = 255;

/** A number through a scale; 255 is Shure's "unknown". */
function scaled(
  scale: (value: number) => number | undefined,
): (raw: unknown) => number | undefined {
  return (raw) => {
    const value = numberOf(raw);
    return value === undefined || value === UNKNOWN ? undefined : scale(value);
  };
}

const below = (max: number) => scaled((value) => (value >= 0 && value <= max ? value : undefined));
/** The services tell levels either in dB, at most 0, or on the receiver's own scale, above 0. */
const inDb = scaled((value) => (value <= 0 && value >= -150 ? value : undefined));
const text = (raw: unknown): string | undefined => textOf(raw) || undefined;

/** 0..5 of Axient Digital, 0..100, or 0..254 of older services. */
function quality(value: number): number | undefined {
  if (value <= 5) return barsToPercent(value);
  return value <= 100 ? value : Math.round((value / 254) * 100);
}

function minutes(raw: unknown): number | undefined {
  const clock = typeof raw === 'string' ? /^(\d{1,3}):([0-5]\d)$/.exec(raw.trim()) : null;
  if (clock !== null) return Number(clock[1]) * 60 + Number(clock[2]);
  const value = numberOf(raw);
  return value === undefined ? undefined : runtimeMinutes(value);
}

function megahertz(raw: unknown): number | undefined {
  const value = numberOf(raw);
  if (value === undefined || value <= 0) return undefined;
  // 470125000 Hz, 470125 kHz or 470.125 MHz.
  if (value >= 1e7) return frequencyMhz(String(Math.round(value / 1_000)));
  return value >= 1e4 ? frequencyMhz(String(Math.round(value))) : frequencyMhz(value.toFixed(3));
}

const FIELDS: readonly Field[] = [
  {
    from: ['batteryBars', 'battery_bars'],
    what: 'battery_bars',
    name: 'Battery bars',
    kind: 'number',
    role: 'battery_bars',
    read: below(5),
  },
  {
    from: ['batteryCharge', 'battery_charge'],
    what: 'battery_percent',
    name: 'Battery',
    kind: 'number',
    role: 'battery_percent',
    read: scaled(plainPercent),
  },
  {
    from: ['batteryRuntimeMinutes', 'battery_runtime_minutes'],
    what: 'battery_minutes',
    name: 'Battery time left',
    kind: 'number',
    role: 'battery_minutes',
    read: minutes,
  },
  {
    from: ['batteryHealth', 'battery_health'],
    what: 'battery_health',
    name: 'Battery health',
    kind: 'number',
    role: 'battery_health',
    read: scaled(plainPercent),
  },
  {
    from: ['batteryCycles', 'battery_cycles'],
    what: 'battery_cycles',
    name: 'Battery cycles',
    kind: 'number',
    role: 'battery_cycles',
    read: below(65_534),
  },
  {
    from: ['batteryTemperatureC', 'battery_temperature_c'],
    what: 'battery_temperature',
    name: 'Battery temperature',
    kind: 'number',
    role: 'battery_temperature',
    read: scaled((value) => (Math.abs(value) <= 120 ? value : undefined)),
  },
  {
    from: ['batteryType', 'battery_type'],
    what: 'battery_type',
    name: 'Battery type',
    kind: 'text',
    role: 'battery_type',
    read: text,
  },
  {
    from: ['audioLevel', 'audio_level'],
    what: 'audio_level',
    name: 'Audio level',
    kind: 'number',
    role: 'audio_level',
    meter: true,
    read: inDb,
  },
  {
    from: ['audioLevel', 'audio_level'],
    what: 'audio_percent',
    name: 'Audio',
    kind: 'number',
    role: 'audio_percent',
    meter: true,
    read: scaled((value) => (value > 0 && value <= 50 ? shureAudioPercent(value) : undefined)),
  },
  {
    from: ['rfLevel', 'rf_level'],
    what: 'rssi',
    name: 'RF power',
    kind: 'number',
    role: 'measurement',
    unit: 'dBm',
    meter: true,
    read: inDb,
  },
  {
    from: ['rfLevel', 'rf_level'],
    what: 'rf_percent',
    name: 'RF',
    kind: 'number',
    role: 'rf_percent',
    meter: true,
    read: scaled((value) => (value > 0 && value <= 115 ? shureRfPercent(value) : undefined)),
  },
  {
    from: ['rfAntennaA', 'rf_antenna_a'],
    what: 'rssi_a',
    name: 'RF power A',
    kind: 'number',
    role: 'rssi_a',
    meter: true,
    read: inDb,
  },
  {
    from: ['rfAntennaB', 'rf_antenna_b'],
    what: 'rssi_b',
    name: 'RF power B',
    kind: 'number',
    role: 'rssi_b',
    meter: true,
    read: inDb,
  },
  {
    from: ['rfAntennaA', 'rf_antenna_a'],
    what: 'rf_a_percent',
    name: 'RF A',
    kind: 'number',
    role: 'rf_a_percent',
    meter: true,
    read: scaled((value) => (value > 0 && value <= 115 ? shureRfPercent(value) : undefined)),
  },
  {
    from: ['rfAntennaB', 'rf_antenna_b'],
    what: 'rf_b_percent',
    name: 'RF B',
    kind: 'number',
    role: 'rf_b_percent',
    meter: true,
    read: scaled((value) => (value > 0 && value <= 115 ? shureRfPercent(value) : undefined)),
  },
  {
    from: ['rfQuality', 'rf_quality'],
    what: 'rf_quality',
    name: 'RF quality',
    kind: 'number',
    role: 'measurement',
    unit: '%',
    read: scaled(quality),
  },
  {
    from: ['audioQuality', 'audio_quality', 'quality'],
    what: 'quality_percent',
    name: 'Quality',
    kind: 'number',
    role: 'quality_percent',
    read: scaled(quality),
  },
  {
    from: ['frequency'],
    what: 'frequency',
    name: 'Frequency',
    kind: 'number',
    role: 'frequency',
    decimals: 3,
    read: megahertz,
  },
  {
    from: ['antenna'],
    what: 'antenna',
    name: 'Antenna',
    kind: 'text',
    role: 'antenna',
    read: text,
  },
  { from: ['diversity'], what: 'diversity', name: 'Diversity', kind: 'text', read: text },
  { from: ['status'], what: 'status', name: 'Status', kind: 'text', read: text },
  {
    from: ['txOffset', 'tx_offset'],
    what: 'transmitter_offset',
    name: 'Transmitter gain',
    kind: 'number',
    role: 'transmitter_offset',
    read: scaled((value) => (Math.abs(value) <= 60 ? value : undefined)),
  },
  {
    from: ['deviceName', 'name'],
    what: 'transmitter_name',
    name: 'Transmitter name',
    kind: 'text',
    role: 'transmitter_name',
    read: text,
  },
  { from: ['slot'], what: 'slot', name: 'Slot', kind: 'number', read: below(100_000) },
  {
    from: ['isMuted', 'is_muted', 'mute'],
    what: 'mute',
    name: 'Mute',
    kind: 'boolean',
    role: 'mute',
    read: flagOf,
  },
  {
    from: ['txPower', 'tx_power'],
    what: 'transmitter_power',
    name: 'Transmitter power',
    kind: 'number',
    role: 'transmitter_power',
    read: below(1_000),
  },
  {
    from: ['txPower', 'tx_power'],
    what: 'power_mode',
    name: 'Power mode',
    kind: 'text',
    read: (raw) => (numberOf(raw) === undefined ? text(raw) : undefined),
  },
  {
    from: ['encryption'],
    what: 'encryption',
    name: 'Encryption',
    kind: 'boolean',
    role: 'encryption',
    read: flagOf,
  },
  { from: ['clip'], what: 'clip', name: 'Clipping', kind: 'boolean', read: flagOf },
  {
    from: ['peak'],
    what: 'audio_peak',
    name: 'Peak',
    kind: 'boolean',
    role: 'audio_peak',
    read: flagOf,
  },
];

export interface Reading {
  readonly spec: ChannelSpec;
  readonly value: Value;
}

/** What a channel's object says, on our scales; what it does not know is left out. */
export function readingsOf(channel: ShureChannel): readonly Reading[] {
  const { number, name, transmitter } = channel;
  const readings: Reading[] = [];
  const add = (field: Omit<Field, 'from' | 'read'>, value: Value | undefined): void => {
    if (value !== undefined) readings.push({ spec: specOf(field, number), value });
  };
  add({ what: 'name', name: 'Name', kind: 'text', role: 'name' }, name);
  if (transmitter === undefined) return readings;
  const status = textOf(anyFieldOf(transmitter, ['status'])) ?? '';
  const on = transmitter !== null && !/^(off|inactive|offline|none|unknown)$/i.test(status);
  add(
    { what: 'transmitter_on', name: 'Transmitter on', kind: 'boolean', role: 'transmitter_on' },
    on,
  );
  if (transmitter === null) return readings;
  for (const field of FIELDS) add(field, field.read(anyFieldOf(transmitter, field.from)));
  const told = new Set(readings.map(({ spec }) => spec.role));
  if (!told.has('battery_percent')) {
    // Bars are all that many transmitters tell.
    const bars = numberOf(anyFieldOf(transmitter, ['batteryBars', 'battery_bars']));
    const percent = bars === undefined ? undefined : barsToPercent(bars);
    add(
      { what: 'battery_percent', name: 'Battery', kind: 'number', role: 'battery_percent' },
      percent,
    );
  }
  return readings;
}

function specOf(field: Omit<Field, 'from' | 'read'>, part: number): ChannelSpec {
  const { what, name, kind, role, unit, meter, decimals } = field;
  return {
    id: `${part}.${what}`,
    name,
    kind,
    direction: 'input',
    part,
    ...(role === undefined ? {} : { role }),
    ...(unit === undefined ? {} : { unit }),
    ...(meter === undefined ? {} : { meter }),
    ...(decimals === undefined ? {} : { decimals }),
  };
}
