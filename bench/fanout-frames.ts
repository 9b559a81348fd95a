/** Bytes of a payload that the reader looks at. */
const PREFIX_BYTES = 64;
const LONGEST_HEAD = 10 + PREFIX_BYTES;

export interface FrameListener {
  /** A frame begins; the prefix is `buffer[start..start + prefixBytes)`. */
  begin(buffer: Buffer, start: number, prefixBytes: number): void;
  /** All of its payload arrived. */
  end(): void;
}

/**
 * Splits a server's WebSocket bytes into frames without copying payloads, so that one process can read hundreds
 * of megabytes a second. Frames of servers are not masked; fragments and control frames count as frames.
 */
export class FrameReader {
  readonly #listener: FrameListener;
  readonly #carry = Buffer.alloc(LONGEST_HEAD);
  #carried = 0;
  #left = 0;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  feed(chunk: Buffer, length: number): void {
    let at = 0;
    while (at < length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, length - at);
        this.#left -= taken;
        at += taken;
        if (this.#left === 0) this.#listener.end();
        continue;
      }
      if (this.#carried === 0) {
        const used = this.#start(chunk, at, length - at);
        if (used > 0) {
          at += used;
          continue;
        }
      }
      this.#carry[this.#carried++] = chunk[at++] ?? 0;
      if (this.#start(this.#carry, 0, this.#carried) > 0) this.#carried = 0;
    }
  }

  /** Reads head and prefix. @returns bytes used, 0 when they are not all there. */
  #start(buffer: Buffer, at: number, available: number): number {
    if (available < 2) return 0;
    const short = (buffer[at + 1] ?? 0) & 127;
    const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (available < headBytes) return 0;
    const payload =
      short === 126
        ? buffer.readUInt16BE(at + 2)
        : short === 127
          ? Number(buffer.readBigUInt64BE(at + 2))
          : short;
    const prefixBytes = Math.min(payload, PREFIX_BYTES);
    if (available < headBytes + prefixBytes) return 0;
    this.#listener.begin(buffer, at + headBytes, prefixBytes);
    this.#left = payload - prefixBytes;
    if (this.#left === 0) this.#listener.end();
    return headBytes + prefixBytes;
  }
}

/** Whole text messages, for the few connections whose content is read. */
export class MessageReader {
  readonly #onMessage: (text: string) => void;
  #pending: Buffer[] = [];
  #bytes = 0;

  constructor(onMessage: (text: string) => void) {
    this.#onMessage = onMessage;
  }

  feed(chunk: Buffer, length: number): void {
    this.#pending.push(Buffer.from(chunk.subarray(0, length)));
    this.#bytes += length;
    if (this.#bytes < this.#wanted()) return;
    let all = Buffer.concat(this.#pending);
    for (;;) {
      const frame = frameIn(all);
      if (frame === undefined) break;
      if (frame.opcode === 1) this.#onMessage(frame.payload.toString());
      all = all.subarray(frame.totalBytes);
    }
    this.#pending = all.length === 0 ? [] : [all];
    this.#bytes = all.length;
  }

  /** Bytes without which the first frame is not whole. */
  #wanted(): number {
    const [first] = this.#pending;
    if (first === undefined || first.length < 10) return 0;
    const short = (first[1] ?? 0) & 127;
    if (short === 127) return 10 + Number(first.readBigUInt64BE(2));
    return short === 126 ? 4 + first.readUInt16BE(2) : 2 + short;
  }
}

function frameIn(
  buffer: Buffer,
): { readonly opcode: number; readonly payload: Buffer; readonly totalBytes: number } | undefined {
  if (buffer.length < 2) return undefined;
  const short = (buffer[1] ?? 0) & 127;
  const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (buffer.length < headBytes) return undefined;
  const size =
    short === 126
      ? buffer.readUInt16BE(2)
      : short === 127
        ? Number(buffer.readBigUInt64BE(2))
        : short;
  const totalBytes = headBytes + size;
  if (buffer.length < totalBytes) return undefined;
  const payload = buffer.subarray(headBytes, totalBytes);
  return { opcode: (buffer[0] ?? 0) & 15, payload, totalBytes };
}

/** A masked text frame of a client; the mask is zero, which the protocol allows a program to choose. */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}
