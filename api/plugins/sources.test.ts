import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { folderSources, packageSource } from './sources.js';

const folder = mkdtempSync(join(tmpdir(), 'earshot-sources-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, text = 'export const plugin = {};'): void {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
}

test('files and sub-folders with a module are plugins, other files are not', async () => {
  put('single.mjs');
  put('named/package.json', '{"exports":{".":{"import":"./lib/main.js"}}}');
  put('named/lib/main.js');
  put('plain/index.js');
  put('broken/package.json', '{');
  put('empty/readme.txt');
  put('.hidden/index.js');
  put('notes.txt');
  const found = await folderSources(folder);
  expect(found.map(({ name, module }) => [name, module.split('/').at(-1)])).toEqual([
    ['named', 'main.js'],
    ['plain', 'index.js'],
    ['single', 'single.mjs'],
  ]);
});

test('a changed file gives another stamp, a folder that is not there has no plugins', async () => {
  put('one/index.js');
  const [before] = await folderSources(folder);
  put('one/inner/part.js', 'export const more = 1;');
  const [after] = await folderSources(folder);
  expect(after?.stamp).not.toBe(before?.stamp);
  expect(await folderSources(join(folder, 'nowhere'))).toEqual([]);
});

test('a package is found beside the plugins, one that is not installed is not', async () => {
  put('node_modules/@acme/rack/package.json', '{"main":"rack.js"}');
  put('node_modules/@acme/rack/rack.js');
  const found = await packageSource('@acme/rack', [folder]);
  expect(found?.module.endsWith('/@acme/rack/rack.js')).toBe(true);
  expect(await packageSource('@acme/other', [folder])).toBeUndefined();
});
