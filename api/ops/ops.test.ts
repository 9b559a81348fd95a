import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestClock } from '../../engine/clock.js';
import { projectRoot } from '../../engine/entry.js';
import { ZipBundle } from '../content/archive/zip.js';
import type { UpdatesAnswer } from '../contract/ops.js';
import { startServer, type TestServer } from '../testing/server.js';
import { withoutKeys } from './diagnostics.js';
import { LogLevels } from './log-level.js';
import { readChangelog } from './updates.js';

async function filesOf(bytes: Buffer): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-diagnostics-'));
  writeFileSync(join(folder, 'it.zip'), bytes);
  const zip = await ZipBundle.open(join(folder, 'it.zip'), {
    maxEntries: 100,
    maxTotalBytes: 1e9,
    maxEntryBytes: 1e8,
  });
  const files = new Map<string, string>();
  for (const name of zip.names) files.set(name, await zip.text(name, 1e8));
  zip.close();
  rmSync(folder, { recursive: true });
  return files;
}

describe('a running site', () => {
  let server: TestServer;
  let cookie = '';
  beforeAll(async () => {
    server = await startServer({
      env: { EARSHOT_SMTP_URL: 'smtp://mailer:hunter2hunter2@127.0.0.1:9' },
    });
    cookie = await server.signIn();
  });
  afterAll(async () => {
    await server.stop();
  });

  test('lets its log say more for a time, and says until when', async () => {
    const headers = { cookie, 'content-type': 'application/json' };
    const answer = await fetch(`${server.url}/v1/log-level`, {
      method: 'PUT',
      headers,
      body: JSON.stringify({ level: 'debug', forS: 600 }),
    });
    expect(await answer.json()).toMatchObject({ level: 'debug', usual: 'info' });
    const now = (await (await fetch(`${server.url}/v1/log-level`, { headers })).json()) as {
      untilUnixMs: number;
    };
    expect(now.untilUnixMs).toBeGreaterThan(Date.now());
    const wrong = await fetch(`${server.url}/v1/log-level`, {
      method: 'PUT',
      headers,
      body: JSON.stringify({ level: 'loud' }),
    });
    expect(wrong.status).toBe(400);
    expect(await wrong.text()).toContain('body.level');
  });

  test('tells the notes of its versions', async () => {
    const answer = await fetch(`${server.url}/v1/updates`, { headers: { cookie } });
    const { versions } = (await answer.json()) as UpdatesAnswer;
    expect(versions[0]?.sections[0]?.lines.length).toBeGreaterThan(3);
  });

  test('gives a bundle of what helps with a fault, and no secret in it', async () => {
    await fetch(`${server.url}/v1/me?token=ear_abcdefghijkl`, { headers: { cookie } });
    const answer = await fetch(`${server.url}/v1/diagnostics`, { headers: { cookie } });
    expect(answer.status).toBe(200);
    const files = await filesOf(Buffer.from(await answer.arrayBuffer()));
    expect([...files.keys()].sort()).toEqual([
      'about.json',
      'actors.json',
      'configuration.json',
      'connections.json',
      'log.ndjson',
      'metrics.txt',
      'plugins.json',
      'stores.json',
      'threads.json',
    ]);
    expect(files.get('metrics.txt')).toContain('earshot_');
    expect(JSON.parse(files.get('threads.json') ?? '')).not.toEqual([]);
    const all = [...files.values()].join('\n');
    for (const secret of [
      'hunter2hunter2',
      server.adminPassword ?? '?',
      cookie.split('=')[1] ?? '?',
    ]) {
      expect(all).not.toContain(secret);
    }
  });
});

test('a level for a time ends by itself, and a new one ends the one before', () => {
  const clock = new TestClock();
  const log = { level: 'info' };
  const levels = new LogLevels(log, 'info', clock);
  levels.set('trace', 10);
  levels.set('debug', 60);
  clock.advance(20_000);
  expect(levels.shown).toMatchObject({ level: 'debug', usual: 'info' });
  clock.advance(41_000);
  expect(levels.shown).toEqual({ level: 'info', usual: 'info', untilUnixMs: null });
});

test('keys in a line are not told', () => {
  const said = withoutKeys(
    'GET /v1/live?token=ear_0123456789 wm_abcdefgh eyJhbGciOi.eyJzdWIi.c2ln',
  );
  expect(said).toBe('GET /v1/live?token=(secret) wm_(secret) (secret)');
});

test('the changelog of this repository is read whole', () => {
  const text = readFileSync(join(projectRoot(), 'CHANGELOG.md'), 'utf8');
  const lines = readChangelog(text).flatMap(({ sections }) => sections.flatMap((one) => one.lines));
  expect(lines.length).toBe(text.split('\n').filter((line) => line.startsWith('- ')).length);
});
