/** One frame of MP3 at 128 kbit/s and 48 kHz. */
export const FRAME_BYTES = 384;

/** The frames of one mount in the order of the first listener that had them: what all others must get, too. */
export class MountOrder {
  readonly #places = new Map<number, number>();
  #next = 0;

  /** Frames that somebody has had. */
  get frames(): number {
    return this.#next;
  }

  /** Place of a frame; a new one is only taken from who has all before it. */
  placeOf(hash: number, last: number | undefined): number | undefined {
    const known = this.#places.get(hash);
    if (known !== undefined) return known;
    if (last !== undefined && last !== this.#next - 1) return undefined;
    const place = this.#next++;
    this.#places.set(hash, place);
    // A minute: nobody is that far behind.
    if (this.#places.size > 2_500) {
      for (const [old] of this.#places) {
        this.#places.delete(old);
        break;
      }
    }
    return place;
  }
}

/** Takes an answer in chunks apart (HTTP/1.1) and hands on its body, without copies. */
export class ChunkReader {
  #head = '';
  #inBody = false;
  /** Bytes of this chunk that are to come; −1: its size is to come. */
  #left = -1;
  #size = '';

  push(bytes: Buffer, onBody: (part: Buffer) => void): void {
    let at = 0;
    if (!this.#inBody) {
      this.#head += bytes.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!this.#head.startsWith('HTTP/1.1 200')) throw new Error(this.#head.slice(0, 100));
      at = bytes.length - (this.#head.length - end - 4);
      this.#inBody = true;
      this.#head = '';
    }
    while (at < bytes.length) {
      if (this.#left < 0) {
        const c = String.fromCharCode(bytes[at++] ?? 0);
        if (c !== '\n') {
          this.#size += c;
          continue;
        }
        const text = this.#size.trim();
        this.#size = '';
        // The line break after a chunk.
        if (text !== '') this.#left = Number.parseInt(text, 16);
        continue;
      }
      const count = Math.min(this.#left, bytes.length - at);
      onBody(bytes.subarray(at, at + count));
      at += count;
      this.#left -= count;
      if (this.#left === 0) this.#left = -1;
    }
  }
}

/** Counts the frames of one listener and what is wrong with them. */
export class FrameReader {
  readonly #order: MountOrder;
  #frame = Buffer.alloc(FRAME_BYTES);
  #fill = 0;
  last: number | undefined;
  frames = 0;
  /** Frames that are missing, doubled, out of order or cut. */
  gaps = 0;

  constructor(order: MountOrder) {
    this.#order = order;
  }

  push(part: Buffer): void {
    let at = 0;
    while (at < part.length) {
      const count = Math.min(FRAME_BYTES - this.#fill, part.length - at);
      part.copy(this.#frame, this.#fill, at, at + count);
      this.#fill += count;
      at += count;
      if (this.#fill < FRAME_BYTES) return;
      this.#fill = 0;
      this.#take();
    }
  }

  #take(): void {
    this.frames += 1;
    const frame = this.#frame;
    const place =
      frame[0] === 0xff && frame[1] === 0xfb
        ? this.#order.placeOf(hashOf(frame), this.last)
        : undefined;
    if (place === undefined || (this.last !== undefined && place !== this.last + 1)) this.gaps += 1;
    this.last = place ?? this.last;
  }
}

/** FNV-1a over a part that differs between frames, in real MP3 as well. */
function hashOf(frame: Buffer): number {
  let hash = 0x811c_9dc5;
  for (let i = 4; i < 100; i += 2) hash = Math.imul(hash ^ (frame[i] as number), 0x0100_0193);
  return hash >>> 0;
}
