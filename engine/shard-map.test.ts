import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShardMap } from './shard-map.js';

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 9,
});

test('the owner does not depend on the order in which shards are named', () => {
  fc.assert(
    fc.property(names, fc.array(fc.string()), (shards, ids) => {
      const forward = new ShardMap(shards);
      const backward = new ShardMap([...shards].reverse());
      for (const id of ids) expect(forward.ownerOf(id)).toBe(backward.ownerOf(id));
    }),
  );
});

test('a shard that leaves moves only the ids that it held', () => {
  fc.assert(
    fc.property(names, fc.array(fc.string(), { minLength: 20 }), (shards, ids) => {
      const [gone, ...rest] = shards;
      if (rest.length === 0) return;
      const before = new ShardMap(shards);
      const after = new ShardMap(rest);
      for (const id of ids) {
        if (before.ownerOf(id) !== gone) expect(after.ownerOf(id)).toBe(before.ownerOf(id));
      }
    }),
  );
});

test('10,000 serial numbers are spread within ten percent over four shards', () => {
  const map = new ShardMap(['device-0', 'device-1', 'device-2', 'device-3']);
  const counts = new Map<string, number>();
  for (let i = 0; i < 10_000; i += 1) {
    const owner = map.ownerOf(String(i).padStart(4, '0')) ?? '';
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  expect(counts.size).toBe(4);
  for (const count of counts.values()) expect(Math.abs(count - 2_500)).toBeLessThan(250);
});

test('without shards nobody owns anything', () => {
  expect(new ShardMap([]).ownerOf('x')).toBeUndefined();
});
