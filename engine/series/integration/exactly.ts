import { expect } from 'vitest';
import { EngineError } from '../../errors.js';
import { type StoreBench, until } from '../testing.js';
import type { StoreWriter } from '../writer.js';

/** Raw rows and every rollup hold the acknowledged rows, each once. */
export async function expectExactly(
  bench: StoreBench,
  writer: StoreWriter,
  channel: number,
  rows: readonly number[],
): Promise<void> {
  await until('the writer is back', () => writer.status().state === 'open');
  // What was answered from the journal is on its way.
  await until('nothing waits', () => writer.status().pendingRows === 0);
  await writer.repairRollups();
  const raw = await bench.rows(
    `SELECT value FROM samples FINAL WHERE channel = ${channel} ORDER BY at`,
  );
  expect(raw.map(([value]) => value)).toEqual([...rows].sort((a, b) => a - b));
  for (const table of ['samples_1m', 'samples_1h', 'samples_1d']) {
    const [sums] = await bench.rows(
      `SELECT toUInt32(sum(points)), sum(total) FROM ${table} WHERE channel = ${channel}`,
    );
    expect(sums).toEqual([rows.length, rows.reduce((sum, value) => sum + value, 0)]);
  }
}

/** Of the store's process, to be stopped or killed. */
export function storePid(bench: StoreBench): number {
  const { pid } = bench.store.status();
  if (pid === undefined) throw new EngineError('internal', 'the store has no process now');
  return pid;
}

/** 0, 1, 2 … */
export function firstOnes(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
