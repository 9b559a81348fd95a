import type { ChannelSpec } from '../sdk/plugin.types.js';

type Field = Omit<ChannelSpec, 'id' | 'part'>;

const meter = { kind: 'number', direction: 'input', meter: true, min: 0, max: 100 } as const;
/** The same reading as a percentage that is kept, in the unit of the handbooks. */
const twin = { ...meter, history: false } as const;
const told = { kind: 'number', direction: 'input' } as const;
const word = { kind: 'text', direction: 'input' } as const;
const state = { kind: 'boolean', direction: 'input' } as const;

/** Every parameter that a device of any family may tell, in our units. The key is the last part of its id. */
export const FIELDS = {
  name: { name: 'Name', kind: 'text', role: 'name', direction: 'bidirectional' },
  frequency: {
    name: 'Frequency',
    kind: 'number',
    role: 'frequency',
    unit: 'MHz',
    decimals: 3,
    direction: 'bidirectional',
  },
  group_channel: { ...word, name: 'Group and channel', role: 'group_channel' },
  antenna: { ...word, name: 'Antenna in use', role: 'antenna', meter: true },
  antenna_status: { ...word, name: 'Antenna lights', meter: true },
  rf_percent: { ...meter, name: 'RF', role: 'rf_percent', unit: '%', decimals: 0 },
  rf_a_percent: { ...meter, name: 'RF A', role: 'rf_a_percent', unit: '%', decimals: 0 },
  rf_b_percent: { ...meter, name: 'RF B', role: 'rf_b_percent', unit: '%', decimals: 0 },
  rssi: {
    ...twin,
    name: 'RSSI',
    role: 'measurement',
    unit: 'dBm',
    min: -128,
    max: 0,
    decimals: 0,
  },
  rssi_a: { ...twin, name: 'RSSI A', role: 'rssi_a', unit: 'dBm', min: -120, max: 0, decimals: 0 },
  rssi_b: { ...twin, name: 'RSSI B', role: 'rssi_b', unit: 'dBm', min: -120, max: 0, decimals: 0 },
  quality_percent: { ...meter, name: 'Quality', role: 'quality_percent', unit: '%', decimals: 0 },
  audio_percent: { ...meter, name: 'Audio', role: 'audio_percent', unit: '%', decimals: 0 },
  audio_left_percent: { ...meter, name: 'Audio left', role: 'audio_left_percent', unit: '%' },
  audio_right_percent: { ...meter, name: 'Audio right', role: 'audio_right_percent', unit: '%' },
  audio_level: {
    ...twin,
    name: 'Audio level',
    role: 'audio_level',
    unit: 'dBFS',
    min: -120,
    max: 0,
    decimals: 0,
  },
  audio_peak_level: {
    ...meter,
    name: 'Audio peak level',
    role: 'audio_peak_level',
    unit: 'dBFS',
    min: -120,
    max: 0,
    decimals: 0,
  },
  audio_peak: { ...state, name: 'Overload', role: 'audio_peak', meter: true },
  /** −32 to 0 on UHF-R, −18 to 42 on the others. */
  audio_gain: {
    name: 'Gain',
    kind: 'number',
    role: 'audio_gain',
    unit: 'dB',
    min: -32,
    max: 42,
    decimals: 0,
    direction: 'bidirectional',
  },
  mute: { name: 'Mute', kind: 'boolean', role: 'mute', direction: 'bidirectional' },
  battery_percent: {
    ...told,
    name: 'Battery',
    role: 'battery_percent',
    unit: '%',
    min: 0,
    max: 100,
    decimals: 0,
  },
  battery_bars: {
    ...told,
    name: 'Battery bars',
    role: 'battery_bars',
    min: 0,
    max: 5,
    decimals: 0,
  },
  battery_minutes: { ...told, name: 'Runtime', role: 'battery_minutes', unit: 'min', decimals: 0 },
  battery_health: {
    ...told,
    name: 'Battery health',
    role: 'battery_health',
    unit: '%',
    decimals: 0,
  },
  battery_cycles: { ...told, name: 'Battery cycles', role: 'battery_cycles', decimals: 0 },
  battery_temperature: {
    ...told,
    name: 'Battery temperature',
    role: 'battery_temperature',
    unit: '°C',
    decimals: 0,
  },
  battery_type: { ...word, name: 'Battery type', role: 'battery_type' },
  interference: { ...state, name: 'Interference', role: 'interference' },
  encryption: { ...state, name: 'Encryption', role: 'encryption' },
  encryption_error: { ...state, name: 'Encryption does not match' },
  transmitter_on: { ...state, name: 'Transmitter on', role: 'transmitter_on' },
  transmitter_model: { ...word, name: 'Transmitter model', role: 'transmitter_model' },
  transmitter_name: { ...word, name: 'Transmitter name', role: 'transmitter_name' },
  transmitter_power: {
    ...told,
    name: 'Transmitter power',
    role: 'transmitter_power',
    unit: 'mW',
    decimals: 0,
  },
  transmitter_power_mode: { ...word, name: 'Transmitter power setting' },
  transmitter_offset: {
    ...told,
    name: 'Transmitter offset',
    role: 'transmitter_offset',
    unit: 'dB',
    decimals: 0,
  },
  transmitter_lock: { ...word, name: 'Transmitter lock', role: 'transmitter_lock' },
  transmitter_mute: { ...state, name: 'Transmitter muted' },
  flash: { name: 'Flash', kind: 'boolean', direction: 'bidirectional' },
  slot_occupied: { ...state, name: 'Occupied', role: 'slot_occupied' },
  slot_charging: { ...state, name: 'Charging', role: 'slot_charging' },
  slot_time_to_full: {
    ...told,
    name: 'Time to full',
    role: 'slot_time_to_full',
    unit: 'min',
    decimals: 0,
  },
  slot_state: { ...word, name: 'State', role: 'slot_state' },
  slot_error: { ...word, name: 'Error' },
  device_name: { name: 'Device name', kind: 'text', direction: 'bidirectional' },
  rf_band: { ...word, name: 'RF band' },
  storage_mode: { name: 'Storage mode', kind: 'boolean', direction: 'bidirectional' },
} as const satisfies Record<string, Field>;

export type FieldId = keyof typeof FIELDS;

/** Takes what a frame says, in our units. Part 0 is the device itself. */
export interface FieldSink {
  /** Null: the device does not know it now. */
  value(part: number, field: FieldId, value: number | string | boolean | null): void;
  /** The frame says what cannot be: told once, never shown. */
  impossible(part: number, key: string, text: string): void;
}

/** Declarations by part; parts are few, see `Family.maxParts`. */
const declared: { [field in FieldId]?: ChannelSpec }[] = [];

/** The parameter's declaration, one for all devices; ids are `<part>.<field>`, those of the device the field alone. */
export function specOf(part: number, field: FieldId): ChannelSpec {
  while (declared.length <= part) declared.push({});
  const ofPart = declared[part] ?? {};
  const known = ofPart[field];
  if (known !== undefined) return known;
  const id = part === 0 ? field : `${part}.${field}`;
  const spec = Object.freeze({ ...FIELDS[field], id, ...(part === 0 ? {} : { part }) });
  ofPart[field] = spec;
  return spec;
}

/** The reverse of `specOf`'s ids; undefined: no such parameter. */
export function fieldOf(id: string): { part: number; field: FieldId } | undefined {
  const dot = id.indexOf('.');
  const part = dot === -1 ? 0 : Number(id.slice(0, dot));
  const field = id.slice(dot + 1);
  if (!Number.isInteger(part) || part < 0 || (dot !== -1 && part === 0)) return undefined;
  return isField(field) ? { part, field } : undefined;
}

function isField(text: string): text is FieldId {
  return Object.hasOwn(FIELDS, text);
}
