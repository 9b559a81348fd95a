import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TopicTree, topicMatches } from './topic-tree.js';

const name = fc.constantFrom('a', 'b', '', '$x');
const topic = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const pattern = fc
  .tuple(
    fc.array(fc.oneof(name, fc.constant('+')), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '/#'),
  )
  .map(([names, rest]) => names.join('/') + rest);

test('wildcards are taken as MQTT has them', () => {
  const hits = ['a/b', '+/b', 'a/+', 'a/#', '#', 'a/b/#', '+/+'];
  for (const one of hits) expect([one, topicMatches(one, 'a/b')]).toEqual([one, true]);
  for (const one of ['a', '+', 'a/b/+', 'b/#', 'a/b/c', '']) {
    expect([one, topicMatches(one, 'a/b')]).toEqual([one, false]);
  }
  expect(['#', '+/x', '$SYS/#', '$SYS/+'].map((one) => topicMatches(one, '$SYS/x'))).toEqual([
    ...[false, false, true, true],
  ]);
  expect(topicMatches('a/+', 'a/')).toBe(true);
});

test('the tree finds exactly the clients that a look at each subscription finds, whatever came and went', () => {
  const step = fc.record({
    pattern,
    client: fc.constantFrom('c', 'd', 'e'),
    qos: fc.nat(2),
    goes: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.array(topic, { maxLength: 10 }),
      (steps, topics) => {
        const tree = new TopicTree();
        const all = new Map<string, { pattern: string; client: string; qos: number }>();
        for (const one of steps) {
          const key = JSON.stringify([one.pattern, one.client]);
          if (one.goes) {
            tree.remove(one.pattern, one.client);
            all.delete(key);
          } else {
            tree.add(one.pattern, one.client, one.qos);
            all.set(key, one);
          }
        }
        for (const at of topics) {
          const wanted = new Map<string, number>();
          for (const { pattern, client, qos } of all.values()) {
            if (topicMatches(pattern, at))
              wanted.set(client, Math.max(qos, wanted.get(client) ?? 0));
          }
          expect(new Map([...tree.match(at)].sort())).toEqual(new Map([...wanted].sort()));
        }
      },
    ),
  );
});
