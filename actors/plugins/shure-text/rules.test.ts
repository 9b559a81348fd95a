import { describe, expect, it } from 'vitest';
import { FAMILIES, type FamilyId, familyOfKeys, familyOfModel } from './families.js';
import { type FieldId, type FieldSink, fieldOf, specOf } from './fields.js';
import { FrameParser } from './parser.js';
import { tellSample } from './testing/samples.js';

/** What frames of a series tell, as `part.field` → value; impossible ones as `!KEY`. */
function told(family: FamilyId, text: string): Record<string, number | string | boolean | null> {
  const values: Record<string, number | string | boolean | null> = {};
  const sink: FieldSink = {
    value: (part, field: FieldId, value) => {
      values[specOf(part, field).id] = value;
    },
    impossible: (_part, key, said) => {
      values[`!${key}`] = said;
    },
  };
  const { rules, sample, transport } = FAMILIES[family];
  const parser = new FrameParser(transport === 'udp' ? 'star' : 'angle', (frame) => {
    if (frame.verb === 'sample') tellSample(sample, frame, frame.channel, sink);
    else rules.get(frame.key)?.(frame, frame.channel, sink);
  });
  parser.push(Buffer.from(text, 'latin1'));
  return values;
}

describe('what devices say, in our units', () => {
  it('ULX-D: a sample and the battery', () => {
    expect(told('ulxd', '< SAMPLE 1 ALL XB 035 040 >')).toEqual({
      '1.antenna': 'B',
      '1.rf_percent': (100 * 35) / 115,
      '1.rssi': -93,
      '1.audio_percent': 80,
      '1.audio_level': -10,
      '1.audio_peak': true,
    });
    const text =
      '< REP 2 BATT_BARS 003 >< REP 2 BATT_CHARGE 061 >< REP 2 BATT_RUN_TIME 00201 >< REP 2 BATT_TEMP_C 065 >< REP 2 AUDIO_GAIN 012 >< REP 2 FREQUENCY 470125 >< REP 2 GROUP_CHAN 01,05 >';
    expect(told('ulxd', text)).toEqual({
      '2.battery_bars': 3,
      '2.battery_percent': 61,
      '2.battery_minutes': 201,
      '2.battery_temperature': 25,
      '2.transmitter_on': true,
      '2.audio_gain': -6,
      '2.frequency': 470.125,
      '2.group_channel': 'G01 CH05',
    });
  });

  it('two switches make one lock', () => {
    const text = '< REP 1 TX_PWR_LOCK ON >< REP 1 TX_MENU_LOCK ON >< REP 1 TX_PWR_LOCK OFF >';
    expect(told('qlxd', text)).toEqual({ '1.transmitter_lock': 'menu' });
  });

  it('a transmitter that is off has no battery, and unknown is no value', () => {
    const text =
      '< REP 1 TX_TYPE UNKN >< REP 1 BATT_BARS 255 >< REP 1 BATT_CHARGE 255 >< REP 1 BATT_RUN_TIME 65535 >< REP 1 TX_OFFSET 255 >< REP 1 TX_RF_PWR UNKN >';
    expect(told('ulxd', text)).toEqual({
      ...{ '1.transmitter_on': false, '1.transmitter_model': '' },
      ...{ '1.battery_percent': null, '1.battery_minutes': null },
    });
  });

  it('Axient Digital: samples with two and with four antennas', () => {
    const two = told('axtd', '< SAMPLE 1 ALL 005 159 102 092 RB 31 086 31 065 >');
    expect(two).toMatchObject({
      '1.quality_percent': 100,
      '1.audio_peak': true,
      '1.audio_peak_level': -18,
      '1.audio_level': -28,
      '1.audio_percent': 72,
      '1.antenna': 'B',
      '1.antenna_status': 'RB',
      '1.rssi_a': -34,
      '1.rssi_b': -55,
      '1.rf_a_percent': (100 * 86) / 115,
    });
    const four = told('axtd', '< SAMPLE 1 ALL 255 031 102 102 BBBB 31 083 31 068 31 069 31 072 >');
    expect(four).toMatchObject({ '1.rssi_a': -37, '1.rssi_b': -52 });
    expect(four).not.toHaveProperty('1.quality_percent');
  });

  it('SLX-D: a sample, and bars as percentage', () => {
    expect(told('slxd', '< SAMPLE 2 ALL 102 090 060 >')).toMatchObject({
      '2.audio_peak_level': -18,
      '2.audio_level': -30,
      '2.audio_percent': 70,
      '2.rssi': -60,
      '2.rf_percent': 50,
    });
    expect(told('slxd', '< REP 1 TX_BATT_BARS 004 >')).toMatchObject({ '1.battery_percent': 80 });
  });

  it('UHF-R: a sample and the battery', () => {
    expect(told('uhfr', '* SAMPLE 1 ALL AX 020 100 4 127 *')).toEqual({
      '1.antenna': 'A',
      '1.rf_a_percent': 100,
      '1.rf_b_percent': 0,
      '1.rf_percent': 100,
      '1.battery_bars': 4,
      '1.battery_percent': 80,
      '1.audio_percent': 75,
      '1.audio_peak': false,
    });
    expect(told('uhfr', '* REPORT 2 TX_BAT U *')).toEqual({ '2.transmitter_on': false });
  });

  it('PSM 1000: both sides by the steps of its own meter', () => {
    const text =
      '< REPORT 1 AUDIO_IN_LVL_L 10271 >\r\n< REPORT 1 AUDIO_IN_LVL_R 2502970 >\r\n< REPORT 1 RF_MUTE 1 >';
    expect(told('p10t', text)).toEqual({
      '1.audio_left_percent': 0,
      '1.audio_right_percent': 80,
      '1.mute': true,
    });
  });

  it('a charger: a bay that charges, a full one and a faulty one', () => {
    expect(
      told(
        'charger',
        '< REP 2 BATT_DETECTED YES >< REP 2 BATT_STATE CHARGING >< REP 2 BATT_TIME_TO_FULL 00042 >',
      ),
    ).toEqual({
      '2.slot_occupied': true,
      '2.slot_state': 'charging',
      '2.slot_charging': true,
      '2.slot_time_to_full': 42,
    });
    expect(told('charger', '< REP 1 BATT_TIME_TO_FULL 65529 >')).toEqual({});
    const faulty =
      '< REP 7 BATT_STATE ERROR >< REP 7 BATT_CHARGE 254 >< REP 7 BATT_CYCLE 65534 >< REP 7 BATT_HEALTH 254 >< REP 7 BATT_ERROR 007 >';
    expect(told('charger', faulty)).toEqual({
      '7.slot_state': 'error',
      '7.slot_charging': false,
      '7.slot_error': '007',
      '7.battery_percent': null,
      '7.battery_cycles': null,
      '7.battery_health': null,
    });
  });

  it('says what cannot be as impossible, and no value', () => {
    const text =
      '< SAMPLE 1 ALL AX 999 010 >< REP 1 BATT_BARS 177 >< REP 1 FREQUENCY 000000 >< REP 1 AUDIO_GAIN 900 >< REP 1 BATT_RUN_TIME 99999 >';
    expect(told('ulxd', text)).toEqual({
      '!SAMPLE': 'AX 999 010',
      '!BATT_BARS': '177',
      '!FREQUENCY': '000000',
      '!AUDIO_GAIN': '900',
      '!BATT_RUN_TIME': '99999',
    });
  });
});

describe('series', () => {
  it.each([
    ['ULXD4Q', 'ulxd', 4],
    ['ULXD4', 'ulxd', 1],
    ['QLXD4', 'qlxd', 1],
    ['AD4D', 'axtd', 2],
    ['SLXD4QDAN+', 'slxd', 4],
    ['UR4D', 'uhfr', 2],
    ['SBC840M', 'charger', 8],
  ])('%s is of %s with %i parts', (model, family, parts) => {
    expect(familyOfModel(model)).toEqual({ family, parts });
  });

  it('are told by their keys where the model is not', () => {
    expect(familyOfKeys(new Set(['CHAN_NAME', 'BATT_BARS']), 'QLXD2')).toBe('qlxd');
    expect(familyOfKeys(new Set(['BATT_BARS']), 'UNKN')).toBe('ulxd');
    expect(familyOfKeys(new Set(['TX_BATT_BARS', 'CHAN_QUALITY']), '')).toBe('axtd');
    expect(familyOfKeys(new Set(['TX_BATT_BARS']), '')).toBe('slxd');
    expect(familyOfKeys(new Set(['CHAN_NAME']), '')).toBeUndefined();
  });

  it('ids of parameters go both ways, and nothing else is one', () => {
    expect(fieldOf('12.name')).toEqual({ part: 12, field: 'name' });
    expect(fieldOf('device_name')).toEqual({ part: 0, field: 'device_name' });
    for (const id of [
      '',
      '.',
      '0.name',
      '1.',
      '1.nothing',
      'x.name',
      '-1.name',
      '1.5.name',
      '1.constructor',
    ]) {
      expect(fieldOf(id), id).toBeUndefined();
    }
  });
});
