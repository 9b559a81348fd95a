import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from './config.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-config-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('without a file everything has a default and the demo site is on', () => {
  const config = loadConfig({}, folder);
  expect(config).toMatchObject({ port: 8080, streamPort: 8000, file: undefined });
  expect(config.data).toBe(join(folder, 'data'));
  expect(config.demo.enabled).toBe(true);
});

test('the environment wins over the file, and a file switches the demo off unless asked for', () => {
  writeFileSync(
    join(folder, 'earshot.yaml'),
    'port: 9000\nstreamPort: 9001\nlive: { tickMs: 100 }\n',
  );
  const config = loadConfig({ EARSHOT_PORT: '9100' }, folder);
  expect(config).toMatchObject({ port: 9100, streamPort: 9001, live: { tickMs: 100 } });
  expect(config.demo.enabled).toBe(false);
  expect(loadConfig({ EARSHOT_DEMO: 'yes' }, folder).demo.enabled).toBe(true);
});

test.each([
  [{ EARSHOT_PORT: 'eighty' }, '', 'EARSHOT_PORT'],
  [{ EARSHOT_PORT: '70000' }, '', 'EARSHOT_PORT'],
  [{ EARSHOT_DEMO: 'perhaps' }, '', 'EARSHOT_DEMO'],
  [{ EARSHOT_ICECAST_URL: 'not a url' }, '', 'EARSHOT_ICECAST_URL'],
  [{ EARSHOT_CLICKHOUSE_URL: 'ftp://x' }, '', 'EARSHOT_CLICKHOUSE_URL'],
  [{ EARSHOT_PROT: '1' }, '', 'EARSHOT_PROT'],
  [{ EARSHOT_CONFIG: 'missing.yaml' }, '', 'missing.yaml'],
  [{}, 'prot: 1', 'prot'],
  [{}, 'live: { tickMs: fast }', 'live.tickMs'],
  [{}, '- a list', 'key: value'],
  [{}, 'a: [', 'is not YAML'],
])('a wrong setting %o %s is refused and named', (environment, yaml, named) => {
  if (yaml !== '') writeFileSync(join(folder, 'earshot.yaml'), yaml);
  expect(() => loadConfig(environment, folder)).toThrow(named);
});
