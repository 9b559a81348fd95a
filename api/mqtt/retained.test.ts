import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EngineError } from '../../engine/errors.js';
import { RetainedMessages } from './retained.js';

let folder: string;
let file: string;
const faults: EngineError[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-retained-'));
  file = join(folder, 'inner', 'retained.jsonl');
});
beforeEach(() => {
  rmSync(join(folder, 'inner'), { recursive: true, force: true });
  faults.length = 0;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (more: { readonly file?: undefined; readonly maxMessages?: number } = {}) =>
  RetainedMessages.open({
    file,
    maxMessages: 100,
    maxBytes: 1_000_000,
    onFault: (error) => void faults.push(error),
    ...more,
  });
const message = (topic: string, text: string) =>
  ({ topic, payload: Buffer.from(text), qos: 1 }) as const;
const shown = (kept: RetainedMessages) =>
  new Map(kept.all().map(({ topic, payload }) => [topic, Buffer.from(payload).toString('hex')]));

test('whatever was taken and emptied, in whichever order, is there again after a restart', async () => {
  const topic = fc.constantFrom('a', 'a/b', 'ü/"quoted"', 'x\ny');
  const step = fc.record({
    topic,
    payload: fc.uint8Array({ maxLength: 6 }),
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 3 }), async (runs) => {
      rmSync(file, { force: true });
      const wanted = new Map<string, string>();
      for (const run of runs) {
        const kept = await open();
        for (const one of run) {
          expect(kept.take(one)).toBe(true);
          if (one.payload.length === 0) wanted.delete(one.topic);
          else wanted.set(one.topic, Buffer.from(one.payload).toString('hex'));
        }
        await kept.close();
      }
      expect(shown(await open())).toEqual(wanted);
    }),
    { numRuns: 30 },
  );
  expect(faults).toEqual([]);
});

test('there is a bound of messages and of bytes; a topic that is there may change, one that goes makes room', async () => {
  const kept = await open({ maxMessages: 2 });
  expect(['a', 'b', 'c', 'b'].map((topic) => kept.take(message(topic, 'x')))).toEqual([
    ...[true, true, false, true],
  ]);
  expect(kept.take(message('a', ''))).toBe(true);
  expect(kept.take(message('c', 'y'.repeat(1_000_000)))).toBe(false);
  expect(kept.take(message('c', 'y'.repeat(900_000)))).toBe(true);
  await kept.close();
});

test('a line that a kill cut off is passed over, and what follows it is taken', async () => {
  const kept = await open();
  kept.take(message('a', 'one'));
  await kept.close();
  appendFileSync(file, '["b","b25l');
  const again = await open();
  expect([...shown(again).keys()]).toEqual(['a']);
  again.take(message('c', 'three'));
  await again.close();
  expect([...shown(await open()).keys()]).toEqual(['a', 'c']);
});

test('a file of what is no longer so is written anew', async () => {
  const kept = await open();
  const text = 'x'.repeat(100_000);
  for (let count = 0; count < 60; count += 1) {
    kept.take(message('a', `${text}${count}`));
    await kept.close();
  }
  expect(statSync(file).size).toBeLessThan(2_000_000);
  expect(Buffer.from((await open()).all()[0]?.payload ?? []).toString()).toBe(`${text}59`);
});

test('without a file nothing is written, and the bound holds all the same', async () => {
  const kept = await open({ file: undefined, maxMessages: 1 });
  expect([kept.take(message('a', 'x')), kept.take(message('b', 'x'))]).toEqual([true, false]);
  await kept.close();
  expect(() => statSync(file)).toThrow('ENOENT');
});
