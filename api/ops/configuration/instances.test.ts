import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { SiteStore } from '../../../actors/control/site.js';
import { type TestHome, testHome } from '../../../actors/control/testing/stores.js';
import { openSecretBox } from '../../../actors/inventory/secrets.js';
import { inventoryRows } from '../../../actors/inventory/testing/rows.js';
import { configuration as mqtt } from '../../../actors/plugins/mqtt/config.js';
import type { PluginDescription } from '../../../actors/plugins/protocol.js';
import { configuration as sennheiser } from '../../../actors/plugins/sennheiser-ssc/config.js';
import type { TestClock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { InvalidRequest } from '../../http/problem.js';
import { MemoryTable } from '../../live/table.js';
import { Instances } from '../../plugins/instances.js';
import { ConfigurationBook } from './book.js';
import { ConfigurationVersions } from './versions.js';

interface Document {
  tables: Record<string, Record<string, unknown>[]>;
}

const PLUGINS: Readonly<Record<string, z.ZodType>> = { mqtt, 'sennheiser-ssc': sennheiser };
const ENVIRONMENT: Readonly<Record<string, string>> = { HALL_PASSWORD: 'of the hall' };
const SECRET = 'a very secret word';

/** A site with vendor connections, as far as a configuration knows of it. */
interface Site {
  readonly store: SiteStore & { readonly clock: TestClock };
  readonly instances: Instances;
  readonly book: ConfigurationBook;
}

let folder: string;
let homes: readonly TestHome[] = [];
let here: Site;
let empty: Site;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-instances-'));
  homes = [await testHome('sqlite'), await testHome('sqlite')];
});
afterAll(async () => {
  for (const home of homes) await home.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(home: TestHome | undefined, name: string): Promise<Site> {
  if (home === undefined) throw new Error('no home');
  await home.renew();
  const store = await home.open();
  const instances = new Instances({
    table: store.inventory.instances,
    live: new MemoryTable('instances'),
    sealing: await openSecretBox({ file: join(folder, `${name}.key`) }),
    environment: (variable) => ENVIRONMENT[variable],
    clock: store.clock,
    describe: (code) => {
      const schema = PLUGINS[code];
      if (schema === undefined) {
        return Promise.reject(new EngineError('not-found', `there is no plugin ${code}`));
      }
      const configurationSchema = z.toJSONSchema(schema, { io: 'input' });
      return Promise.resolve({ configurationSchema } as unknown as PluginDescription);
    },
    validate: (code, config) => {
      const issues = PLUGINS[code]?.safeParse(config).error?.issues ?? [];
      return Promise.resolve(
        issues.map(({ path, message }) => ({ field: path.join('.'), message })),
      );
    },
  });
  const book = new ConfigurationBook({
    store,
    channels: { get: () => undefined, rows: () => [].values() },
    instances: () => instances,
    clock: store.clock,
    keep: new ConfigurationVersions(join(folder, name)).keep,
  });
  return { store, instances, book };
}

beforeEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  here = await open(homes[0], 'here');
  empty = await open(homes[1], 'empty');
  const broker = { url: 'mqtt://10.0.0.5', user: 'hall', password: SECRET };
  await here.instances.create('mqtt', { name: 'Hall', enabled: true, config: broker });
  const named = { url: 'mqtt://10.0.0.6', password: { env: 'HALL_PASSWORD' } };
  await here.instances.create('mqtt', { name: 'Yard', enabled: false, config: named });
  const { overrides } = here.store.inventory;
  await overrides.create({ scope: 'site', scopeId: '', key: 'rf.goodPercent', value: 70 });
  await overrides.create({ scope: 'instance', scopeId: '1', key: 'net.retries', value: 5 });
  const device = { scope: 'device', scopeId: 'mqtt:1:pump', key: 'battery.lowPercent' } as const;
  await overrides.create({ ...device, value: 30 });
});

const documentOf = async ({ book }: Site): Promise<Document> =>
  parse(await book.text()) as Document;

async function refusal(site: Site, wanted: Document): Promise<readonly string[]> {
  try {
    await site.book.apply(stringify(wanted), 'ann');
  } catch (thrown) {
    if (thrown instanceof InvalidRequest) {
      return thrown.fields.map(({ field, message }) => `${field}: ${message}`);
    }
    throw thrown;
  }
  return [];
}

test('vendor connections and settings go into an empty site, which says which secrets it still needs', async () => {
  const text = await here.book.text();
  expect(text).not.toContain(SECRET);
  expect((await documentOf(here)).tables['instances']).toEqual([
    {
      id: 1,
      plugin: 'mqtt',
      name: 'Hall',
      enabled: true,
      config: { url: 'mqtt://10.0.0.5', user: 'hall' },
      secrets: ['password'],
    },
    {
      id: 2,
      plugin: 'mqtt',
      name: 'Yard',
      enabled: false,
      config: { url: 'mqtt://10.0.0.6', password: { env: 'HALL_PASSWORD' } },
      secrets: [],
    },
  ]);
  const secretsNeeded = ['instances/1/password'];
  expect(await empty.book.diff(text)).toMatchObject({ secretsNeeded });
  const applied = await empty.book.apply(text, 'ann');
  expect(applied).toMatchObject({
    changes: {
      instances: { added: [1, 2], changed: [], removed: [] },
      overrides: { added: [1, 2, 3], changed: [], removed: [] },
    },
    secretsNeeded,
  });
  expect(await empty.book.apply(text, 'ann')).toMatchObject({ changes: {}, version: null });
  await empty.instances.load();
  await empty.instances.update(1, {
    config: { url: 'mqtt://10.0.0.5', user: 'hall', password: SECRET },
  });
  expect(await empty.book.text()).toBe(text);
  expect(await empty.book.diff(text)).toEqual({
    changes: {},
    rows: [],
    text: '',
    secretsNeeded: [],
  });
  expect(await empty.instances.wholeConfig(2)).toMatchObject({ password: 'of the hall' });
  expect(await empty.store.inventory.overrides.find()).toMatchObject([
    { scope: 'site', value: 70 },
    { scope: 'instance', scopeId: '1', value: 5 },
    { scope: 'device', scopeId: 'mqtt:1:pump', value: 30 },
  ]);
});

test('a secret that a text does not say stays with its row, whatever else of the row changes', async () => {
  const { sealed } = here.instances.require(1);
  const wanted = await documentOf(here);
  Object.assign(wanted.tables['instances']?.[0] ?? {}, {
    config: { url: 'mqtt://10.0.0.9', user: 'hall' },
    secrets: [],
  });
  const applied = await here.book.apply(stringify(wanted), 'ann');
  expect(applied.changes).toEqual({ instances: { added: [], changed: [1], removed: [] } });
  await here.instances.refresh([1]);
  expect(here.instances.require(1).sealed).toBe(sealed);
  expect(await here.instances.wholeConfig(1)).toEqual({
    url: 'mqtt://10.0.0.9',
    user: 'hall',
    password: SECRET,
  });
});

test('what plugins refuse, secrets in the text and settings of nobody are named, and all stays as it was', async () => {
  const before = await here.book.text();
  const wanted = await documentOf(here);
  const { instances = [], overrides = [], units } = wanted.tables;
  units?.push({ id: 1, name: 'pack' });
  Object.assign(instances[0] ?? {}, { config: { url: 'nowhere' } });
  Object.assign(instances[1] ?? {}, { config: { url: 'mqtt://10.0.0.6', password: 'in clear' } });
  instances.push(
    { id: 3, plugin: 'nothing', name: 'None', config: {} },
    { id: 4, plugin: 'mqtt', name: 'Door', config: { url: 'mqtt://d', password: { env: 'NONE' } } },
    { id: 5, plugin: 'sennheiser-ssc', name: 'Rack', config: {}, secrets: [] },
    { id: 6, plugin: 'sennheiser-ssc', name: 'Rack 2', config: {}, secrets: ['password'] },
  );
  overrides.push({ id: 9, scope: 'instance', scopeId: '77', key: 'net.retries', value: 1 });
  expect(await refusal(here, wanted)).toEqual([
    expect.stringMatching(/^instances\/1\/config\.url: starts with mqtt/),
    'instances/2/config.password: is a secret: leave it out, or name a variable of the environment: {env: NAME}',
    'instances/3/plugin: there is no plugin nothing',
    'instances/4/config.password: the environment has no NONE',
    expect.stringMatching(/^instances\/5\/config\.password: /),
    'overrides/9/scopeId: there is no row 77 in instances',
  ]);
  expect(await here.book.text()).toBe(before);
});

test('an instance keeps its plugin, and a setting is said once', async () => {
  const wanted = await documentOf(here);
  Object.assign(wanted.tables['instances']?.[0] ?? {}, { plugin: 'sennheiser-ssc' });
  expect(await refusal(here, wanted)).toEqual([
    'instances/1/plugin: is mqtt here and stays so: give it another id',
  ]);
  const twice = await documentOf(here);
  const again = { id: 9, scope: 'site', scopeId: '', key: 'rf.goodPercent', value: 60 };
  twice.tables['overrides']?.push(again);
  expect(await refusal(here, twice)).toEqual([
    'overrides/1/key: is set by row 9 too',
    'overrides/9/key: is set by row 1 too',
  ]);
});

test('a connection that has devices is not taken away, and nothing else of the text is done', async () => {
  const { store, book } = here;
  await inventoryRows(store).device(1, 'pump');
  const before = await book.text();
  const wanted = await documentOf(here);
  wanted.tables['instances'] = [];
  wanted.tables['overrides'] = [];
  await expect(book.apply(stringify(wanted), 'ann')).rejects.toMatchObject({ code: 'conflict' });
  expect(await book.text()).toBe(before);
});
