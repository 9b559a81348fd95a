import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeStream, toneLevel } from '../../media/tones.js';
import {
  type AudioSite,
  EAST_HZ,
  place,
  startAudioSite,
  TEST_PROJECT,
  WEST_HZ,
} from '../testing/audio-site.js';
import { call, type SessionAnswer, TestListener } from '../testing/listen.js';

let site: AudioSite;

beforeAll(async () => {
  site = await startAudioSite({ maxSessionsPerAddress: 20, faults: true });
});
afterAll(async () => {
  await site.stop();
});

async function open(eastM: number | undefined, more: object = {}): Promise<SessionAnswer> {
  const { status, body } = await call<SessionAnswer>('POST', `${site.url}/v1/sessions`, {
    projectId: TEST_PROJECT,
    ...(eastM === undefined ? {} : { position: place(eastM) }),
    ...more,
  });
  expect(status).toBe(201);
  return body;
}

/** Peaks of both tones in the last half second of what was received. */
async function levels(bytes: Uint8Array): Promise<{ west: number; east: number; frames: number }> {
  const { left } = await decodeStream(bytes);
  const from = Math.max(0, left.length - 24_000);
  return {
    west: toneLevel(left, WEST_HZ, from),
    east: toneLevel(left, EAST_HZ, from),
    frames: left.length,
  };
}

const one = (id: string): string => `${site.url}/v1/sessions/${id}`;

test('a listener hears the place where they are, and the other one after a move', async () => {
  const session = await open(0);
  const listener = await TestListener.connect(session.streamUrl);
  expect(listener.headers.get('content-type')).toBe('audio/mpeg');
  const heard = async () => {
    await listener.next(8_000);
    return await levels(listener.bytes());
  };
  // A busy machine decodes the sound late, and it begins softly.
  await expect.poll(async () => (await heard()).west, { interval: 10 }).toBeGreaterThan(0.3);
  expect((await heard()).east).toBeLessThan(0.01);
  const moved = await call<SessionAnswer>('PATCH', one(session.id), { position: place(100) });
  expect(moved.body.position).toEqual(place(100));
  await expect.poll(async () => (await heard()).east, { interval: 10 }).toBeGreaterThan(0.3);
  await expect.poll(async () => (await heard()).west, { interval: 10 }).toBeLessThan(0.01);
  await expect
    .poll(async () => (await call<SessionAnswer>('GET', one(session.id))).body)
    .toMatchObject({ state: 'streaming', listeners: 1, hears: ['East'] });
  listener.close();
  await expect
    .poll(async () => (await call<SessionAnswer>('GET', one(session.id))).body.listeners)
    .toBe(0);
});

test('a language is chosen, and taken back by null', async () => {
  const session = await open(0, { language: 'en' });
  const chosen = session.languageId;
  expect(chosen).not.toBeNull();
  const change = async (language: string | null) =>
    (await call<SessionAnswer>('PATCH', one(session.id), { language })).body.languageId;
  expect(await change(null)).toBeNull();
  expect(await change('en')).toBe(chosen);
  await call('DELETE', one(session.id));
});

test('every session has a visitor of its own, with a device that is known or without', async () => {
  const visitorOf = async (more: object) => {
    const session = await open(0, more);
    await call('DELETE', one(session.id));
    return (await site.store.content.sessions.get(session.number))?.userId;
  };
  const [first, second] = [await visitorOf({}), await visitorOf({})];
  expect(first).toEqual(expect.any(Number));
  expect(second).toEqual(expect.any(Number));
  expect(second).not.toBe(first);
  const device = { deviceId: 'a-browser-of-mine' };
  expect(await visitorOf(device)).toBe(await visitorOf(device));
});

test('a project that is not open to listeners takes none, and those of an open one', async () => {
  const { content } = site.store;
  await content.projects.update(TEST_PROJECT, { listenEnabled: false });
  await site.service.sounds.settled();
  const refused = await call<{ detail: string }>('POST', `${site.url}/v1/sessions`, {
    projectId: TEST_PROJECT,
  });
  expect(refused.status).toBe(403);
  expect(refused.body.detail).toContain('not open to listeners');
  await content.projects.update(TEST_PROJECT, { listenEnabled: true });
  await site.service.sounds.settled();
  await call('DELETE', one((await open(0)).id));
});

test('a paused session sends silence, goes on after a resume, and ends with its listeners', async () => {
  const session = await open(0);
  const listener = await TestListener.connect(session.streamUrl);
  await listener.reaches(16_000);
  expect((await call<SessionAnswer>('POST', `${one(session.id)}/pause`)).body.state).toBe('paused');
  await listener.next(48_000);
  expect((await levels(listener.bytes())).west).toBeLessThan(0.005);
  expect((await call<SessionAnswer>('POST', `${one(session.id)}/resume`)).body.state).toBe(
    'streaming',
  );
  await listener.next(48_000);
  expect((await levels(listener.bytes())).west).toBeGreaterThan(0.3);
  expect((await call('DELETE', one(session.id))).status).toBe(204);
  await listener.reaches(Number.POSITIVE_INFINITY);
  expect(listener.ended).toBe(true);
  expect((await call('GET', one(session.id))).status).toBe(404);
  expect((await fetch(session.streamUrl)).status).toBe(404);
});

test('two listeners at one spot share an encoder and part when one of them moves', async () => {
  const [a, b] = [await open(0), await open(0)];
  const listeners = [
    await TestListener.connect(a.streamUrl),
    await TestListener.connect(b.streamUrl),
  ];
  const mixes = (): number => [...site.service.status.values()].reduce((n, s) => n + s.mixes, 0);
  await expect.poll(mixes, { timeout: 8_000 }).toBe(1);
  await call('PATCH', one(b.id), { position: place(100) });
  await expect.poll(mixes, { timeout: 8_000 }).toBe(2);
  for (const listener of listeners) await listener.next(32_000);
  const [first, second] = listeners;
  expect((await levels(first?.bytes() ?? new Uint8Array())).west).toBeGreaterThan(0.3);
  expect((await levels(second?.bytes() ?? new Uint8Array())).east).toBeGreaterThan(0.3);
  for (const listener of listeners) listener.close();
});

test('Opus comes as Ogg, also to one who joins in the middle', async () => {
  const session = await open(100, { format: 'opus', bitrateKbps: 96 });
  const first = await TestListener.connect(session.streamUrl);
  expect(first.headers.get('content-type')).toBe('application/ogg');
  await first.reaches(12_000);
  const late = await TestListener.connect(session.streamUrl);
  await late.reaches(16_000);
  for (const listener of [first, late]) {
    expect(Buffer.from(listener.bytes()).toString('latin1', 28, 36)).toBe('OpusHead');
    expect((await levels(listener.bytes())).east).toBeGreaterThan(0.3);
  }
  for (const listener of [first, late]) listener.close();
});

test('a listener who joins late gets no more than half a second of the past', async () => {
  const session = await open(0);
  const first = await TestListener.connect(session.streamUrl);
  await first.reaches(32_000);
  const mount = site.service.mounts.get(new URL(session.streamUrl).pathname);
  const late = await TestListener.connect(session.streamUrl);
  await late.reaches(1);
  expect(mount?.listeners).toBe(2);
  expect(late.size).toBeLessThanOrEqual(8_000);
  first.close();
  late.close();
});

test('titles arrive as ICY metadata for players that ask', async () => {
  const session = await open(0);
  const listener = await TestListener.connect(session.streamUrl, { 'icy-metadata': '1' });
  const interval = Number(listener.headers.get('icy-metaint'));
  expect(interval).toBeGreaterThan(0);
  expect(listener.headers.get('icy-br')).toBe('128');
  await listener.reaches(interval * 5);
  expect(Buffer.from(listener.bytes()).toString('latin1')).toContain("StreamTitle='West';");
  listener.close();
});

test('status-json.xsl counts listeners and gives away nobody’s stream', async () => {
  const session = await open(0);
  const listener = await TestListener.connect(session.streamUrl);
  await listener.reaches(1);
  const status = await call<{ icestats: { listeners: number; sources: number } }>(
    'GET',
    `${site.streamUrl}/status-json.xsl`,
  );
  expect(status.body.icestats).toMatchObject({
    listeners: site.service.mounts.listeners,
    sources: site.service.size,
  });
  expect(status.body.icestats.listeners).toBeGreaterThan(0);
  const text = JSON.stringify(status.body);
  expect(text).not.toContain(session.id);
  expect(text).not.toContain(new URL(session.streamUrl).pathname);
  listener.close();
});

test('HEAD answers the headers; an unknown mount says what to do', async () => {
  const session = await open(0);
  const head = await fetch(session.streamUrl, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'audio/mpeg']);
  expect(head.headers.get('access-control-allow-origin')).toBe('*');
  const none = await fetch(`${site.streamUrl}/streamnone.mp3`);
  expect(none.status).toBe(404);
  expect(await none.text()).toMatch(/open a new session/);
});

test('wrong wishes are refused in words', async () => {
  const post = (body: unknown) =>
    call<{ detail: string; code: string }>('POST', `${site.url}/v1/sessions`, body);
  expect(await post({ projectId: 4_711 })).toMatchObject({
    status: 404,
    body: { detail: expect.stringMatching(/no project 4711/) as string },
  });
  expect(
    (await post({ projectId: TEST_PROJECT, position: { latitude: 91, longitude: 0 } })).status,
  ).toBe(400);
  expect((await post({ projectId: TEST_PROJECT, format: 'flac' })).status).toBe(400);
  const session = await open(0);
  expect((await call('PATCH', one(session.id), {})).status).toBe(400);
  expect((await call('PATCH', one('unknown'), { position: place(0) })).status).toBe(404);
  expect((await call('GET', `${site.url}/v1/sessions`)).status).toBe(401);
});

test('an address has a limit of sessions, and an ended one makes room', async () => {
  const mine: SessionAnswer[] = [];
  let status = 201;
  while (status === 201) {
    const answer = await call<SessionAnswer>('POST', `${site.url}/v1/sessions`, {
      projectId: TEST_PROJECT,
    });
    status = answer.status;
    if (status === 201) mine.push(answer.body);
  }
  expect(status).toBe(429);
  for (const { id } of mine) await call('DELETE', one(id));
  const again = await open(undefined);
  expect(again.position).toBeNull();
});

test.each(['exit', 'throw'] as const)(
  'a media thread lost by %s is replaced: place and pause survive, and the same connection goes on',
  async (how) => {
    const restartsBefore = site.service.pool.shards()[0]?.restarts ?? 0;
    const [playing, paused] = [await open(0), await open(0)];
    const listener = await TestListener.connect(playing.streamUrl);
    await call('POST', `${one(paused.id)}/pause`);
    await call('PATCH', one(playing.id), { position: place(100) });
    await listener.reaches(16_000);
    await site.service.pool.breakShard(0, how);
    await expect
      .poll(() => site.service.pool.shards()[0]?.restarts, { timeout: 20_000 })
      .toBe(restartsBefore + 1);
    await listener.next(64_000);
    expect(listener.ended).toBe(false);
    const heard = await levels(listener.bytes());
    expect(heard.east).toBeGreaterThan(0.3);
    await expect
      .poll(async () => (await call<SessionAnswer>('GET', one(paused.id))).body.state, {
        timeout: 8_000,
      })
      .toBe('paused');
    listener.close();
  },
);
