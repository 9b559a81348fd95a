import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  ASSET_DEFAULTS,
  AUDIO_TRACK_DEFAULTS,
  PROJECT_DEFAULTS,
} from '../../actors/content/defaults.js';
import { contentRows } from '../../actors/content/testing/rows.js';
import type {
  commandAnswer,
  explainAnswer,
  sessionPlaying,
  voteAnswer,
} from '../contract/sessions.js';
import {
  type AudioSite,
  place,
  saveTone,
  startAudioSite,
  TEST_PROJECT,
} from '../testing/audio-site.js';
import { call, type SessionAnswer, TestListener } from '../testing/listen.js';

type Playing = z.infer<typeof sessionPlaying>;
type Explained = z.infer<typeof explainAnswer>;
type Command = z.infer<typeof commandAnswer>;

let site: AudioSite;
let projectId = 0;
let trackId = 0;
/** Three of a visitor with number `author`, then one that is not submitted. */
let assets: readonly number[] = [];
let author = 0;
const OWN_DEVICE = 'phone-of-the-other-author';

beforeAll(async () => {
  site = await startAudioSite({ faults: true });
  const { content } = site.store;
  await saveTone(site.store, join(site.folder, 'media'), 'short', 440);
  const project = await content.projects.create({
    ...PROJECT_DEFAULTS,
    name: 'Voices',
    ...place(0),
    publishedAtUnixMs: 0,
    recordingRadiusM: 50,
    bannedS: 0,
    repeatMode: 'continuous',
    ordering: 'by_weight',
  });
  projectId = project.id;
  author = (await contentRows(site.store).visitor()).id;
  const own = await contentRows(site.store).visitor({ username: 'own', deviceId: OWN_DEVICE });
  const made = await content.assets.createMany(
    ['One', 'Two', 'Three', 'Four'].map((description, i) => ({
      ...ASSET_DEFAULTS,
      projectId,
      userId: i < 3 ? author : own.id,
      description,
      mediaId: 'short',
      lengthS: 1,
      ingest: 'ready' as const,
      submitted: i < 3,
      weight: 90 - i * 10,
      ...place(5),
      createdAtUnixMs: 0,
      updatedAtUnixMs: 0,
    })),
  );
  assets = made.map(({ id }) => id);
  const track = await content.audioTracks.create({
    ...AUDIO_TRACK_DEFAULTS,
    projectId,
    minDurationS: 1,
    maxDurationS: 1,
    minDeadAirS: 1,
    maxDeadAirS: 1,
    minFadeInS: 0,
    maxFadeInS: 0,
    minFadeOutS: 0.05,
    maxFadeOutS: 0.05,
    repeatRecordings: true,
    bannedS: 0.01,
  });
  trackId = track.id;
  await site.service.sounds.settled();
});
afterAll(async () => {
  await site.stop();
});

async function open(more: object = {}): Promise<SessionAnswer> {
  const { status, body } = await call<SessionAnswer>('POST', `${site.url}/v1/sessions`, {
    projectId,
    position: place(0),
    ...more,
  });
  expect([status, body]).toEqual([201, body]);
  return body;
}
const at = (id: string, rest = ''): string => `${site.url}/v1/sessions/${id}${rest}`;
const playingOf = async (id: string): Promise<Playing> =>
  (await call<Playing>('GET', at(id, '/playing'))).body;
const reasonsOf = async (id: string, assetId: number): Promise<readonly string[]> => {
  const { body } = await call<Explained>('GET', at(id, `/explain?assetIds=${assetId}`));
  return body.items[0]?.reasons ?? ['unknown'];
};

test('a session says what its track plays, what comes next, and why the rest is silent', async () => {
  const session = await open();
  expect(session.number).toBeGreaterThan(0);
  const listener = await TestListener.connect(session.streamUrl);
  await expect
    .poll(async () => (await playingOf(session.id)).tracks[0]?.name, { interval: 100 })
    .toBe('One');
  await expect
    .poll(async () => (await call<SessionAnswer>('GET', at(session.id))).body.tracks, {
      interval: 100,
    })
    .toMatchObject([{ trackId, name: expect.stringMatching(/^(One|Two|Three)$/) as string }]);
  expect(await reasonsOf(session.id, assets[3] ?? 0)).toContain('not-submitted');
  const waiting = await call<{ items: { name: string | null }[] }>(
    'GET',
    `${at(session.id)}/explain?assetIds=${assets[3] ?? 0}`,
  );
  expect(waiting.body.items).toMatchObject([{ name: null }]);
  expect(await reasonsOf(session.id, 99_999)).toEqual(['no-sound']);
  await call('PATCH', at(session.id), { position: place(500) });
  expect(await reasonsOf(session.id, assets[1] ?? 0)).toContain('far');
  listener.close();
});

test('a recording can be asked for, by its author also while it waits for approval', async () => {
  const session = await open({ deviceId: OWN_DEVICE });
  const before = await call<Command>('POST', at(session.id, '/replay'));
  expect([before.status, before.body.done]).toEqual([200, false]);
  expect(before.body.message).toMatch(/\w/);
  const listener = await TestListener.connect(session.streamUrl);
  const played = await call<Command>('POST', at(session.id, '/play'), { assetId: assets[3] });
  expect(played.body).toMatchObject({ done: true, message: null, state: 'streaming' });
  await expect
    .poll(async () => (await playingOf(session.id)).tracks[0]?.assetId, { interval: 50 })
    .toBe(assets[3]);
  const other = await open();
  const foreign = await call<Command>('POST', at(other.id, '/play'), { assetId: assets[3] });
  expect(foreign.body.done).toBe(false);
  const unknown = await call<Command>('POST', at(session.id, '/play'), { assetId: 4_711 });
  expect([unknown.status, unknown.body.done]).toEqual([200, false]);
  expect(unknown.body.message).toMatch(/4711/);
  expect((await call('POST', at(session.id, '/play'), { assetId: 'x' })).status).toBe(400);
  listener.close();
});

test('what was heard is noted with its length, and the end of a session with its reason', async () => {
  const session = await open();
  const listener = await TestListener.connect(session.streamUrl);
  const rows = () =>
    site.store.content.listens.find({
      where: [{ field: 'sessionId', op: '=', value: session.number }],
    });
  await expect.poll(async () => (await rows()).length, { interval: 500 }).toBeGreaterThan(1);
  expect((await rows())[0]).toMatchObject({ projectId, assetId: assets[0] });
  expect((await rows())[0]?.durationS).toBeCloseTo(1, 1);
  listener.close();
  expect((await call('DELETE', at(session.id))).status).toBe(204);
  const gone = await call<{ detail: string }>('GET', at(session.id));
  expect([gone.status, gone.body.detail]).toEqual([404, expect.stringMatching(/client ended it/)]);
  await site.service.flushed();
  expect(await site.store.content.sessions.get(session.number)).toMatchObject({
    endReason: 'stopped',
  });
  const events = await site.store.content.events.find({
    where: [{ field: 'sessionId', op: '=', value: session.number }],
  });
  expect(events).toMatchObject([{ kind: 'cleanup_session', data: 'stopped' }]);
});

test('a block is heard at once in every session of the visitor, and taken back by the same vote', async () => {
  const device = 'a-phone-of-somebody';
  const [one, two] = [await open({ deviceId: device }), await open({ deviceId: device })];
  const nameless = await open();
  const vote = async (id: string, assetId: number, kind: string) =>
    (await call<z.infer<typeof voteAnswer>>('POST', at(id, '/votes'), { assetId, kind })).body;
  expect((await vote(one.id, assets[0] ?? 0, 'block_asset')).voted).toBe(true);
  for (const { id } of [one, two]) {
    await expect
      .poll(() => reasonsOf(id, assets[0] ?? 0), { interval: 50 })
      .toContain('blocked-asset');
  }
  expect(await reasonsOf(nameless.id, assets[0] ?? 0)).toEqual([]);
  expect((await vote(one.id, assets[0] ?? 0, 'block_asset')).voted).toBe(false);
  await expect.poll(() => reasonsOf(two.id, assets[0] ?? 0), { interval: 100 }).toEqual([]);
  // A visitor who is not known blocks for this session.
  await vote(nameless.id, assets[1] ?? 0, 'block_user');
  await expect
    .poll(() => reasonsOf(nameless.id, assets[2] ?? 0), { interval: 50 })
    .toContain('blocked-user');
  expect(await reasonsOf(one.id, assets[2] ?? 0)).toEqual([]);
  expect(await vote(one.id, assets[2] ?? 0, 'like')).toMatchObject({ voted: true, likes: 1 });
  await expect.poll(() => site.service.sounds.asset(assets[2] ?? 0)?.likes).toBe(1);
  expect((await call('POST', at(one.id, '/votes'), { assetId: 1, kind: 'love' })).status).toBe(400);
  expect((await call('POST', at(one.id, '/votes'), { assetId: 99, kind: 'like' })).status).toBe(
    404,
  );
});

test('a Roundware session has its number in its mount, and its titles say what begins and ends', async () => {
  const visit = await contentRows(site.store).session({ projectId });
  const row = await site.service.open({
    projectId,
    profile: 'roundware',
    number: visit.id,
    format: 'mp3',
    bitrateKbps: 128,
    position: place(0),
    languageId: 1,
    // Without a choice of tags such a project has nothing to hear: it offers none.
    tagIds: [1],
  });
  expect(row.number).toBe(visit.id);
  expect(site.service.ofNumber(visit.id)).toBe(row.id);
  const again = await site.service.open({
    projectId,
    number: visit.id,
    format: 'mp3',
    bitrateKbps: 128,
  });
  expect(again.id).toBe(row.id);
  const path = `/stream${visit.id}.mp3`;
  await expect
    .poll(() => site.service.mounts.get(path)?.title)
    .toBe('Roundware - stream_started=True');
  const listener = await TestListener.connect(`${site.streamUrl}${path}`, { 'icy-metadata': '1' });
  const titles = (): readonly string[] =>
    Buffer.from(listener.bytes())
      .toString('latin1')
      .match(/StreamTitle='[ -&(-~]*/g) ?? [];
  const query = `StreamTitle='Roundware - audiotrack=${trackId}&remaining=2&asset=${assets[0] ?? 0}`;
  await expect.poll(titles, { interval: 200 }).toContain(`${query}&complete=True`);
  expect(titles()).toContain(`${query}&tags=`);
  listener.close();
  await site.service.close(row.id, 'killed');
  await site.service.flushed();
  expect((await site.store.content.sessions.get(visit.id))?.endReason).toBe('killed');
});

test('the source of each speaker is seen: unused, sounding, on its reserve, silent, off', async () => {
  const { speakers } = site.store.content;
  const [west, east] = await speakers.find({
    where: [{ field: 'projectId', op: '=', value: TEST_PROJECT }],
  });
  if (west === undefined || east === undefined) throw new Error('fixture');
  const row = (id: number) => site.speakers.get(String(id));
  expect(row(west.id)).toMatchObject({ state: 'unused', name: 'West', projectId: TEST_PROJECT });
  const session = await open({ projectId: TEST_PROJECT });
  const listener = await TestListener.connect(session.streamUrl);
  await expect.poll(() => row(west.id)?.['state']).toBe('ok');
  expect(row(west.id)?.['source']).toBe('tone-west');
  await speakers.update(west.id, { mediaId: 'gone', uri: '/media/tone-east.wav' });
  await expect.poll(() => row(west.id)?.['state']).toBe('backup');
  expect(row(west.id)).toMatchObject({ source: 'tone-east' });
  await speakers.update(west.id, { uri: '' });
  await expect.poll(() => row(west.id)?.['state']).toBe('silent');
  expect(row(west.id)?.['lastError']).toMatch(/gone/);
  await speakers.update(west.id, { active: false, mediaId: 'tone-west' });
  await expect.poll(() => row(west.id)?.['state']).toBe('off');
  await speakers.update(west.id, { active: true });
  await speakers.remove(east.id);
  await expect.poll(() => row(east.id)).toBeUndefined();
  listener.close();
});

test('in range is near an active speaker', () => {
  expect(site.service.inRange(1, place(0))).toBe(true);
  expect(site.service.inRange(1, place(5_000))).toBe(false);
  expect(site.service.inRange(1, undefined)).toBe(true);
  expect(() => site.service.inRange(4_711, undefined)).toThrow(/no project 4711/);
});

test('what lies around a listener is listed for their map, and an envelope opened for what they add', async () => {
  const session = await open();
  const { body } = await call<{ items: { id: number; name: string; mediaUrl: string }[] }>(
    'GET',
    at(session.id, '/audible-assets'),
  );
  expect(body.items.map(({ name }) => name).sort()).toEqual(['One', 'Three', 'Two']);
  expect(body.items[0]?.mediaUrl).toBe(`${site.url}/media/short.wav`);
  const envelope = await call<{ id: number }>('POST', at(session.id, '/envelopes'));
  expect(envelope.status).toBe(201);
  expect(await site.store.content.envelopes.get(envelope.body.id)).toMatchObject({
    sessionId: session.number,
  });
});
