// Over 400 lines: one reading from the plugin to the store, the table and the rules shares the counters and bounds of its thread.
import type { Clock, TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { SeriesWriter } from '../../../engine/series/series.types.js';
import { ChannelTable } from '../../device/channel-table.js';
import type {
  ChangeBatch,
  ChannelDefinition,
  DeviceDefinition,
  InternAnswer,
} from '../../device/protocol.js';
import { type Claim, Registrar, type Round } from '../../device/registrar.js';
import { SampleBuilder } from '../../device/sample-builder.js';
import { convert, MAX_TEXT_CHARS } from '../../device/values.js';
import type { FeedSource } from '../../rule/feed-source.js';
import type { ChannelSpec } from '../sdk/plugin.types.js';
import { checkSpec, converted } from './specs.js';

const MAX_CHANNELS = 512;
/** A device's clock may be off by this, ms; beyond it what it says of the time is not believed. */
const MAX_OFF_MS = 600_000;
/** Rows are given to the writer at most this often. */
const GATHER_MS = 10;
const TWINS_EVERY_MS = 1_000;
const CLAIM_AGAIN_MS = 2_000;
/** A text or a flag that stays the same is kept when it changed, and this often. */
const SAME_EVERY_MS = 60_000;
/** Rows the writer has not acknowledged; more are lost and counted. */
const MAX_UNACKNOWLEDGED = 1_000_000;
/** Values that wait for their channel to be registered: of all devices, and of one parameter. */
const MAX_WAITING = 200_000;
const MAX_WAITING_EACH = 64;

/** In the line that tells of a value of another kind than its parameter was declared with. */
export const WRONG_KIND = 'is declared as';

/** In place of a slot. */
const PENDING = -1;
const REFUSED = -2;

/** How a parameter takes a value of its own kind without a look at its declaration; 0: by its declaration. */
const AS_NUMBER = 1;
const AS_TEXT = 2;
const AS_FLAG = 3;
const AS = 3;
/** Beside one of these: its values are not stored. */
const UNSTORED = 4;
/** Bits of a place above those: the slot. */
const WAY_BITS = 3;
const WAY = 7;
const placeOf = (slot: number, way: number): number => (slot << WAY_BITS) | way;
const slotOf = (place: number): number => place >> WAY_BITS;

interface Waiting {
  readonly atUnixMs: number;
  readonly value: number | string;
}

/** What a device declared and how much it said. Made by `Readings.enter`. */
export class DeviceReadings {
  readonly deviceId: string;
  /** Values a second. */
  maxPerS: number;
  readonly specs: ChannelSpec[] = [];
  readonly handles = new Map<string, number>();
  /** By handle, in one number: its slot in the table (below 0: none), and how it takes values. */
  readonly places: number[] = [];
  readonly waiting: (Waiting[] | undefined)[] = [];
  /** Handles whose last value that waits is not known any more. */
  readonly unknown = new Set<number>();
  /** Registered parameters by name: those of an earlier run too. */
  readonly known = new Map<string, number>();
  heardUnixMs = 0;
  /** Begin of the second that `count` is of. */
  secondUnixMs = 0;
  count = 0;
  dropped = 0;
  /** Its clock was told to be wrong. */
  toldClock = false;
  toldKind = false;
  /** Said since the last look of the connection's owner. */
  spoke = false;

  constructor(deviceId: string, maxPerS: number) {
    this.deviceId = deviceId;
    this.maxPerS = maxPerS;
  }
}

export interface ReadingsOptions {
  readonly clock: Clock;
  readonly writer: SeriesWriter;
  readonly intern: (claims: readonly Claim[]) => Promise<InternAnswer>;
  readonly protocol: () => string;
  /** What rules watch, also of parameters that are not kept. */
  readonly feed?: Pick<FeedSource, 'rows' | 'wants'>;
  /** Something the operator should know of a device. */
  readonly tell: (device: DeviceReadings, text: string) => void;
  readonly onFault: (error: EngineError) => void;
}

/**
 * What devices say: into the table of latest values and, gathered, into the store. One value costs a few array
 * writes. Nothing of it passes a machine.
 */
export class Readings {
  readonly table = new ChannelTable();
  readonly #options: ReadingsOptions;
  readonly #clock: Clock;
  readonly #feed: ReadingsOptions['feed'];
  readonly #registrar: Registrar;
  readonly #devices = new Map<string, DeviceReadings>();
  #rows = new SampleBuilder(4_096);
  /** Values that rules watch, since the last flush. */
  readonly #heard = new SampleBuilder(64);
  #gather: TimerHandle | undefined;
  #claimAgain: TimerHandle | undefined;
  /** Devices with parameters that have no channel yet, until the next flush. */
  readonly #claims = new Set<DeviceReadings>();
  #unacknowledged = 0;
  #twinsMonoMs = 0;
  #waitingValues = 0;
  #taken = 0;
  #lost = 0;
  #closed = false;

  constructor(options: ReadingsOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#feed = options.feed;
    this.#registrar = new Registrar(options.intern, (round) => this.#registered(round));
  }

  /** Values taken since the start. */
  get taken(): number {
    return this.#taken;
  }

  /** Values that could not be stored since the start. */
  get lost(): number {
    return this.#lost;
  }

  enter(
    deviceId: string,
    channels: readonly Omit<ChannelDefinition, 'deviceId'>[],
    maxPerS: number,
  ): DeviceReadings {
    const device = this.#devices.get(deviceId) ?? new DeviceReadings(deviceId, maxPerS);
    device.maxPerS = maxPerS;
    this.#devices.set(deviceId, device);
    this.#know(device, channels);
    return device;
  }

  leave(device: DeviceReadings): void {
    this.#devices.delete(device.deviceId);
    this.#claims.delete(device);
    for (const slot of device.known.values()) this.table.remove(this.table.channelAt(slot));
    for (const queue of device.waiting) this.#waitingValues -= queue?.length ?? 0;
    device.known.clear();
    device.places.fill(placeOf(REFUSED, 0));
    device.waiting.length = 0;
    device.unknown.clear();
  }

  /** @throws EngineError `input.invalid`, `conflict` over 512 of a device. */
  declare(device: DeviceReadings, spec: ChannelSpec): number {
    const checked = checkSpec(spec);
    const present = device.handles.get(checked.id);
    if (present !== undefined) {
      device.specs[present] = checked;
      const slot = slotOf(device.places[present] ?? placeOf(REFUSED, 0));
      device.places[present] = placeOf(slot, wayOf(checked));
      return present;
    }
    const handle = device.specs.length;
    if (handle >= MAX_CHANNELS) {
      throw new EngineError('conflict', `a device has at most ${MAX_CHANNELS} parameters`);
    }
    device.specs.push(checked);
    device.handles.set(checked.id, handle);
    const slot = device.known.get(checked.id);
    device.places.push(placeOf(slot ?? PENDING, wayOf(checked)));
    if (slot === undefined) this.#claimSoon(device);
    else if (isTwin(checked)) this.table.tellRarely(slot);
    return handle;
  }

  /** It spoke, whatever it said. */
  heard(device: DeviceReadings): void {
    device.heardUnixMs = this.#clock.nowMs();
    device.spoke = true;
  }

  read(
    device: DeviceReadings,
    handle: number,
    value: number | string | boolean | null,
    atUnixMs: number | undefined,
  ): void {
    const nowUnixMs = this.#clock.nowMs();
    device.heardUnixMs = nowUnixMs;
    device.spoke = true;
    const place = device.places[handle];
    if (place === undefined || !allowed(device, nowUnixMs)) {
      device.dropped += 1;
      return;
    }
    const slot = slotOf(place);
    if (value === null) {
      this.#unknown(device, handle, slot, nowUnixMs);
      return;
    }
    const kept = asItIs(place & AS, value) ?? this.#converted(device, handle, value);
    if (kept === undefined) {
      device.dropped += 1;
      return;
    }
    const said = atUnixMs === undefined ? undefined : this.#believed(device, atUnixMs, nowUnixMs);
    if (slot < 0) this.#wait(device, handle, slot, said ?? nowUnixMs, kept);
    else this.#place(slot, (place & UNSTORED) === 0, said, nowUnixMs, kept);
  }

  /** By its declaration; undefined: it does not fit. */
  #converted(
    device: DeviceReadings,
    handle: number,
    value: number | string | boolean,
  ): number | string | undefined {
    const spec = device.specs[handle];
    if (spec === undefined) return undefined;
    if (!device.toldKind && typeof value !== TYPES[spec.kind]) this.#tellKind(device, spec, value);
    if (typeof value === 'number') {
      const number = spec.read === undefined ? value : converted(spec.read, value);
      return Number.isFinite(number) ? convert(spec.kind, number) : undefined;
    }
    const kept = convert(spec.kind, value);
    if (typeof kept === 'string') return kept.slice(0, MAX_TEXT_CHARS);
    return kept === undefined || spec.read === undefined ? kept : converted(spec.read, kept);
  }

  /** What waits to be stored is: it was known then. */
  #unknown(device: DeviceReadings, handle: number, slot: number, nowUnixMs: number): void {
    if (slot >= 0) this.table.forget(slot, this.table.after(slot, nowUnixMs));
    else if (device.waiting[handle] !== undefined) device.unknown.add(handle);
  }

  /** Changes since the last call; those of twins once in `TWINS_EVERY_MS`. */
  changes(): ChangeBatch | undefined {
    const nowMonoMs = this.#clock.monoMs();
    const twins = nowMonoMs - this.#twinsMonoMs >= TWINS_EVERY_MS;
    if (twins) this.#twinsMonoMs = nowMonoMs;
    return this.table.drainChanges(twins);
  }

  /** Gives everything gathered to the writer, and waits for nothing. */
  flush(): void {
    if (this.#gather !== undefined) this.#clock.clearTimeout(this.#gather);
    this.#gather = undefined;
    if (this.#claims.size > 0) {
      for (const device of this.#claims) this.#claim(device);
      this.#claims.clear();
      this.#registrar.flush();
    }
    if (this.#heard.rows > 0) this.#heard.lend((batch) => this.#feed?.rows(batch));
    const rows = this.#rows.rows;
    if (rows === 0) return;
    if (this.#unacknowledged + rows > MAX_UNACKNOWLEDGED) {
      this.#rows = new SampleBuilder(4_096);
      this.#lost += rows;
      return;
    }
    const batch = this.#rows.take();
    this.#rows = new SampleBuilder(Math.max(256, Math.min(65_536, rows * 2)));
    this.#unacknowledged += rows;
    this.#options.writer.append(batch).then(
      () => {
        this.#unacknowledged -= rows;
      },
      () => {
        // Nobody was promised these: a spool that is full shows in the count, as in the health of the store.
        this.#unacknowledged -= rows;
        this.#lost += rows;
      },
    );
  }

  close(): void {
    this.flush();
    this.#closed = true;
    if (this.#claimAgain !== undefined) this.#clock.clearTimeout(this.#claimAgain);
  }

  #place(
    slot: number,
    stored: boolean,
    said: number | undefined,
    nowUnixMs: number,
    value: number | string,
  ): void {
    const { table } = this;
    // A parameter keeps the kind of its first day in the store, whatever a newer plugin declares.
    const kind = table.kindAt(slot);
    const kept = (kind === 'text') === (typeof value === 'string') ? value : convert(kind, value);
    if (kept === undefined) return;
    const atUnixMs = said ?? table.after(slot, nowUnixMs);
    const channel = table.channelAt(slot);
    if (this.#feed?.wants(channel) === true) {
      this.#heard.add(channel, atUnixMs, kept);
      this.#gatherSoon();
    }
    if (kind !== 'number' && table.latest(slot) === kept) {
      const sinceMs = atUnixMs - table.atUnixMs(slot);
      if (sinceMs >= 0 && sinceMs < SAME_EVERY_MS) return;
    }
    if (table.put(slot, atUnixMs, kept) === 'repeat' || !stored) return;
    this.#rows.add(channel, atUnixMs, kept);
    this.#taken += 1;
    this.#gatherSoon();
  }

  #wait(
    device: DeviceReadings,
    handle: number,
    slot: number,
    atUnixMs: number,
    value: number | string,
  ): void {
    const queue = device.waiting[handle] ?? [];
    if (
      slot === REFUSED ||
      this.#waitingValues >= MAX_WAITING ||
      queue.length >= MAX_WAITING_EACH
    ) {
      device.dropped += 1;
      return;
    }
    device.waiting[handle] = queue;
    device.unknown.delete(handle);
    queue.push({ atUnixMs, value });
    this.#waitingValues += 1;
  }

  #believed(device: DeviceReadings, saidUnixMs: number, nowUnixMs: number): number | undefined {
    if (Math.abs(saidUnixMs - nowUnixMs) <= MAX_OFF_MS)
      return Math.round(saidUnixMs * 1_000) / 1_000;
    if (!device.toldClock) {
      device.toldClock = true;
      const offS = Math.round((saidUnixMs - nowUnixMs) / 1_000);
      this.#options.tell(
        device,
        Number.isFinite(offS)
          ? `${device.deviceId}: its clock is ${Math.abs(offS)} s ${offS > 0 ? 'ahead' : 'behind'}, so the time of arrival is taken instead: set its clock`
          : `${device.deviceId}: it sends times that are none, so the time of arrival is taken instead`,
      );
    }
    return undefined;
  }

  #tellKind(device: DeviceReadings, { id, kind }: ChannelSpec, value: unknown): void {
    device.toldKind = true;
    const text = `${device.deviceId}: parameter "${id}" ${WRONG_KIND} ${kind}, a ${typeof value} was read: convert it in the plugin`;
    this.#options.tell(device, text);
  }

  #gatherSoon(): void {
    if (this.#gather !== undefined || this.#closed) return;
    this.#gather = this.#clock.setTimeout(() => {
      this.#gather = undefined;
      try {
        this.flush();
      } catch (thrown) {
        this.#options.onFault(EngineError.from(thrown));
      }
    }, GATHER_MS);
  }

  /** With everything else that the device declares in the moment: the first frames of a receiver declare dozens. */
  #claimSoon(device: DeviceReadings): void {
    this.#claims.add(device);
    this.#gatherSoon();
  }

  #claim(device: DeviceReadings): void {
    const channels: Claim['channels'][number][] = [];
    for (let handle = 0; handle < device.specs.length; handle += 1) {
      const spec = device.specs[handle];
      if (spec !== undefined && slotOf(device.places[handle] ?? 0) === PENDING) {
        // With its unit, so that it need not be learnt, and written once more, from the identity.
        const unit = spec.unit === undefined || spec.unit === '' ? {} : { unit: spec.unit };
        channels.push({ name: spec.id, kind: spec.kind, ...unit });
      }
    }
    if (channels.length === 0) return;
    this.#registrar.claim({ id: device.deviceId, protocol: this.#options.protocol(), channels });
  }

  #registered(round: Round): void {
    if (this.#closed) return;
    for (const definition of round.devices) this.#defined(definition);
    for (const [deviceId, reason] of round.refused) {
      const device = this.#devices.get(deviceId);
      if (device === undefined) continue;
      for (const [handle, place] of device.places.entries()) {
        if (slotOf(place) === PENDING) device.places[handle] = placeOf(REFUSED, place & WAY);
      }
      this.#options.tell(device, `${deviceId}: its parameters were not taken: ${reason}`);
    }
    if (round.failure !== undefined) this.#claimLater();
  }

  // The main thread was away: everything that is still without a channel is claimed anew.
  #claimLater(): void {
    this.#claimAgain ??= this.#clock.setTimeout(() => {
      this.#claimAgain = undefined;
      for (const device of this.#devices.values()) this.#claimSoon(device);
    }, CLAIM_AGAIN_MS);
  }

  #defined({ id, channels }: DeviceDefinition): void {
    const device = this.#devices.get(id);
    if (device !== undefined) this.#know(device, channels);
  }

  #know(device: DeviceReadings, channels: readonly Omit<ChannelDefinition, 'deviceId'>[]): void {
    for (const channel of channels) {
      if (device.known.has(channel.name)) continue;
      const slot = this.table.add({ ...channel, deviceId: device.deviceId });
      device.known.set(channel.name, slot);
      const handle = device.handles.get(channel.name);
      const spec = handle === undefined ? undefined : device.specs[handle];
      if (handle === undefined || spec === undefined) continue;
      device.places[handle] = placeOf(slot, wayOf(spec));
      if (isTwin(spec)) this.table.tellRarely(slot);
      const queue = device.waiting[handle] ?? [];
      device.waiting[handle] = undefined;
      this.#waitingValues -= queue.length;
      const stored = spec.history !== false;
      for (const { atUnixMs, value } of queue) {
        this.#place(slot, stored, undefined, atUnixMs, value);
      }
      if (device.unknown.delete(handle)) this.table.forget(slot, this.table.after(slot, 0));
    }
  }
}

/** A meter without a history: the same reading as another in a unit of its own, which nobody follows ten times a second. */
const isTwin = ({ meter, history }: ChannelSpec): boolean => meter === true && history === false;

const TYPES = { number: 'number', text: 'string', boolean: 'boolean' } as const;

function wayOf({ kind, read, history }: ChannelSpec): number {
  const as = kind === 'number' ? AS_NUMBER : kind === 'text' ? AS_TEXT : AS_FLAG;
  return (read === undefined ? as : 0) + (history === false ? UNSTORED : 0);
}

/** Undefined: it must be converted, or is none. */
function asItIs(as: number, value: number | string | boolean): number | string | undefined {
  if (typeof value === 'number') {
    return as === AS_NUMBER && Number.isFinite(value) ? value : undefined;
  }
  if (typeof value === 'boolean') return as === AS_FLAG ? Number(value) : undefined;
  return as === AS_TEXT && value.length <= MAX_TEXT_CHARS ? value : undefined;
}

function allowed(device: DeviceReadings, nowUnixMs: number): boolean {
  const intoSecondMs = nowUnixMs - device.secondUnixMs;
  if (intoSecondMs >= 1_000 || intoSecondMs < 0) {
    device.secondUnixMs = Math.floor(nowUnixMs / 1_000) * 1_000;
    device.count = 0;
  }
  device.count += 1;
  return device.count <= device.maxPerS;
}
