import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditPort } from '../../automation/ports.js';
import { Client, visitor } from './testing/client.js';
import { type RoundwareSite, STAFF_PASSWORD, startRoundwareSite } from './testing/site.js';
import { makeWorld, type World } from './testing/world.js';

type Entry = Parameters<AuditPort['note']>[0];

const entries: Entry[] = [];
let site: RoundwareSite;
let world: World;
beforeAll(async () => {
  site = await startRoundwareSite({ audit: { note: (entry) => void entries.push(entry) } });
  world = await makeWorld(site);
  entries.length = 0;
});
afterAll(() => site.stop());

const ada = (): string => `visitor ${world.adaId} `;
const said = () => entries.splice(0);

test('what visitors contribute is noted with who, the thing before and after', async () => {
  const { ada: app, sessionId } = world;
  const envelope = await app.post('envelopes/', { session_id: sessionId });
  const form = new FormData();
  form.set('session_id', String(sessionId));
  form.set('file', new Blob(['RIFF'], { type: 'audio/wav' }), 'sea.wav');
  const asset = await app.patch(`envelopes/${envelope.id}/`, form);
  await app.patch(`assets/${asset.id}/`, { description: 'The sea' });
  const wish = { session_id: sessionId, vote_type: 'like' };
  const vote = await app.post(`assets/${asset.id}/votes/`, wish);
  await app.call('DELETE', `assets/${asset.id}/`);
  const noted = said();
  expect(noted).toMatchObject([
    {
      action: 'POST /api/2/envelopes',
      subject: `envelopes/${envelope.id}`,
      before: null,
      after: { id: envelope.id, asset_ids: [] },
    },
    {
      action: 'PATCH /api/2/envelopes/{id}',
      subject: `envelopes/${envelope.id}`,
      before: { asset_ids: [] },
      after: { asset_ids: [asset.id] },
    },
    {
      action: 'PATCH /api/2/assets/{id}',
      subject: `assets/${asset.id}`,
      before: { description: '' },
      after: { description: 'The sea', user: { id: world.adaId, device_id: '(secret)' } },
    },
    {
      action: 'POST /api/2/assets/{id}/votes',
      subject: `assets/${asset.id}/votes`,
      before: null,
      after: { id: vote.id, type: 'like', asset_id: asset.id },
    },
    {
      action: 'DELETE /api/2/assets/{id}',
      subject: `assets/${asset.id}`,
      before: { description: 'The sea' },
      after: null,
    },
  ]);
  for (const { by, address, requestId } of noted) {
    expect(by.startsWith(ada())).toBe(true);
    expect(address).toBe('127.0.0.1');
    expect(requestId).toMatch(/./);
  }
  expect(JSON.stringify(noted)).not.toContain('ada-phone');
});

test('what staff changes is noted by their name, and a visitor who takes it is still a visitor', async () => {
  const { olga, projectId } = world;
  await olga.patch(`projects/${projectId}/`, { name: 'Quay' });
  expect(said()).toMatchObject([
    { by: 'olga', before: { name: 'Harbour' }, after: { name: 'Quay' } },
  ]);
  const body = { device_id: 'false-phone', client_type: 'web', username: 'olga' };
  const { id } = await new Client(site.url).post('users/', body);
  const [entry] = said();
  expect(entry).toMatchObject({ by: `visitor ${id} olga`, subject: `users/${id}`, before: null });
  expect(JSON.stringify(entry)).not.toContain('false-phone');
  await new Client(site.url).post('login/', { username: 'olga', password: STAFF_PASSWORD });
  expect(said()).toMatchObject([{ by: 'olga', action: 'POST /api/2/login', before: null }]);
});

test('listening, questions, refusals and an app that was here before are in no log', async () => {
  const { ada: app, sessionId, projectId } = world;
  await visitor(site.url, 'ada-phone');
  await app.post('sessions/', { project_id: projectId, client_system: 'Firefox' });
  await app.post('streams/', { session_id: sessionId, latitude: 42.5, longitude: -71.25 });
  await app.patch(`streams/${sessionId}/`, { latitude: 42.5, longitude: -71.26 });
  await app.post(`streams/${sessionId}/heartbeat/`, {});
  await app.post('events/', { session_id: sessionId, event_type: 'start_listen' });
  await app.list('assets/');
  expect((await app.call('PATCH', `projects/${projectId}/`, { name: 'Mine' })).status).toBe(403);
  expect((await app.call('POST', 'envelopes/', { session_id: 9_999 })).status).toBe(400);
  expect(entries).toEqual([]);
});
