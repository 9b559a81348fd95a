import { expect, test } from 'vitest';
import type { FrameBatch } from '../../actors/device/protocol.js';
import { TestClock } from '../../engine/clock.js';
import { FrameGatherer } from './frame-gatherer.js';

function setup(options: { readonly maxFrames?: number; readonly maxBytes?: number } = {}) {
  const clock = new TestClock();
  const posted: { slot: number; batch: FrameBatch }[] = [];
  const link = { up: true };
  const gatherer = new FrameGatherer({
    protocol: 'smartos',
    shards: 2,
    clock,
    post: (slot, batch) => {
      if (link.up) posted.push({ slot, batch });
      return link.up;
    },
    ...options,
  });
  return { clock, posted, link, gatherer };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const texts = (batch: FrameBatch): string[] =>
  Array.from({ length: batch.count }, (_, i) =>
    Buffer.from(batch.bytes.subarray(batch.offset[i], batch.offset[i + 1])).toString(),
  );

test('frames of a few milliseconds travel together, each with a time of its own', () => {
  const { clock, posted, gatherer } = setup();
  gatherer.push(0, 1, 'a', bytes('one'));
  gatherer.push(0, 2, 'b', bytes('two'));
  gatherer.push(1, 3, 'c', bytes('three'));
  expect(posted).toHaveLength(0);
  clock.advance(4);
  expect(posted.map((p) => p.slot)).toEqual([0, 1]);
  const [first] = posted;
  expect(first && texts(first.batch)).toEqual(['one', 'two']);
  const [at0 = 0, at1 = 0] = first?.batch.atUnixMs ?? [];
  expect(Math.round((at1 - at0) * 1_000)).toBe(1);
  expect(gatherer.open).toBe(3);
});

test('a new thread gets what the lost one left unanswered, with numbers and times as before', () => {
  const { clock, posted, gatherer } = setup();
  for (const text of ['one', 'two', 'three']) gatherer.push(0, 1, 'a', bytes(text));
  gatherer.flush();
  expect(gatherer.answered(0, 1)).toBe(true);
  expect(gatherer.answered(0, 1)).toBe(false);
  gatherer.hold(0);
  gatherer.push(0, 1, 'a', bytes('four'));
  clock.advance(10);
  expect(posted).toHaveLength(1);
  expect(gatherer.resume(0)).toBe(2);
  const [before, again, fresh] = posted.map((p) => p.batch);
  expect(again && texts(again)).toEqual(['one', 'three']);
  expect(again?.numbers && [...again.numbers]).toEqual([0, 2]);
  expect(again?.atUnixMs[1]).toBe(before?.atUnixMs[2]);
  expect(fresh && texts(fresh)).toEqual(['four']);
  for (const number of [0, 2, 3]) gatherer.answered(0, number);
  expect(gatherer.open).toBe(0);
});

test('a second thread that is lost before it took them gets nothing under a new time', () => {
  const { posted, link, gatherer } = setup();
  for (const text of ['one', 'two']) gatherer.push(0, 1, 'a', bytes(text));
  gatherer.flush();
  gatherer.answered(0, 0);
  gatherer.hold(0);
  link.up = false;
  gatherer.resume(0);
  gatherer.hold(0);
  link.up = true;
  gatherer.resume(0);
  gatherer.flush();
  expect(posted).toHaveLength(2);
  const [before, again] = posted.map((p) => p.batch);
  expect(again && texts(again)).toEqual(['two']);
  expect(again?.numbers && [...again.numbers]).toEqual([1]);
  expect(again?.atUnixMs[0]).toBe(before?.atUnixMs[1]);
});

test('a clock that was set back by an hour is followed, not waited for', () => {
  const { clock, posted, gatherer } = setup();
  gatherer.push(0, 1, 'a', bytes('one'));
  clock.jump(-3_600_000);
  gatherer.push(0, 1, 'a', bytes('two'));
  gatherer.flush();
  const [first = 0, second = 0] = posted[0]?.batch.atUnixMs ?? [];
  expect(first - second).toBe(3_600_000);
});

test('what a full link did not take is posted later, in order', () => {
  const { clock, posted, link, gatherer } = setup();
  link.up = false;
  gatherer.push(0, 1, 'a', bytes('one'));
  clock.advance(4);
  gatherer.push(0, 1, 'a', bytes('two'));
  clock.advance(4);
  expect(posted).toHaveLength(0);
  link.up = true;
  clock.advance(40);
  expect(posted.flatMap((p) => texts(p.batch))).toEqual(['one', 'two']);
});

test('over the bounds a frame is refused, until something was answered', () => {
  const { gatherer } = setup({ maxFrames: 2, maxBytes: 100 });
  expect(gatherer.push(0, 1, 'a', bytes('x'.repeat(101)))).toBe(false);
  expect(gatherer.push(0, 1, 'a', bytes('1'))).toBe(true);
  expect(gatherer.push(0, 1, 'a', bytes('2'))).toBe(true);
  expect(gatherer.push(0, 1, 'a', bytes('3'))).toBe(false);
  gatherer.flush();
  gatherer.answered(0, 0);
  expect(gatherer.push(0, 1, 'a', bytes('3'))).toBe(true);
});

test('a clock set back does not give a time twice', () => {
  const { clock, posted, gatherer } = setup();
  gatherer.push(0, 1, 'a', bytes('1'));
  clock.jump(-60_000);
  gatherer.push(0, 1, 'a', bytes('2'));
  gatherer.flush();
  const [at0 = 0, at1 = 0] = posted[0]?.batch.atUnixMs ?? [];
  expect(at1).toBeGreaterThan(at0);
});
