import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, it, vi } from 'vitest';
import { FeedSink } from './feed-sink.js';
import { FeedSource } from './feed-source.js';

const soon = <T>(check: () => T): Promise<T> => vi.waitFor(check, { timeout: 10_000 });
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const fail = (error: Error): never => {
  throw error;
};

function sourceOf(more: { readonly mostKept?: number; readonly mostOnTheWay?: number } = {}) {
  const source = new FeedSource({
    latest: (channel) => (channel === 7 ? { atUnixMs: 1, value: 70 } : undefined),
    onFault: fail,
    ...more,
  });
  ends.push(() => source.close());
  return source;
}

function sinkOf(source: FeedSource, channels: readonly number[], name = 'rule-0') {
  const heard: (number | string)[] = [];
  const sink = new FeedSink({
    take: ({ value, text }) => void heard.push(...value, ...text.map((row) => row.value)),
    onFault: fail,
  });
  ends.push(() => sink.close());
  const { port1, port2 } = new MessageChannel();
  source.attach({ name, port: port1 });
  sink.attach({ name: 'device-0', port: port2 });
  sink.watch(Uint32Array.from(channels));
  return { sink, heard };
}

function say(source: FeedSource, ...values: readonly (readonly [number, number | string])[]): void {
  const numbers = values.filter(([, value]) => typeof value === 'number');
  source.rows({
    channel: Uint32Array.from(numbers, ([channel]) => channel),
    atUnixMs: Float64Array.from(numbers, () => 5),
    value: Float64Array.from(numbers, ([, value]) => Number(value)),
    text: values.flatMap(([channel, value]) =>
      typeof value === 'string' ? [{ channel, atUnixMs: 5, value }] : [],
    ),
  });
}

it('only what is watched is sent, with its latest value first, and nothing while nobody watches', async () => {
  const source = sourceOf();
  say(source, [7, 1]);
  expect([source.watched, source.sent, source.kept]).toEqual([false, 0, 0]);
  const { sink, heard } = sinkOf(source, [7, 8]);
  await soon(() => expect(heard).toEqual([70]));
  say(source, [7, 71], [9, 1], [8, 'on'], [9, 'off']);
  await soon(() => expect(heard).toEqual([70, 71, 'on']));
  sink.watch(new Uint32Array(0));
  await soon(() => expect(source.watched).toBe(false));
});

it('what any thread watches is wanted, and each gets its own of it', async () => {
  const source = sourceOf();
  const one = sinkOf(source, [1, 2], 'rule-0');
  const other = sinkOf(source, [2, 9], 'rule-1');
  const wanted = (): number[] => [0, 1, 2, 7, 9, 99].filter((channel) => source.wants(channel));
  await soon(() => expect(wanted()).toEqual([1, 2, 9]));
  say(source, [1, 10], [2, 20], [9, 90], [7, 70]);
  await soon(() =>
    expect([one.heard, other.heard]).toEqual([
      [10, 20],
      [20, 90],
    ]),
  );
  one.sink.watch(new Uint32Array(0));
  await soon(() => expect(wanted()).toEqual([2, 9]));
});

it('what is not settled is told again to the next thread of that name, and what is settled is not', async () => {
  const source = sourceOf();
  const first = sinkOf(source, [1]);
  await soon(() => expect(source.watched).toBe(true));
  say(source, [1, 1]);
  say(source, [1, 2]);
  await soon(() => expect(first.heard).toEqual([1, 2]));
  first.sink.settle(first.sink.mark());
  say(source, [1, 3]);
  await soon(() => expect(first.heard).toEqual([1, 2, 3]));
  await soon(() => expect(source.kept).toBe(1));
  first.sink.close();
  say(source, [1, 4]);
  const second = sinkOf(source, [1]);
  await soon(() => expect(second.heard).toEqual([3, 4]));
  expect(source.missed).toBe(0);
});

it('a thread that takes nothing gets no more than fits, and what is let go unheard is counted', async () => {
  const source = sourceOf({ mostKept: 100, mostOnTheWay: 20 });
  const { port1, port2 } = new MessageChannel();
  ends.push(() => port2.close());
  source.attach({ name: 'rule-0', port: port1 });
  port2.postMessage({ type: 'watch', channels: Uint32Array.of(1) });
  await soon(() => expect(source.watched).toBe(true));
  for (let i = 0; i < 300; i++) say(source, [1, i]);
  expect(source.sent).toBe(20);
  expect(source.kept).toBeLessThanOrEqual(100);
  const { heard } = sinkOf(source, [1]);
  await soon(() => expect(heard.at(-1)).toBe(299));
  expect(heard.length + source.missed).toBe(300);
});
