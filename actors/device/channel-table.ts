import type { ChangeBatch, ChannelDefinition, ChannelKind } from './protocol.js';

/** Least distance of two server timestamps of a channel: the store keeps microseconds. */
export const STEP_MS = 0.001;

/** What became of a sample. */
export type Placed = 'latest' | 'late' | 'repeat';

const FIRST_CAPACITY = 1_024;
const KINDS: readonly ChannelKind[] = ['number', 'text', 'boolean'];

/**
 * Latest value of every channel of a shard, in columns. A channel has a slot, given once by `add` and
 * reused after `remove`. Numbers and booleans (0, 1) are in `value`; texts in a side list.
 */
export class ChannelTable {
  #channel = new Uint32Array(FIRST_CAPACITY);
  #atUnixMs = new Float64Array(FIRST_CAPACITY).fill(Number.NEGATIVE_INFINITY);
  #value = new Float64Array(FIRST_CAPACITY).fill(Number.NaN);
  #kind = new Uint8Array(FIRST_CAPACITY);
  #dirty = new Uint8Array(FIRST_CAPACITY);
  #rare = new Uint8Array(FIRST_CAPACITY);
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
    this.#kind[slot] = KINDS.indexOf(channel.kind);
    this.#rare[slot] = 0;
    this.#text[slot] = undefined;
    this.#slotOf.set(channel.id, slot);
    return slot;
  }

  /** Changes of this channel are told with those that `drainChanges` is asked for now and then, whatever their number. */
  tellRarely(slot: number): void {
    this.#rare[slot] = 1;
  }

  remove(channelId: number): boolean {
    const slot = this.#slotOf.get(channelId);
    if (slot === undefined) return false;
    this.#slotOf.delete(channelId);
    if (this.#dirty[slot] === 1) {
      this.#dirtySlots = this.#dirtySlots.filter((s) => s !== slot);
      this.#rareSlots = this.#rareSlots.filter((s) => s !== slot);
    }
    this.#dirty[slot] = 0;
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
    return KINDS[this.#kind[slot] ?? 0] ?? 'number';
  }

  /** Time of the latest value, −∞ before the first. */
  atUnixMs(slot: number): number {
    return this.#atUnixMs[slot] ?? Number.NEGATIVE_INFINITY;
  }

  /** The latest value; undefined before the first, and where it is unknown now. Booleans are 0 and 1. */
  latest(slot: number): number | string | undefined {
    if (this.atUnixMs(slot) === Number.NEGATIVE_INFINITY) return undefined;
    if (this.#kind[slot] === 1) return this.#text[slot];
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
   * One row for each channel that changed since the last call, with fresh buffers; undefined: none. `rare`: also of those that are told
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
    const channel = new Uint32Array(slots.length);
    const atUnixMs = new Float64Array(slots.length);
    const value = new Float64Array(slots.length);
    const text: { channel: number; atUnixMs: number; value: string }[] = [];
    const unknown: { channel: number; atUnixMs: number }[] = [];
    let rows = 0;
    for (const slot of slots) {
      this.#dirty[slot] = 0;
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
    if (rows === slots.length) return { channel, atUnixMs, value, text };
    return {
      channel: channel.slice(0, rows),
      atUnixMs: atUnixMs.slice(0, rows),
      value: value.slice(0, rows),
      text,
      ...(unknown.length === 0 ? {} : { unknown }),
    };
  }

  #touch(slot: number): void {
    if (this.#dirty[slot] === 1) return;
    this.#dirty[slot] = 1;
    (this.#rare[slot] === 1 ? this.#rareSlots : this.#dirtySlots).push(slot);
  }

  #grow(): void {
    const capacity = this.#channel.length * 2;
    const channel = new Uint32Array(capacity);
    channel.set(this.#channel);
    const atUnixMs = new Float64Array(capacity).fill(Number.NEGATIVE_INFINITY);
    atUnixMs.set(this.#atUnixMs);
    const value = new Float64Array(capacity).fill(Number.NaN);
    value.set(this.#value);
    const kind = new Uint8Array(capacity);
    kind.set(this.#kind);
    const dirty = new Uint8Array(capacity);
    dirty.set(this.#dirty);
    const rare = new Uint8Array(capacity);
    rare.set(this.#rare);
    this.#rare = rare;
    this.#channel = channel;
    this.#atUnixMs = atUnixMs;
    this.#value = value;
    this.#kind = kind;
    this.#dirty = dirty;
  }
}
