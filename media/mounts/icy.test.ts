import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ICY_INTERVAL_BYTES, IcyWriter, icyBlock } from './icy.js';

/** Reads an ICY stream the way a player does. */
function readIcy(bytes: Uint8Array): { readonly audio: number[]; readonly titles: string[] } {
  const audio: number[] = [];
  const titles: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = Math.min(at + ICY_INTERVAL_BYTES, bytes.length);
    audio.push(...bytes.subarray(at, end));
    at = end;
    if (at >= bytes.length) break;
    const length = (bytes[at] ?? 0) * 16;
    at += 1;
    if (length > 0) {
      const text = Buffer.from(bytes.subarray(at, at + length)).toString('utf8');
      titles.push(/StreamTitle='([^']*)';/.exec(text)?.[1] ?? '?');
    }
    at += length;
  }
  return { audio, titles };
}

test('a player gets every audio byte back, however the bytes were cut', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 12 }), (sizes) => {
      const writer = new IcyWriter();
      const sent: Uint8Array[] = [];
      const parts: Uint8Array[] = [];
      let next = 0;
      for (const size of sizes) {
        const part = Uint8Array.from({ length: size }, () => next++ % 251);
        parts.push(part);
        sent.push(writer.frame(part, 'Garden'));
      }
      const read = readIcy(Buffer.concat(sent));
      expect(Buffer.from(read.audio).equals(Buffer.concat(parts))).toBe(true);
      expect(read.titles.length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 60 },
  );
});

test('a title is sent once, and again when it changed', () => {
  const writer = new IcyWriter();
  const block = new Uint8Array(ICY_INTERVAL_BYTES);
  const sent = ['Fountain', 'Fountain', 'Rose bed'].map((title) => writer.frame(block, title));
  expect(readIcy(Buffer.concat(sent)).titles).toEqual(['Fountain', 'Rose bed']);
});

test('apostrophes, control characters and endless titles do not break the block', () => {
  const text = Buffer.from(icyBlock("O'Brien\r\nx")).toString('utf8', 1);
  expect(text.startsWith("StreamTitle='O’Brien  x';")).toBe(true);
  const long = icyBlock('ö'.repeat(9_000));
  expect(long.length).toBe(1 + (long[0] ?? 0) * 16);
  expect(Buffer.from(long).toString('utf8', 1)).not.toContain('\uFFFD');
});
