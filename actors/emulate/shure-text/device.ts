import { Radio, type Random } from './radio.js';
import { lies, type Model, pad, reports, sample } from './words.js';

/** Somebody who is connected: what meters it asked for, and how to write to it. */
export interface Client {
  /** Per channel (index 0 unused): ms between two samples; 0 none. */
  readonly everyMs: number[];
  readonly dueAtMs: number[];
  write(text: string): void;
}

export interface DeviceCounts {
  samples: number;
  commands: number;
}

/** One emulated device: answers as its documents say. Knows nothing of sockets. */
export class EmulatedDevice {
  readonly model: Model;
  readonly index: number;
  readonly counts: DeviceCounts = { samples: 0, commands: 0 };
  serial = '';
  mac = '';
  deviceId: string;
  lying = false;
  readonly #random: Random;
  #radios: Radio[] = [];
  readonly #speed: number;
  #encryption = 'OFF';
  #storage = 'OFF';
  #told: string[] = [];

  constructor(index: number, model: Model, random: Random, speed: number) {
    this.index = index;
    this.model = model;
    this.#random = random;
    this.#speed = speed;
    this.deviceId = `${model.model} ${index}`.slice(0, 8).trim();
    this.#born();
  }

  /** Another device at the same address: new serial, MAC and settings. */
  replace(): void {
    this.#born();
    this.deviceId = `NEW ${this.index}`.slice(0, 8);
  }

  #born(): void {
    const digits = Math.floor(this.#random() * 0xffffff);
    this.serial = `41${pad(digits, 8)}`;
    const hex = digits.toString(16).toUpperCase().padStart(6, '0');
    this.mac = `00:0E:DD:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
    this.#radios = Array.from(
      { length: this.model.channels },
      (_, channel) => new Radio(this.#random, this.index * 4 + channel, this.#speed),
    );
    this.#told = [];
  }

  /** See `Radio.adjust`; `channel` from 1, 0 for all. */
  adjust(channel: number, wish: Parameters<Radio['adjust']>[0]): void {
    for (const [index, radio] of this.#radios.entries()) {
      if (channel === 0 || channel === index + 1) radio.adjust(wish);
    }
  }

  /** Takes one command without its delimiters; the answer goes to the one who asked, changes to all. */
  command(text: string, from: Client, all: Iterable<Client>): void {
    this.counts.commands += 1;
    const [verb, ...rest] = text.trim().split(/\s+/);
    const numbered = /^\d+$/.test(rest[0] ?? '');
    const channel = numbered ? Number(rest[0]) : -1;
    const key = (numbered ? rest[1] : rest[0]) ?? '';
    const value = rest
      .slice(numbered ? 2 : 1)
      .join(' ')
      .replace(/[{}]/g, '')
      .trim();
    const possible = channel <= this.model.channels;
    if (verb === 'METER' && this.model.series === 'uhfr' && possible)
      this.#meter(channel, rest[2] ?? '', from);
    else if (verb === 'GET' && possible) this.#get(channel, key, from);
    else if (verb === 'SET' && possible) this.#set(channel, key, value, from, all);
    else this.#refuse(from);
  }

  #get(channel: number, key: string, from: Client): void {
    if (channel === -1) {
      const answer = this.#deviceReport(key);
      if (answer === undefined) this.#refuse(from);
      else from.write(answer);
      return;
    }
    if (key === 'ALL') {
      if (this.model.series === 'p10t' || this.model.series === 'uhfr') return;
      from.write(this.#everything(channel));
      return;
    }
    const found = this.#channels(channel).map((each) => this.#report(each, key));
    if (found.some((answer) => answer === '')) this.#refuse(from);
    else from.write(found.join(''));
  }

  #everything(channel: number): string {
    let text = '';
    for (const key of [
      'MODEL',
      'DEVICE_ID',
      'FW_VER',
      'RF_BAND',
      'ENCRYPTION_MODE',
      'ENCRYPTION',
    ]) {
      text += this.#deviceReport(key) ?? '';
    }
    for (const each of this.#channels(channel)) text += this.#report(each, undefined);
    return text;
  }

  #channels(channel: number): readonly number[] {
    if (channel !== 0) return [channel];
    return Array.from({ length: this.model.channels }, (_, index) => index + 1);
  }

  /** All reports of a channel, or those of one key. */
  #report(channel: number, key: string | undefined): string {
    const radio = this.#radios[channel - 1];
    if (radio === undefined) return '';
    let text = '';
    for (const [name, value] of reports(this.model.series, radio)) {
      if (key === undefined || key === name) text += this.#frame(`${channel} ${name} ${value}`);
    }
    return text;
  }

  #deviceReport(key: string): string | undefined {
    const { series, model } = this.model;
    const modern = series === 'axtd' || series === 'slxd' || series === 'charger';
    switch (key) {
      case 'MODEL':
        return modern ? this.#frame(`MODEL {${model.padEnd(32)}}`) : undefined;
      case 'DEVICE_ID':
        if (series === 'p10t' || series === 'uhfr') return undefined;
        return this.#frame(`DEVICE_ID {${this.deviceId.padEnd(modern ? 31 : 8)}}`);
      case 'DEVICE_NAME':
        return series === 'p10t' ? this.#frame(`DEVICE_NAME ${this.deviceId}`) : undefined;
      case 'FW_VER':
        return series === 'p10t' ? undefined : this.#frame(`FW_VER {${'2.4.9.0'.padEnd(24)}}`);
      case 'RF_BAND':
        return series === 'charger' ? undefined : this.#frame('RF_BAND {G50     }');
      case 'ENCRYPTION_MODE':
        return series === 'axtd' ? this.#frame(`ENCRYPTION_MODE ${this.#encryption}`) : undefined;
      case 'ENCRYPTION':
        return series === 'ulxd' || series === 'qlxd'
          ? this.#frame(`ENCRYPTION ${this.#encryption}`)
          : undefined;
      case 'SERIAL_NUM':
        return modern ? this.#frame(`SERIAL_NUM {${this.serial.padEnd(32)}}`) : undefined;
      case 'NET_SETTINGS':
        if (series !== 'axtd' && series !== 'slxd') return undefined;
        return this.#frame(
          `NET_SETTINGS SC AUTO 192.168.1.20 255.255.255.0 192.168.1.1 ${this.mac}`,
        );
      case 'STORAGE_MODE':
        return series === 'charger' ? this.#frame(`STORAGE_MODE ${this.#storage}`) : undefined;
      default:
        return undefined;
    }
  }

  #set(channel: number, key: string, value: string, from: Client, all: Iterable<Client>): void {
    if (key === 'METER_RATE' && channel >= 0) {
      this.#meterRate(channel, value, from);
      return;
    }
    const echo =
      channel === -1
        ? this.#setDevice(key, value)
        : channel > 0 && this.#setChannel(channel, key, value);
    if (echo !== true) {
      this.#refuse(from);
      return;
    }
    const text =
      key === 'FLASH'
        ? this.#frame(`${channel === -1 ? '' : `${channel} `}FLASH ${value}`)
        : channel === -1
          ? (this.#deviceReport(key) ?? '')
          : this.#report(channel, key);
    for (const client of all) client.write(text);
  }

  #setDevice(key: string, value: string): boolean {
    if (key === 'FLASH') return value === 'ON' || value === 'OFF';
    if (key === 'STORAGE_MODE' && (value === 'ON' || value === 'OFF')) {
      this.#storage = value;
      return this.model.series === 'charger';
    }
    if ((key !== 'DEVICE_ID' && key !== 'DEVICE_NAME') || value.length < 1 || value.length > 8)
      return false;
    this.deviceId = value;
    return true;
  }

  #setChannel(channel: number, key: string, value: string): boolean {
    const radio = this.#radios[channel - 1];
    if (radio === undefined || this.model.series === 'charger') return false;
    const number = /^\d+$/.test(value) ? Number(value) : -1;
    const { series } = this.model;
    switch (key) {
      case 'FLASH':
        return series !== 'p10t' && (value === 'ON' || value === 'OFF');
      case 'CHAN_NAME':
        radio.name = value.slice(0, series === 'axtd' ? 31 : 8);
        return value !== '';
      case 'FREQUENCY':
        if (number < 470_000 || number > 960_000) return false;
        radio.frequencyKhz = number;
        return true;
      case 'AUDIO_GAIN':
        if (series === 'p10t' || number < 0 || number > 60) return false;
        radio.gain = number;
        return true;
      case 'AUDIO_MUTE':
        if (series === 'slxd' || series === 'p10t') return false;
        radio.muted = value === 'ON' || (value === 'TOGGLE' && !radio.muted);
        return value === 'ON' || value === 'OFF' || value === 'TOGGLE';
      case 'RF_MUTE':
        radio.muted = number === 1;
        return series === 'p10t' && (number === 0 || number === 1);
      default:
        return false;
    }
  }

  #meterRate(channel: number, value: string, from: Client): void {
    const everyMs = /^\d{1,11}$/.test(value) ? Number(value) : -1;
    if (
      everyMs < 0 ||
      everyMs > 65_535 ||
      (everyMs > 0 && everyMs < 100) ||
      this.model.series === 'charger'
    ) {
      this.#refuse(from);
      return;
    }
    for (const each of this.#channels(channel)) {
      from.everyMs[each] = everyMs;
      from.dueAtMs[each] = 0;
      from.write(this.#frame(`${each} METER_RATE ${pad(everyMs, 5)}`));
    }
  }

  #meter(channel: number, pace: string, from: Client): void {
    const steps = pace === 'STOP' ? 0 : Number(pace);
    if (!Number.isInteger(steps) || steps < 0 || steps > 999) return;
    for (const each of this.#channels(channel)) {
      from.everyMs[each] = steps * 30;
      from.dueAtMs[each] = 0;
    }
  }

  #refuse(from: Client): void {
    // In-ear transmitters and UHF-R say nothing to what they do not know.
    if (this.model.series !== 'p10t' && this.model.series !== 'uhfr') from.write('< REP ERR >');
  }

  #frame(words: string): string {
    if (this.model.series === 'uhfr') return `* REPORT ${words} *`;
    if (this.model.series === 'p10t') return `< REPORT ${words} >\r\n`;
    return `< REP ${words} >`;
  }

  /** Samples that are due for a client, as one text. */
  metersDue(client: Client, nowMs: number): string {
    let text = '';
    for (let channel = 1; channel <= this.model.channels; channel++) {
      const everyMs = client.everyMs[channel] ?? 0;
      const dueAtMs = client.dueAtMs[channel] ?? 0;
      if (everyMs === 0 || nowMs < dueAtMs) continue;
      const radio = this.#radios[channel - 1];
      if (radio === undefined) continue;
      // On time again after a pause, without a burst of what was missed.
      client.dueAtMs[channel] = nowMs - dueAtMs > everyMs ? nowMs + everyMs : dueAtMs + everyMs;
      radio.step(nowMs);
      if (this.lying) text += lies(this.model.series, channel);
      else {
        text += sample(this.model.series, channel, radio);
        this.counts.samples += 1;
      }
    }
    return text;
  }

  /** What changed by itself since it was last told: batteries, transmitters on and off. */
  news(nowMs: number): string {
    let text = '';
    for (let channel = 1; channel <= this.model.channels; channel++) {
      const radio = this.#radios[channel - 1];
      if (radio === undefined) continue;
      radio.step(nowMs);
      const series = this.model.series;
      for (const [key, value] of reports(series, radio)) {
        if (!NEWS.has(key)) continue;
        const slot = `${channel} ${key}`;
        const before = this.#told.find((told) => told.startsWith(`${slot} `));
        if (before === `${slot} ${value}`) continue;
        this.#told = this.#told.filter((told) => told !== before);
        this.#told.push(`${slot} ${value}`);
        if (before !== undefined) text += this.#frame(`${slot} ${value}`);
      }
    }
    return text;
  }
}

/** Reported without being asked. */
const NEWS: ReadonlySet<string> = new Set([
  'BATT_BARS',
  'BATT_CHARGE',
  'BATT_RUN_TIME',
  'TX_BATT_BARS',
  'TX_BATT_CHARGE_PERCENT',
  'TX_BATT_MINS',
  'TX_BAT',
  'TX_TYPE',
  'TX_MODEL',
  'RF_INT_DET',
  'INTERFERENCE_STATUS',
  'BATT_DETECTED',
  'BATT_STATE',
  'BATT_TIME_TO_FULL',
]);
