import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { BACKUP_FORMAT, BACKUP_VERSION, CONTROL_FILE, MANIFEST } from '../backup/shape.js';
import { restore } from './restore.js';

let home: string;
let data: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'earshot-restore-'));
  data = join(home, 'data');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const manifest = Buffer.from(JSON.stringify({ format: BACKUP_FORMAT, version: BACKUP_VERSION }));
const settings = Buffer.from('settings '.repeat(10_000));

async function archive(files: Readonly<Record<string, Buffer>>): Promise<string> {
  const zip = new ZipFile();
  zip.addBuffer(manifest, MANIFEST);
  for (const [name, bytes] of Object.entries(files)) zip.addBuffer(bytes, name);
  zip.end();
  const file = join(home, 'site.zip');
  await pipeline(zip.outputStream, createWriteStream(file));
  return file;
}

const nothing = (): void => undefined;

test('a backup without its settings is refused by the name of the file, and nothing is made of it', async () => {
  const file = await archive({ 'media/a.wav': Buffer.from('a') });
  await expect(restore(file, data, nothing)).rejects.toThrow('it lacks control.db');
  expect(existsSync(data)).toBe(false);
  expect(existsSync(`${data}.part`)).toBe(false);
});

test('a restore that is stopped halfway makes nothing, and a second one is whole', async () => {
  const file = await archive({ [CONTROL_FILE]: settings, 'media/a.wav': Buffer.from('a') });
  const stop = (share: number): void => {
    if (share > 0.9) throw new Error('stopped');
  };
  await expect(restore(file, data, stop)).rejects.toThrow('stopped');
  expect(existsSync(data)).toBe(false);
  // As one leaves it that was killed.
  mkdirSync(`${data}.part`);
  writeFileSync(join(`${data}.part`, 'control.db'), 'half');
  writeFileSync(join(`${data}.part`, 'rest'), 'of another');
  expect(await restore(file, data, nothing)).toEqual([CONTROL_FILE, 'media/a.wav']);
  expect(readFileSync(join(data, CONTROL_FILE))).toEqual(settings);
  expect(existsSync(join(data, 'rest'))).toBe(false);
});

test('a damaged backup is refused, and the data that is there stays as it is', async () => {
  const file = await archive({ [CONTROL_FILE]: settings });
  const bytes = readFileSync(file);
  const at = bytes.indexOf(CONTROL_FILE) + CONTROL_FILE.length + 8;
  bytes.fill(0xff, at, at + 32);
  writeFileSync(file, bytes);
  await expect(restore(file, data, nothing)).rejects.toThrow();
  expect(existsSync(data)).toBe(false);
  mkdirSync(data);
  writeFileSync(join(data, CONTROL_FILE), 'in use');
  await expect(restore(await archive({ [CONTROL_FILE]: settings }), data, nothing)).rejects.toThrow(
    'is not empty',
  );
  expect(readFileSync(join(data, CONTROL_FILE), 'utf8')).toBe('in use');
});
