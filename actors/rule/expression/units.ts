/**
 * Units of measurement. What two units have in common is their dimension: a text made of powers of base units. A `point`
 * lies on a scale whose zero is a convention (`20 °C`, `-70 dBm`): the difference of two points is a `step` in another unit.
 */
export interface Unit {
  readonly symbol: string;
  readonly dimension: string;
  /** One of it in base units; with `offset`: base = value × factor + offset. */
  readonly factor: number;
  readonly offset: number;
  readonly scale: 'ratio' | 'point' | 'step';
  /** Of a point: unit of a difference. */
  readonly step?: string;
}

/** Base units by power, e.g. `m` and `s^-1`. */
type Powers = Readonly<Record<string, number>>;

const dimensionOf = (powers: Powers): string =>
  Object.entries(powers)
    .filter(([, power]) => power !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([base, power]) => (power === 1 ? base : `${base}^${power}`))
    .join(' ');

const powersOf = (dimension: string): Powers =>
  Object.fromEntries(
    dimension
      .split(' ')
      .filter((part) => part !== '')
      .map((part) => {
        const [base = '', power = '1'] = part.split('^');
        return [base, Number(power)];
      }),
  );

const UNITS = new Map<string, Unit>();
const ratio = (dimension: string, factors: Readonly<Record<string, number>>): void => {
  for (const [symbol, factor] of Object.entries(factors)) {
    UNITS.set(symbol, { symbol, dimension, factor, offset: 0, scale: 'ratio' });
  }
};
const point = (symbol: string, dimension: string, step: string, factor = 1, offset = 0): void => {
  UNITS.set(symbol, { symbol, dimension, factor, offset, scale: 'point', step });
};

const ENERGY = 'kg m^2 s^-2';
const POWER = 'kg m^2 s^-3';
const VOLT = 'A^-1 kg m^2 s^-3';
ratio('', { '%': 0.01, '‰': 0.001, ppm: 1e-6 });
ratio('s', { ns: 1e-9, µs: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3_600, d: 86_400, wk: 604_800 });
ratio('m', {
  µm: 1e-6,
  mm: 1e-3,
  cm: 0.01,
  m: 1,
  km: 1_000,
  in: 0.0254,
  ft: 0.3048,
  mi: 1_609.344,
});
ratio('m^2', { 'cm²': 1e-4, 'm²': 1 });
ratio('m^3', { ml: 1e-6, l: 1e-3, 'm³': 1 });
ratio('m^3 s^-1', { 'l/s': 1e-3, 'l/min': 1e-3 / 60, 'l/h': 1e-3 / 3_600, 'm³/h': 1 / 3_600 });
ratio('m s^-1', {
  'mm/h': 1e-3 / 3_600,
  'm/s': 1,
  'km/h': 1 / 3.6,
  kn: 1_852 / 3_600,
  mph: 0.447_04,
});
ratio('m s^-2', { 'm/s²': 1 });
ratio('kg', { mg: 1e-6, g: 1e-3, kg: 1, t: 1_000, lb: 0.453_592_37 });
ratio('kg m^-3', { 'µg/m³': 1e-9, 'mg/m³': 1e-6, 'g/m³': 1e-3, 'kg/m³': 1 });
ratio('K', { K: 1 });
ratio('A', { µA: 1e-6, mA: 1e-3, A: 1 });
ratio('A s', { mAh: 3.6, Ah: 3_600 });
ratio(VOLT, { mV: 1e-3, V: 1, kV: 1_000 });
ratio(POWER, { µW: 1e-6, mW: 1e-3, W: 1, kW: 1_000, MW: 1e6 });
ratio(ENERGY, { J: 1, kJ: 1_000, Wh: 3_600, kWh: 3.6e6, MWh: 3.6e9 });
ratio('A^-2 kg m^2 s^-3', { mΩ: 1e-3, Ω: 1, kΩ: 1_000, MΩ: 1e6 });
ratio('s^-1', { Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9, rpm: 1 / 60 });
ratio('kg m^-1 s^-2', { Pa: 1, hPa: 100, kPa: 1e3, mbar: 100, bar: 1e5, psi: 6_894.757_293 });
ratio('kg m s^-2', { N: 1, kN: 1_000 });
ratio('lx', { lx: 1, klx: 1_000 });
ratio('rad', { rad: 1, '°': Math.PI / 180 });
ratio('byte', { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 });
ratio('byte s^-1', {
  'bit/s': 0.125,
  'kbit/s': 125,
  'Mbit/s': 125e3,
  'B/s': 1,
  'kB/s': 1e3,
  'MB/s': 1e6,
});
UNITS.set('dB', { symbol: 'dB', dimension: 'dB', factor: 1, offset: 0, scale: 'step' });
point('°C', 'K', 'K', 1, 273.15);
point('°F', 'K', 'K', 5 / 9, 459.67 * (5 / 9));
for (const level of ['dBm', 'dBFS', 'dBu', 'dBV', 'dBµV', 'dBSPL', 'dBA', 'LUFS']) {
  point(level, level, 'dB');
}

/** What devices and people write for the same. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  C: '°C',
  '℃': '°C',
  degC: '°C',
  F: '°F',
  '℉': '°F',
  degF: '°F',
  deg: '°',
  ohm: 'Ω',
  Ω: 'Ω',
  us: 'µs',
  μs: 'µs',
  uA: 'µA',
  uW: 'µW',
  um: 'µm',
  μm: 'µm',
  percent: '%',
  pct: '%',
  sec: 's',
  hr: 'h',
  hours: 'h',
  hour: 'h',
  minutes: 'min',
  minute: 'min',
  seconds: 's',
  second: 's',
  days: 'd',
  day: 'd',
  m2: 'm²',
  m3: 'm³',
  'm3/h': 'm³/h',
  'm/s2': 'm/s²',
  dBuV: 'dBµV',
  L: 'l',
  'L/min': 'l/min',
  'µg/m3': 'µg/m³',
  kph: 'km/h',
  lux: 'lx',
  bps: 'bit/s',
  kbps: 'kbit/s',
  Mbps: 'Mbit/s',
};

/** Symbols and other names, longest first: the order in which a text is searched for a unit. */
export const UNIT_NAMES: readonly string[] = [...UNITS.keys(), ...Object.keys(OTHER_NAMES)].sort(
  (a, b) => b.length - a.length,
);

/** Symbols by dimension, for people. */
export function unitList(): readonly { readonly dimension: string; readonly symbols: string[] }[] {
  const lists = new Map<string, string[]>();
  for (const { symbol, dimension } of UNITS.values()) {
    lists.set(dimension, [...(lists.get(dimension) ?? []), symbol]);
  }
  return [...lists].map(([dimension, symbols]) => ({ dimension, symbols }));
}

/** The symbol that is used for it; undefined: no unit that is known here. */
export const symbolOf = (name: string): string | undefined =>
  UNITS.has(name) ? name : Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined;

/** A unit nobody here knows goes with itself only. Null or empty: a plain number. */
export function unitNamed(name: string | null | undefined): Unit | null {
  const text = name?.trim() ?? '';
  if (text === '') return null;
  const known = UNITS.get(symbolOf(text) ?? '');
  if (known !== undefined) return known;
  const dimension = `"${text.replaceAll(/[\s^"]/g, '_')}"`;
  return { symbol: text, dimension, factor: 1, offset: 0, scale: 'ratio' };
}

/** How a value in `from` becomes one in `to`: `value × factor + offset`. Undefined: they have nothing in common. */
export function conversion(
  from: Unit,
  to: Unit,
): { readonly factor: number; readonly offset: number } | undefined {
  if (from.dimension !== to.dimension) return undefined;
  // A difference of temperatures is no temperature, though both are measured in kelvin.
  const points = [from, to].filter(({ scale }) => scale === 'point').length;
  if (points === 1 && [from, to].some(({ scale }) => scale === 'step')) return undefined;
  return {
    factor: from.factor / to.factor,
    offset: (from.offset - to.offset) / to.factor,
  };
}

/** Unit of a difference of two points. */
export function stepOf(unit: Unit): Unit {
  const step = unitNamed(unit.step ?? unit.symbol) ?? unit;
  return { ...step, scale: 'step' };
}

/** Unit of a product (`sign` 1) or quotient (−1) in base units; null: the dimensions cancel out. */
export function productOf(left: Unit, right: Unit, sign: 1 | -1): Unit | null {
  const powers: Record<string, number> = { ...powersOf(left.dimension) };
  for (const [base, power] of Object.entries(powersOf(right.dimension))) {
    powers[base] = (powers[base] ?? 0) + sign * power;
  }
  return baseUnit(dimensionOf(powers));
}

/** @returns undefined when the exponent gives no whole powers. */
export function powerOf(unit: Unit, exponent: number): Unit | null | undefined {
  const powers = Object.entries(powersOf(unit.dimension)).map(
    ([base, power]) => [base, power * exponent] as const,
  );
  if (powers.some(([, power]) => !Number.isInteger(power) || Math.abs(power) > 12))
    return undefined;
  return baseUnit(dimensionOf(Object.fromEntries(powers)));
}

function baseUnit(dimension: string): Unit | null {
  if (dimension === '') return null;
  for (const unit of UNITS.values()) {
    if (unit.dimension === dimension && unit.factor === 1 && unit.scale === 'ratio') return unit;
  }
  const symbol = dimension.replaceAll('^', '').replaceAll(' ', '·');
  return { symbol, dimension, factor: 1, offset: 0, scale: 'ratio' };
}
