import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { entryUrl } from '../../../engine/entry.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(program: string, ...args: readonly string[]): Promise<Ended> {
  const file = fileURLToPath(entryUrl(`actors/plugins/conformance/${program}`));
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], (error, out, err) => {
      resolve({
        code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1,
        out,
        err,
      });
    });
  });
}

async function made(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-new-'));
  folders.push(folder);
  const { code } = await run('new.main', 'garden-fan', '--folder', folder);
  expect(code).toBe(0);
  return join(folder, 'garden-fan');
}

describe('a new plugin', () => {
  it('works as it is: it passes every check that applies, against its emulator', async () => {
    const path = await made();
    const { code, out } = await run('check.main', path);
    expect(out).toMatch(/16 passed, 0 failed, 1 skipped/);
    expect(code).toBe(0);
  }, 60_000);

  it('is refused under a bad name, and where there is something already', async () => {
    const path = await made();
    expect(await run('new.main', 'Garden Fan')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no name for a plugin') as string,
    });
    const again = await run('new.main', 'garden-fan', '--folder', join(path, '..'));
    expect(again).toMatchObject({
      code: 2,
      err: expect.stringContaining('there already') as string,
    });
  });
});

describe('the check', () => {
  it('fails for a plugin that leaks, reads out of range and hides its labels, and says what to do', async () => {
    const path = await made();
    const file = join(path, 'plugin.mjs');
    const broken = readFileSync(file, 'utf8')
      .replace(
        'open({ config, net, clock }) {',
        'open({ config, net, clock }) {\n      setInterval(() => {}, 1_000);',
      )
      .replace('max: 125', 'max: 1')
      .replace(/\.meta\(\{ title: 'Interval, ms'[^)]*\)/, '');
    writeFileSync(file, broken);
    const { code, out } = await run('check.main', path, '--json');
    expect(code).toBe(1);
    const failed = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; outcome: string; detail: string })
      .filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ name, detail }) => `${name}: ${detail}`)).toEqual([
      expect.stringContaining('intervalMs: add .meta') as string,
      expect.stringMatching(/"temperature" reads .*, its range is -40 to 1/) as string,
      expect.stringMatching(/timers still run/) as string,
    ]);
  }, 60_000);

  it('fails for secrets below a field that are not marked, and for values of another kind than declared', async () => {
    const path = await made();
    const file = join(path, 'plugin.mjs');
    const plain = readFileSync(file, 'utf8');
    const broken = plain
      .replace(
        'z.strictObject({',
        `z.strictObject({
      login: z.strictObject({ password: z.string().default('').meta({ title: 'Password' }) }).prefault({}).meta({ title: 'Login' }),
      servers: z.array(z.strictObject({ apiKey: z.string().meta({ title: 'Key' }) })).default([]).meta({ title: 'Servers' }),`,
      )
      .replace('session.read(channels[id], value)', 'session.read(channels[id], String(value))');
    expect(broken).not.toBe(plain);
    writeFileSync(file, broken);
    const { code, out } = await run('check.main', path, '--json');
    expect(code).toBe(1);
    const details = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { outcome: string; detail: string })
      .flatMap(({ outcome, detail }) => (outcome === 'failed' ? [detail] : []));
    expect(details).toEqual([
      'login.password, servers.[].apiKey: looks like a secret, add .meta({ secret: true })',
      expect.stringMatching(/is declared as (number|boolean), a string was read/) as string,
    ]);
  }, 60_000);

  it('says what is wrong with a path, an address and a module', async () => {
    expect(await run('check.main', '/nowhere')).toMatchObject({
      code: 2,
      err: 'there is no /nowhere\n',
    });
    const path = await made();
    expect(await run('check.main', path, '--config', '{')).toMatchObject({ code: 2 });
    writeFileSync(join(path, 'plugin.mjs'), 'throw new Error("half written");');
    const { code, out } = await run('check.main', path);
    expect(code).toBe(1);
    expect(out).toContain('half written');
  }, 30_000);
});
