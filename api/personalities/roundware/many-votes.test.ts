import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ASSET_DEFAULTS } from '../../../actors/content/defaults.js';
import { visitor } from './testing/client.js';
import { covers } from './testing/covers.js';
import { type RoundwareSite, startRoundwareSite } from './testing/site.js';
import { makeWorld, type World } from './testing/world.js';

const VOTES = 1_000_000;
const ASSETS = 2_000;
const OTHERS = 500;

let site: RoundwareSite;
let world: World;
let first = 0;
beforeAll(async () => {
  site = await startRoundwareSite();
  world = await makeWorld(site);
  const { content, control } = site.store;
  const row = {
    ...ASSET_DEFAULTS,
    projectId: world.projectId,
    submitted: true,
    createdAtUnixMs: 0,
    updatedAtUnixMs: 0,
  };
  const assets = await content.assets.createMany(Array.from({ length: ASSETS }, () => row));
  first = assets[0]?.id ?? 0;
  await control.write(async ({ db }) => {
    await sql`with recursive n(i) as (select 0 union all select i + 1 from n where i < ${VOTES - 1})
      insert into content_votes (asset_id, session_id, user_id, kind, value, created_at_unix_ms)
      select ${first} + i % ${ASSETS}, ${world.sessionId}, null,
        case when i < ${VOTES / 2} then 'like' else 'rate' end,
        case when i < ${VOTES / 2} then null else i / ${ASSETS} % 5 end, 0 from n`.execute(db);
  });
}, 120_000);
afterAll(() => site.stop());

test('a summary of a million votes is right, and others are answered meanwhile', async () => {
  const { client } = await visitor(site.url, 'counts');
  let answered = 0;
  let going = true;
  const others = (async () => {
    while (going && answered < OTHERS) {
      await client.get(`projects/${world.projectId}/?session_id=${world.sessionId}`);
      answered++;
    }
  })();
  const whole = await client.list(`votes/summary/?project_id=${world.projectId}`);
  going = false;
  await others;
  const each = VOTES / 2 / ASSETS;
  expect(whole).toEqual(
    Array.from({ length: ASSETS }, (_, i) => ({
      asset_id: first + i,
      asset_votes: [
        { type: 'like', total: each },
        { type: 'rate', total: each, avg: 2 },
      ],
    })),
  );
  expect(answered).toBeGreaterThan(2);
  const rated = await client.list(`votes/summary/?type=rate&asset_id=${first}`);
  expect(rated).toEqual([{ asset_id: first, asset_votes: { average: 2, count: each } }]);
  covers('GET votes/summary', '=1,000,000 votes');
}, 120_000);
