import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Sessions, type SessionsOptions } from './sessions.js';

let folder: string;
let file: string;
let nowUnixMs = 1_000_000;
const told: string[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-sessions-'));
  file = join(folder, 'inner', 'sessions.jsonl');
});
beforeEach(() => {
  rmSync(dirname(file), { recursive: true, force: true });
  told.length = 0;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (more: Partial<SessionsOptions> = {}) =>
  Sessions.open({
    file,
    maxSessions: 10,
    maxSessionMessages: 6,
    maxSessionBytes: 1_000_000,
    maxSessionHours: 24,
    now: () => nowUnixMs,
    tell: (text) => void told.push(text),
    ...more,
  });
const message = (count: number, text = 'x', qos: 1 | 2 = 1) =>
  ({ brokerId: 'b', brokerCounter: count, topic: 't', payload: Buffer.from(text), qos }) as const;
const IDS = ['a', 'b', 'ü "c"'] as const;
const shown = (sessions: Sessions) =>
  IDS.map((id) => ({
    known: sessions.has(id),
    topics: [...sessions.topicsOf(id)].sort(),
    waits: [...sessions.queueOf(id)].map(({ message, messageId, released }) => [
      message.brokerCounter,
      message.payload.toString(),
      message.qos,
      messageId,
      released,
    ]),
    got: [1, 2, 3].filter((number) => sessions.hasGot(id, number)),
  }));

test('whatever was done, in whichever order, is so again after a restart, also one without an end', async () => {
  const id = fc.constantFrom(...IDS);
  const number = fc.integer({ min: 1, max: 3 });
  const step = fc.oneof(
    fc.tuple(fc.constant('claim' as const), id, fc.constantFrom('ann', 'ann', 'bob')),
    fc.tuple(fc.constant('forget' as const), id),
    fc.tuple(fc.constant('subscribe' as const), id, fc.constantFrom('t', 'u/#'), fc.nat(2)),
    fc.tuple(fc.constant('unsubscribe' as const), id, fc.constantFrom('t', 'u/#')),
    fc.tuple(fc.constant('enqueue' as const), fc.subarray([...IDS]), fc.string({ maxLength: 5 })),
    fc.tuple(fc.constant('sent' as const), id, fc.nat(9), number),
    fc.tuple(fc.constant('released' as const), id, number),
    fc.tuple(fc.constant('settle' as const), id, number),
    fc.tuple(fc.constant('got' as const), id, number),
    fc.tuple(fc.constant('letGo' as const), id, number),
    fc.tuple(fc.constant('anew' as const)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      rmSync(file, { force: true });
      let sessions = await open();
      let count = 0;
      for (const one of steps) {
        if (one[0] === 'claim') sessions.claim(one[1], one[2]);
        else if (one[0] === 'forget') sessions.forget(one[1]);
        else if (one[0] === 'subscribe') sessions.subscribe(one[1], one[2], one[3]);
        else if (one[0] === 'unsubscribe') sessions.unsubscribe(one[1], one[2]);
        else if (one[0] === 'enqueue') sessions.enqueue(one[1], message(count++, one[2], 2));
        else if (one[0] === 'sent') sessions.sent(one[1], 'b', one[2], one[3]);
        else if (one[0] === 'released') sessions.released(one[1], one[2]);
        else if (one[0] === 'settle') sessions.settle(one[1], one[2]);
        else if (one[0] === 'got') sessions.got(one[1], one[2]);
        else if (one[0] === 'letGo') sessions.letGo(one[1], one[2]);
        else {
          await sessions.kept;
          sessions = await open();
        }
      }
      const before = shown(sessions);
      await sessions.kept;
      expect(shown(await open())).toEqual(before);
    }),
    { numRuns: 60 },
  );
  expect(told.filter((text) => text.includes('cannot') || text.includes('not written'))).toEqual(
    [],
  );
}, 60_000);

test('a client that is away for too long is forgotten, one that came back is not', async () => {
  const sessions = await open();
  for (const id of ['a', 'b']) {
    sessions.claim(id, 'ann');
    sessions.away(id);
  }
  nowUnixMs += 20 * 3_600_000;
  sessions.back('b');
  sessions.away('b');
  nowUnixMs += 5 * 3_600_000;
  await sessions.close();
  const again = await open();
  expect([again.has('a'), again.has('b')]).toEqual([false, true]);
  expect(told).toEqual([
    expect.stringMatching(/^1 sessions .*mqtt\.broker\.maxSessionHours.*: a$/),
  ]);
  nowUnixMs += 24 * 3_600_000;
  const without = await open({ maxSessionHours: 0 });
  expect(without.has('b')).toBe(true);
});

test('a file of what is no longer so is written anew, and nothing of what comes meanwhile is missed', async () => {
  const sessions = await open();
  sessions.claim('a', 'ann');
  const text = 'x'.repeat(100_000);
  for (let count = 0; count < 60; count += 1) {
    sessions.enqueue(['a'], message(count, text));
    await sessions.kept;
    sessions.sent('a', 'b', count, 1);
    if (count < 58) sessions.settle('a', 1);
  }
  await sessions.close();
  expect(statSync(file).size).toBeLessThan(3_000_000);
  const again = await open();
  expect([...again.queueOf('a')].map(({ message }) => message.brokerCounter)).toEqual([58, 59]);
});

test('without a file nothing is written, and the bounds hold all the same', async () => {
  const sessions = await open({ file: undefined, maxSessionMessages: 2 });
  sessions.claim('a', 'ann');
  for (let count = 0; count < 5; count += 1) sessions.enqueue(['a'], message(count));
  expect([...sessions.queueOf('a')].map(({ message }) => message.brokerCounter)).toEqual([3, 4]);
  await sessions.close();
  expect(() => readFileSync(file)).toThrow('ENOENT');
});
