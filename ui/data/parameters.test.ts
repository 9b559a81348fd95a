import { describe, expect, it } from 'vitest';
import { type ParameterSpec, rangeWords, settable, valueWords } from './parameters.js';

const spec: ParameterSpec = {
  id: '1.gain',
  name: 'Gain',
  kind: 'number',
  unit: 'dB',
  min: -18,
  max: 42,
  decimals: 1,
  direction: 'bidirectional',
};

describe('a parameter', () => {
  it('shows values with their digits and unit', () => {
    expect(valueWords(3, spec)).toBe('3.0 dB');
    expect(valueWords(true, undefined)).toBe('yes');
    expect(valueWords('', undefined)).toBe('(empty)');
    expect(valueWords(null, spec)).toBe('–');
  });

  it('says its range and whether it can be set', () => {
    expect(rangeWords(spec)).toBe('-18 to 42 dB');
    const { min: _min, ...open } = spec;
    expect(rangeWords(open)).toBe('at most 42 dB');
    const { max: _max, ...endless } = open;
    expect(rangeWords(endless)).toBeUndefined();
    expect(settable(spec)).toBe(true);
    expect(settable({ ...spec, direction: 'input' })).toBe(false);
  });
});
