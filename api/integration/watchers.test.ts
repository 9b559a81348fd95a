import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { SystemClock } from '../../engine/clock.js';
import { role } from '../contract/rest.js';
import { ANONYMOUS } from '../http/auth.types.js';
import { createGateway, type Gateway } from '../http/server.js';
import { MemoryTable } from '../live/table.js';
import { sessionRoutes } from '../routes/sessions.js';
import { Inspector } from '../site/inspector.js';
import { poolSource } from '../site/pools.js';
import { sessionActors } from '../site/session-actors.js';
import { type AudioSite, place, startAudioSite, TEST_PROJECT } from '../testing/audio-site.js';
import { call, type SessionAnswer } from '../testing/listen.js';

let site: AudioSite;
let gateway: Gateway;
let session: SessionAnswer;
const actors = new MemoryTable('actors');
const inspector = new Inspector(actors);

beforeAll(async () => {
  site = await startAudioSite();
  inspector.add(sessionActors(poolSource(site.service.pool), site.service));
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    routes: sessionRoutes({
      sessions: site.service,
      content: site.store.content,
      clock: new SystemClock(),
      streamOrigin: () => site.streamUrl,
    }),
    authenticate: ({ header }) => {
      const said = header('x-role');
      if (said === undefined) return ANONYMOUS;
      return { kind: 'user', id: said, name: said, role: role.parse(said) };
    },
  });
  session = (
    await call<SessionAnswer>('POST', `${site.url}/v1/sessions`, {
      projectId: TEST_PROJECT,
      position: place(0),
    })
  ).body;
});
afterAll(async () => {
  inspector.close();
  await gateway.stop(0);
  await site.stop();
});

async function ask(who: string | undefined, method: string, path: string) {
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/v1/sessions${path}`, {
    method,
    headers: who === undefined ? {} : { 'x-role': who },
  });
  return { status: answer.status, text: await answer.text() };
}

/** What steers the session, and where its stream is. */
const secrets = (): readonly string[] => {
  const mount = site.service.definition(session.id)?.mount ?? '';
  expect(mount).toMatch(/^\/stream[0-9a-f]{18}\.mp3$/);
  return [session.id, mount];
};

test('live rows of sessions are known by number and hold no secret', () => {
  expect(site.table.get(String(session.number))).toMatchObject({
    number: session.number,
    projectId: TEST_PROJECT,
  });
  const text = JSON.stringify([...site.table.rows()]);
  for (const secret of secrets()) expect(text).not.toContain(secret);
});

test('the list of sessions holds no secret, whoever reads it', async () => {
  for (const who of ['viewer', 'operator', 'admin']) {
    const { status, text } = await ask(who, 'GET', '');
    expect(status).toBe(200);
    expect(text).toContain(`"number":${session.number}`);
    for (const secret of secrets()) expect(text).not.toContain(secret);
  }
});

test('by its number, an operator reads the whole session, a viewer what it hears, a stranger nothing', async () => {
  const one = `/${session.number}`;
  expect((await ask(undefined, 'GET', one)).status).toBe(401);
  expect((await ask(undefined, 'GET', `${one}/playing`)).status).toBe(401);
  for (const [method, path] of [
    ['GET', one],
    ['POST', `${one}/pause`],
    ['POST', `${one}/skip`],
    ['DELETE', one],
  ] as const) {
    expect((await ask('viewer', method, path)).status).toBe(403);
  }
  for (const path of ['/playing', '/explain', '/audible-assets']) {
    const { status, text } = await ask('viewer', 'GET', `${one}${path}`);
    expect(status).toBe(200);
    for (const secret of secrets()) expect(text).not.toContain(secret);
  }
  const { status, text } = await ask('operator', 'GET', one);
  expect(status).toBe(200);
  expect(z.object({ id: z.string() }).parse(JSON.parse(text)).id).toBe(session.id);
  // Its secret is still its key.
  expect((await ask(undefined, 'GET', `/${session.id}`)).status).toBe(200);
});

test('the inspector knows an actor of a session by its number, acts on it, and sees it go', async () => {
  const name = `session-${session.number}`;
  await expect.poll(() => actors.get(name)?.['kind']).toBe('session');
  const text = JSON.stringify([[...actors.rows()], [...inspector.list()]]);
  for (const secret of secrets()) expect(text).not.toContain(secret);
  await expect(inspector.restart(name)).resolves.toBe(true);
  expect(() => inspector.stop(session.id)).toThrow(/no actor/);
  const { status } = await ask('operator', 'DELETE', `/${session.number}`);
  expect(status).toBe(204);
  await expect.poll(() => actors.get(name)).toBeUndefined();
  expect(site.table.get(String(session.number))).toBeUndefined();
});
