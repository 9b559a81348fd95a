import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from './log.js';
import { RotatingFile } from './rotating-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-log-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('the log rotates by size, keeps the stated number of files and loses no line of those', () => {
  const file = new RotatingFile({ path: join(folder, 'a.log'), maxBytes: 100, maxFiles: 3 });
  for (let i = 0; i < 40; i += 1) file.write(`line ${String(i).padStart(3, '0')}\n`);
  file.close();
  expect(readdirSync(folder).sort()).toEqual(['a.log', 'a.log.1', 'a.log.2']);
  for (const name of readdirSync(folder))
    expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(100);
  const text = ['a.log.2', 'a.log.1', 'a.log']
    .map((n) => readFileSync(join(folder, n), 'utf8'))
    .join('');
  const numbers = text
    .trim()
    .split('\n')
    .map((line) => Number(line.slice(5)));
  expect(numbers).toEqual(
    Array.from({ length: numbers.length }, (_, i) => 40 - numbers.length + i),
  );
});

test('a log goes on in the file of an earlier start', () => {
  for (const word of ['first', 'second']) {
    const log = createLog({
      level: 'info',
      folder,
      name: 'main',
      maxFileBytes: 65_536,
      maxFiles: 2,
      stderr: false,
    });
    log.info(word);
  }
  const lines = readFileSync(join(folder, 'main.log'), 'utf8').trim().split('\n');
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { msg: 'first', thread: 'main' },
    { msg: 'second' },
  ]);
});

test('secrets are not written', () => {
  const log = createLog({
    level: 'info',
    folder,
    name: 'main',
    maxFileBytes: 65_536,
    maxFiles: 2,
    stderr: false,
  });
  log.info({ password: 'hunter2', user: { token: 'ear_abc' } }, 'signed in');
  const text = readFileSync(join(folder, 'main.log'), 'utf8');
  expect(text).not.toContain('hunter2');
  expect(text).not.toContain('ear_abc');
});

test('a file that cannot be written costs lines, counted, and no crash', () => {
  const file = new RotatingFile({
    path: join(folder, 'no', 'such', 'folder.log'),
    maxBytes: 100,
    maxFiles: 2,
  });
  file.write('x\n');
  expect(file.lost).toBe(1);
});
