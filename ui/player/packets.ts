/** One message of the low-latency socket: a packet of 20 ms, its number, and where it lies on the stream's clock. */
export interface SoundPacket {
  /** Counts up by one; a gap is what was dropped for this listener. */
  readonly sequence: number;
  /** In packets; unwrapped: it never falls back at 2³². */
  readonly place: number;
  readonly bytes: Uint8Array;
}

const HEAD_BYTES = 8;
const WRAP = 2 ** 32;

/** Reads messages in order; numbers are unwrapped. */
export class PacketReader {
  #sequence: number | undefined;
  #place: number | undefined;

  /** Undefined for what is no packet. */
  read(message: ArrayBuffer): SoundPacket | undefined {
    if (message.byteLength <= HEAD_BYTES) return undefined;
    const view = new DataView(message);
    const sequence = unwrap(view.getUint32(0, true), this.#sequence);
    const place = unwrap(view.getUint32(4, true), this.#place);
    this.#sequence = sequence;
    this.#place = place;
    return { sequence, place, bytes: new Uint8Array(message, HEAD_BYTES) };
  }
}

/** The number nearest to the last one that has these 32 bits. */
export function unwrap(bits: number, last: number | undefined): number {
  if (last === undefined) return bits;
  const base = Math.floor(last / WRAP) * WRAP;
  let best = base + bits;
  for (const other of [best - WRAP, best + WRAP]) {
    if (other >= 0 && Math.abs(other - last) < Math.abs(best - last)) best = other;
  }
  return best;
}
