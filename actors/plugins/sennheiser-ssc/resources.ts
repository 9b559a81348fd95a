import { dbmToPercent, khzToMhz, plainPercent } from '../sdk/normalise.js';
import { fieldOf, flagOf, listOf, numberOf, textOf } from '../sdk/payload.js';
import type { ChannelSpec } from '../sdk/plugin.types.js';
import type { ChannelRole } from '../sdk/roles.js';

type Value = number | string | boolean;

export interface Reading {
  readonly spec: ChannelSpec;
  readonly value: Value;
}

interface Field {
  readonly from: string;
  readonly what: string;
  readonly name: string;
  readonly kind: ChannelSpec['kind'];
  readonly role?: ChannelRole;
  readonly unit?: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly meter?: boolean;
  /** It can be set. */
  readonly set?: boolean;
  readonly read: (raw: unknown) => Value | undefined;
}

const within =
  (min: number, max: number) =>
  (raw: unknown): number | undefined => {
    const value = numberOf(raw);
    return value !== undefined && value >= min && value <= max ? value : undefined;
  };
const words = (raw: unknown): string | undefined => textOf(raw) || undefined;
const list = (raw: unknown): string =>
  listOf(raw, 32)
    .map((item) => textOf(item, 64) ?? '')
    .join(', ');
const percent = (raw: unknown): number | undefined => {
  const value = numberOf(raw);
  return value === undefined ? undefined : plainPercent(value);
};
const antenna = (raw: unknown): string | undefined => ['XX', 'A', 'B'][numberOf(raw) ?? -1];
const flag = (
  from: string,
  what: string,
  name: string,
  role?: ChannelRole,
  set = false,
): Field => ({
  from,
  what,
  name,
  kind: 'boolean',
  set,
  read: flagOf,
  ...(role === undefined ? {} : { role }),
});
const level = (
  from: string,
  what: string,
  name: string,
  role: ChannelRole,
  min: number,
  max: number,
  unit?: string,
): Field => ({
  from,
  what,
  name,
  kind: 'number',
  role,
  meter: true,
  min,
  max,
  read: within(min, max),
  ...(unit === undefined ? {} : { unit }),
});

/** Resources of a channel; `{i}` counts from 0, our parts from 1. An empty `from` is the value itself. */
const CHANNEL: Readonly<Record<string, readonly Field[]>> = {
  '/api/channel/{i}': [
    {
      from: 'name',
      what: 'name',
      name: 'Name',
      kind: 'text',
      role: 'name',
      set: true,
      read: words,
    },
    flag('mute', 'mute', 'Mute', 'mute', true),
    {
      from: 'gain',
      what: 'audio_gain',
      name: 'Gain',
      kind: 'number',
      role: 'audio_gain',
      set: true,
      min: -3,
      max: 42,
      read: within(-60, 60),
    },
    {
      from: 'outputLevel',
      what: 'output_level',
      name: 'Output level',
      kind: 'number',
      role: 'measurement',
      unit: 'dB',
      read: within(-60, 60),
    },
  ],
  '/api/channel/{i}/warnings': [
    { from: '', what: 'warnings', name: 'Warnings', kind: 'text', read: list },
    {
      from: '',
      what: 'audio_peak',
      name: 'Peak',
      kind: 'boolean',
      role: 'audio_peak',
      read: (raw) => listOf(raw).includes('AfPeak'),
    },
  ],
  '/api/channel/{i}/identify': [flag('enabled', 'identify', 'Identify', undefined, true)],
  '/api/rf/channels/{i}': [
    {
      from: 'frequency',
      what: 'frequency',
      name: 'Frequency',
      kind: 'number',
      role: 'frequency',
      decimals: 3,
      set: true,
      read: (raw) => khzToMhz(numberOf(raw) ?? 0),
    },
  ],
  '/api/transmitters/{i}': [
    {
      from: 'type',
      what: 'transmitter_model',
      name: 'Transmitter model',
      kind: 'text',
      role: 'transmitter_model',
      read: words,
    },
    {
      from: 'name',
      what: 'transmitter_name',
      name: 'Transmitter name',
      kind: 'text',
      role: 'transmitter_name',
      read: words,
    },
    flag('mute', 'transmitter_mute', 'Transmitter mute'),
    {
      from: 'trim',
      what: 'transmitter_offset',
      name: 'Transmitter trim',
      kind: 'number',
      role: 'transmitter_offset',
      read: within(-60, 60),
    },
    {
      from: 'lock',
      what: 'transmitter_lock',
      name: 'Transmitter lock',
      kind: 'text',
      role: 'transmitter_lock',
      read: (raw) => {
        const locked = flagOf(raw);
        return locked === undefined ? undefined : locked ? 'all' : 'none';
      },
    },
  ],
  '/api/transmitters/{i}/battery': [
    {
      from: 'gauge',
      what: 'battery_percent',
      name: 'Battery',
      kind: 'number',
      role: 'battery_percent',
      read: percent,
    },
    {
      from: 'lifetime',
      what: 'battery_minutes',
      name: 'Battery time left',
      kind: 'number',
      role: 'battery_minutes',
      read: within(0, 100_000),
    },
    {
      from: 'type',
      what: 'battery_type',
      name: 'Battery type',
      kind: 'text',
      role: 'battery_type',
      read: words,
    },
  ],
};

/** Those that change all the time: told by events only while somebody looks. */
const CHANNEL_FAST: Readonly<Record<string, readonly Field[]>> = {
  '/api/channel/{i}/signalQualityIndicator': [
    level('value', 'quality_percent', 'Quality', 'quality_percent', 0, 100),
  ],
  '/api/channel/{i}/signalStrengthIndicator': [
    level('value', 'rssi', 'RF power', 'measurement', -150, 20, 'dBm'),
    {
      from: 'value',
      what: 'rf_percent',
      name: 'RF',
      kind: 'number',
      role: 'rf_percent',
      meter: true,
      read: (raw) => {
        const dbm = within(-150, 20)(raw);
        return dbm === undefined ? undefined : dbmToPercent(dbm);
      },
    },
  ],
  '/api/channel/{i}/diversityIndicator': [
    {
      from: 'value',
      what: 'antenna',
      name: 'Antenna',
      kind: 'text',
      role: 'antenna',
      meter: true,
      read: antenna,
    },
  ],
  '/api/channel/{i}/level': [level('value', 'audio_level', 'Audio level', 'audio_level', -150, 20)],
};

const DEVICE: Readonly<Record<string, readonly Field[]>> = {
  '/api/device/site': [
    { from: 'location', what: 'location', name: 'Location', kind: 'text', read: words },
    { from: 'position', what: 'position', name: 'Position', kind: 'text', read: words },
  ],
  '/api/device/state': [
    { from: 'state', what: 'state', name: 'State', kind: 'text', read: words },
    {
      from: 'warnings',
      what: 'warnings',
      name: 'Warnings',
      kind: 'text',
      read: (raw) => (Array.isArray(raw) ? list(raw) : undefined),
    },
  ],
  '/api/device/identification': [flag('visual', 'identify', 'Identify', undefined, true)],
};

const RECEIVER: Readonly<Record<string, readonly Field[]>> = {
  '/api/rf/encryption': [flag('enabled', 'encryption', 'Encryption', 'encryption')],
};

/** TeamConnect ceiling microphones. */
const CEILING: Readonly<Record<string, readonly Field[]>> = {
  '/api/audio/outputs/global/mute': [flag('enabled', 'mute', 'Mute', 'mute', true)],
  '/api/audio/roomInUse': [flag('active', 'room_in_use', 'Room in use')],
};

const CEILING_FAST: Readonly<Record<string, readonly Field[]>> = {
  '/api/audio/inputs/microphone/level': [
    level('peak', 'audio_level', 'Audio level', 'audio_level', -150, 20),
  ],
  '/api/audio/inputs/microphone/beam/direction': [
    level('azimuth', 'beam_azimuth', 'Beam azimuth', 'measurement', 0, 360, '°'),
    level('elevation', 'beam_elevation', 'Beam elevation', 'measurement', 0, 90, '°'),
  ],
  '/api/audio/roomInUse/activityLevel': [
    level('peak', 'room_activity', 'Room activity', 'measurement', 0, 150, 'dB'),
  ],
};

const PATTERNS: Readonly<Record<string, readonly Field[]>> = {
  ...CHANNEL,
  ...CHANNEL_FAST,
  ...DEVICE,
  ...RECEIVER,
  ...CEILING,
  ...CEILING_FAST,
};

function expand(patterns: Readonly<Record<string, unknown>>, channels: number): readonly string[] {
  return Array.from({ length: channels }, (_, i) =>
    Object.keys(patterns).map((pattern) => pattern.replace('{i}', String(i))),
  ).flat();
}

/** Resources whose changes are wanted always. `channels` 0: a ceiling microphone. */
export function steadyResources(channels: number): readonly string[] {
  const own = channels === 0 ? Object.keys(CEILING) : Object.keys(RECEIVER);
  return [...expand(CHANNEL, channels), ...Object.keys(DEVICE), ...own];
}

/** Meters. */
export function fastResources(channels: number): readonly string[] {
  return channels === 0 ? Object.keys(CEILING_FAST) : expand(CHANNEL_FAST, channels);
}

/** What a resource says, on our scales; nothing for one that we do not know or a value that makes no sense. */
export function readingsOf(path: string, value: unknown): readonly Reading[] {
  const index = /^\/api\/(?:channel|rf\/channels|transmitters)\/(\d{1,2})(?=\/|$)/.exec(path)?.[1];
  const part = index === undefined ? undefined : Number(index) + 1;
  const pattern = index === undefined ? path : path.replace(`/${index}`, '/{i}');
  const fields = Object.hasOwn(PATTERNS, pattern) ? (PATTERNS[pattern] ?? []) : [];
  const readings: Reading[] = [];
  for (const field of fields) {
    if (field.from === '' && !Array.isArray(value)) continue;
    const raw = field.from === '' ? value : fieldOf(value, field.from);
    const read = raw === undefined || raw === null ? undefined : field.read(raw);
    if (read !== undefined) readings.push({ spec: specOf(field, part), value: read });
  }
  if (part !== undefined && pattern.startsWith('/api/transmitters/') && readings.length > 0) {
    readings.push(transmitterOn(part, true));
  }
  return readings;
}

/** A receiver answers 422 for the transmitter of a channel that has none. */
export function transmitterOn(part: number, on: boolean): Reading {
  const field = {
    what: 'transmitter_on',
    name: 'Transmitter on',
    kind: 'boolean',
    role: 'transmitter_on',
  } as const;
  return { spec: specOf(field, part), value: on };
}

function specOf(field: Omit<Field, 'from' | 'read'>, part: number | undefined): ChannelSpec {
  const { what, name, kind, role, unit, decimals, min, max, meter, set } = field;
  return {
    id: part === undefined ? what : `${part}.${what}`,
    name,
    kind,
    direction: set === true ? 'bidirectional' : 'input',
    ...(part === undefined ? {} : { part }),
    ...(role === undefined ? {} : { role }),
    ...(unit === undefined ? {} : { unit }),
    ...(decimals === undefined ? {} : { decimals }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(meter === undefined ? {} : { meter }),
  };
}

/** Where a parameter is set, and with what; undefined: it cannot be. */
export function writeOf(
  id: string,
  value: Value,
): { readonly paths: readonly [string, ...string[]]; readonly body: object } | undefined {
  const [, part, what = id] = /^(\d{1,2})\.(\w+)$/.exec(id) ?? [];
  const at = part === undefined ? undefined : Number(part) - 1;
  if (at === undefined) {
    if (what === 'identify')
      return { paths: ['/api/device/identification'], body: { visual: value } };
    return what === 'mute'
      ? { paths: ['/api/audio/outputs/global/mute'], body: { enabled: value } }
      : undefined;
  }
  if (what === 'name') return { paths: [`/api/channel/${at}`], body: { name: value } };
  if (what === 'mute') return { paths: [`/api/channel/${at}`], body: { mute: value } };
  if (what === 'audio_gain') return { paths: [`/api/channel/${at}`], body: { gain: value } };
  if (what === 'identify')
    return { paths: [`/api/channel/${at}/identify`], body: { enabled: value } };
  if (what !== 'frequency' || typeof value !== 'number') return undefined;
  // Firmwares differ in which of the two takes it.
  return {
    paths: [`/api/rf/channels/${at}/frequency`, `/api/rf/channels/${at}`],
    body: { frequency: Math.round(value * 1_000) },
  };
}

/** RF channels of a product by its name; undefined: unknown, count them. */
export function channelsOf(product: string | undefined): number | undefined {
  if (product === undefined) return undefined;
  if (/TCC|TeamConnect/i.test(product)) return 0;
  const count = /(\d)\s?CH/i.exec(product)?.[1] ?? /EM\s?([24])(?!\d)/i.exec(product)?.[1];
  return count === undefined ? undefined : Number(count);
}
