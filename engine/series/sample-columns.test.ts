import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockBytes, blockRows, eachBlockRow } from './native-block.js';
import { SampleColumns } from './sample-columns.js';

type Row = readonly [channel: number, atUs: number, value: number];

const row: fc.Arbitrary<Row> = fc.tuple(
  fc.integer({ min: 0, max: 4_294_967_295 }),
  fc.integer({ min: 0, max: 4_294_967_295_999_999 }),
  fc.double(),
);
const rows = fc.array(row, { maxLength: 400 });

function add(columns: SampleColumns, wanted: readonly Row[]): void {
  const halves = columns.append(
    Uint32Array.from(wanted, ([channel]) => channel),
    Float64Array.from(wanted, ([, , value]) => value),
  );
  for (const [i, [, atUs]] of wanted.entries()) {
    halves[i * 2] = atUs;
    halves[i * 2 + 1] = atUs / 4_294_967_296;
  }
}

function found(bytes: Uint8Array): Row[] {
  const all: Row[] = [];
  eachBlockRow(bytes, (...each) => all.push(each));
  return all;
}

function many(count: number, value: number): Row[] {
  return Array.from({ length: count }, (_, i) => [i, i, value] as const);
}

test('rows of any number of appends are one block, and blocks one after the other are all their rows', () => {
  fc.assert(
    fc.property(fc.array(fc.array(rows, { maxLength: 4 }), { maxLength: 4 }), (groups) => {
      const columns = new SampleColumns();
      const blocks = groups.map((group) => {
        for (const appended of group) add(columns, appended);
        expect(columns.bytes).toBe(group.flat().length * 20);
        return columns.seal();
      });
      for (const [i, group] of groups.entries()) {
        const block = blocks[i] ?? Buffer.alloc(0);
        expect(found(block)).toEqual(group.flat());
        if (group.flat().length > 0) expect(block.length).toBe(blockBytes(group.flat().length));
      }
      const stream = Buffer.concat([Buffer.from('?'), ...blocks]).subarray(1);
      expect(found(stream)).toEqual(groups.flat(2));
      expect(blockRows(stream)).toBe(groups.flat(2).length);
    }),
    { numRuns: 50 },
  );
});

test('bytes that are not whole blocks are told before a row is given', () => {
  const columns = new SampleColumns();
  add(columns, many(200, 1));
  const block = columns.seal();
  fc.assert(
    fc.property(fc.nat(block.length - 2), (missing) => {
      const cut = block.subarray(0, block.length - 1 - missing);
      expect(() => found(Buffer.concat([block, cut]))).toThrow('no block of samples');
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (noise) => {
      expect(() => found(noise)).toThrow('no block of samples');
    }),
  );
});

test('a block that was given back is written over, and any other keeps its rows', () => {
  const columns = new SampleColumns();
  const seal = (value: number, count = 10_000) => {
    add(columns, many(count, value));
    return columns.seal();
  };
  const [first, second] = [seal(1), seal(2)];
  columns.giveBack(first);
  // A tenth more than the last ones still fits.
  const third = seal(3, 11_000);
  expect(third.buffer).toBe(first.buffer);
  expect(found(second)).toEqual(many(10_000, 2));
  expect(found(third)).toEqual(many(11_000, 3));
  columns.giveBack(third);
  const small = seal(4, 3);
  expect(small.buffer).not.toBe(third.buffer);
  expect(found(small)).toEqual(many(3, 4));
});
