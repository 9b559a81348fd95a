import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entryUrl } from '../../engine/entry.js';
import { startServer, type TestServer } from '../testing/server.js';

let server: TestServer;
const home = mkdtempSync(join(tmpdir(), 'earshot-cli-'));

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** The command line as a user has it, in a process of its own. */
async function earshot(...args: readonly string[]): Promise<Run> {
  const child = spawn(process.execPath, [fileURLToPath(entryUrl('api/cli/main')), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      NO_COLOR: '1',
      XDG_CONFIG_HOME: home,
      EARSHOT_CLI_URL: server.url,
      EARSHOT_CLI_PASSWORD: server.adminPassword,
    },
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, errors };
}

async function json<T>(...args: readonly string[]): Promise<T> {
  const { out, errors } = await earshot('--json', ...args);
  expect(out, errors).not.toBe('');
  return JSON.parse(out) as T;
}

beforeAll(async () => {
  server = await startServer();
  expect((await earshot('login')).code).toBe(0);
}, 60_000);

afterAll(async () => {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});

test('the token of a login is readable by its owner only', () => {
  const file = join(home, 'earshot', 'credentials.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).not.toContain(server.adminPassword);
});

describe('a site without devices', () => {
  test('is healthy, and says so in words, in JSON and by its exit code', async () => {
    const { code, out } = await earshot('status');
    expect(code).toBe(0);
    expect(out).toMatch(/Earshot \d+\.\d+\.\d+, up for .*: ok/);
    expect(await json<{ status: string }>('status')).toMatchObject({ status: 'ok' });
    expect((await earshot('plugins')).out).toMatch(/shure-text .*built-in/);
    expect((await earshot('connections')).code).toBe(0);
  });

  test('refuses what cannot be, naming what to do', async () => {
    const add = await earshot('add', '10.0.0.1', '--vendor', 'nothing');
    expect(add.code).toBe(5);
    expect(add.errors).toMatch(/no vendor connection nothing/);
    expect((await earshot('nonsense')).code).toBe(2);
    expect((await earshot('status', '--url', 'ftp://here')).code).toBe(2);
    const away = await earshot('status', '--url', 'http://127.0.0.1:9');
    expect(away.code).toBe(3);
    expect(away.errors).toMatch(/is the server running/);
    const stranger = await earshot('user', 'list', '--token', 'ear_wrong');
    expect(stranger.code).toBe(4);
    expect(stranger.errors).toMatch(/earshot login/);
  });
});

test('users are made, changed and removed', async () => {
  expect((await earshot('user', 'add', 'ada', '--role', 'operator')).code).toBe(0);
  expect((await earshot('user', 'set', 'ada', '--role', 'viewer')).code).toBe(0);
  expect(await json('user', 'list')).toContainEqual(
    expect.objectContaining({ username: 'ada', role: 'viewer' }),
  );
  expect((await earshot('user', 'remove', 'ada')).code).toBe(0);
  expect((await earshot('user', 'remove', 'ada')).code).toBe(5);
});

describe('simulated devices', () => {
  let instanceId = 0;
  let cookie = '';

  beforeAll(async () => {
    cookie = await server.signIn();
    const made = await fetch(`${server.url}/v1/plugin-instances`, {
      method: 'POST',
      headers: { cookie, origin: server.url, 'content-type': 'application/json' },
      body: JSON.stringify({ plugin: 'simulated', name: 'Rehearsal', enabled: true, config: {} }),
    });
    expect(made.status).toBe(201);
    instanceId = ((await made.json()) as { id: number }).id;
    const connected = async (): Promise<number> =>
      (await json<{ summary: { connected: number } }>('connections')).summary.connected;
    while ((await connected()) === 0) await new Promise((resolve) => setTimeout(resolve, 200));
  }, 60_000);

  test('are listed, found by text, tested and exported', async () => {
    const all = await json<{ id: string; state: string }[]>('devices', '--vendor', 'simulated');
    expect(all.length).toBeGreaterThan(0);
    expect(await json<unknown[]>('devices', '--find', all[0]?.id ?? '')).toHaveLength(1);
    const poll = await json<{ checks: unknown[] }>('poll');
    expect(poll.checks).toContainEqual(
      expect.objectContaining({ id: instanceId, name: 'Rehearsal', status: 'healthy' }),
    );
    const file = join(home, 'a.csv');
    const parameter = await fetch(`${server.url}/v1/channels?limit=1`, { headers: { cookie } });
    const { items } = (await parameter.json()) as { items: { id: string }[] };
    const done = await json<{ bytes: number }>('export', items[0]?.id ?? '', '--out', file);
    expect(readFileSync(file, 'utf8')).toMatch(/^channel,at,value\n/);
    expect(done.bytes).toBe(statSync(file).size);
  }, 60_000);

  test('a table with a bad row makes the others and names the field', async () => {
    const file = join(home, 'devices.csv');
    writeFileSync(file, 'instance,externalId,address\nnowhere,a,10.0.0.1\n');
    const { code, out } = await earshot('import', file, '--dry-run');
    expect(code).toBe(6);
    expect(out).toMatch(/1 rows: 0 would be made, 0 known, 1 problems/);
  });

  test('a backup of the running site becomes a site with the same history, users and secrets', async () => {
    const [first] = await json<{ id: string }[]>('devices', '--vendor', 'simulated');
    const file = join(home, 'site.zip');
    expect((await earshot('backup', file)).code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const data = join(home, 'restored');
    const restored = await earshot('restore', file, '--data', data);
    expect(restored.errors).toBe('');
    expect(restored.code).toBe(0);
    expect((await earshot('restore', file, '--data', data)).errors).toMatch(/is not empty/);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, 'control.db')).mode & 0o777).toBe(0o600);
    expect(readdirSync(home)).not.toContain('restored.part');
    expect(readdirSync(data)).toEqual(
      expect.arrayContaining(['control.db', 'series', 'secret.key']),
    );

    const again = await startServer({ data });
    try {
      expect(again.adminPassword).toBeUndefined();
      const session = await again.signIn('admin', server.adminPassword);
      const device = await fetch(`${again.url}/v1/devices/${encodeURIComponent(first?.id ?? '')}`, {
        headers: { cookie: session },
      });
      expect(device.status).toBe(200);
      const { channels } = (await device.json()) as { channels: { id: string; kind: string }[] };
      const numbers = channels.filter(({ kind }) => kind === 'number').slice(0, 5);
      const query = new URLSearchParams({
        channel: numbers.map(({ id }) => id).join(','),
        from: String(Date.now() - 3_600_000),
        to: String(statSync(file).mtimeMs),
        aggregation: 'count',
        intervalMs: '60000',
        maxPoints: '1000',
      });
      const counts = await Promise.all(
        [again.url, server.url].map(async (url, i) => {
          const answer = await fetch(`${url}/v1/series?${query.toString()}`, {
            headers: { cookie: i === 0 ? session : cookie },
          });
          const { series } = (await answer.json()) as { series: { value: number[] }[] };
          return series.map(({ value }) => value.reduce((sum, n) => sum + n, 0));
        }),
      );
      const [restoredCounts = [], liveCounts = []] = counts;
      expect(Math.max(...restoredCounts)).toBeGreaterThan(0);
      for (const [i, count] of restoredCounts.entries()) {
        expect(count).toBeLessThanOrEqual(liveCounts[i] ?? 0);
        // What was written while the backup was made may be missing, and nothing is there twice.
        expect(count).toBeGreaterThan(0);
      }
    } finally {
      await again.stop();
    }
  }, 120_000);

  test('a file that is no backup is refused, and nothing is made of it', async () => {
    const file = join(home, 'no.zip');
    writeFileSync(file, 'not a ZIP');
    const { code, errors } = await earshot('restore', file, '--data', join(home, 'nothing'));
    expect(code).toBe(2);
    expect(errors).toMatch(/is no backup/);
  });
});

test('the completion script completes commands and options', async () => {
  const { out } = await earshot('completion', 'bash');
  const bash = spawn('bash', [
    '-c',
    `${out}\nCOMP_WORDS=(earshot user a)\nCOMP_CWORD=2\n_earshot\nprintf '%s ' "\${COMPREPLY[@]}"`,
  ]);
  let said = '';
  bash.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await new Promise((resolve) => bash.once('close', resolve));
  expect(said.trim()).toBe('add');
});
