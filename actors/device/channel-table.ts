import type { ChangeBatch, ChannelDefinition, ChannelKind } from './protocol.js';

/** Least distance of two server timestamps of a channel: the store keeps microseconds. */
export const STEP_MS = 0.001;

/** What became of a sample. */
export type Placed = 'latest' | 'late' | 'repeat';

const FIRST_CAPACITY = 1_024;
/** Of a change: time, value and channel. */
const ROW_BYTES = 20;
const KINDS: readonly ChannelKind[] = ['number', 'text', 'boolean'];
/** Bits of a channel's state: place of its kind in `KINDS`, and how its change is told. */
const KIND = 3;
const TEXT = 1;
const RARE = 4;
const DIRTY = 8;

/**
 * Latest value of every channel of a shard, in columns. A channel has a slot, given once by `add` and
 * reused after `remove`. Numbers and booleans (0, 1) are in `value`; texts in a side list.
 */
export class ChannelTable {
  #channel = new Uint32Array(FIRST_CAPACITY);
  #atUnixMs = new Float64Array(FIRST_CAPACITY).fill(Number.NEGATIVE_INFINITY);
  #value = new Float64Array(FIRST_CAPACITY).fill(Number.NaN);
  #state = new Uint8Array(FIRST_CAPACITY);
  readonly #text: (string | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #slotOf = new Map<number, number>();
  #dirtySlots: number[] = [];
  #rareSlots: number[] = [];
  #used = 0;

  /** Channels held. */
  get size(): number {
    return this.#slotOf.size;
  }

  /** Slot of a channel; a channel that is here already keeps its slot and value. */
  add(channel: ChannelDefinition): number {
    const present = this.#slotOf.get(channel.id);
    if (present !== undefined) return present;
    const slot = this.#free.pop() ?? this.#used++;
    if (slot >= this.#channel.length) this.#grow();
    this.#channel[slot] = channel.id;
    this.#atUnixMs[slot] = Number.NEGATIVE_INFINITY;
    this.#value[slot] = Number.NaN;
    this.#state[slot] = KINDS.indexOf(channel.kind);
    this.#text[slot] = undefined;
    this.#slotOf.set(channel.id, slot);
    return slot;
  }

  /** Changes of this channel are told with those that `drainChanges` is asked for now and then, whatever their number. */
  tellRarely(slot: number): void {
    this.#state[slot] = this.#stateAt(slot) | RARE;
  }

  remove(channelId: number): boolean {
    const slot = this.#slotOf.get(channelId);
    if (slot === undefined) return false;
    this.#slotOf.delete(channelId);
    if ((this.#stateAt(slot) & DIRTY) !== 0) {
      this.#dirtySlots = this.#dirtySlots.filter((s) => s !== slot);
      this.#rareSlots = this.#rareSlots.filter((s) => s !== slot);
    }
    this.#state[slot] = 0;
    this.#free.push(slot);
    return true;
  }

  slotOf(channelId: number): number | undefined {
    return this.#slotOf.get(channelId);
  }

  channelAt(slot: number): number {
    return this.#channel[slot] ?? 0;
  }

  kindAt(slot: number): ChannelKind {
    return KINDS[this.#stateAt(slot) & KIND] ?? 'number';
  }

  /** Time of the latest value, −∞ before the first. */
  atUnixMs(slot: number): number {
    return this.#atUnixMs[slot] ?? Number.NEGATIVE_INFINITY;
  }

  /** The latest value; undefined before the first, and where it is unknown now. Booleans are 0 and 1. */
  latest(slot: number): number | string | undefined {
    if (this.atUnixMs(slot) === Number.NEGATIVE_INFINITY) return undefined;
    if ((this.#stateAt(slot) & KIND) === TEXT) return this.#text[slot];
    const value = this.#value[slot];
    return Number.isNaN(value) ? undefined : value;
  }

  /**
   * A server time for the next sample of a channel: `atUnixMs`, or 1 µs after the channel's latest when
   * that is not older, so that two samples of one millisecond both survive in the store.
   */
  after(slot: number, atUnixMs: number): number {
    const last = this.#atUnixMs[slot] ?? Number.NEGATIVE_INFINITY;
    if (atUnixMs > last) return atUnixMs;
    // Near 1.8e12 a double resolves 0.24 µs, so the sum rounded to whole µs is always later.
    return Math.round((last + STEP_MS) * 1_000) / 1_000;
  }

  /**
   * Notes a sample. `late`: older than the latest, which stays. `repeat`: same time and same value as
   * the latest, which needs no second row in the store.
   */
  put(slot: number, atUnixMs: number, value: number | string): Placed {
    const last = this.#atUnixMs[slot] ?? Number.NEGATIVE_INFINITY;
    if (atUnixMs < last) return 'late';
    if (typeof value === 'number') {
      if (atUnixMs === last && this.#value[slot] === value) return 'repeat';
      this.#value[slot] = value;
    } else {
      if (atUnixMs === last && this.#text[slot] === value) return 'repeat';
      this.#text[slot] = value;
    }
    this.#atUnixMs[slot] = atUnixMs;
    this.#touch(slot);
    return 'latest';
  }

  /** The latest value is not known any more; announced as a change. @returns false: none was known, or a later one is. */
  forget(slot: number, atUnixMs: number): boolean {
    if (this.latest(slot) === undefined || atUnixMs < this.atUnixMs(slot)) return false;
    this.#value[slot] = Number.NaN;
    this.#text[slot] = undefined;
    this.#atUnixMs[slot] = atUnixMs;
    this.#touch(slot);
    return true;
  }

  /** Takes over a value that is stored already: no change is announced. */
  restore(slot: number, atUnixMs: number, value: number | string): void {
    if (atUnixMs < this.atUnixMs(slot)) return;
    if (typeof value === 'number') this.#value[slot] = value;
    else this.#text[slot] = value;
    this.#atUnixMs[slot] = atUnixMs;
  }

  /**
   * One row for each channel that changed since the last call, in one fresh buffer; undefined: none. `rare`: also of those that are told
   * rarely.
   */
  drainChanges(rare = true): ChangeBatch | undefined {
    const slots = this.#dirtySlots;
    if (rare && this.#rareSlots.length > 0) {
      for (const slot of this.#rareSlots) slots.push(slot);
      this.#rareSlots = [];
    }
    if (slots.length === 0) return undefined;
    this.#dirtySlots = [];
    const columns = new ArrayBuffer(slots.length * ROW_BYTES);
    const atUnixMs = new Float64Array(columns, 0, slots.length);
    const value = new Float64Array(columns, slots.length * 8, slots.length);
    const channel = new Uint32Array(columns, slots.length * 16, slots.length);
    const text: { channel: number; atUnixMs: number; value: string }[] = [];
    const unknown: { channel: number; atUnixMs: number }[] = [];
    let rows = 0;
    for (const slot of slots) {
      this.#state[slot] = this.#stateAt(slot) & ~DIRTY;
      const id = this.#channel[slot] ?? 0;
      const at = this.#atUnixMs[slot] ?? 0;
      const latest = this.latest(slot);
      if (latest === undefined) {
        unknown.push({ channel: id, atUnixMs: at });
        continue;
      }
      if (typeof latest === 'string') {
        text.push({ channel: id, atUnixMs: at, value: latest });
        continue;
      }
      channel[rows] = id;
      atUnixMs[rows] = at;
      value[rows] = latest;
      rows += 1;
    }
    return {
      channel: channel.subarray(0, rows),
      atUnixMs: atUnixMs.subarray(0, rows),
      value: value.subarray(0, rows),
      text,
      ...(unknown.length === 0 ? {} : { unknown }),
    };
  }

  #stateAt(slot: number): number {
    return this.#state[slot] ?? 0;
  }

  #touch(slot: number): void {
    const state = this.#stateAt(slot);
    if ((state & DIRTY) !== 0) return;
    this.#state[slot] = state | DIRTY;
    ((state & RARE) === 0 ? this.#dirtySlots : this.#rareSlots).push(slot);
  }

  #grow(): void {
    const capacity = this.#channel.length * 2;
    const channel = new Uint32Array(capacity);
    channel.set(this.#channel);
    const atUnixMs = new Float64Array(capacity).fill(Number.NEGATIVE_INFINITY);
    atUnixMs.set(this.#atUnixMs);
    const value = new Float64Array(capacity).fill(Number.NaN);
    value.set(this.#value);
    const state = new Uint8Array(capacity);
    state.set(this.#state);
    this.#channel = channel;
    this.#atUnixMs = atUnixMs;
    this.#value = value;
    this.#state = state;
  }
}
