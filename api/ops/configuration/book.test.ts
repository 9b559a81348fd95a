import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { SiteStore } from '../../../actors/control/site.js';
import { type TestHome, testHome } from '../../../actors/control/testing/stores.js';
import type { TestClock } from '../../../engine/clock.js';
import type { FeedEvent } from '../../../engine/control/feed.js';
import { InvalidRequest } from '../../http/problem.js';
import { ConfigurationBook } from './book.js';
import { ConfigurationVersions } from './versions.js';

interface Row extends Record<string, unknown> {
  id: number;
}
interface Document {
  format: string;
  version: number;
  tables: Record<string, Row[]>;
}

let home: TestHome;
let store: SiteStore & { readonly clock: TestClock };
let folder: string;
let book: ConfigurationBook;
let versions: ConfigurationVersions;
beforeAll(async () => {
  home = await testHome('sqlite');
  folder = mkdtempSync(join(tmpdir(), 'earshot-configuration-'));
});
beforeEach(async () => {
  await home.renew();
  store = await home.open();
  rmSync(folder, { recursive: true, force: true });
  versions = new ConfigurationVersions(folder);
  book = new ConfigurationBook({
    store,
    channels: { get: () => undefined, rows: () => [].values() },
    instances: () => ({ sealedPaths: () => [], problems: () => Promise.resolve([]) }),
    clock: store.clock,
    keep: versions.keep,
  });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await home.close();
});

const document = async (): Promise<Document> => parse(await book.text()) as Document;

const rule = (id: number, name: string): Row => ({
  id,
  name,
  condition: { type: 'threshold', channel: 'tank/level', op: '>', value: 3 },
});

/** A site with a bit of everything. */
async function fill(): Promise<void> {
  const wanted = await document();
  wanted.tables = {
    schedules: [{ id: 3, name: 'open', timeZone: 'Europe/Berlin' }],
    targets: [{ id: 2, name: 'desk', kind: 'webhook', config: { url: 'https://example.org/a' } }],
    variables: [{ id: 9, name: 'limit', kind: 'number', value: 4 }],
    rules: [
      { ...rule(7, 'full'), scheduleId: 3, actions: [{ type: 'notify', targetId: 2 }] },
      { ...rule(8, 'child'), parentRuleId: 7 },
    ],
    routes: [
      { id: 1, name: 'all', parentId: null, targetIds: [2] },
      { id: 2, name: 'some', parentId: 1 },
    ],
    dashboards: [{ id: 4, name: 'hall' }],
    widgets: [{ id: 5, dashboardId: 4, type: 'text' }],
    locations: [
      { id: 11, name: 'site', kind: 'site' },
      { id: 12, name: 'hall', parentId: 11 },
    ],
  };
  await book.apply(stringify(wanted), 'ann');
}

async function refusal(text: string): Promise<readonly string[]> {
  try {
    await book.apply(text, 'ann');
  } catch (thrown) {
    if (thrown instanceof InvalidRequest) return thrown.fields.map(({ field }) => field);
    throw thrown;
  }
  return [];
}

test('what is written out and applied again changes nothing, and is the same text', async () => {
  await fill();
  const text = await book.text();
  expect(await book.diff(text)).toEqual({ changes: {}, rows: [], text: '', secretsNeeded: [] });
  expect(await book.apply(text, 'ann')).toEqual({
    changes: {},
    version: null,
    restartNeeded: [],
    secretsNeeded: [],
  });
  expect(await book.text()).toBe(text);
});

test('a text says what it would change, by table and line by line, and changes nothing yet', async () => {
  await fill();
  const wanted = await document();
  const { rules = [], variables = [], routes = [] } = wanted.tables;
  Object.assign(rules[0] ?? {}, { name: 'too full' });
  variables.push({ id: 10, name: 'other', kind: 'text', value: 'x' });
  wanted.tables['routes'] = routes.slice(0, 1);
  const { changes, rows, text } = await book.diff(stringify(wanted));
  expect(changes).toEqual({
    rules: { added: [], changed: [7], removed: [] },
    variables: { added: [10], changed: [], removed: [] },
    routes: { added: [], changed: [], removed: [2] },
  });
  expect(rows).toEqual([
    { table: 'variables', id: 10, kind: 'added', name: 'other', fields: [] },
    {
      table: 'rules',
      id: 7,
      kind: 'changed',
      name: 'too full',
      fields: [{ field: 'name', before: 'full', after: 'too full' }],
    },
    { table: 'routes', id: 2, kind: 'removed', name: 'some', fields: [] },
  ]);
  expect(text).toContain('-      name: full');
  expect(text).toContain('+      name: too full');
  expect((await document()).tables['variables']).toHaveLength(1);
});

test('secrets and what else the text does not say of a row stay; followers hear of each change', async () => {
  await fill();
  await store.automation.targets.update(2, { sealed: 'a sealed secret' });
  const before = await store.automation.targets.get(2);
  expect(await book.text()).not.toContain('sealed');
  const heard: string[] = [];
  const stop = store.control.feed.follow(await store.control.feed.head(), (event: FeedEvent) => {
    if (event.type !== 'changes') return;
    heard.push(...event.changes.map(({ domain, id, op }) => `${op} ${domain} ${id}`));
  });
  const wanted = await document();
  Object.assign(wanted.tables['targets']?.[0] ?? {}, { name: 'night desk' });
  wanted.tables['widgets'] = [];
  await book.apply(stringify(wanted), 'bob');
  expect(await store.automation.targets.get(2)).toEqual({ ...before, name: 'night desk' });
  expect(heard.sort()).toEqual(['delete automation.widgets 5', 'put automation.targets 2']);
  stop();
});

test('a bad row in the middle changes nothing, and each problem is named', async () => {
  await fill();
  const text = await book.text();
  const wanted = await document();
  Object.assign(wanted.tables['schedules']?.[0] ?? {}, { name: 'changed' });
  Object.assign(wanted.tables['rules']?.[0] ?? {}, { holdMs: -1, colour: 'red' });
  Object.assign(wanted.tables['widgets']?.[0] ?? {}, { w: 400 });
  expect(await refusal(stringify(wanted))).toEqual(['rules/7/holdMs', 'rules/7/', 'widgets/5/w']);
  expect(await book.text()).toBe(text);
});

test('rows that refer to nothing, circles of parents and what the routes refuse are refused', async () => {
  await fill();
  const wanted = await document();
  wanted.tables['targets'] = [];
  Object.assign(wanted.tables['locations']?.[0] ?? {}, { parentId: 12 });
  Object.assign(wanted.tables['schedules']?.[0] ?? {}, { timeZone: 'Nowhere/Else' });
  Object.assign(wanted.tables['variables']?.[0] ?? {}, { value: 'four' });
  expect(await refusal(stringify(wanted))).toEqual([
    'schedules/3/timeZone',
    'variables/9/value',
    'rules/7/actions.0.targetId',
    'routes/1/targetIds',
    'locations/11/parentId',
    'locations/12/parentId',
  ]);
});

test.each([
  ['no YAML', '{'],
  ['another document', 'hello: world'],
  ['aliases', 'a: &a [1]\nb: *a'],
  ['a key twice', 'format: x\nformat: y'],
  ['an unknown table', 'format: earshot-configuration\nversion: 1\ntables: {users: []}'],
  [
    'a row twice',
    stringify({
      format: 'earshot-configuration',
      version: 1,
      tables: { rules: [rule(1, 'a'), rule(1, 'b')] },
    }),
  ],
])('%s is refused, with where it is wrong', async (_, text) => {
  expect((await refusal(text)).length).toBeGreaterThan(0);
});

test('the configuration before each change is kept, the newest 50, and applying one goes back', async () => {
  await fill();
  const first = await book.text();
  for (let count = 0; count < 55; count += 1) {
    const wanted = await document();
    Object.assign(wanted.tables['variables']?.[0] ?? {}, { value: count + 100 });
    store.clock.advance(1_000);
    await book.apply(stringify(wanted), 'ann');
  }
  const list = await versions.list();
  expect(list).toHaveLength(50);
  expect(await versions.text(list[0]?.id ?? '')).toContain('value: 153');
  await book.apply(first, 'ann');
  expect(await book.text()).toBe(first);
  await expect(versions.text('../secret')).rejects.toThrow('there is no version');
});

test('any edit of rows gives exactly what was wanted, and the version kept of it leads back', async () => {
  const name = fc.stringMatching(/^[a-z]{1,8}$/);
  const variables = fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 1, max: 12 }),
      name,
      kind: fc.constant('number'),
      value: fc.integer(),
    }),
    { maxLength: 6, selector: ({ id }) => id },
  );
  const places = fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 12 }), name }), {
    maxLength: 6,
    selector: ({ id }) => id,
  });
  await fc.assert(
    fc.asyncProperty(variables, places, async (some, locations) => {
      const before = await book.text();
      // Names of variables are unique: the number makes them so.
      const named = some.map((one) => ({ ...one, name: `${one.name}${one.id}` }));
      const wanted = await document();
      wanted.tables['variables'] = named;
      wanted.tables['locations'] = locations.map((one, at) => ({
        ...one,
        parentId: locations[at + 1]?.id ?? null,
      }));
      const text = stringify(wanted);
      const done = await book.apply(text, 'ann');
      expect(await book.diff(text)).toEqual({ changes: {}, rows: [], text: '', secretsNeeded: [] });
      if (done.version !== null) {
        expect(await versions.text(done.version)).toBe(before);
        await book.apply(before, 'ann');
        expect(await book.text()).toBe(before);
        await book.apply(text, 'ann');
      }
    }),
    { numRuns: 15 },
  );
}, 120_000);

test('two texts are compared as they are, whatever the site has now', async () => {
  await fill();
  const before = await book.text();
  const wanted = await document();
  Object.assign(wanted.tables['variables']?.[0] ?? {}, { value: 5 });
  await book.apply(stringify(wanted), 'ann');
  const { rows } = book.compare(before, await book.text());
  expect(rows).toMatchObject([
    { table: 'variables', kind: 'changed', fields: [{ field: 'value', before: '4', after: '5' }] },
  ]);
  expect(book.compare(before, before)).toEqual({
    changes: {},
    rows: [],
    text: '',
    secretsNeeded: [],
  });
});

test('a fault in an action names the field in it', async () => {
  const wanted = await document();
  wanted.tables['rules'] = [{ ...rule(7, 'full'), actions: [{ type: 'notify' }] }];
  expect(await refusal(stringify(wanted))).toEqual(['rules/7/actions.0.targetId']);
});
