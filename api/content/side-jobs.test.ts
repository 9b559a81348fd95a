import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SystemClock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { loadConfig } from '../config.js';
import { Incoming } from './incoming.js';
import { SideJobs } from './side-jobs.js';

let folder: string;
/** Jobs that were begun, and what ends them. */
let begun: ((error: EngineError) => void)[];
let jobs: SideJobs;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-side-jobs-'));
  begun = [];
  const run = async () =>
    await new Promise<never>((_resolve, reject) => {
      begun.push(reject);
    });
  const { minFreeBytes: _free, ...limits } = loadConfig({}, folder).ingest;
  const never = new AbortController().signal;
  jobs = new SideJobs({ run }, new Incoming(folder, 0), limits, never, new SystemClock());
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const ask = async (name: string) =>
  await jobs.mp3Beside(join(folder, name)).then(
    () => 'made',
    (error: unknown) => EngineError.from(error).code,
  );
const unreadable = new EngineError('media.unreadable', 'no sound');

test('a file that cannot be used starts no second job until it changes', async () => {
  writeFileSync(join(folder, 'a.wav'), 'no sound');
  const first = ask('a.wav');
  await expect.poll(() => begun.length).toBe(1);
  begun[0]?.(unreadable);
  expect(await first).toBe('media.unreadable');
  expect(await ask('a.wav')).toBe('media.unreadable');
  expect(begun.length).toBe(1);
  writeFileSync(join(folder, 'a.wav'), 'another sound');
  const again = ask('a.wav');
  await expect.poll(() => begun.length).toBe(2);
  begun[1]?.(unreadable);
  await again;
});

test('many at once are refused', async () => {
  const names = Array.from({ length: 9 }, (_, i) => `${i}.wav`);
  for (const name of names) writeFileSync(join(folder, name), 'x');
  const asks = names.map(ask);
  expect(await asks[8]).toBe('server.busy');
  await expect.poll(() => begun.length).toBe(8);
  for (const end of begun) end(unreadable);
  await Promise.all(asks);
});
