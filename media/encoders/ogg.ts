/** Ogg pages (RFC 3533) for Opus (RFC 7845) and Vorbis, small ones, as a live stream needs them. */
import { BLOCK_FRAMES, BLOCK_MS } from '../ports.js';

const HEADER_BYTES = 27;
const FIRST_PAGE = 2;
/**
 * All Opus streams have one serial number: each listener hears a single logical stream, whichever encoder
 * feeds it.
 */
const SERIAL = 0x45415253;

const CRC = new Uint32Array(256);
for (let i = 0; i < 256; i++) {
  let value = i << 24;
  for (let bit = 0; bit < 8; bit++) {
    value = (value & 0x8000_0000) !== 0 ? (value << 1) ^ 0x04c1_1db7 : value << 1;
  }
  CRC[i] = value >>> 0;
}

/** Builds pages in a buffer of its own. */
export class OggPager {
  readonly #serial: number;
  #page = new Uint8Array(4096);
  #view = new DataView(this.#page.buffer);

  constructor(serial = SERIAL) {
    this.#serial = serial;
  }

  /**
   * One page with one whole packet. The result is valid until the next call.
   * @param granule samples at 48 kHz that a decoder has put out after this page
   * @param sequence page number, modulo 2³²
   */
  page(packet: Uint8Array, granule: number, sequence: number, first = false): Uint8Array {
    const segments = Math.floor(packet.length / 255) + 1;
    this.#begin(segments, packet.length);
    const page = this.#page;
    page.fill(255, HEADER_BYTES, HEADER_BYTES + segments - 1);
    page[HEADER_BYTES + segments - 1] = packet.length % 255;
    page.set(packet, HEADER_BYTES + segments);
    return this.#end(segments, packet.length, granule, sequence, first);
  }

  /**
   * One page with several whole packets; else as `page`.
   * @throws RangeError when they do not fit: 255 pieces of 255 bytes
   */
  pageOf(packets: readonly Uint8Array[], granule: number, sequence: number): Uint8Array {
    let segments = 0;
    let length = 0;
    for (const packet of packets) {
      segments += Math.floor(packet.length / 255) + 1;
      length += packet.length;
    }
    if (segments > 255) throw new RangeError(`${packets.length} packets do not fit an Ogg page`);
    this.#begin(segments, length);
    const page = this.#page;
    let lace = HEADER_BYTES;
    let at = HEADER_BYTES + segments;
    for (const packet of packets) {
      const whole = Math.floor(packet.length / 255);
      page.fill(255, lace, lace + whole);
      page[lace + whole] = packet.length % 255;
      lace += whole + 1;
      page.set(packet, at);
      at += packet.length;
    }
    return this.#end(segments, length, granule, sequence, false);
  }

  #begin(segments: number, length: number): void {
    const size = HEADER_BYTES + segments + length;
    if (size <= this.#page.length) return;
    this.#page = new Uint8Array(size * 2);
    this.#view = new DataView(this.#page.buffer);
  }

  #end(
    segments: number,
    length: number,
    granule: number,
    sequence: number,
    first: boolean,
  ): Uint8Array {
    const size = HEADER_BYTES + segments + length;
    const page = this.#page;
    const view = this.#view;
    view.setUint32(0, 0x4f67_6753);
    page[4] = 0;
    page[5] = first ? FIRST_PAGE : 0;
    view.setUint32(6, granule % 2 ** 32, true);
    view.setUint32(10, Math.floor(granule / 2 ** 32), true);
    view.setUint32(14, this.#serial, true);
    view.setUint32(18, sequence % 2 ** 32, true);
    view.setUint32(22, 0, true);
    page[26] = segments;
    let crc = 0;
    for (let i = 0; i < size; i++) {
      crc = ((crc << 8) ^ (CRC[((crc >>> 24) & 0xff) ^ (page[i] as number)] as number)) >>> 0;
    }
    view.setUint32(22, crc, true);
    return page.subarray(0, size);
  }
}

/** Identification header as libopus writes it, which looks 6.5 ms ahead. */
export function opusHead(channels: 1 | 2): Uint8Array {
  const head = new Uint8Array(19);
  const view = new DataView(head.buffer);
  head.set(new TextEncoder().encode('OpusHead'));
  head[8] = 1;
  head[9] = channels;
  view.setUint16(10, 312, true);
  view.setUint32(12, 48_000, true);
  return head;
}

/** Pages that every listener of an Opus stream gets first: identification and comment. */
export function opusHeader(opusHead: Uint8Array): Uint8Array {
  const vendor = new TextEncoder().encode('earshot');
  const tags = new Uint8Array(8 + 4 + vendor.length + 4);
  tags.set(new TextEncoder().encode('OpusTags'));
  new DataView(tags.buffer).setUint32(8, vendor.length, true);
  tags.set(vendor, 12);
  const pager = new OggPager();
  const first = pager.page(opusHead, 0, 0, true).slice();
  const second = pager.page(tags, 0, 1);
  const header = new Uint8Array(first.length + second.length);
  header.set(first);
  header.set(second, first.length);
  return header;
}

/** 2026-01-01: a player shows its clock since then, and places stay far below 2⁵³. */
const ORIGIN_UNIX_MS = 1_767_225_600_000;

/**
 * `originFrame` of the encoders of a media thread that starts now: later than any place of the one it
 * replaces, as long as the system clock is not set back.
 */
export function originFrameAt(nowUnixMs: number): number {
  return Math.max(0, Math.floor((nowUnixMs - ORIGIN_UNIX_MS) / BLOCK_MS)) * BLOCK_FRAMES;
}

/** Pages of the header: audio pages are numbered from here. */
export const HEADER_PAGES = 2;

/**
 * Takes a byte stream of Ogg apart into packets. Bounded: a packet over 64 KB, or bytes that are no
 * page, throw a `RangeError`.
 */
export class OggPackets {
  #rest = new Uint8Array(0);
  #packet: Uint8Array[] = [];

  /** `onPage` is called after the packets that end in a page, with the page's place (granule). */
  push(
    bytes: Uint8Array,
    onPacket: (packet: Uint8Array) => void,
    onPage?: (granule: number) => void,
  ): void {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    let at = 0;
    for (;;) {
      const size = pageSize(all, at);
      if (size === undefined || at + size > all.length) break;
      this.#readPage(all.subarray(at, at + size), onPacket);
      onPage?.(granuleOf(all, at));
      at += size;
    }
    this.#rest = all.slice(at);
  }

  #readPage(page: Uint8Array, onPacket: (packet: Uint8Array) => void): void {
    const segments = page[26] as number;
    let at = HEADER_BYTES + segments;
    for (let i = 0; i < segments; i++) {
      const length = page[HEADER_BYTES + i] as number;
      this.#packet.push(page.subarray(at, at + length));
      at += length;
      if (this.#packet.length > 257) throw new RangeError('an Ogg packet of more than 64 KB');
      if (length === 255) continue;
      onPacket(Uint8Array.from(Buffer.concat(this.#packet)));
      this.#packet = [];
    }
    this.#packet = this.#packet.map((part) => part.slice());
  }
}

function granuleOf(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  return view.getUint32(6, true) + view.getInt32(10, true) * 2 ** 32;
}

/** Size of the page at `at`; undefined while its header is not complete. */
function pageSize(bytes: Uint8Array, at: number): number | undefined {
  if (at + HEADER_BYTES > bytes.length) return undefined;
  if (bytes[at] !== 0x4f || bytes[at + 1] !== 0x67 || bytes[at + 2] !== 0x67) {
    throw new RangeError('no Ogg page where one should begin');
  }
  const segments = bytes[at + 26] as number;
  if (at + HEADER_BYTES + segments > bytes.length) return undefined;
  let size = HEADER_BYTES + segments;
  for (let i = 0; i < segments; i++) size += bytes[at + HEADER_BYTES + i] as number;
  return size;
}
