import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader, MessageReader } from './fanout-frames.js';

function serverFrame(payload: Buffer): Buffer {
  const head =
    payload.length < 126
      ? Buffer.from([0x81, payload.length])
      : Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, payload]);
}

test('frames are found however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
      (sizes, cuts) => {
        const payloads = sizes.map((size, i) => Buffer.alloc(size, 65 + i));
        const bytes = Buffer.concat(payloads.map(serverFrame));
        const prefixes: string[] = [];
        let ended = 0;
        const reader = new FrameReader({
          begin: (buffer, start, prefix) => {
            prefixes.push(buffer.toString('latin1', start, start + prefix));
          },
          end: () => {
            ended++;
          },
        });
        const texts: string[] = [];
        const messages = new MessageReader((text) => texts.push(text));
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const cut = bytes.subarray(at, at + (cuts[i % cuts.length] ?? 1));
          reader.feed(cut, cut.length);
          messages.feed(cut, cut.length);
          at += cut.length;
        }
        expect(ended).toBe(sizes.length);
        expect(prefixes).toEqual(payloads.map((payload) => payload.subarray(0, 64).toString()));
        expect(texts).toEqual(payloads.map((payload) => payload.toString()));
      },
    ),
  );
});
