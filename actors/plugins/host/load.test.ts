import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { SystemClock } from '../../../engine/clock.js';
import { loadPlugin } from './load.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A module with these fields; `s` is a secret text. */
function module(fields: string, deviceFields?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-load-'));
  folders.push(folder);
  const path = join(folder, 'plugin.mjs');
  const ofDevice =
    deviceFields === undefined ? '' : `deviceConfiguration: z.strictObject({ ${deviceFields} }),`;
  writeFileSync(
    path,
    `export function plugin({ z }) {
  const s = z.string().meta({ title: 'S', secret: true });
  return {
    manifest: { sdk: 1, code: 'keys', name: 'Keys', version: '1.0.0', description: 'Has keys.', vendor: 'Test',
      roles: ['sensor'], reach: 'devices', discovers: [] },
    configuration: z.strictObject({ ${fields} }),
    ${ofDevice}
    open: () => ({ connect: () => new Promise(() => {}), close() {} }),
  };
}
`,
  );
  return pathToFileURL(path).href;
}

describe('secrets of a plugin', () => {
  test('are taken as fields, also of objects, optional ones, and beside data that looks alike', async () => {
    const url = module(
      `a: s, b: s.optional(), c: z.strictObject({ d: s }), e: z.string().nullable().meta({ secret: true }),
       f: z.strictObject({ secret: z.boolean() }).default({ secret: true })`,
      'room: z.string()',
    );
    const { description } = await loadPlugin(url, new SystemClock());
    expect(description.configurationSchema['properties']).toHaveProperty('a');
  });

  test.each([
    ['list: z.array(z.strictObject({ key: s }))', undefined, 'configuration.list.[].key'],
    ['list: z.array(s)', undefined, 'configuration.list.[]'],
    ['by: z.record(z.string(), s)', undefined, 'configuration.by'],
    ['one: z.union([z.strictObject({ key: s }), z.string()])', undefined, 'configuration.one.key'],
    ['one: s.nullable()', undefined, 'configuration.one'],
    ["'a.b': s", undefined, 'configuration.a.b'],
    ['', 'key: s', 'deviceConfiguration.key'],
    ['', 'in: z.strictObject({ key: s })', 'deviceConfiguration.in.key'],
    ['', 'list: z.array(s)', 'deviceConfiguration.list.[]'],
  ])('%s / %s is refused by name', async (fields, deviceFields, place) => {
    await expect(loadPlugin(module(fields, deviceFields), new SystemClock())).rejects.toMatchObject(
      {
        code: 'input.invalid',
        message: expect.stringContaining(
          `${place}: a secret here would be kept in clear`,
        ) as string,
      },
    );
  });
});
