import type { ChangeBatch, ChannelDefinition, ChannelKind } from './protocol.js';

/** Least distance of two server timestamps of a channel: the store keeps microseconds. */
export const STEP_MS = 0.001;

/** What became of a sample. */
export type Placed = 'latest' | 'late' | 'repeat';

const FIRST_CAPACITY = 1_024;
/** Of a change: time, value and channel. */
const ROW_BYTES = 20;
const KINDS: readonly ChannelKind[] = ['number', 'text', 'boolean'];
/**
 * A channel's record of 24 bytes, in one piece because a sample needs all of it: time and latest value as doubles, then
 * the channel's number and its state, 32 bits each. These are the places of a slot's fields in the two views of the records.
 */
const timeOf = (slot: number): number => slot * 3;
const numberOf = (slot: number): number => slot * 3 + 1;
const channelOf = (slot: number): number => slot * 6 + 4;
const stateOf = (slot: number): number => slot * 6 + 5;
const RECORD_BYTES = 24;
/** Bits of a channel's state: place of its kind in `KINDS`, and how its change is told. */
const KIND = 3;
const TEXT = 1;
const RARE = 4;
const DIRTY = 8;

/**
 * Latest value of every channel of a shard, in records of numbers. A channel has a slot, given once by `add` and
 * reused after `remove`. Booleans are 0 and 1; texts are in a side list.
 */
export class ChannelTable {
  #doubles = new Float64Array(new ArrayBuffer(FIRST_CAPACITY * RECORD_BYTES));
  #words = new Uint32Array(this.#doubles.buffer);
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
    if (slot * RECORD_BYTES >= this.#doubles.byteLength) this.#grow();
    this.#words[channelOf(slot)] = channel.id;
    this.#doubles[timeOf(slot)] = Number.NEGATIVE_INFINITY;
    this.#doubles[numberOf(slot)] = Number.NaN;
    this.#words[stateOf(slot)] = KINDS.indexOf(channel.kind);
    this.#text[slot] = undefined;
    this.#slotOf.set(channel.id, slot);
    return slot;
  }

  /** Changes of this channel are told with those that `drainChanges` is asked for now and then, whatever their number. */
  tellRarely(slot: number): void {
    this.#words[stateOf(slot)] = this.#stateAt(slot) | RARE;
  }

  remove(channelId: number): boolean {
    const slot = this.#slotOf.get(channelId);
    if (slot === undefined) return false;
    this.#slotOf.delete(channelId);
    if ((this.#stateAt(slot) & DIRTY) !== 0) {
      this.#dirtySlots = this.#dirtySlots.filter((s) => s !== slot);
      this.#rareSlots = this.#rareSlots.filter((s) => s !== slot);
    }
    this.#words[stateOf(slot)] = 0;
    this.#free.push(slot);
    return true;
  }

  slotOf(channelId: number): number | undefined {
    return this.#slotOf.get(channelId);
  }

  channelAt(slot: number): number {
    return this.#words[channelOf(slot)] ?? 0;
  }

  kindAt(slot: number): ChannelKind {
    return KINDS[this.#stateAt(slot) & KIND] ?? 'number';
  }

  /** Time of the latest value, −∞ before the first. */
  atUnixMs(slot: number): number {
    return this.#doubles[timeOf(slot)] ?? Number.NEGATIVE_INFINITY;
  }

  /** The latest value; undefined before the first, and where it is unknown now. Booleans are 0 and 1. */
  latest(slot: number): number | string | undefined {
    if (this.atUnixMs(slot) === Number.NEGATIVE_INFINITY) return undefined;
    if ((this.#stateAt(slot) & KIND) === TEXT) return this.#text[slot];
    const value = this.#doubles[numberOf(slot)];
    return Number.isNaN(value) ? undefined : value;
  }

  /**
   * A server time for the next sample of a channel: `atUnixMs`, or 1 µs after the channel's latest when
   * that is not older, so that two samples of one millisecond both survive in the store.
   */
  after(slot: number, atUnixMs: number): number {
    const last = this.atUnixMs(slot);
    if (atUnixMs > last) return atUnixMs;
    // Near 1.8e12 a double resolves 0.24 µs, so the sum rounded to whole µs is always later.
    return Math.round((last + STEP_MS) * 1_000) / 1_000;
  }

  /**
   * Notes a sample. `late`: older than the latest, which stays. `repeat`: same time and same value as
   * the latest, which needs no second row in the store.
   */
  put(slot: number, atUnixMs: number, value: number | string): Placed {
    const last = this.atUnixMs(slot);
    if (atUnixMs < last) return 'late';
    if (typeof value === 'number') {
      if (atUnixMs === last && this.#doubles[numberOf(slot)] === value) return 'repeat';
      this.#doubles[numberOf(slot)] = value;
    } else {
      if (atUnixMs === last && this.#text[slot] === value) return 'repeat';
      this.#text[slot] = value;
    }
    this.#doubles[timeOf(slot)] = atUnixMs;
    this.#touch(slot);
    return 'latest';
  }

  /** The latest value is not known any more; announced as a change. @returns false: none was known, or a later one is. */
  forget(slot: number, atUnixMs: number): boolean {
    if (this.latest(slot) === undefined || atUnixMs < this.atUnixMs(slot)) return false;
    this.#doubles[numberOf(slot)] = Number.NaN;
    this.#text[slot] = undefined;
    this.#doubles[timeOf(slot)] = atUnixMs;
    this.#touch(slot);
    return true;
  }

  /** Takes over a value that is stored already: no change is announced. */
  restore(slot: number, atUnixMs: number, value: number | string): void {
    if (atUnixMs < this.atUnixMs(slot)) return;
    if (typeof value === 'number') this.#doubles[numberOf(slot)] = value;
    else this.#text[slot] = value;
    this.#doubles[timeOf(slot)] = atUnixMs;
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
      this.#words[stateOf(slot)] = this.#stateAt(slot) & ~DIRTY;
      const id = this.channelAt(slot);
      const atMs = this.atUnixMs(slot);
      const latest = this.latest(slot);
      if (latest === undefined) {
        unknown.push({ channel: id, atUnixMs: atMs });
        continue;
      }
      if (typeof latest === 'string') {
        text.push({ channel: id, atUnixMs: atMs, value: latest });
        continue;
      }
      channel[rows] = id;
      atUnixMs[rows] = atMs;
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
    return this.#words[stateOf(slot)] ?? 0;
  }

  #touch(slot: number): void {
    const state = this.#stateAt(slot);
    if ((state & DIRTY) !== 0) return;
    this.#words[stateOf(slot)] = state | DIRTY;
    ((state & RARE) === 0 ? this.#dirtySlots : this.#rareSlots).push(slot);
  }

  #grow(): void {
    const words = new Uint32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words = words;
    this.#doubles = new Float64Array(words.buffer);
  }
}
