import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { LineFile } from './line-file.js';

test('a file that cannot be written is said once, and written whole as soon as it can be', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-lines-'));
  const file = join(folder, 'inner', 'lines');
  // A file in place of the folder is no place to write, whoever runs this.
  writeFileSync(dirname(file), 'in the way');
  const all: string[] = [];
  const faults: string[] = [];
  const lines = new LineFile({
    file,
    state: () => all,
    stateBytes: () => 0,
    againMs: 0,
    onFault: ({ message }) => void faults.push(message),
  });
  const append = async (line: string): Promise<void> => {
    all.push(line);
    lines.append(line);
    await lines.flushed;
    await lines.anew();
  };
  await append('one\n');
  await append('two\n');
  expect(faults).toHaveLength(1);
  rmSync(dirname(file));
  await append('three\n');
  expect(readFileSync(file, 'utf8')).toBe('one\ntwo\nthree\n');
  lines.append('four\n');
  await lines.close();
  expect(readFileSync(file, 'utf8')).toBe('one\ntwo\nthree\nfour\n');
  expect(faults).toHaveLength(1);
  rmSync(folder, { recursive: true });
});
