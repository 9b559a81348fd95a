import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openSiteStore } from '../../actors/control/site.js';
import { SystemClock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import { until } from '../../engine/series/testing.js';
import { MemoryTable } from '../live/table.js';
import { Experiments } from './experiments.js';
import { Journal } from './journal.js';

const folder = mkdtempSync(join(tmpdir(), 'earshot-journal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
async function opened() {
  const clock = new SystemClock();
  const faults: EngineError[] = [];
  const onFault = (error: EngineError) => faults.push(error);
  const store = await openSiteStore({
    file: join(folder, `${count++}.db`),
    clock,
    onError: onFault,
  });
  return { store, clock, faults, onFault };
}

test('the journal keeps the newest lines and drops the oldest beyond its bound', async () => {
  const { store, clock, faults, onFault } = await opened();
  const live = new MemoryTable('journal');
  const journal = await Journal.open({ store, live, clock, onFault, keep: 10 });
  for (let i = 0; i < 25; i += 1) await journal.write('info', `line ${i}`, 'rule:1');
  await until('lines are live', () => live.size === 25);
  expect(await journal.prune()).toBe(15);
  expect(await journal.prune()).toBe(0);
  const kept = await store.automation.journal.find();
  expect(kept.map(({ text }) => text)).toEqual(
    Array.from({ length: 10 }, (_, i) => `line ${i + 15}`),
  );
  await journal.close();
  await store.close();
  expect(faults).toEqual([]);
});

test('a name that was recorded before gets the time behind it, and stops by its name', async () => {
  const { store, clock, onFault } = await opened();
  const live = new MemoryTable('experiments');
  const experiments = await Experiments.open({ store, live, clock, onFault });
  const told: string[] = [];
  experiments.onChange((event, { name }, by) => told.push(`${event} ${name} ${by}`));
  const first = await experiments.start('Night', 'rule:7');
  await expect(experiments.start('Night', 'rule:7')).rejects.toMatchObject({ code: 'conflict' });
  await experiments.stop('Night', 'rule:7');
  const [second, third] = await Promise.allSettled([
    experiments.start('Night', 'rule:7'),
    experiments.start('Night', 'rule:8'),
  ]);
  expect(third.status).toBe('rejected');
  expect(second.status).toBe('fulfilled');
  const [running] = experiments.running();
  expect(running?.name).toMatch(/^Night \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  const stopped = await experiments.stop('Night', 'ann');
  expect(stopped.id).not.toBe(first.id);
  expect(experiments.running()).toEqual([]);
  expect(told).toHaveLength(4);
  await expect(experiments.stop('Day', 'ann')).rejects.toMatchObject({ code: 'not-found' });
  await experiments.close();
  await store.close();
});
