import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  ASSET_DEFAULTS,
  AUDIO_TRACK_DEFAULTS,
  PROJECT_DEFAULTS,
} from '../../actors/content/defaults.js';
import { decodeStream, toneLevel } from '../../media/tones.js';
import type { sessionPlaying } from '../contract/sessions.js';
import {
  type AudioSite,
  EAST_HZ,
  place,
  saveTone,
  startAudioSite,
  TEST_PROJECT,
  WEST_HZ,
} from '../testing/audio-site.js';
import { call, type SessionAnswer, TestListener } from '../testing/listen.js';

type Playing = z.infer<typeof sessionPlaying>;

let site: AudioSite;
let voices = 0;

beforeAll(async () => {
  site = await startAudioSite({ faults: true, mediaShards: 2, hangAfterMs: 1_000 });
  const { content } = site.store;
  await saveTone(site.store, join(site.folder, 'media'), 'short', 440);
  const project = await content.projects.create({
    ...PROJECT_DEFAULTS,
    name: 'Voices',
    ...place(0),
    publishedAtUnixMs: 0,
    bannedS: 100_000,
    ordering: 'by_weight',
  });
  voices = project.id;
  await content.assets.createMany(
    Array.from({ length: 60 }, (_, i) => ({
      ...ASSET_DEFAULTS,
      projectId: voices,
      description: `Recording ${i}`,
      mediaId: 'short',
      lengthS: 1,
      ingest: 'ready' as const,
      submitted: true,
      weight: 99 - i,
      ...place(5),
      createdAtUnixMs: 0,
      updatedAtUnixMs: 0,
    })),
  );
  await content.audioTracks.create({
    ...AUDIO_TRACK_DEFAULTS,
    projectId: voices,
    minDurationS: 1,
    maxDurationS: 1,
    minDeadAirS: 0.2,
    maxDeadAirS: 0.2,
    minFadeInS: 0,
    maxFadeInS: 0,
  });
  await site.service.sounds.settled();
});
afterAll(async () => {
  await site.stop();
});

async function open(projectId: number, eastM: number): Promise<SessionAnswer> {
  const { status, body } = await call<SessionAnswer>('POST', `${site.url}/v1/sessions`, {
    projectId,
    position: place(eastM),
  });
  expect(status).toBe(201);
  return body;
}
const at = (id: string, rest = ''): string => `${site.url}/v1/sessions/${id}${rest}`;

/** Numbers of the recordings that a session's listens name, in order. */
async function heardBy(session: SessionAnswer): Promise<number[]> {
  await site.service.flushed();
  const rows = await site.store.content.listens.find({
    where: [{ field: 'sessionId', op: '=', value: session.number }],
  });
  return rows.map(({ assetId }) => assetId);
}

test.each(['exit', 'hang'] as const)(
  'a media thread lost by %s: the stream goes on on the same connection, at its place in the playlist',
  async (how) => {
    const session = await open(voices, 0);
    const listener = await TestListener.connect(session.streamUrl);
    await expect.poll(async () => (await heardBy(session)).length, { interval: 300 }).toBe(4);
    // The place is told about once a second.
    await listener.next(24_000);
    const before = await heardBy(session);
    const slot = site.service.pool.ownerOf(session.id);
    const size = listener.size;
    listener.takeLongestGap();
    await site.service.pool.breakShard(slot, how).catch(() => undefined);
    await listener.next(80_000);
    process.stdout.write(
      `${how}: the stream was silent for ${Math.round(listener.takeLongestGap())} ms\n`,
    );
    expect(listener.ended).toBe(false);
    expect(listener.size).toBeGreaterThan(size);
    await expect
      .poll(async () => (await heardBy(session)).length, { interval: 300 })
      .toBeGreaterThan(before.length + 2);
    const after = await heardBy(session);
    // What began after the last word of the lost thread may begin once more; nothing else is repeated.
    const again = after.filter((id, i) => after.indexOf(id) !== i);
    expect(again.length).toBeLessThanOrEqual(1);
    expect(Math.min(...after.slice(before.length + 1))).toBeGreaterThan(Math.min(...before));
    listener.close();
    await call('DELETE', at(session.id));
  },
);

test('a session goes on at its place in the playlist after the engine was stopped and started', async () => {
  const session = await open(voices, 0);
  const listener = await TestListener.connect(session.streamUrl);
  await expect.poll(async () => (await heardBy(session)).length, { interval: 300 }).toBe(3);
  await listener.next(24_000);
  const place = await call<Playing>('GET', at(session.id, '/playing'));
  expect(place.body.elapsedS).toBeGreaterThan(3);
  listener.close();
  const { folder } = site;
  await site.stop(true);
  site = await startAudioSite({ folder, faults: true, mediaShards: 2, hangAfterMs: 1_000 });
  const back = await call<Playing>('GET', at(session.id, '/playing'));
  expect(back.status).toBe(200);
  expect(back.body.elapsedS).toBeGreaterThan(place.body.elapsedS - 2);
  expect(back.body.queued).toBeLessThan(59);
  await call('DELETE', at(session.id));
});

test('an edit of a project is heard by all of a hundred listeners', async () => {
  const sessions = await Promise.all(Array.from({ length: 100 }, () => open(TEST_PROJECT, 0)));
  const listeners = await Promise.all(
    sessions.map(({ streamUrl }) => TestListener.connect(streamUrl)),
  );
  for (const listener of listeners) await listener.reaches(16_000);
  const heard = (): number =>
    sessions.filter(
      ({ number }) => JSON.stringify(site.table.get(String(number))?.['hears']) === '["Middle"]',
    ).length;
  const [west] = await site.store.content.speakers.find({
    where: [{ field: 'code', op: '=', value: 'west' }],
  });
  if (west === undefined) throw new Error('fixture');
  const editedMonoMs = performance.now();
  await site.store.content.speakers.update(west.id, { name: 'Middle', mediaId: 'tone-east' });
  await expect.poll(heard, { interval: 20 }).toBe(100);
  const tookMs = performance.now() - editedMonoMs;
  await Promise.all(listeners.map((listener) => listener.next(48_000)));
  for (const listener of listeners.slice(0, 3)) {
    const { left } = await decodeStream(listener.bytes());
    expect(toneLevel(left, EAST_HZ, left.length - 24_000)).toBeGreaterThan(0.3);
    expect(toneLevel(left, WEST_HZ, left.length - 24_000)).toBeLessThan(0.01);
  }
  for (const listener of listeners) listener.close();
  process.stdout.write(`an edit was heard by 100 listeners after ${Math.round(tookMs)} ms\n`);
  await site.store.content.speakers.update(west.id, { name: 'West', mediaId: 'tone-west' });
  await Promise.all(sessions.map(({ id }) => call('DELETE', at(id))));
});

test('ten thousand moves to one stream end at the last place, and others are answered meanwhile', async () => {
  const [busy, other] = [await open(TEST_PROJECT, 0), await open(TEST_PROJECT, 0)];
  const sockets: Socket[] = [];
  /** A connection that asks again as soon as it was answered: `fetch` would be the slower end of this test. */
  const connection = async (): Promise<(id: string, eastM: number) => Promise<number>> => {
    const { hostname, port } = new URL(site.url);
    const socket = connect(Number(port), hostname);
    sockets.push(socket);
    await once(socket, 'connect');
    return async (id, eastM) => {
      const body = JSON.stringify({ position: place(eastM) });
      socket.write(
        `PATCH /v1/sessions/${id} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return Number(answer.toString('latin1', 9, 12));
    };
  };
  const startedMonoMs = performance.now();
  let next = 0;
  let refused = 0;
  const walk = async (): Promise<void> => {
    const patch = await connection();
    while (next < 10_000) if ((await patch(busy.id, next++ % 100)) !== 200) refused += 1;
  };
  const patch = await connection();
  const walking = Promise.all(Array.from({ length: 16 }, walk));
  const answeredMs: number[] = [];
  let done = false;
  void walking.then(() => {
    done = true;
  });
  while (!done) {
    const askedMonoMs = performance.now();
    expect(await patch(other.id, 100)).toBe(200);
    answeredMs.push(performance.now() - askedMonoMs);
  }
  await walking;
  expect(refused).toBe(0);
  const perSecond = 10_000 / ((performance.now() - startedMonoMs) / 1_000);
  await patch(busy.id, 100);
  await expect.poll(() => site.table.get(String(busy.number))?.['hears']).toEqual(['East']);
  await expect.poll(() => site.table.get(String(other.number))?.['hears']).toEqual(['East']);
  const worst = Math.max(...answeredMs);
  process.stdout.write(
    `${Math.round(perSecond)} moves a second by one client; another's answers took ${Math.round(worst)} ms at most\n`,
  );
  for (const socket of sockets) socket.destroy();
});
