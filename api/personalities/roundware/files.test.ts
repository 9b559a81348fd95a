import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UploadLimits } from '../../content/upload-limits.js';
import { Client } from './testing/client.js';
import { type RoundwareSite, startRoundwareSite } from './testing/site.js';
import { makeWorld, type World } from './testing/world.js';

const FILES_AN_HOUR = 8;

let site: RoundwareSite;
let world: World;
beforeAll(async () => {
  site = await startRoundwareSite({ uploadLimits: new UploadLimits(FILES_AN_HOUR, 0) });
  world = await makeWorld(site);
});
afterAll(() => site.stop());

const kept = (): number => readdirSync(site.ingest.folder).length;

function fileForm(fields: Readonly<Record<string, string>> = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', new Blob(['RIFF sound'], { type: 'audio/wav' }), 'a.wav');
  return form;
}

test('a file is taken only where a file belongs, and not before what it is for is known', async () => {
  let saved = 0;
  const { ingest } = site;
  const save = ingest.save.bind(ingest);
  ingest.save = async (bytes) => {
    saved += 1;
    return await save(bytes);
  };
  const nobody = new Client(site.url);
  const user = { device_id: 'with-a-file', client_type: 'web' };
  for (const [method, path, fields] of [
    ['POST', 'users/', user],
    ['POST', 'login/', { username: 'olga', password: 'x' }],
    ['PATCH', 'envelopes/999999/', {}],
    ['POST', 'envelopes/', { session_id: String(world.sessionId) }],
  ] as const) {
    const { status, body } = await nobody.call(method, path, fileForm(fields));
    expect(status, path).toBe(400);
    expect(body).toEqual({ detail: expect.any(String) as string });
  }
  expect((await nobody.call('POST', 'assets/', fileForm())).status).toBe(401);
  expect((await world.ada.call('POST', 'speakers/', fileForm())).status).toBe(403);
  expect(saved).toBe(0);
  expect(kept()).toBe(0);
  ingest.save = save;
});

test('a full disk is said as such, and an address may bring so many files an hour', async () => {
  const { ada, sessionId } = world;
  const envelope = await ada.post('envelopes/', { session_id: sessionId });
  const path = `envelopes/${envelope.id}/`;
  site.ingest.full = true;
  expect(await ada.call('PATCH', path, fileForm())).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining('disk is full') as string },
  });
  site.ingest.full = false;
  const answers: number[] = [];
  for (let i = 0; i < FILES_AN_HOUR; i++) {
    answers.push((await ada.call('PATCH', path, fileForm())).status);
  }
  expect(answers.slice(0, -1).every((status) => status === 200)).toBe(true);
  // The refused one counted too.
  expect(answers.at(-1)).toBe(429);
  const form = new FormData();
  form.set('description', 'x'.repeat(3_000_000));
  form.set('shape', 'x'.repeat(3_000_000));
  expect((await ada.call('PATCH', path, form)).status).toBe(413);
});
