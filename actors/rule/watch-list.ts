const FIRST = 256;
const NONE = 0xffff_ffff;

/**
 * Which rules watch which channel, in columns. A channel has a slot, given at its first rule and kept. A rule and one of its
 * channels are a link; links of a rule are neighbours. `start` and `order` list the links of each channel (compressed rows) and are
 * made again when links changed and somebody reads them.
 */
export class WatchList {
  /** Newest sample of a channel slot; −∞ before the first. */
  atUnixMs = new Float64Array(FIRST).fill(Number.NEGATIVE_INFINITY);
  value = new Float64Array(FIRST).fill(Number.NaN);
  readonly text: (string | undefined)[] = [];
  /** When something of it was last heard, by the monotonic clock. */
  heardMonoMs = new Float64Array(FIRST);
  /** Rule of a link. */
  rule = new Uint32Array(FIRST);
  /** Channel slot of a link. */
  slot = new Uint32Array(FIRST);
  /** Newest sample that the rule of a link decided on. Older ones, and the same one again, decide nothing. */
  seenUnixMs = new Float64Array(FIRST);
  /** What that sample said, of rules with a program; NaN before the first. */
  said = new Float64Array(FIRST);
  /** Samples from `low` to `high` leave the rule of a link as it is; see `stayOf`. */
  low = new Float64Array(FIRST);
  high = new Float64Array(FIRST);
  #start = new Uint32Array(1);
  #order = new Uint32Array(0);
  #stale = false;
  #slotOf = new Int32Array(FIRST).fill(-1);
  readonly #channels: number[] = [];
  readonly #free = new Map<number, number[]>();
  #links = 0;

  /** Slot of a channel; below 0: nobody watches it. */
  slotOf(channel: number): number {
    return this.#slotOf[channel] ?? -1;
  }

  channelAt(slot: number): number {
    return this.#channels[slot] ?? 0;
  }

  get slots(): number {
    return this.#channels.length;
  }

  /** First link of each channel slot in `order`; one more than there are slots. */
  get start(): Uint32Array {
    if (this.#stale) this.#list();
    return this.#start;
  }

  get order(): Uint32Array {
    if (this.#stale) this.#list();
    return this.#order;
  }

  /** Links a rule to its channels. @returns its first link. */
  link(rule: number, channels: readonly number[], nowMonoMs: number): number {
    const first = this.#free.get(channels.length)?.pop() ?? this.#links;
    if (first === this.#links) this.#links += channels.length;
    while (this.#links > this.rule.length) this.#growLinks();
    for (const [i, channel] of channels.entries()) {
      this.rule[first + i] = rule;
      this.slot[first + i] = this.#slotFor(channel, nowMonoMs);
      this.seenUnixMs[first + i] = Number.NEGATIVE_INFINITY;
      this.said[first + i] = Number.NaN;
      this.low[first + i] = Number.POSITIVE_INFINITY;
      this.high[first + i] = Number.NEGATIVE_INFINITY;
    }
    if (channels.length > 0) this.#stale = true;
    return first;
  }

  unlink(first: number, channels: number): void {
    if (channels === 0) return;
    for (let link = first; link < first + channels; link++) this.rule[link] = NONE;
    const free = this.#free.get(channels);
    if (free === undefined) this.#free.set(channels, [first]);
    else free.push(first);
    this.#stale = true;
  }

  /** Channels that at least one rule watches. */
  watched(): Uint32Array<ArrayBuffer> {
    const { start } = this;
    const found: number[] = [];
    for (const [slot, channel] of this.#channels.entries()) {
      if ((start[slot + 1] ?? 0) > (start[slot] ?? 0)) found.push(channel);
    }
    return Uint32Array.from(found);
  }

  /** The latest value of a channel slot; undefined before the first. */
  latest(slot: number): number | string | undefined {
    const text = this.text[slot];
    if (text !== undefined) return text;
    const value = this.value[slot] ?? Number.NaN;
    return Number.isNaN(value) ? undefined : value;
  }

  #slotFor(channel: number, nowMonoMs: number): number {
    const present = this.slotOf(channel);
    if (present >= 0) return present;
    if (channel >= this.#slotOf.length) {
      const grown = new Int32Array(Math.max(channel + 1, this.#slotOf.length * 2)).fill(-1);
      grown.set(this.#slotOf);
      this.#slotOf = grown;
    }
    const slot = this.#channels.length;
    this.#channels.push(channel);
    this.#slotOf[channel] = slot;
    if (slot >= this.atUnixMs.length) this.#growSlots();
    this.heardMonoMs[slot] = nowMonoMs;
    return slot;
  }

  #list(): void {
    this.#stale = false;
    const slots = this.#channels.length;
    const start = new Uint32Array(slots + 1);
    let live = 0;
    for (let link = 0; link < this.#links; link++) {
      if (this.rule[link] === NONE) continue;
      live += 1;
      const at = (this.slot[link] ?? 0) + 1;
      start[at] = (start[at] ?? 0) + 1;
    }
    for (let slot = 0; slot < slots; slot++) {
      start[slot + 1] = (start[slot + 1] ?? 0) + (start[slot] ?? 0);
    }
    const order = new Uint32Array(live);
    const next = start.slice();
    for (let link = 0; link < this.#links; link++) {
      if (this.rule[link] === NONE) continue;
      const slot = this.slot[link] ?? 0;
      const at = next[slot] ?? 0;
      order[at] = link;
      next[slot] = at + 1;
    }
    this.#start = start;
    this.#order = order;
  }

  #growSlots(): void {
    this.atUnixMs = grown(this.atUnixMs, Number.NEGATIVE_INFINITY);
    this.value = grown(this.value, Number.NaN);
    this.heardMonoMs = grown(this.heardMonoMs, 0);
  }

  #growLinks(): void {
    const more = new Uint32Array(this.rule.length * 2);
    more.set(this.rule);
    this.rule = more;
    const slots = new Uint32Array(this.slot.length * 2);
    slots.set(this.slot);
    this.slot = slots;
    this.seenUnixMs = grown(this.seenUnixMs, Number.NEGATIVE_INFINITY);
    this.said = grown(this.said, Number.NaN);
    this.low = grown(this.low, Number.POSITIVE_INFINITY);
    this.high = grown(this.high, Number.NEGATIVE_INFINITY);
  }
}

/** Twice as long, the new half filled. */
export function grown(column: Float64Array<ArrayBuffer>, fill: number): Float64Array<ArrayBuffer> {
  const next = new Float64Array(column.length * 2).fill(fill);
  next.set(column);
  return next;
}
