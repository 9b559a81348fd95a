import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from './testing/client.js';
import { CONTRACT } from './testing/contract.js';
import { covers } from './testing/covers.js';
import { makersOf } from './testing/makers.js';
import { type RoundwareSite, STAFF_PASSWORD, startRoundwareSite } from './testing/site.js';
import { makeWorld, type World } from './testing/world.js';

let site: RoundwareSite;
let world: World;
let make: ReturnType<typeof makersOf>;
beforeAll(async () => {
  site = await startRoundwareSite();
  world = await makeWorld(site);
  make = makersOf(site, world);
});
afterAll(() => site.stop());

/** What is asked, made anew for each asking. */
interface Wish {
  readonly id?: number;
  readonly query?: string;
  readonly body?: unknown;
}
type Maker = () => Promise<Wish>;

/** A field of each resource that may change. */
const CHANGES: Readonly<Record<string, object>> = {
  users: { first_name: 'Ada' },
  sessions: { client_system: 'y' },
  projects: { owner: 'y' },
  projectgroups: { description: 'y' },
  speakers: { code: 'y' },
  audiotracks: { active: false },
  assets: { description: 'y' },
  tagcategories: { data: 'y' },
  tags: { description: 'y' },
  tagrelationships: { parent_id: null },
  uigroups: { index: 3 },
  uiitems: { index: 3 },
  uielementnames: { description: 'y' },
  uielements: { variant: 'y' },
  languages: { name: 'y' },
  localizedstrings: { text: 'y' },
  timedassets: { end: 3 },
  listenevents: { duration_in_seconds: 3 },
  votes: { value: 3 },
  streams: { tag_ids: '3' },
};

const ofProject = (query = ''): Promise<Wish> =>
  Promise.resolve({ id: world.projectId, query: `session_id=${world.sessionId}${query}` });

/** Calls that are not the five of a resource. */
const OTHERS: Readonly<Record<string, Maker>> = {
  'POST login': () => Promise.resolve({ body: { username: 'olga', password: STAFF_PASSWORD } }),
  'GET sessions/count': () => Promise.resolve({}),
  'GET listenevents/count': () => Promise.resolve({}),
  'GET projects/{id}': () => ofProject(),
  'GET projects/{id}/tags': () => ofProject(),
  'GET projects/{id}/uigroups': () => ofProject(),
  'GET projects/{id}/uiconfig': () => ofProject(),
  'GET projects/{id}/assets': () => ofProject(),
  'GET projects/{id}/uielements': () => ofProject('&variant=1'),
  'GET projectgroups/{id}/projects': async () => ({
    id: await make.idOf('projectgroups'),
    query: 'latitude=42.5&longitude=-71.25',
  }),
  'GET assets/random': () => Promise.resolve({ query: 'limit=0' }),
  'GET assets/blocked': () => Promise.resolve({ query: `session_id=${world.sessionId}` }),
  'GET assets/count': () => Promise.resolve({}),
  'GET assets/{id}/votes': async () => ({ id: await make.asset() }),
  'POST assets/{id}/votes': async () => ({
    id: await make.asset(),
    body: { session_id: world.sessionId, vote_type: 'like' },
  }),
  'PATCH envelopes/{id}': async () => ({
    id: await make.idOf('envelopes'),
    body: { asset_id: await make.asset() },
  }),
  'GET votes/summary': async () => ({ query: `type=like&asset_id=${String(await make.asset())}` }),
  'PATCH streams/{id}': () => make.opened({ tag_ids: '3' }),
  'POST streams/{id}/heartbeat': () => make.opened(),
  'POST streams/{id}/playasset': async () => await make.opened({ asset_id: await make.asset() }),
  'POST streams/{id}/replayasset': async () => {
    const everywhere = { ...(await make.bodies['projects']?.()), geo_listen_enabled: false };
    const { id: projectId } = await world.olga.post('projects/', everywhere);
    await world.olga.post('audiotracks/', { project_id: projectId });
    const body = { project_id: projectId, client_system: 'x' };
    const { id } = await world.olga.post('sessions/', body);
    await world.olga.post('streams/', { session_id: id });
    return { id, body: { session_id: id } };
  },
  'POST streams/{id}/skipasset': () => make.opened(),
  'POST streams/{id}/skip': () => make.opened(),
  'POST streams/{id}/pause': () => make.opened(),
  'POST streams/{id}/resume': () => make.opened(),
  'GET streams/{id}/isactive': () => make.opened(),
  'POST streams/{id}/kill': () => make.opened(),
};

async function wishOf(call: string): Promise<Wish> {
  const other = OTHERS[call];
  if (other !== undefined) return await other();
  const [method = '', path = ''] = call.split(' ');
  const [resource = '', item] = path.split('/');
  if (item === undefined) return method === 'POST' ? { body: await make.bodies[resource]?.() } : {};
  const id = await make.idOf(resource);
  return method === 'PATCH' ? { id, body: CHANGES[resource] } : { id };
}

/** What answers: one call, with or without its last slash. */
async function ask(client: Client, call: string, slash: string, wish: Wish) {
  const [method = '', path = ''] = call.split(' ');
  const query = wish.query === undefined ? '' : `?${wish.query}`;
  const address = `${path.replace('{id}', String(wish.id))}${slash}${query}`;
  return await client.call<unknown>(method, address, method === 'GET' ? undefined : wish.body);
}

/** Names of the fields of an object, for a list those of its first. */
const shapeOf = (body: unknown): unknown => {
  const one: unknown = Array.isArray(body) ? body[0] : body;
  return typeof one === 'object' && one !== null ? Object.keys(one) : one;
};

test.each(Object.keys(CONTRACT).filter((call) => call !== 'every call'))(
  '%s answers the same with and without its last slash',
  async (call) => {
    const { olga } = world;
    const refused = call === 'DELETE tags';
    if (call.startsWith('GET ')) {
      const wish = await wishOf(call);
      const [whole, bare] = [await ask(olga, call, '/', wish), await ask(olga, call, '', wish)];
      expect([200, 204], JSON.stringify(bare.body)).toContain(bare.status);
      expect([bare.status, bare.body]).toEqual([whole.status, whole.body]);
    } else {
      const whole = await ask(olga, call, '/', await wishOf(call));
      const bare = await ask(olga, call, '', await wishOf(call));
      expect(refused ? [400] : [200, 204], JSON.stringify(bare.body)).toContain(bare.status);
      expect(bare.status).toBe(whole.status);
      expect(shapeOf(bare.body)).toEqual(shapeOf(whole.body));
    }
    covers(call, '=slash-less');
  },
);
