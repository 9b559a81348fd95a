import { EngineError } from '../../engine/errors.js';
import { OggPager } from './ogg.js';

const HEADER_PACKETS = 3;
/** Packet types of Vorbis I: identification 1, comment 3, setup 5; sound is even. */
const COMMENT = 3;

/**
 * The three header packets from what libav keeps beside the codec: a count, two lengths in steps of 255,
 * then the packets. @throws EngineError `media.encoder` when it is something else.
 */
export function splitXiphHeaders(extra: Uint8Array): Uint8Array[] {
  let at = 1;
  const lengths: number[] = [];
  while (lengths.length < HEADER_PACKETS - 1 && at < extra.length) {
    let length = 0;
    while (extra[at] === 255) {
      length += 255;
      at += 1;
    }
    length += extra[at] ?? 0;
    at += 1;
    lengths.push(length);
  }
  const [first = 0, second = 0] = lengths;
  if (extra[0] !== HEADER_PACKETS - 1 || at + first + second >= extra.length) {
    throw new EngineError('media.encoder', 'libav gave no Vorbis headers');
  }
  return [
    extra.slice(at, at + first),
    extra.slice(at + first, at + first + second),
    extra.slice(at + first + second),
  ];
}

/**
 * Pages that begin a logical Vorbis stream of this serial number: identification alone, then comment and
 * setup. The comment is ours, so that equal options give equal bytes whatever encoded them.
 */
export function vorbisHeader(packets: readonly Uint8Array[], serial: number): Uint8Array {
  const [identification, , setup] = packets;
  if (identification === undefined || setup === undefined) {
    throw new EngineError('media.encoder', 'the Vorbis encoder gave no headers');
  }
  const pager = new OggPager(serial);
  const first = pager.page(identification, 0, 0, true).slice();
  const second = pager.pageOf([comment(), setup], 0, 1);
  const header = new Uint8Array(first.length + second.length);
  header.set(first);
  header.set(second, first.length);
  return header;
}

/** A serial number for the encoder that begins at this place: another one for each of a mount. */
export function vorbisSerial(frame: number): number {
  return (Math.imul((Math.floor(frame / 64) % 2 ** 32) | 0, 0x9e37_79b1) ^ 0x4561_7273) >>> 0;
}

function comment(): Uint8Array {
  const vendor = new TextEncoder().encode('earshot');
  const bytes = new Uint8Array(7 + 4 + vendor.length + 4 + 1);
  bytes[0] = COMMENT;
  bytes.set(new TextEncoder().encode('vorbis'), 1);
  new DataView(bytes.buffer).setUint32(7, vendor.length, true);
  bytes.set(vendor, 11);
  bytes[bytes.length - 1] = 1;
  return bytes;
}

/**
 * Gathers Vorbis packets into pages. Vorbis has no grid of its own: a block is 256 or 2,048 samples as the
 * sound asks for, so that a page ends where the encoder's last block ended.
 */
export class VorbisPages {
  readonly #pager: OggPager;
  readonly #startFrame: number;
  readonly #originFrame: number;
  readonly #onPage: (page: Uint8Array, endFrame: number) => void;
  #sequence = 2;
  #packets: Uint8Array[] = [];
  #endFrame: number;

  constructor(
    serial: number,
    startFrame: number,
    originFrame: number,
    onPage: (page: Uint8Array, endFrame: number) => void,
  ) {
    this.#pager = new OggPager(serial);
    this.#startFrame = startFrame;
    this.#originFrame = originFrame;
    this.#endFrame = startFrame;
    this.#onPage = onPage;
  }

  /** Keeps a copy. @param end samples that a decoder has put out after this packet, from the encoder's start */
  add(packet: Uint8Array, end: number): void {
    this.#packets.push(Uint8Array.from(packet));
    this.#endFrame = this.#startFrame + Math.max(0, end);
  }

  /** Hands over what was gathered as one page. The first packet puts out nothing: it waits for the second. */
  flush(): void {
    if (this.#packets.length === 0 || this.#endFrame === this.#startFrame) return;
    const granule = this.#originFrame + this.#endFrame;
    const page = this.#pager.pageOf(this.#packets, granule, this.#sequence);
    this.#packets = [];
    this.#sequence += 1;
    this.#onPage(page, this.#endFrame);
  }
}
