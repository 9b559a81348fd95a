import {
  activeOf,
  barsOf,
  batteryHealthOf,
  PEAK_SHOWN_MS,
  type SignalQuality,
  signalOf,
  type TileStatus,
  tileStatus,
} from '../../actors/inventory/derived.js';
import type { RfChannelRow } from '../../actors/inventory/inventory.types.js';
import { tileName } from '../../actors/inventory/naming.js';
import type { SettingValues } from '../../actors/inventory/settings.js';
import { CHANNEL_ROLES, type ChannelRole } from '../../actors/plugins/sdk/roles.js';
import type { RfRow } from '../contract/rows.js';
import type { LiveTable, RowWriter } from '../live/table.types.js';

type Shown = number | string | boolean | null;
/** Takes a value of one parameter. */
export type Take = (value: number | string | null, atUnixMs: number) => void;
type TakeKnown = (value: number | string, atUnixMs: number) => void;

/** Columns that show a parameter as it is. */
const PLAIN: Readonly<Partial<Record<ChannelRole, keyof RfRow & string>>> = {
  battery_minutes: 'batteryMinutes',
  battery_health: 'batteryHealthPercent',
  battery_cycles: 'batteryCycles',
  battery_type: 'batteryType',
  antenna: 'antenna',
  audio_percent: 'audioPercent',
  audio_level: 'audioDbfs',
  mute: 'mute',
  frequency: 'frequencyMhz',
  group_channel: 'groupChannel',
  encryption: 'encryption',
  transmitter_model: 'txModel',
  transmitter_name: 'txName',
  transmitter_serial: 'txSerial',
  transmitter_power: 'txPowerMw',
  transmitter_offset: 'txOffsetDb',
  transmitter_lock: 'txLock',
};

/** Columns of the others, while their value is unknown. */
const UNKNOWN_AS: Readonly<Partial<Record<ChannelRole, keyof RfRow & string>>> = {
  battery_percent: 'batteryPercent',
  battery_bars: 'batteryBars',
  interference: 'interference',
  audio_left_percent: 'audioLeftPercent',
  audio_right_percent: 'audioRightPercent',
  quality_percent: 'qualityPercent',
  rf_percent: 'rfPercent',
  rf_a_percent: 'rfAPercent',
  rf_b_percent: 'rfBPercent',
  rssi_a: 'rssiADbm',
  rssi_b: 'rssiBDbm',
};

/** What only a transmitter that is on can say; meters of a receiver go on without one. */
const OF_TRANSMITTER: ReadonlySet<ChannelRole> = new Set([
  'battery_percent',
  'battery_bars',
  'battery_minutes',
  'transmitter_model',
  'transmitter_name',
  'transmitter_serial',
  'transmitter_power',
  'transmitter_offset',
  'transmitter_lock',
]);

/** `heardUnixMs` of a transmitter that keeps speaking is refreshed this often. */
const HEARD_EVERY_MS = 1_000;

/** One tile of the board: what was said of its channel, and what follows from it. */
export class Tile {
  readonly id: string;
  channel: RfChannelRow;
  limits: SettingValues;
  reported: string | null = null;
  connected = false;
  /** Its name was set since whoever looks after people and pictures looked. */
  renamed = true;
  readonly #row: RowWriter;
  readonly #roles = new Set<ChannelRole>();
  #said: boolean | null = null;
  #active = false;
  #percent: number | null = null;
  #bars: number | null = null;
  #barsHeard = false;
  #overloaded = false;
  #interference = false;
  #peakUnixMs: number | null = null;
  #heardUnixMs: number | null = null;
  #heardShownUnixMs = Number.NEGATIVE_INFINITY;
  #quality: number | null = null;
  readonly #rf: { all: number | null; a: number | null; b: number | null } = {
    all: null,
    a: null,
    b: null,
  };
  readonly #dbm: { a: number | null; b: number | null } = { a: null, b: null };
  readonly #sides: { left: number; right: number } = { left: 0, right: 0 };
  #signal: SignalQuality = 'unknown';
  #status: TileStatus = 'com-error';

  constructor(table: LiveTable, channel: RfChannelRow, limits: SettingValues) {
    this.id = String(channel.id);
    this.#row = table.writer(this.id);
    this.channel = channel;
    this.limits = limits;
  }

  /** Its transmitter is on. */
  get active(): boolean {
    return this.#active;
  }

  get signal(): SignalQuality {
    return this.#signal;
  }

  /** Which parameters there are: some follow from others where a device does not say them. */
  declare(roles: Iterable<ChannelRole>): void {
    this.#roles.clear();
    for (const role of roles) this.#roles.add(role);
  }

  /**
   * What to do with values of a parameter. The usual one costs one write to the row; only what a state follows from is
   * looked at further.
   */
  taker(role: ChannelRole): Take | undefined {
    const take = this.#takerOf(role);
    if (take === undefined) return undefined;
    const ofTransmitter = OF_TRANSMITTER.has(role);
    return (value, atUnixMs) => {
      if (value === null) {
        this.#unknown(role, atUnixMs);
        return;
      }
      take(value, atUnixMs);
      if (ofTransmitter && this.#said !== false) this.#heard(atUnixMs);
    };
  }

  /** What is wrong on the air while the transmitter is on; undefined: nothing. */
  get trouble(): string | undefined {
    if (!this.#active) return undefined;
    if (this.#interference) return `interference on channel ${this.channel.number}`;
    return this.#signal === 'poor' ? `poor signal on channel ${this.channel.number}` : undefined;
  }

  /** States that follow from the time. */
  sweep(nowUnixMs: number): void {
    if (this.#overloaded) this.#peakUnixMs = nowUnixMs;
    if (this.#said === true && this.connected) this.#heard(nowUnixMs);
    this.#settle(nowUnixMs);
  }

  /** Name, as it is given or as the receiver says it. */
  named(): void {
    this.renamed = true;
    const { label, name } = tileName(this.channel, this.reported);
    this.#set('label', label);
    this.#set('name', name);
    this.#set('reportedName', this.reported);
  }

  /** Columns that follow from what was said; after the limits changed, or for a new row. */
  derived(nowUnixMs: number): void {
    this.#set('battery', batteryHealthOf(this.#percent, this.limits));
    this.#settle(nowUnixMs);
    this.named();
  }

  #takerOf(role: ChannelRole): TakeKnown | undefined {
    if (role === 'interference') {
      return (value) => {
        this.#interference = value === 1;
        this.#set('interference', this.#interference);
      };
    }
    const field = PLAIN[role];
    if (field !== undefined) {
      return CHANNEL_ROLES[role].kind === 'boolean'
        ? (value) => this.#set(field, value === 1)
        : (value) => this.#set(field, value);
    }
    switch (role) {
      case 'name':
        return (value) => {
          this.reported = String(value);
          this.named();
        };
      case 'battery_percent':
        return (value, at) => this.#battery(Number(value), this.#barsHeard, at);
      case 'battery_bars':
        return (value, at) => this.#barsSaid(Number(value), at);
      case 'transmitter_on':
        return (value, at) => this.#switched(value === 1, at);
      case 'audio_peak':
        return (value, at) => this.#peak(value === 1, at);
      case 'audio_left_percent':
        return (value) => this.#side('left', 'audioLeftPercent', Number(value));
      case 'audio_right_percent':
        return (value) => this.#side('right', 'audioRightPercent', Number(value));
      case 'quality_percent':
        return (value) => {
          this.#quality = Number(value);
          this.#set('qualityPercent', this.#quality);
          this.#received();
        };
      case 'rf_percent':
        return (value) => this.#field('all', 'rfPercent', Number(value));
      case 'rf_a_percent':
        return (value) => this.#field('a', 'rfAPercent', Number(value));
      case 'rf_b_percent':
        return (value) => this.#field('b', 'rfBPercent', Number(value));
      case 'rssi_a':
        return (value) => this.#strength('a', 'rssiADbm', Number(value));
      case 'rssi_b':
        return (value) => this.#strength('b', 'rssiBDbm', Number(value));
      default:
        return undefined;
    }
  }

  /** The device does not know it any more. */
  #unknown(role: ChannelRole, atUnixMs: number): void {
    const field = PLAIN[role] ?? UNKNOWN_AS[role];
    if (field !== undefined) this.#set(field, null);
    if (role === 'name') this.reported = null;
    else if (role === 'battery_percent') this.#percent = null;
    else if (role === 'battery_bars') this.#bars = null;
    else if (role === 'transmitter_on') this.#said = null;
    else if (role === 'audio_peak') this.#peak(false, atUnixMs);
    else if (role === 'quality_percent') this.#quality = null;
    else if (role === 'interference') this.#interference = false;
    else if (role === 'rf_percent') this.#rf.all = null;
    else if (role === 'rf_a_percent') this.#rf.a = null;
    else if (role === 'rf_b_percent') this.#rf.b = null;
    else if (role === 'rssi_a') this.#dbm.a = null;
    else if (role === 'rssi_b') this.#dbm.b = null;
    const isBattery = role === 'battery_percent' || role === 'battery_bars';
    // What followed from the one that is unknown now is unknown as well.
    if (
      isBattery &&
      !(role === 'battery_percent' ? this.#barsHeard : this.#has('battery_percent'))
    ) {
      this.#percent = null;
      this.#bars = null;
      this.#set('batteryPercent', null);
      this.#set('batteryBars', null);
    }
    this.derived(atUnixMs);
  }

  #has(role: ChannelRole): boolean {
    return this.#roles.has(role);
  }

  #battery(percent: number, barsAreSaid: boolean, atUnixMs: number): void {
    this.#percent = percent;
    this.#set('batteryPercent', percent);
    this.#set('battery', batteryHealthOf(percent, this.limits));
    if (barsAreSaid) return;
    this.#bars = barsOf(percent);
    this.#set('batteryBars', this.#bars);
    this.#settle(atUnixMs);
  }

  #barsSaid(bars: number, atUnixMs: number): void {
    this.#barsHeard = true;
    this.#bars = bars;
    this.#set('batteryBars', bars);
    if (!this.#has('battery_percent')) this.#battery(bars * 20, true, atUnixMs);
    this.#settle(atUnixMs);
  }

  #switched(on: boolean, atUnixMs: number): void {
    if (on) this.#heard(atUnixMs);
    // Until now it was on.
    else if (this.#said === true) this.#heardAt(atUnixMs);
    this.#said = on;
    this.#settle(atUnixMs);
  }

  #peak(overloaded: boolean, atUnixMs: number): void {
    this.#overloaded = overloaded;
    this.#set('audioPeak', overloaded);
    if (overloaded) this.#peakUnixMs = atUnixMs;
    this.#settle(atUnixMs);
  }

  #side(side: 'left' | 'right', field: keyof RfRow & string, percent: number): void {
    this.#sides[side] = percent;
    this.#set(field, percent);
    if (!this.#has('audio_percent')) {
      this.#set('audioPercent', Math.max(this.#sides.left, this.#sides.right));
    }
  }

  #field(which: 'all' | 'a' | 'b', field: keyof RfRow & string, percent: number): void {
    this.#rf[which] = percent;
    this.#set(field, percent);
    if (which !== 'all' && !this.#has('rf_percent')) {
      this.#rf.all = Math.max(this.#rf.a ?? 0, this.#rf.b ?? 0);
      this.#set('rfPercent', this.#rf.all);
    }
    this.#received();
  }

  #strength(which: 'a' | 'b', field: keyof RfRow & string, dbm: number): void {
    this.#dbm[which] = dbm;
    this.#set(field, dbm);
    this.#received();
  }

  #received(): void {
    const { a, b } = this.#dbm;
    const strongest = a === null || b === null ? (a ?? b) : Math.max(a, b);
    const signal = this.#active
      ? signalOf(this.#quality ?? this.#rf.all, strongest, this.limits)
      : 'unknown';
    if (signal === this.#signal) return;
    this.#signal = signal;
    this.#set('signal', signal);
  }

  #heard(atUnixMs: number): void {
    if (atUnixMs < this.#heardShownUnixMs + HEARD_EVERY_MS) return;
    this.#heardAt(atUnixMs);
    if (!this.#active) this.#settle(atUnixMs);
  }

  #heardAt(atUnixMs: number): void {
    this.#heardUnixMs = Math.round(atUnixMs);
    this.#heardShownUnixMs = atUnixMs;
    this.#set('heardUnixMs', this.#heardUnixMs);
  }

  #settle(nowUnixMs: number): void {
    const active = this.connected && activeOf(this.#said, this.#heardUnixMs, nowUnixMs);
    if (active !== this.#active) {
      this.#active = active;
      this.#set('active', active);
    }
    this.#received();
    if (this.#peakUnixMs !== null && nowUnixMs - this.#peakUnixMs >= PEAK_SHOWN_MS) {
      this.#peakUnixMs = null;
    }
    const status = tileStatus(
      {
        connected: this.connected,
        unassigned: this.channel.resource === 'disabled',
        active,
        bars: this.#bars,
        peakUnixMs: this.#peakUnixMs,
        heardUnixMs: this.#heardUnixMs,
      },
      nowUnixMs,
    );
    if (status === this.#status) return;
    this.#status = status;
    this.#set('status', status);
  }

  #set(field: string, value: Shown): void {
    this.#row.set(field, value);
  }
}
