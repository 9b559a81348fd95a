import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PluginSite, putPlugin, startPluginSite } from '../../testing/plugin-site.js';

const data = mkdtempSync(join(tmpdir(), 'earshot-bounds-'));
let site: PluginSite;

beforeAll(async () => {
  site = await startPluginSite({ data, heapMb: 48 });
}, 120_000);

afterAll(async () => {
  await site.stop();
  rmSync(data, { recursive: true, force: true });
});

const plugin = (code: string, open: string): string => `
import { z } from 'zod';
export const plugin = {
  manifest: { sdk: 1, code: '${code}', name: 'X', version: '1.0.0', description: 'd', vendor: 'Test',
    roles: ['receiver'], reach: 'devices', discovers: [] },
  configuration: z.strictObject({}),
  open: ({ clock, found, log }) => {
    ${open}
    return { connect: () => Promise.reject(new Error('none')), close: () => Promise.resolve() };
  },
};`;

test('a plugin that leaks loses its thread at the heap it may have, and the engine stays', async () => {
  putPlugin(
    site,
    'leaky.mjs',
    plugin(
      'leaky',
      `const kept = [];
    const leak = () => {
      for (let n = 0; n < 20; n += 1) kept.push(new Array(10_000).fill(n));
      clock.setTimeout(leak, 1);
    };
    leak();`,
    ),
  );
  await site.call('POST', '/v1/plugins/reload');
  const made = await site.call('POST', '/v1/plugin-instances', {
    plugin: 'leaky',
    name: 'Leak',
    config: {},
  });
  expect(made.status, JSON.stringify(made.json)).toBe(201);
  await expect
    .poll(() => site.faults.map(({ message }) => message).join(' '), { timeout: 60_000 })
    .toMatch(/memory/);
  expect((await site.call('GET', '/v1/plugins')).status).toBe(200);
}, 90_000);
