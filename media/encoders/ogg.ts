/** Ogg pages (RFC 3533) for Opus (RFC 7845), one packet a page, as a live stream needs them. */

const HEADER_BYTES = 27;
const FIRST_PAGE = 2;
/**
 * All streams have one serial number: each listener hears a single logical stream, whichever encoder
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
  #page = new Uint8Array(4096);
  #view = new DataView(this.#page.buffer);

  /**
   * One page with one whole packet. The result is valid until the next call.
   * @param granule samples at 48 kHz that a decoder has put out after this page
   * @param sequence page number, modulo 2³²
   */
  page(packet: Uint8Array, granule: number, sequence: number, first = false): Uint8Array {
    const segments = Math.floor(packet.length / 255) + 1;
    const size = HEADER_BYTES + segments + packet.length;
    if (size > this.#page.length) {
      this.#page = new Uint8Array(size * 2);
      this.#view = new DataView(this.#page.buffer);
    }
    const page = this.#page;
    const view = this.#view;
    view.setUint32(0, 0x4f67_6753);
    page[4] = 0;
    page[5] = first ? FIRST_PAGE : 0;
    view.setUint32(6, granule % 2 ** 32, true);
    view.setUint32(10, Math.floor(granule / 2 ** 32), true);
    view.setUint32(14, SERIAL, true);
    view.setUint32(18, sequence % 2 ** 32, true);
    view.setUint32(22, 0, true);
    page[26] = segments;
    page.fill(255, HEADER_BYTES, HEADER_BYTES + segments - 1);
    page[HEADER_BYTES + segments - 1] = packet.length % 255;
    page.set(packet, HEADER_BYTES + segments);
    let crc = 0;
    for (let i = 0; i < size; i++) {
      crc = ((crc << 8) ^ (CRC[((crc >>> 24) & 0xff) ^ (page[i] as number)] as number)) >>> 0;
    }
    view.setUint32(22, crc, true);
    return page.subarray(0, size);
  }
}

/** Identification header for stereo from libopus, which looks 6.5 ms ahead. */
export function opusHead(): Uint8Array {
  const head = new Uint8Array(19);
  const view = new DataView(head.buffer);
  head.set(new TextEncoder().encode('OpusHead'));
  head[8] = 1;
  head[9] = 2;
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

/** Pages of the header: audio pages are numbered from here. */
export const HEADER_PAGES = 2;

/**
 * Takes a byte stream of Ogg apart into packets. Bounded: a packet over 64 KB, or bytes that are no
 * page, throw a `RangeError`.
 */
export class OggPackets {
  #rest = new Uint8Array(0);
  #packet: Uint8Array[] = [];

  push(bytes: Uint8Array, onPacket: (packet: Uint8Array) => void): void {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    let at = 0;
    for (;;) {
      const size = pageSize(all, at);
      if (size === undefined || at + size > all.length) break;
      this.#readPage(all.subarray(at, at + size), onPacket);
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
