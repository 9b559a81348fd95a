import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { decodeStream, toneLevel } from '../../../../media/tones.js';
import { TestListener } from '../../../testing/listen.js';
import { type Client, visitor } from '../testing/client.js';
import { covers } from '../testing/covers.js';
import {
  type Garden,
  MIDDLE,
  plantGarden,
  SPEAKER_HZ,
  toneWav,
  UPLOAD_HZ,
} from '../testing/garden.js';

let garden: Garden;
beforeAll(async () => {
  garden = await plantGarden();
});
afterAll(() => garden.stop());

function form(values: Readonly<Record<string, unknown>>): FormData {
  const out = new FormData();
  for (const [name, value] of Object.entries(values)) out.set(name, String(value));
  return out;
}

/** How loud a pitch is in what a listener got last. */
async function heard(listener: TestListener, hz: number, bytes: number): Promise<number> {
  const part = await listener.next(bytes);
  const { left } = await decodeStream(part.subarray(0, part.length));
  return toneLevel(left, hz, Math.max(0, left.length - 24_000));
}

interface Opened {
  readonly stream_url: string;
  readonly stream_id: number;
}

/** What a web page of the streaming generation does, call by call. */
async function openWebPage(): Promise<{ readonly client: Client; readonly stream: Opened }> {
  const { url, projectId } = garden;
  const { client } = await visitor(url, `web-old-${Math.random()}`);
  const session = await client.post('sessions/', {
    project_id: projectId,
    client_system: 'Firefox',
  });
  const of = `session_id=${session.id}`;
  await Promise.all([
    client.get(`projects/${projectId}/?${of}`),
    client.get(`projects/${projectId}/uiconfig/?${of}`),
    client.list(`speakers/?project_id=${projectId}&activeyn=true`),
    client.list(`audiotracks/?project_id=${projectId}`),
  ]);
  const stream = await client.post<Opened>(
    'streams/?cache=true&processData=false',
    form({ session_id: session.id, ...MIDDLE }),
  );
  return { client, stream };
}

test('the web page of the streaming generation is heard at its place, steers its stream and ends it', async () => {
  const { client, stream } = await openWebPage();
  const { stream_id: id } = stream;
  expect(stream.stream_url).toBe(`${garden.server.streamUrl}/stream${id}.mp3`);
  const listener = await TestListener.connect(stream.stream_url);
  expect(listener.headers.get('content-type')).toBe('audio/mpeg');
  await expect.poll(() => heard(listener, SPEAKER_HZ, 24_000)).toBeGreaterThan(0.1);
  covers('POST streams', '=audible');
  expect(await client.post(`streams/${id}/heartbeat/`, form({ session_id: id }))).toEqual({});
  const path = `streams/${id}/?cache=true&processData=false`;
  const update = {
    session_id: id,
    latitude: MIDDLE.latitude,
    longitude: MIDDLE.longitude + 0.005,
    tag_ids: garden.tagIds.join(','),
    listener_range_max: 50,
    listener_range_min: 0,
  };
  expect(await client.patch(path, form(update))).toEqual({});
  await expect.poll(() => heard(listener, SPEAKER_HZ, 24_000)).toBeLessThan(0.01);
  const unsaid = { latitude: 'undefined', longitude: 'undefined', tag_ids: 'undefined' };
  expect((await client.call('PATCH', path, form({ ...unsaid, session_id: id }))).status).toBe(400);
  await client.patch(path, form({ session_id: id, ...MIDDLE, tag_ids: 'undefined' }));
  await expect.poll(() => heard(listener, SPEAKER_HZ, 24_000)).toBeGreaterThan(0.1);
  expect(await client.post(`streams/${id}/skipasset/`, {})).toMatchObject({ success: true });
  expect((await client.call('POST', `streams/${id}/replayasset/`, {})).status).toBe(400);
  for (const command of ['pause', 'resume']) {
    expect(await client.post(`streams/${id}/${command}/`, {})).toEqual({ success: true });
  }
  expect(await client.get(`streams/${id}/isactive/`)).toEqual({ stream_id: id, active: true });
  expect(await client.post(`streams/${id}/kill/`, {})).toEqual({ stream_id: id, success: true });
  await listener.reaches(Number.POSITIVE_INFINITY);
  expect(listener.ended).toBe(true);
  await expect
    .poll(async () =>
      (await client.list(`events/?session_id=${id}`)).map((event) => event['event_type']),
    )
    .toEqual(expect.arrayContaining(['request_stream', 'modify_stream', 'cleanup_session']));
  covers('POST streams/{id}/kill', '=event');
  await expect.poll(async () => (await client.get(`sessions/${id}/`))['stoptime']).not.toBeNull();
});

test('what the listener records is heard in their own stream at once, submitted or not', async () => {
  const { client, stream } = await openWebPage();
  const listener = await TestListener.connect(stream.stream_url);
  const envelope = await client.post('envelopes/', { session_id: stream.stream_id });
  const upload = form({
    session_id: stream.stream_id,
    tag_ids: String(garden.tagIds[0]),
    media_type: 'audio',
    submitted: 'false',
  });
  upload.set('file', toneWav(UPLOAD_HZ, 6), 'blob');
  const asset = await client.patch(`envelopes/${envelope.id}/`, upload);
  expect(asset).toMatchObject({
    submitted: false,
    media_type: 'audio',
    audio_length_in_seconds: 6,
  });
  expect(String(asset['filename'])).toMatch(/^\d{8}-\d{6}-\d+-[0-9a-f]{32}\.mp3$/);
  await expect.poll(() => heard(listener, UPLOAD_HZ, 24_000)).toBeGreaterThan(0.1);
  covers('PATCH envelopes/{id}', '=played');
  await expect
    .poll(async () =>
      (await client.list(`listenevents/?asset_id=${asset.id}`)).map((row) => row['session_id']),
    )
    .toEqual([stream.stream_id]);
  expect(await client.post(`streams/${stream.stream_id}/replayasset/`, {})).toEqual({
    success: true,
  });
  const file = await fetch(String(asset['file']), { headers: { origin: 'http://art.example' } });
  expect(file.status).toBe(200);
  expect(file.headers.get('access-control-allow-origin')).toBe('*');
  expect(file.headers.get('content-type')).toBe('audio/mpeg');
  listener.close();
});

/** What the older iOS app decodes: all of it must be there and of this type. */
const iosStream = z.strictObject({ stream_url: z.url(), stream_id: z.int() });
const iosUser = z.looseObject({ username: z.string(), token: z.string().length(40) });
const iosSession = z.looseObject({ id: z.int(), language_id: z.int(), timezone: z.string() });

test('the streaming iOS app starts with place and pause, plays on, and is told when it is too far', async () => {
  const { url, projectId } = garden;
  const { client, body } = await visitor(url, 'A1B2-C3', 'iOS');
  iosUser.parse(body);
  const session = iosSession.parse(
    await client.post('sessions/', {
      project_id: String(projectId),
      timezone: '+0100',
      client_system: 'iPhone OS 12',
      language: 'en',
    }),
  );
  const of = `session_id=${session.id}`;
  await client.get(`projects/${projectId}/?${of}`);
  expect(await client.list(`projects/${projectId}/tags/?${of}`)).toHaveLength(2);
  expect(await client.get(`projects/${projectId}/uiconfig/?${of}`)).toMatchObject({
    listen: [
      { group_short_name: 'Question', display_items: [{ tag_display_text: 'Your memory' }, {}] },
    ],
  });
  await client.list(`projects/${projectId}/uigroups/?${of}`);
  await client.list('tagcategories/');
  const far = { session_id: session.id, latitude: '10.1', longitude: '10.1' };
  expect(
    await client.post(
      'streams/',
      new URLSearchParams(
        Object.entries(far).map(([name, value]): [string, string] => [name, String(value)]),
      ),
    ),
  ).toEqual({
    stream_url: 'http://radio.example/far.mp3',
    user_message: 'Come to the garden',
    stream_id: session.id,
  });
  const near = { session_id: session.id, latitude: '42.5', longitude: '-71.25' };
  const stream = iosStream.parse(await client.post('streams/', near));
  const { stream_id: id } = stream;
  expect(await client.post(`streams/${id}/pause/`)).toEqual({ success: true });
  const listener = await TestListener.connect(stream.stream_url);
  expect(await client.post(`streams/${id}/resume/`)).toEqual({ success: true });
  await expect.poll(() => heard(listener, SPEAKER_HZ, 24_000)).toBeGreaterThan(0.1);
  await client.patch(`streams/${id}/`, { latitude: '42.50001', longitude: '-71.25', tag_ids: '' });
  expect(iosStream.parse(await client.post('streams/', near))).toEqual(stream);
  listener.close();
});
