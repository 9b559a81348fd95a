import { BLOCK_FRAMES } from '../../../media/ports.js';

/** Bytes before the packet in each message: sequence and place, little-endian u32 each. */
export const MESSAGE_HEAD_BYTES = 8;

const PAGE_HEAD_BYTES = 27;
const CAPTURE = 0x4f67_6753;
const HEADER_PAGES = 2;

/**
 * Calls `onPacket` for each Opus packet in whole Ogg pages of one packet, as our encoders make them; header pages are
 * passed over. `packet` is part of `pages`; `place` is where it begins on the stream's clock, in packets of 20 ms.
 * What is no such page ends the walk: nothing of it is handed over.
 */
export function eachOpusPacket(
  pages: Uint8Array,
  onPacket: (packet: Uint8Array, place: number) => void,
): void {
  const view = new DataView(pages.buffer, pages.byteOffset, pages.byteLength);
  let at = 0;
  while (at + PAGE_HEAD_BYTES <= pages.length && view.getUint32(at) === CAPTURE) {
    const segments = pages[at + 26] ?? 0;
    const from = at + PAGE_HEAD_BYTES + segments;
    if (from > pages.length) return;
    let size = 0;
    for (let i = 0; i < segments; i++) size += pages[at + PAGE_HEAD_BYTES + i] ?? 0;
    if (from + size > pages.length) return;
    const granule = view.getUint32(at + 6, true) + view.getUint32(at + 10, true) * 2 ** 32;
    const header = granule === 0 && view.getUint32(at + 18, true) < HEADER_PAGES;
    if (!header) onPacket(pages.subarray(from, from + size), granule / BLOCK_FRAMES - 1);
    at = from + size;
  }
}

/** A message of its own memory. Both numbers wrap at 2³². */
export function packetMessage(packet: Uint8Array, sequence: number, place: number): Uint8Array {
  const message = new Uint8Array(MESSAGE_HEAD_BYTES + packet.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, sequence % 2 ** 32, true);
  view.setUint32(4, place % 2 ** 32, true);
  message.set(packet, MESSAGE_HEAD_BYTES);
  return message;
}
