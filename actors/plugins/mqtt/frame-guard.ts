/**
 * Watches the lengths that MQTT packets announce, before anybody gathers them: neither the client nor the broker bounds
 * them. Sees each chunk once, in order.
 */
export class FrameGuard {
  readonly #maxBytes: number;
  /** Bytes of the packet's body still to come; −1: a header is being read. */
  #left = -1;
  #lengthBytes = -1;
  #length = 0;

  /** Largest body of a packet. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False: a packet is too large, or its length is none; the connection has to end. */
  see(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        at += step;
        this.#left -= step;
        if (this.#left > 0) return true;
        this.#left = -1;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (this.#lengthBytes < 0) {
        this.#lengthBytes = 0;
        this.#length = 0;
        continue;
      }
      this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes;
      this.#lengthBytes += 1;
      if (this.#length > this.#maxBytes || (byte >= 128 && this.#lengthBytes >= 4)) return false;
      if (byte >= 128) continue;
      this.#lengthBytes = -1;
      this.#left = this.#length === 0 ? -1 : this.#length;
    }
    return true;
  }
}
