import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonBytes } from './json-bytes.js';

const out = new JsonBytes();

function written(write: (out: JsonBytes) => void): string {
  out.clear();
  write(out);
  return out.view(0).toString('utf8');
}

describe('cells', () => {
  it('are written as JSON.stringify writes them', () => {
    const cell = fc.oneof(
      fc.double(),
      fc.double({ noNaN: true, min: -200, max: 200 }),
      fc.integer(),
      fc.maxSafeInteger(),
      // Meters: one, two and three places.
      fc.tuple(fc.integer(), fc.constantFrom(10, 100, 1_000)).map(([n, by]) => n / by),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      // Halves of pairs, which UTF-8 cannot say.
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
      fc.boolean(),
      fc.constantFrom(
        null,
        undefined,
        Number.MAX_VALUE,
        Number.MIN_VALUE,
        2 ** 53,
        -(2 ** 53),
        1e21,
        -0,
      ),
      fc.array(fc.oneof(fc.double(), fc.string())),
    );
    fc.assert(
      fc.property(cell, (value) => {
        expect(written((to) => to.cell(value))).toBe(JSON.stringify(value) ?? 'null');
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('the buffer', () => {
  it('grows with what is written and keeps what was', () => {
    const long = 'ä'.repeat(100_000);
    const text = written((to) => {
      to.raw('[');
      to.cell(long);
      to.byte(44);
      to.raw('"é"');
      to.byte(93);
    });
    expect(JSON.parse(text)).toEqual([long, 'é']);
  });

  it('says once more what was written, and forgets what is cut off', () => {
    const text = written((to) => {
      to.raw('12');
      const from = to.length;
      for (let i = 0; i < 20_000; i++) to.raw('34567');
      to.again(0, 2);
      to.cut(from + 5);
      to.again(0, from + 5);
    });
    expect(text).toBe('12345671234567');
  });
});
