import { afterAll, beforeAll, expect, test } from 'vitest';
import { ASSET_DEFAULTS } from '../../../actors/content/defaults.js';
import { visitor } from './testing/client.js';
import { covers } from './testing/covers.js';
import { type RoundwareSite, startRoundwareSite } from './testing/site.js';
import { makeWorld, type World } from './testing/world.js';

const MANY = 50_000;

let site: RoundwareSite;
let world: World;
beforeAll(async () => {
  site = await startRoundwareSite();
  world = await makeWorld(site);
  const { content } = site.store;
  const row = {
    ...ASSET_DEFAULTS,
    projectId: world.projectId,
    description: 'One of very many recordings',
    filename: '20260131-120000-5.mp3',
    latitude: 42.5,
    longitude: -71.25,
    submitted: true,
    updatedAtUnixMs: 0,
  };
  for (let done = 0; done < MANY; done += 5_000) {
    await content.assets.createMany(
      Array.from({ length: 5_000 }, (_, i) => ({ ...row, createdAtUnixMs: (done + i) * 1_000 })),
    );
  }
}, 120_000);
afterAll(() => site.stop());

test('a list of 50,000 assets is whole, in order, packed, and others are answered meanwhile', async () => {
  const { token, client } = await visitor(site.url, 'many');
  const whole = fetch(`${site.url}/api/2/assets/?submitted=true&project_id=${world.projectId}`, {
    headers: { authorization: `token ${token}`, 'accept-encoding': 'gzip' },
  });
  let answered = 0;
  let going = true;
  const others = (async () => {
    while (going) {
      await client.get(`projects/${world.projectId}/?session_id=${world.sessionId}`);
      answered++;
    }
  })();
  const answer = await whole;
  const read = answer.json().finally(() => {
    going = false;
  });
  const list = (await read) as readonly { readonly id: number }[];
  await others;
  expect(answer.headers.get('content-encoding')).toBe('gzip');
  expect(list).toHaveLength(MANY);
  expect(list.every(({ id }, i) => i === 0 || id > (list[i - 1]?.id ?? 0))).toBe(true);
  expect(answered).toBeGreaterThan(20);
  covers('GET assets', '=50,000 in pieces');
  const since = new Date((MANY - 3) * 1_000).toISOString();
  const fresh = await client.list(`assets/?project_id=${world.projectId}&created__gte=${since}`);
  expect(fresh).toHaveLength(3);
  const page = `assets/?project_id=${world.projectId}&paginate=true&page_size=10000&page=5`;
  expect(await client.get(page)).toMatchObject({ count: MANY, next: null });
}, 120_000);
