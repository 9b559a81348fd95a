/** What simulated devices measure. Pure: time and chance are handed in. */

export type Wave = 'random' | 'linear' | 'sine';
export type Fields = Record<string, number | string | boolean>;

export interface ModelOptions {
  readonly serial: string;
  readonly index: number;
  readonly wave: Wave;
  /** Numbers stay between 0 and this. */
  readonly max: number;
}

/** A kind of device: what it says when it starts, and what it may report afterwards. */
interface Profile {
  readonly name: string;
  readonly fixed: (options: ModelOptions, chance: number) => Fields;
  /** Numbers that follow the wave, with a factor of the maximum. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly texts: Readonly<Record<string, readonly string[]>>;
  readonly flags: readonly string[];
}

const COUNTRIES = ['AT', 'DE', 'CH', 'IT', 'FR', 'NL', 'ES', 'SI'];

const PROFILES: readonly Profile[] = [
  {
    name: 'solar',
    fixed: ({ serial, index }, chance) => ({
      serial_number: serial,
      software_version: `1.${index % 4}.${index % 7}`,
      country: COUNTRIES[index % COUNTRIES.length] ?? 'AT',
      postcode: String(1_000 + ((index * 37) % 9_000)),
      solmate_version: chance < 0.5 ? 'v1' : 'v2',
      pv_connectors: 1 + (index % 2),
    }),
    numbers: { power_income: 1, power_inject: 0.8, power_consumption: 0.6, battery: 1 },
    texts: {},
    flags: [],
  },
  {
    name: 'microphone',
    fixed: ({ serial, index }) => ({
      serial_number: serial,
      software_version: `2.${index % 3}`,
      country: COUNTRIES[index % COUNTRIES.length] ?? 'AT',
      postcode: '8010',
      channel_name: `Vox ${index % 40}`,
      frequency_mhz: 470 + (index % 200) * 0.125,
    }),
    numbers: { rf_level: 1, audio_level: 1, battery: 1 },
    texts: { antenna: ['A', 'B', 'AB'] },
    flags: ['muted'],
  },
  {
    name: 'climate',
    fixed: ({ serial, index }) => ({
      serial_number: serial,
      software_version: `0.${index % 9}`,
      country: COUNTRIES[index % COUNTRIES.length] ?? 'AT',
      postcode: '1010',
      room: `Hall ${index % 12}`,
    }),
    numbers: { temperature_c: 0.4, humidity_percent: 1, co2_ppm: 10 },
    texts: { fan: ['off', 'low', 'high'] },
    flags: ['door_open'],
  },
];

/** Seven of ten are as the first fleet was, the others bring parameters of their own. */
function profileOf(index: number): Profile | undefined {
  const place = index % 10;
  return PROFILES[place < 7 ? 0 : place < 9 ? 1 : 2];
}

/** One simulated device's measurements. */
export class DeviceModel {
  readonly #options: ModelOptions;
  readonly #profile: Profile | undefined;
  readonly #settings: Fields = {};
  readonly #phase: number;
  #step = 0;

  /** @param chance 0 to 1, decides what differs from device to device. */
  constructor(options: ModelOptions, chance: number) {
    this.#options = options;
    this.#profile = profileOf(options.index);
    this.#phase = chance * 2 * Math.PI;
  }

  /** Whether it sends its local time now and then. */
  get tellsTime(): boolean {
    return this.#profile === PROFILES[0] && this.#options.index % 2 === 1;
  }

  /** Everything it knows, as an `INIT` dump: attributes carry an underscore, but for a few. */
  dump(chance: number, localTime: string): Fields {
    const all: Fields = {
      ...this.#profile?.fixed(this.#options, chance),
      ...this.#numbers(chance),
      local_time: localTime,
    };
    const plain = new Set(['solmate_version', 'pv_connectors', 'serial_number']);
    return Object.fromEntries(
      Object.entries(all).map(([name, value]) => [plain.has(name) ? name : `_${name}`, value]),
    );
  }

  /** One to three parameters that changed. */
  update(chance: number): Fields {
    this.#step += 1;
    const profile = this.#profile;
    const fields: Fields = {};
    const numbers = Object.entries(this.#numbers(chance));
    const first = Math.floor(chance * numbers.length);
    for (let i = 0; i <= this.#step % 3; i++) {
      const entry = numbers[(first + i) % numbers.length];
      if (entry !== undefined) fields[entry[0]] = entry[1];
    }
    for (const [name, words] of Object.entries(profile?.texts ?? {})) {
      if (this.#step % 7 === 0) fields[name] = words[Math.floor(chance * words.length)] ?? '';
    }
    for (const name of profile?.flags ?? []) {
      if (this.#step % 11 === 0) fields[name] = chance < 0.5;
    }
    return fields;
  }

  /** Takes a setting over; it is reported as it is from now on. */
  set(name: string, value: number | string | boolean): Fields {
    this.#settings[name] = value;
    return { [name]: value };
  }

  #numbers(chance: number): Record<string, number> {
    const { wave, max } = this.#options;
    const part =
      wave === 'random'
        ? chance
        : wave === 'linear'
          ? (this.#step % 100) / 100
          : (1 + Math.sin(this.#phase + this.#step / 10)) / 2;
    return Object.fromEntries(
      Object.entries(this.#profile?.numbers ?? {}).map(([name, factor], i) => {
        const own = this.#settings[name];
        if (typeof own === 'number') return [name, own];
        const shifted = wave === 'random' ? (part + i * 0.37) % 1 : part;
        return [name, Math.round(shifted * factor * max * 100) / 100];
      }),
    );
  }
}
