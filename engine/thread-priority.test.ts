import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { entryUrl } from './entry.js';

test('a thread changes its own priority and no other', async () => {
  const module = entryUrl('engine/thread-priority').href;
  const before = getPriority();
  const worker = new Worker(
    `import { parentPort } from 'node:worker_threads';
     import { readFileSync } from 'node:fs';
     import { niceThisThread } from ${JSON.stringify(module)};
     const granted = niceThisThread(7);
     parentPort.postMessage({ granted, stat: readFileSync('/proc/thread-self/stat', 'utf8') });`,
    { eval: true, type: 'module' } as ConstructorParameters<typeof Worker>[1],
  );
  const told = await new Promise<{ granted: boolean; stat: string }>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
  const nicenessOf = (stat: string): number =>
    Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  expect(told.granted).toBe(true);
  expect(nicenessOf(told.stat)).toBe(7);
  expect(nicenessOf(readFileSync('/proc/thread-self/stat', 'utf8'))).toBe(before);
});
