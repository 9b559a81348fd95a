import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageRing } from './ring.js';

describe('messages of a topic', () => {
  it('are held newest first, whole, within the largest power of two of the bytes', () => {
    const push = fc.record({
      length: fc.integer({ min: 1, max: 700 }),
      maxBytes: fc.constantFrom(0, 1, 600, 1_024, 5_000, 8_192),
    });
    fc.assert(
      fc.property(fc.array(push, { minLength: 1, maxLength: 200 }), (pushes) => {
        const ring = new MessageRing();
        let held: Buffer[] = [];
        for (const [i, { length, maxBytes }] of pushes.entries()) {
          const message = Buffer.alloc(length, i);
          ring.push(i + 1, message, maxBytes);
          const most = maxBytes < 1 ? 0 : 2 ** Math.floor(Math.log2(maxBytes));
          held = [...held, message];
          while (Buffer.concat(held).length > most) held = held.slice(1);
          expect(ring.sizeBytes).toBe(Buffer.concat(held).length);
          const oldest = i + 1 - held.length;
          expect(ring.since(oldest, i + 1)?.map((one) => Buffer.from(one))).toEqual(held);
          if (oldest > 0) expect(ring.since(oldest - 1, i + 1)).toBeUndefined();
          expect(ring.since(i + 1, i + 1)).toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are copies: the bytes they came in may be written anew', () => {
    const ring = new MessageRing();
    const bytes = Buffer.from('one');
    ring.push(1, bytes, 1_024);
    bytes.fill(0);
    expect(ring.since(0, 1)?.map(String)).toEqual(['one']);
  });

  it('of another revision than asked for are none', () => {
    const ring = new MessageRing();
    ring.push(5, Buffer.from('x'), 1_024);
    expect(ring.since(4, 6)).toBeUndefined();
    expect(ring.since(7, 5)).toBeUndefined();
    expect(ring.since(-1, 5)).toBeUndefined();
  });
});
