/** Audio bytes between two metadata blocks: half a second of a 128 kbit/s stream. */
export const ICY_INTERVAL_BYTES = 8_192;
const UNIT_BYTES = 16;
const MAX_BLOCK_BYTES = 255 * UNIT_BYTES;
const NOTHING_NEW = new Uint8Array(1);

/**
 * One ICY metadata block: a length byte (in units of 16), then `StreamTitle='…';` padded with zeros.
 * A title that does not fit 4,080 bytes is cut at a character. Apostrophes end the field in clients,
 * so they are sent as typographic ones.
 */
export function icyBlock(title: string): Uint8Array {
  const frame = "StreamTitle='';".length;
  let text = title.replace(/\p{Cc}/gu, ' ').replaceAll("'", '’');
  while (Buffer.byteLength(text) + frame > MAX_BLOCK_BYTES) {
    text = [...text].slice(0, Math.floor([...text].length * 0.9)).join('');
  }
  const body = Buffer.from(`StreamTitle='${text}';`);
  const units = Math.ceil(body.length / UNIT_BYTES);
  const block = new Uint8Array(1 + units * UNIT_BYTES);
  block[0] = units;
  block.set(body, 1);
  return block;
}

/** Puts metadata blocks between the audio bytes of one listener, each `ICY_INTERVAL_BYTES`. */
export class IcyWriter {
  #untilBlockBytes = ICY_INTERVAL_BYTES;
  #sentTitle: string | undefined;

  /** The bytes to send for `audio`; the same array when no block falls inside. */
  frame(audio: Uint8Array, title: string): Uint8Array {
    if (audio.length < this.#untilBlockBytes) {
      this.#untilBlockBytes -= audio.length;
      return audio;
    }
    const parts: Uint8Array[] = [];
    let from = 0;
    while (audio.length - from >= this.#untilBlockBytes) {
      parts.push(audio.subarray(from, from + this.#untilBlockBytes));
      from += this.#untilBlockBytes;
      parts.push(title === this.#sentTitle ? NOTHING_NEW : icyBlock(title));
      this.#sentTitle = title;
      this.#untilBlockBytes = ICY_INTERVAL_BYTES;
    }
    parts.push(audio.subarray(from));
    this.#untilBlockBytes -= audio.length - from;
    return Buffer.concat(parts);
  }
}
