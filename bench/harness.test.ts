import { expect, test } from 'vitest';
import { median, ownCpuSeconds, percentile, processTree, ratio, spawnReady } from './harness.js';

test('percentiles are values that occurred', () => {
  const values = [5, 1, 4, 2, 3];
  expect(median(values)).toBe(3);
  expect(percentile(values, 0.99)).toBe(5);
  expect(percentile(values, 0)).toBe(1);
  expect(percentile([], 0.5)).toBeNaN();
});

test('a ratio without a figure is null and not infinite', () => {
  expect(ratio(4, 2)).toBe(2);
  expect(ratio(4, 0)).toBeNull();
  expect(ratio(null, 2)).toBeNull();
});

test('the CPU of a child process counts for its tree', async () => {
  const busy =
    'let until=Date.now()+300;while(Date.now()<until);console.log("ready");setInterval(()=>{},1000)';
  const child = await spawnReady({ command: process.execPath, args: ['-e', busy], ready: /ready/ });
  expect(processTree(child.pid).cpuSeconds).toBeGreaterThan(0.1);
  expect(processTree(process.pid).rssBytes).toBeGreaterThan(processTree(child.pid).rssBytes);
  await child.stop();
  expect(ownCpuSeconds()).toBeGreaterThan(0);
});

test('a program that ends before it is ready is reported with what it said', async () => {
  const args = ['-e', 'console.error("no such table");process.exit(3)'];
  await expect(spawnReady({ command: process.execPath, args, ready: /ready/ })).rejects.toThrow(
    'no such table',
  );
});
