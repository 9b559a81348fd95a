const FIRST_BYTES = 4_096;

/**
 * The last messages of a topic, for clients that come back. They lie one after the other in one buffer that is written
 * round and round. Bounded in bytes; the
 * oldest leave first.
 */
export class MessageRing {
  /** A power of two, or nothing. */
  #bytes = Buffer.alloc(0);
  /** Of the messages held, oldest first. */
  #lengths: number[] = [];
  #from = 0;
  #held = 0;
  #lastRevision = 0;

  /** Bytes of the messages held. */
  get sizeBytes(): number {
    return this.#held;
  }

  /**
   * Keeps a copy. Revisions must come one after the other. `maxBytes`: of the buffer; it has the next smaller power of two
   * of them at most.
   */
  push(revision: number, message: Uint8Array, maxBytes: number): void {
    this.#lastRevision = revision;
    const most = maxBytes < 1 ? 0 : 2 ** Math.floor(Math.log2(maxBytes));
    this.#drop(most - message.length);
    if (this.#bytes.length > most) this.#resize(most);
    if (message.length > most) return;
    const wanted = this.#held + message.length;
    if (wanted > this.#bytes.length) {
      let capacity = Math.max(Math.min(FIRST_BYTES, most), this.#bytes.length);
      while (capacity < wanted) capacity *= 2;
      this.#resize(capacity);
    }
    const at = (this.#from + this.#held) & (this.#bytes.length - 1);
    const first = Math.min(message.length, this.#bytes.length - at);
    this.#bytes.set(first === message.length ? message : message.subarray(0, first), at);
    if (first < message.length) this.#bytes.set(message.subarray(first), 0);
    this.#lengths.push(message.length);
    this.#held = wanted;
  }

  /** Messages after a revision, or undefined when some of them are gone, or the revision is not of this topic. */
  since(revision: number, current: number): readonly Uint8Array[] | undefined {
    if (revision === current) return [];
    if (revision > current || revision < 0 || this.#lastRevision !== current) return undefined;
    const missing = current - revision;
    const first = this.#lengths.length - missing;
    if (first < 0) return undefined;
    const messages: Uint8Array[] = [];
    let skip = 0;
    for (const [i, length] of this.#lengths.entries()) {
      if (i >= first) messages.push(this.#read(skip, length));
      skip += length;
    }
    return messages;
  }

  /** Lets the oldest go until no more than `room` bytes are held. */
  #drop(room: number): void {
    let many = 0;
    while (this.#held > 0 && this.#held > room) {
      const length = this.#lengths[many++] ?? 0;
      this.#held -= length;
      this.#from = (this.#from + length) & (this.#bytes.length - 1);
    }
    if (many > 0) this.#lengths.splice(0, many);
  }

  #resize(capacity: number): void {
    const bigger = Buffer.allocUnsafeSlow(capacity);
    this.#read(0, this.#held).copy(bigger);
    this.#bytes = bigger;
    this.#from = 0;
  }

  /** A copy of what is held from `skip` on. */
  #read(skip: number, length: number): Buffer {
    const copy = Buffer.allocUnsafeSlow(length);
    const at = (this.#from + skip) & (this.#bytes.length - 1);
    const first = this.#bytes.copy(copy, 0, at, Math.min(at + length, this.#bytes.length));
    this.#bytes.copy(copy, first, 0, length - first);
    return copy;
  }
}
