import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { entryUrl } from '../../../../engine/entry.js';
import { PluginBench, type PluginBenchOptions } from '../../conformance/bench.js';

const benches: PluginBench[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<PluginBenchOptions> = {}): Promise<PluginBench> {
  const module = entryUrl('actors/plugins/host/testing/wild').href;
  const bench = await PluginBench.open({ module, heartbeatMs: 100, ...options });
  benches.push(bench);
  return bench;
}

/** A module from a folder, as an operator would put one there. */
async function folder(source: string): Promise<PluginBench> {
  const path = mkdtempSync(join(tmpdir(), 'earshot-module-'));
  folders.push(path);
  writeFileSync(join(path, 'plugin.mjs'), source);
  return await start({ module: pathToFileURL(join(path, 'plugin.mjs')).href });
}

const ID = 'bench:1:d';

describe('a plugin that breaks in its thread', () => {
  for (const [how, reason, options] of [
    ['timer-throws', /thrown in a timer/, {}],
    ['spins', /has not answered/, { hangMs: 1_000 }],
    ['leaks', /memory/, { resourceLimits: { maxOldGenerationSizeMb: 48 } }],
  ] as const) {
    it(`is replaced with its error and connects again, and its neighbour notices nothing: ${how}`, async () => {
      const neighbour = await start();
      await neighbour.openInstance();
      await neighbour.adopt([neighbour.device('d')]);
      await neighbour.until('connected', () => neighbour.state(ID) === 'connected');

      const bench = await start(options);
      await bench.openInstance();
      await bench.adopt([bench.device('d', { config: { misdeed: how, afterMs: 500 } })]);
      await bench.until('lost', () => bench.faults.length > 0, 30_000);
      expect(bench.faults[0]?.message).toMatch(reason);
      await bench.until('replaced', () => bench.thread?.state === 'running', 30_000);
      expect(bench.thread?.restarts).toBe(1);

      await bench.openInstance();
      bench.facts.clear();
      await bench.adopt([bench.device('d')]);
      await bench.until('again', () => bench.state(ID) === 'connected');
      expect(neighbour.thread?.restarts).toBe(0);
      expect(neighbour.states.get(ID)).toEqual(['connected']);
    }, 60_000);
  }
});

it('a plugin that crashes in a loop is started again with growing pauses, then left alone for a while', async () => {
  const neighbour = await start();
  await neighbour.openInstance();
  const bench = await folder('setTimeout(() => { throw new Error("once more"); }, 20);');
  await bench.until('left alone', () => bench.faults.length === 6, 55_000);
  expect(bench.thread).toMatchObject({ state: 'lost', restarts: 5 });
  expect(bench.thread?.lastError).toMatch(/once more/);
  expect(() => bench.link).toThrow(/being replaced/);
  expect(await neighbour.link.call('instance.check', { instanceId: 1 })).toBeDefined();
}, 60_000);

describe('a module', () => {
  it('that throws while it is imported says so to whoever asks, and does not take its thread along', async () => {
    const bench = await folder('throw new Error("no such part");');
    await expect(bench.link.call('plugin.describe', {})).rejects.toMatchObject({
      code: 'input.invalid',
      message: expect.stringContaining('no such part') as string,
    });
    await expect(bench.openInstance()).rejects.toMatchObject({ code: 'input.invalid' });
    expect(bench.thread).toMatchObject({ state: 'running', restarts: 0 });
  });

  it('without a plugin, of another SDK or with a broken manifest is refused, naming what is wrong', async () => {
    const manifest = (more: string): string =>
      `export const plugin = { manifest: { sdk: 1, code: 'x1', name: 'X', version: '1.0.0', description: 'd', vendor: 'v', roles: ['sensor'], reach: 'none', discovers: []${more} }, configuration: {}, open() {} };`;
    for (const [source, words] of [
      ['export const other = 1;', 'exports nothing named "plugin"'],
      [manifest(', sdk: 7'), 'made for SDK 7'],
      [manifest(", code: 'No Good'"), 'manifest.code'],
      [manifest(''), 'not a schema of zod 4'],
      ['export function plugin() { throw new Error("kit"); }', 'kit'],
    ] as const) {
      const bench = await folder(source);
      await expect(bench.link.call('plugin.describe', {})).rejects.toMatchObject({
        message: expect.stringContaining(words) as string,
      });
    }
  });

  it('whose import does not end is given up', async () => {
    const bench = await folder('await new Promise(() => setInterval(() => {}, 1000));');
    await expect(
      bench.link.call('plugin.describe', {}, { deadlineMs: 20_000 }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('did not finish loading') as string,
    });
  }, 30_000);

  it('that spins while it is imported is shown as stuck', async () => {
    const bench = await PluginBench.open({
      module: 'data:text/javascript,for(;;);',
      heartbeatMs: 100,
      hangMs: 500,
    });
    benches.push(bench);
    await bench.until('stuck', () => bench.faults.length > 0);
    expect(bench.faults[0]?.message).toMatch(/has not answered/);
  });
});

describe('an instance', () => {
  it('that throws while it opens shows its devices in error, without its secrets, until it is opened well', async () => {
    const bench = await start();
    await bench.openInstance();
    await bench.adopt([bench.device('d')]);
    await bench.until('connected', () => bench.state(ID) === 'connected');
    await expect(
      bench.openInstance({ open: 'throws', password: 'pa$$w0rd!' }),
    ).rejects.toMatchObject({ message: 'no login with ********' });
    await bench.until('error', () => bench.state(ID) === 'error');
    expect(bench.failed).toEqual([{ instanceId: 1, message: 'no login with ********' }]);
    await bench.openInstance();
    await bench.until('again', () => bench.state(ID) === 'connected');
  });

  it('with a configuration that does not fit names the field', async () => {
    const bench = await start();
    await expect(bench.openInstance({ open: 'sometimes' })).rejects.toMatchObject({
      code: 'input.invalid',
      message: expect.stringContaining('open') as string,
    });
  });

  it('that hangs or throws while it closes is let go, and opens anew', async () => {
    const bench = await start();
    for (const close of ['throws', 'hangs', 'well'] as const) await bench.openInstance({ close });
    await bench.adopt([bench.device('d')]);
    await bench.until('connected', () => bench.state(ID) === 'connected');
    await bench.link.call('instance.close', { instanceId: 1 });
    await bench.until('stopped', () => bench.state(ID) === 'stopped');
    await expect(bench.link.call('instance.check', { instanceId: 1 })).rejects.toMatchObject({
      code: 'not-found',
    });
  }, 30_000);

  it('logs twenty lines a second, with its secrets blotted out', async () => {
    const bench = await start();
    await bench.openInstance({ log: 'key', password: 'hunter22', lines: 500 });
    await bench.until('logged', () => bench.logged.length > 0);
    expect(bench.logged.length).toBeLessThanOrEqual(41);
    expect(bench.logged[0]?.text).toBe('key ********');
    const report = await bench.link.call('instance.check', { instanceId: 1 });
    expect(report).toMatchObject({ status: 'error', message: 'no answer to ********' });
  });
});

describe('a device', () => {
  it('that floods is held to its rate, and what was dropped is counted', async () => {
    const bench = await start();
    await bench.openInstance({}, { maxReadsPerS: 100 });
    await bench.adopt([bench.device('d', { config: { misdeed: 'floods' } })]);
    await bench.until('dropped', () => (bench.facts.get(ID)?.readsDropped ?? 0) > 40_000);
    expect(bench.state(ID)).toBe('connected');
    await bench.until('counted', () => (bench.counters['readings'] ?? 0) > 0);
    expect(bench.counters['readings']).toBeLessThanOrEqual(300);
  });

  it('whose clock is a year off keeps its values at the time they came, and is told once', async () => {
    const bench = await start();
    await bench.openInstance();
    await bench.adopt([bench.device('d', { config: { misdeed: 'wrong-clock' } })]);
    await bench.until('value', () => bench.value(ID, 'level') === 12);
    await bench.until('told', () => bench.logged.length > 0);
    expect(bench.logged.map(({ text }) => text)).toEqual([
      expect.stringMatching(/its clock is 31536000 s behind/),
    ]);
  });

  it('that declares parameters without end loses its connection for it', async () => {
    const bench = await start();
    await bench.openInstance();
    await bench.adopt([bench.device('d', { config: { misdeed: 'declares' } })]);
    await bench.until('lost', () => (bench.facts.get(ID)?.errorCount ?? 0) > 0);
    expect(bench.facts.get(ID)?.errorMessage).toMatch(/at most 512 parameters/);
  });

  it('answers a command, refuses it in its own words, or lets the deadline pass', async () => {
    const bench = await start();
    await bench.openInstance();
    await bench.adopt([bench.device('d')]);
    await bench.until('connected', () => bench.state(ID) === 'connected');
    const set = (value: number) =>
      bench.link.call('device.command', { deviceId: ID, name: 'level', value, deadlineMs: 300 });
    expect(await set(0)).toEqual({ state: 'confirmed' });
    expect(await set(1)).toEqual({ state: 'unanswered' });
    await expect(set(2)).rejects.toMatchObject({
      code: 'device.refused',
      message: 'the knob is stuck',
    });
    bench.link.post('meters.watched', { deviceIds: [ID] });
    await bench.link.call('connections.act', { ids: [ID], action: 'stop' });
    await bench.until('stopped', () => bench.state(ID) === 'stopped');
    expect(await set(0)).toEqual({ state: 'offline' });
  });
});

describe('a search', () => {
  it('tells what it asked and found, and can be cancelled', async () => {
    const bench = await start();
    await bench.openInstance();
    const wish = { scanId: 's', instanceId: 1, multicastMs: 0, server: false };
    const hosts = ['10.0.0.1', '10.0.0.2'];
    expect(await bench.link.call('discover.run', { ...wish, hosts })).toEqual({ found: 2 });
    await bench.until('told', () => bench.found.length === 2 && bench.hostsAsked === 2);
    const endless = bench.link.call('discover.run', { ...wish, hosts: [] }, { deadlineMs: 20_000 });
    await bench.until('known', () => true);
    expect(await bench.link.call('discover.cancel', { scanId: 's' })).toEqual({ cancelled: true });
    expect(await endless).toEqual({ found: 0 });
    expect(await bench.link.call('discover.cancel', { scanId: 's' })).toEqual({ cancelled: false });
  });
});

describe('a plugin that tells what cannot be taken', () => {
  const source = `export function plugin({ z }) {
  return {
    manifest: { sdk: 1, code: 'liar', name: 'Liar', version: '1.0.0', description: 'Tells \\u0007 anything.', vendor: 'Test',
      roles: ['sensor'], reach: 'devices', discovers: ['scan'] },
    configuration: z.strictObject({}),
    open: ({ log }) => ({
      discover: async (_, found) => {
        found({ externalId: 'a', address: undefined, role: 'sensor', serial: 42 });
        found({ externalId: 'b', address: undefined, role: 'sensor', config: { call: () => 1 }, self: () => 2 });
        log('loud', { toString: null });
      },
      checkHealth: () => ({ status: 'splendid' }),
      connect: async ({ externalId }, session) => {
        session.identify({ name: 'good\\nname' });
        if (externalId === 'wrong') session.identify({ serial: 42 });
        if (externalId === 'spec') session.channel({ id: 'x', name: 'X', kind: 'number', direction: 'input', min: 'low' });
        return { close() {} };
      },
      close() {},
    }),
  };
}
`;

  it('is refused with its name and the field, and what it tells rightly is taken', async () => {
    const bench = await folder(source);
    const { manifest } = await bench.link.call('plugin.describe', {});
    expect(manifest.description).toBe('Tells   anything.');
    await bench.openInstance();
    const search = { scanId: 's', instanceId: 1, hosts: ['h'], multicastMs: 0, server: false };
    expect(await bench.link.call('discover.run', search)).toEqual({ found: 1 });
    expect(bench.found).toEqual([
      { externalId: 'b', address: undefined, role: 'sensor', config: {} },
    ]);
    await bench.until('lines', () => bench.logged.length >= 2);
    expect(bench.logged.map(({ level, text }) => `${level} ${text}`)).toEqual([
      'warn refused: plugin Liar: found device: serial must be text, it is a number',
      'info something without a text',
    ]);
    expect(await bench.link.call('instance.check', { instanceId: 1 })).toMatchObject({
      status: 'error',
      message: expect.stringContaining('status must be one of') as string,
    });
    await bench.adopt(['right', 'wrong', 'spec'].map((id) => bench.device(id)));
    for (const [id, reason] of [
      ['wrong', 'plugin Liar: identity: serial must be text, it is a number'],
      ['spec', 'plugin Liar: parameter "x": min must be a number'],
    ] as const) {
      await bench.until(id, () => bench.state(`bench:1:${id}`) === 'error');
      expect(bench.facts.get(`bench:1:${id}`)?.errorMessage).toBe(reason);
    }
    await bench.until('connected', () => bench.state('bench:1:right') === 'connected');
    expect(bench.identities.get('bench:1:right')?.name).toBe('good name');
    expect(bench.faults).toEqual([]);
  });
});
