import type { Radio } from './radio.js';

export type SeriesName = 'qlxd' | 'ulxd' | 'axtd' | 'slxd' | 'p10t' | 'uhfr' | 'charger';

export interface Model {
  readonly series: SeriesName;
  readonly model: string;
  readonly channels: number;
  /** Number under which it announces itself. */
  readonly dcid: string;
}

/** Facts of the vendor's device map; the receiver of UHF-R announces itself by its series only. */
export const MODELS: Readonly<Record<string, Model>> = {
  QLXD4: {
    series: 'qlxd',
    model: 'QLXD4',
    channels: 1,
    dcid: 'CCE8D7E4-E139-11DF-86E4-0015C5F3F612',
  },
  ULXD4: {
    series: 'ulxd',
    model: 'ULXD4',
    channels: 1,
    dcid: 'CCDF5764-E139-11DF-80C6-0015C5F3F612',
  },
  ULXD4D: {
    series: 'ulxd',
    model: 'ULXD4D',
    channels: 2,
    dcid: 'CCDFCAB4-E139-11DF-94CE-0015C5F3F612',
  },
  ULXD4Q: {
    series: 'ulxd',
    model: 'ULXD4Q',
    channels: 4,
    dcid: 'CCE03CA6-E139-11DF-9128-0015C5F3F612',
  },
  AD4D: {
    series: 'axtd',
    model: 'AD4D',
    channels: 2,
    dcid: 'CD282D40-E139-11DF-8481-0015C5F3F612',
  },
  AD4Q: {
    series: 'axtd',
    model: 'AD4Q',
    channels: 4,
    dcid: 'CD28E12C-E139-11DF-8153-0015C5F3F612',
  },
  SLXD4: { series: 'slxd', model: 'SLXD4', channels: 1, dcid: '' },
  SLXD4D: { series: 'slxd', model: 'SLXD4D', channels: 2, dcid: '' },
  P10T: {
    series: 'p10t',
    model: 'P10T',
    channels: 2,
    dcid: 'CCE48608-E139-11DF-8B4E-0015C5F3F612',
  },
  UR4S: { series: 'uhfr', model: 'UR4S', channels: 1, dcid: '' },
  UR4D: { series: 'uhfr', model: 'UR4D', channels: 2, dcid: '' },
  SBRC: {
    series: 'charger',
    model: 'SBRC',
    channels: 8,
    dcid: 'CD0C625E-E139-11DF-9AB3-0015C5F3F612',
  },
};

export const pad = (value: number, digits: number): string =>
  String(Math.max(0, Math.round(value))).padStart(digits, '0');
const braces = (text: string, width: number): string => `{${text.padEnd(width)}}`;

/** What a device reports of a channel, in the order of its answer to `GET n ALL`. */
export function reports(series: SeriesName, radio: Radio): readonly (readonly [string, string])[] {
  const on = radio.on;
  const bars = on ? pad(radio.bars, 3) : '255';
  const minutes = on ? pad(radio.batteryMinutes, 5) : '65535';
  const name = series === 'axtd' ? braces(radio.name, 31) : braces(radio.name, 8);
  switch (series) {
    case 'qlxd':
    case 'ulxd':
      return [
        ['CHAN_NAME', name],
        ['METER_RATE', '00000'],
        ['AUDIO_GAIN', pad(radio.gain, 3)],
        ['AUDIO_MUTE', radio.muted ? 'ON' : 'OFF'],
        ['GROUP_CHAN', '01,05'],
        ['FREQUENCY', pad(radio.frequencyKhz, 6)],
        ['RF_INT_DET', radio.interference ? 'CRITICAL' : 'NONE'],
        ['TX_TYPE', on ? (series === 'qlxd' ? 'QLXD1' : 'ULXD2') : 'UNKN'],
        ['TX_OFFSET', on ? '004' : '255'],
        ['TX_RF_PWR', on ? 'NORMAL' : 'UNKN'],
        ['TX_MUTE_STATUS', on ? 'OFF' : 'UNKN'],
        ['TX_PWR_LOCK', on ? 'OFF' : 'UNKN'],
        ['TX_MENU_LOCK', on ? 'ON' : 'UNKN'],
        ['BATT_BARS', bars],
        ['BATT_CHARGE', on ? pad(radio.percent, 3) : '255'],
        ['BATT_RUN_TIME', minutes],
        ['BATT_CYCLE', on ? pad(radio.cycles, 5) : '65535'],
        ['BATT_TEMP_C', on ? '065' : '255'],
        ['BATT_TYPE', on ? 'LION' : 'UNKN'],
        ['ENCRYPTION_WARNING', 'OFF'],
      ];
    case 'axtd':
      return [
        ['CHAN_NAME', name],
        ['METER_RATE', '00000'],
        ['AUDIO_GAIN', pad(radio.gain, 3)],
        ['AUDIO_MUTE', radio.muted ? 'ON' : 'OFF'],
        ['GROUP_CHANNEL', '{02,07     }'],
        ['FREQUENCY', pad(radio.frequencyKhz, 7)],
        ['CHAN_QUALITY', on ? pad(radio.rf * 5, 3) : '255'],
        ['RSSI', `1 ${pad(radio.rf * 100, 3)}`],
        ['RSSI', `2 ${pad(radio.rfOther * 100, 3)}`],
        ['INTERFERENCE_STATUS', radio.interference ? 'DETECTED' : 'NONE'],
        ['ENCRYPTION_STATUS', 'OK'],
        ['TX_MODEL', on ? 'AD2' : 'UNKNOWN'],
        ['TX_DEVICE_ID', braces(on ? `${radio.name} tx` : '', 31)],
        ['TX_OFFSET', on ? '012' : '255'],
        ['TX_POWER_LEVEL', on ? '010' : '255'],
        ['TX_MUTE_MODE_STATUS', on ? 'OFF' : 'UNKNOWN'],
        ['TX_LOCK', on ? 'MENU' : 'UNKNOWN'],
        ['TX_BATT_BARS', bars],
        ['TX_BATT_CHARGE_PERCENT', on ? pad(radio.percent, 3) : '255'],
        ['TX_BATT_HEALTH_PERCENT', on ? '097' : '255'],
        ['TX_BATT_MINS', minutes],
        ['TX_BATT_CYCLE_COUNT', on ? pad(radio.cycles, 5) : '65535'],
        ['TX_BATT_TEMP_C', on ? '066' : '255'],
        ['TX_BATT_TYPE', on ? 'LION' : 'UNKNOWN'],
      ];
    case 'slxd':
      return [
        ['CHAN_NAME', name],
        ['METER_RATE', '00000'],
        ['AUDIO_GAIN', pad(radio.gain, 3)],
        ['GROUP_CHANNEL', '01,02'],
        ['FREQUENCY', pad(radio.frequencyKhz, 7)],
        ['RSSI', pad(radio.rf * 100, 3)],
        ['INTERFERENCE_STATUS', radio.interference ? 'DETECTED' : 'NONE'],
        ['TX_MODEL', on ? 'SLXD2' : 'UNKNOWN'],
        ['TX_BATT_BARS', bars],
        ['TX_BATT_MINS', minutes],
      ];
    case 'p10t':
      return [
        ['CHAN_NAME', radio.name],
        ['FREQUENCY', pad(radio.frequencyKhz, 6)],
        ['RF_MUTE', radio.muted ? '1' : '0'],
        ['RF_TX_LVL', '50'],
      ];
    case 'uhfr':
      return [
        ['CHAN_NAME', radio.name.padEnd(12)],
        ['FREQUENCY', pad(radio.frequencyKhz, 6)],
        ['GROUP_CHAN', '01,05'],
        ['TX_BAT', on ? String(Math.max(1, radio.bars)) : 'U'],
        ['AUDIO_GAIN', '10'],
      ];
    case 'charger':
      return [
        ['BATT_DETECTED', on ? 'YES' : 'NO'],
        ['BATT_CHARGE', on ? pad(radio.percent, 3) : '255'],
        [
          'BATT_TIME_TO_FULL',
          on ? (radio.percent > 99 ? '65529' : pad((100 - radio.percent) * 2, 5)) : '65535',
        ],
        ['BATT_STATE', on ? (radio.percent > 99 ? 'FULL' : 'CHARGING') : 'EMPTY'],
        ['BATT_CYCLE', on ? pad(radio.cycles, 5) : '65535'],
        ['BATT_TEMP_C', on ? '063' : '255'],
        ['BATT_HEALTH', on ? '099' : '255'],
        ['BATT_ERROR', '000'],
      ];
  }
}

/** Meter frames of a channel. */
export function sample(series: SeriesName, channel: number, radio: Radio): string {
  const lights = radio.on ? (radio.antennaB ? 'XB' : 'AX') : 'XX';
  switch (series) {
    case 'qlxd':
    case 'ulxd':
      return `< SAMPLE ${channel} ALL ${lights} ${pad(radio.rf * 115, 3)} ${pad(radio.audio * 50, 3)} >`;
    case 'axtd': {
      const rms = pad(20 + radio.audio * 95, 3);
      const peak = pad(Math.min(120, 25 + radio.audio * 100), 3);
      const leds = pad(radio.overload ? 255 : (1 << Math.floor(radio.audio * 7)) - 1, 3);
      const quality = radio.on ? pad(radio.rf * 5, 3) : '255';
      const blue = radio.on ? (radio.rfOther > 0.4 ? 'BB' : radio.antennaB ? 'RB' : 'BR') : 'XX';
      return `< SAMPLE ${channel} ALL ${quality} ${leds} ${peak} ${rms} ${blue} 31 ${pad(radio.rf * 100, 3)} 15 ${pad(radio.rfOther * 100, 3)} >`;
    }
    case 'slxd':
      return `< SAMPLE ${channel} ALL ${pad(25 + radio.audio * 95, 3)} ${pad(20 + radio.audio * 90, 3)} ${pad(radio.rf * 110, 3)} >`;
    case 'p10t': {
      const left = pad(radio.audio * radio.audio * 3_000_000, 7);
      const right = pad(radio.audio * radio.audio * 2_500_000, 7);
      return `< REPORT ${channel} AUDIO_IN_LVL_L ${left} >\r\n< REPORT ${channel} AUDIO_IN_LVL_R ${right} >\r\n`;
    }
    case 'uhfr': {
      const leds = radio.overload ? 255 : (1 << Math.floor(radio.audio * 8)) - 1;
      return `* SAMPLE ${channel} ALL ${lights} ${pad(100 - radio.rf * 80, 3)} ${pad(100 - radio.rfOther * 80, 3)} ${radio.on ? Math.max(1, radio.bars) : 'U'} ${pad(leds, 3)} *`;
    }
    case 'charger':
      return '';
  }
}

/** Frames that are well formed and impossible. */
export function lies(series: SeriesName, channel: number): string {
  if (series === 'uhfr') {
    return `* SAMPLE ${channel} ALL AX 999 -50 9 4000 *`;
  }
  if (series === 'p10t')
    return `< REPORT ${channel} AUDIO_IN_LVL_L -99 >\r\n< REPORT ${channel} FREQUENCY 000000 >\r\n`;
  return [
    `< SAMPLE ${channel} ALL AX 999 400 >`,
    `< SAMPLE ${channel} ALL 177 999 500 500 BB 31 999 31 999 >`,
    `< SAMPLE 9 ALL AX 050 020 >`,
    `< REP ${channel} BATT_BARS 177 >`,
    `< REP ${channel} TX_BATT_BARS 177 >`,
    `< REP ${channel} BATT_CHARGE 200 >`,
    `< REP ${channel} BATT_RUN_TIME 99999 >`,
    `< REP ${channel} FREQUENCY 000000 >`,
    `< REP ${channel} AUDIO_GAIN 900 >`,
    `< REP 9 CHAN_NAME {Nobody  } >`,
  ].join('');
}
