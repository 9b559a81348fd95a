/**
 * What a parameter means. Everything that speaks of batteries, radio or sound uses these words and units; a
 * plugin brings its vendor's scale to them once (`normalise.ts`).
 */
export const CHANNEL_ROLES = {
  /** Text: name of the channel as the receiver has it. */
  name: { kind: 'text' },
  /** 0..100 */
  battery_percent: { kind: 'number', unit: '%' },
  /** 0..5 */
  battery_bars: { kind: 'number', unit: '' },
  battery_minutes: { kind: 'number', unit: 'min' },
  /** 0..100, of the accumulator itself. */
  battery_health: { kind: 'number', unit: '%' },
  battery_cycles: { kind: 'number', unit: '' },
  battery_temperature: { kind: 'number', unit: '°C' },
  battery_type: { kind: 'text' },
  /** 0..100 of the vendor's scale, the better antenna. */
  rf_percent: { kind: 'number', unit: '%' },
  rf_a_percent: { kind: 'number', unit: '%' },
  rf_b_percent: { kind: 'number', unit: '%' },
  rssi_a: { kind: 'number', unit: 'dBm' },
  rssi_b: { kind: 'number', unit: 'dBm' },
  /** Antennas in use: `A`, `B`, `AB`, `XX` none. */
  antenna: { kind: 'text' },
  /** 0..100 */
  quality_percent: { kind: 'number', unit: '%' },
  interference: { kind: 'boolean' },
  /** 0..100 of the vendor's scale. */
  audio_percent: { kind: 'number', unit: '%' },
  /** In-ear monitors have two sides. */
  audio_left_percent: { kind: 'number', unit: '%' },
  audio_right_percent: { kind: 'number', unit: '%' },
  audio_level: { kind: 'number', unit: 'dBFS' },
  audio_peak_level: { kind: 'number', unit: 'dBFS' },
  /** The input is overloaded now. */
  audio_peak: { kind: 'boolean' },
  audio_gain: { kind: 'number', unit: 'dB' },
  mute: { kind: 'boolean' },
  frequency: { kind: 'number', unit: 'MHz' },
  /** Text: `G01 CH05`. */
  group_channel: { kind: 'text' },
  encryption: { kind: 'boolean' },
  /** A transmitter is switched on and received. */
  transmitter_on: { kind: 'boolean' },
  transmitter_model: { kind: 'text' },
  transmitter_name: { kind: 'text' },
  transmitter_serial: { kind: 'text' },
  transmitter_power: { kind: 'number', unit: 'mW' },
  /** Input pad or gain of the transmitter. */
  transmitter_offset: { kind: 'number', unit: 'dB' },
  /** Text: `power`, `menu`, `all`, `none`. */
  transmitter_lock: { kind: 'text' },
  /** Charger slots. */
  slot_occupied: { kind: 'boolean' },
  slot_charging: { kind: 'boolean' },
  slot_time_to_full: { kind: 'number', unit: 'min' },
  slot_state: { kind: 'text' },
  /** Any other measurement. */
  measurement: { kind: 'number' },
} as const satisfies Record<string, { kind: 'number' | 'text' | 'boolean'; unit?: string }>;

export type ChannelRole = keyof typeof CHANNEL_ROLES;
