import { afterAll, beforeAll, expect, test } from 'vitest';
import { ASSET_DEFAULTS } from '../../../actors/content/defaults.js';
import { type Client, visitor } from './testing/client.js';
import { anyText, covers, shows } from './testing/covers.js';
import { type RoundwareSite, startRoundwareSite } from './testing/site.js';
import { makeWorld, type World } from './testing/world.js';

let site: RoundwareSite;
let world: World;
beforeAll(async () => {
  site = await startRoundwareSite();
  world = await makeWorld(site);
});
afterAll(() => site.stop());

const HERE = { latitude: 42.5, longitude: -71.25 };

async function session(more: object = {}, client: Client = world.ada): Promise<number> {
  const wish = { project_id: world.projectId, client_system: 'x', ...more };
  return (await client.post('sessions/', wish)).id;
}

async function stream(more: object = {}): Promise<number> {
  const id = await session();
  await world.ada.post('streams/', { session_id: id, ...HERE, ...more });
  return id;
}

/** Kinds of events of a session, in order. */
async function events(id: number): Promise<readonly unknown[]> {
  return (await world.ada.list(`events/?session_id=${id}`)).map((event) => event['event_type']);
}

function formOf(values: Readonly<Record<string, unknown>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) form.set(name, String(value));
  return form;
}

test('a stream opens at the place of the listener, from JSON as from a form', async () => {
  const id = await session();
  const opened = await world.ada.post('streams/', {
    session_id: id,
    project_id: String(world.projectId),
    ...HERE,
    tags: '3,4,',
  });
  shows('POST streams', opened, {
    stream_url: `http://127.0.0.1:8000/stream${id}.mp3`,
    stream_id: id,
  });
  expect(site.sound.opened.at(-1)).toEqual({
    profile: 'roundware',
    number: id,
    projectId: world.projectId,
    mount: `/stream${id}.mp3`,
    format: 'mp3',
    bitrateKbps: 128,
    geoListen: true,
    position: HERE,
    tagIds: [3, 4],
    languageId: 1,
    userId: world.adaId,
  });
  covers('POST streams', '>session_id', '>project_id', '>latitude', '>longitude', '>tags', '=JSON');
  const other = await session();
  const form = formOf({
    session_id: other,
    latitude: '42.5',
    longitude: '-71.25',
    tag_ids: '5',
    audio_format: 'OGG',
    audio_stream_bitrate: '192',
  });
  const path = 'streams/?cache=true&processData=false';
  expect(await world.ada.post(path, form)).toMatchObject({
    stream_url: `http://127.0.0.1:8000/stream${other}.ogg`,
  });
  expect(site.sound.opened.at(-1)).toMatchObject({
    format: 'vorbis',
    bitrateKbps: 192,
    tagIds: [5],
    position: HERE,
  });
  covers('POST streams', '>tag_ids', '>audio_format', '>audio_stream_bitrate', '=event');
  expect(await events(other)).toEqual(['request_stream']);
});

test('format and rate come from the project where the request does not say', async () => {
  const { olga, ada } = world;
  const project = await olga.post('projects/', {
    name: 'Ogg',
    ...HERE,
    audio_format: 'ogg',
    audio_stream_bitrate: '64',
    geo_listen_enabled: false,
  });
  const id = await session({ project_id: project.id });
  const opened = await ada.post('streams/', {
    session_id: id,
    latitude: '',
    longitude: 'undefined',
  });
  expect(opened['stream_url']).toBe(`http://127.0.0.1:8000/stream${id}.ogg`);
  expect(site.sound.opened.at(-1)).toMatchObject({
    format: 'vorbis',
    bitrateKbps: 64,
    geoListen: false,
    position: undefined,
    tagIds: undefined,
  });
});

test('a project that is closed to listeners gives streams to its staff alone', async () => {
  const { olga, ada } = world;
  const closed = { name: 'Closed', ...HERE, listen_enabled: false, geo_listen_enabled: false };
  const project = await olga.post('projects/', closed);
  const id = await session({ project_id: project.id });
  const opened = site.sound.opened.length;
  const refused = await ada.call<{ detail: string }>('POST', 'streams/', { session_id: id });
  expect(refused.status).toBe(400);
  expect(refused.body.detail).toContain('not open to listeners');
  expect(site.sound.opened).toHaveLength(opened);
  await olga.post('streams/', { session_id: id });
  expect(site.sound.opened).toHaveLength(opened + 1);
});

test('asking again for a running stream moves it and answers the same', async () => {
  const { ada } = world;
  const id = await session();
  const wish = { session_id: id, ...HERE };
  const first = await ada.post('streams/', wish);
  const opened = site.sound.opened.length;
  expect(await ada.post('streams/', { ...wish, latitude: 42.501 })).toEqual(first);
  expect(site.sound.opened).toHaveLength(opened);
  expect(site.sound.moves.at(-1)).toEqual({
    id: `secret-${id}`,
    position: { latitude: 42.501, longitude: -71.25 },
  });
  covers('POST streams', '=idempotent');
});

test('a demo session gets the demo, a listener far away a message in their language', async () => {
  const { ada, germanSessionId } = world;
  const demo = await session({ demo_stream_enabled: true });
  shows('POST streams', await ada.post('streams/', { session_id: demo, ...HERE }), {
    stream_url: 'http://127.0.0.1:8000/demo_stream.mp3',
    demo_stream_message: 'A demo',
    stream_id: demo,
  });
  covers('POST streams', '=demo');
  await site.store.media.put({
    id: 'bell',
    name: 'bell',
    file: 'bell.wav',
    contentType: 'audio/wav',
    sizeBytes: 5,
    durationMs: 1_000,
    sha256: '',
    createdAtUnixMs: 0,
  });
  const bell = await site.store.content.assets.create({
    ...ASSET_DEFAULTS,
    projectId: world.projectId,
    submitted: true,
    mediaId: 'bell',
    filename: 'bell.wav',
    createdAtUnixMs: 0,
    updatedAtUnixMs: 0,
  });
  // No demo of its own: a sound that is there.
  expect(await ada.post('streams/', { session_id: demo, ...HERE })).toMatchObject({
    stream_url: `${site.url}/media/bell.mp3`,
  });
  await site.store.content.assets.remove(bell.id);
  const away = { session_id: germanSessionId, latitude: 10, longitude: 10 };
  const far = await ada.post('streams/', away);
  shows('POST streams', far, {
    stream_url: 'http://radio.example/far.mp3',
    user_message: 'Komm näher',
    stream_id: germanSessionId,
  });
  expect(await ada.get(`streams/${germanSessionId}/isactive/`)).toMatchObject({ active: false });
  covers('POST streams', '=out-of-range');
});

test.each([
  [{}],
  [{ session_id: 9_999, ...HERE }],
  [{ session_id: 'x', ...HERE }],
  [{ project_id: 9_999, ...HERE }],
  [{}],
  [{ latitude: 42.5 }],
  [{ latitude: 91, longitude: 0 }],
  [{ latitude: 'NaN', longitude: 0 }],
  [{ ...HERE, audio_format: 'flac' }],
  [{ ...HERE, audio_stream_bitrate: 4 }],
])('a stream with %j is refused', async (wrong: Readonly<Record<string, unknown>>) => {
  const id = await session();
  const body = 'session_id' in wrong || wrong === undefined ? wrong : { session_id: id, ...wrong };
  expect((await world.ada.call('POST', 'streams/', body)).status).toBe(400);
});

test('a change moves, filters, and sets range, cone and language; what is not said goes back', async () => {
  const { ada, germanId } = world;
  const id = await stream();
  const answer = await ada.patch(
    `streams/${id}/?cache=true&processData=false`,
    formOf({
      session_id: id,
      latitude: '42.51',
      longitude: '-71.26',
      tag_ids: '3,4',
      listener_range_max: 50,
      listener_range_min: 5,
      listener_heading: -90,
      listener_width: 60,
      language: 'de',
    }),
  );
  expect(answer).toEqual({});
  expect(site.sound.moves.at(-1)).toEqual({
    id: `secret-${id}`,
    position: { latitude: 42.51, longitude: -71.26 },
    tagIds: [3, 4],
    headingDeg: 270,
    headingWidthDeg: 60,
    rangeMinM: 5,
    rangeMaxM: 50,
    languageId: germanId,
  });
  expect(await ada.get(`sessions/${id}/`)).toMatchObject({ language_id: germanId });
  covers('PATCH streams/{id}', '>latitude', '>longitude', '>tag_ids', '>listener_range_max');
  covers('PATCH streams/{id}', '>listener_range_min', '>listener_heading', '>listener_width');
  covers('PATCH streams/{id}', '>language', '={}');
  await ada.patch(`streams/${id}`, { latitude: 42.5, longitude: -71.25, tag_ids: 'undefined' });
  expect(site.sound.moves.at(-1)).toEqual({
    id: `secret-${id}`,
    position: HERE,
    headingDeg: null,
    headingWidthDeg: null,
    rangeMinM: null,
    rangeMaxM: null,
  });
  covers('PATCH streams/{id}', '=undefined');
  await ada.patch(`streams/${id}/`, { tag_ids: '' });
  expect(site.sound.moves.at(-1)).toMatchObject({ tagIds: null });
  await ada.patch(`streams/${id}/`, { tag_ids: [7] });
  expect(site.sound.moves.at(-1)).toMatchObject({ tagIds: [7] });
  expect(await events(id)).toEqual([
    'request_stream',
    'modify_stream',
    'move_listener',
    'modify_stream',
    'modify_stream',
  ]);
  covers('PATCH streams/{id}', '=event');
});

test('a change without a stream: a move is fine, a filter is not, nothing is not', async () => {
  const { ada } = world;
  const id = await session();
  expect(await ada.patch(`streams/${id}/`, HERE)).toEqual({});
  expect((await ada.call('PATCH', `streams/${id}/`, { ...HERE, tag_ids: '3' })).status).toBe(400);
  covers('PATCH streams/{id}', '=no-stream');
  const running = await stream();
  for (const body of [{}, { latitude: 'undefined', longitude: 'undefined', tag_ids: 'null' }]) {
    expect((await ada.call('PATCH', `streams/${running}/`, body)).status).toBe(400);
  }
  covers('PATCH streams/{id}', '=neither');
  expect((await ada.call('PATCH', 'streams/9999/', HERE)).status).toBe(404);
});

test('a stream obeys its commands, and each is noted', async () => {
  const { ada } = world;
  const id = await stream();
  expect(await ada.post(`streams/${id}/heartbeat/`, { session_id: id })).toEqual({});
  covers('POST streams/{id}/heartbeat', '={}');
  for (const [path, name] of [
    ['pause', 'pause'],
    ['resume', 'resume'],
    ['skipasset', 'skip'],
    ['skip', 'skip'],
  ] as const) {
    shows(`POST streams/{id}/${path}`, await ada.post(`streams/${id}/${path}/`, {}), {
      success: true,
    });
    expect(site.sound.commands.at(-1)).toEqual({ id: `secret-${id}`, command: { name } });
  }
  const played = await ada.post(`streams/${id}/playasset/`, { asset_id: '11' });
  shows('POST streams/{id}/playasset', played, { success: true });
  expect(site.sound.commands.at(-1)?.command).toEqual({ name: 'play', assetId: 11 });
  await ada.post(`streams/${id}/playasset/`, formOf({ asset_id: 12 }));
  expect(site.sound.commands.at(-1)?.command).toEqual({ name: 'play', assetId: 12 });
  await ada.post(`streams/${id}/playasset/`, { asset_id: 11 });
  expect(site.sound.commands.at(-1)?.command).toEqual({ name: 'play', assetId: 11 });
  covers('POST streams/{id}/playasset', '>asset_id');
  expect((await ada.call('POST', `streams/${id}/playasset/`, {})).status).toBe(400);
  expect(await events(id)).toEqual([
    'request_stream',
    'heartbeat',
    'pause',
    'resume',
    'skip_ahead',
    'skip_ahead',
    'play_asset_in_stream',
    'play_asset_in_stream',
    'play_asset_in_stream',
  ]);
  for (const call of ['heartbeat', 'pause', 'resume', 'skipasset', 'playasset']) {
    covers(`POST streams/{id}/${call}`, '=event');
  }
});

test('commands without a stream say so and are no errors', async () => {
  const { ada } = world;
  const id = await session();
  for (const path of ['pause', 'resume', 'skipasset', 'playasset']) {
    const answer = await ada.post(`streams/${id}/${path}/`, { asset_id: 11 });
    shows(`POST streams/{id}/${path}`, answer, { success: false, message: anyText });
  }
  expect(await ada.post(`streams/${id}/heartbeat/`)).toEqual({});
});

test('replay needs one track and something that was played', async () => {
  const { ada, olga, projectId } = world;
  const id = await stream();
  expect((await ada.call('POST', `streams/${id}/replayasset/`)).status).toBe(400);
  covers('POST streams/{id}/replayasset', '=400 without one track');
  await olga.post('audiotracks/', { project_id: projectId });
  site.sound.hasPlayed = false;
  expect((await ada.call('POST', `streams/${id}/replayasset/`)).status).toBe(400);
  covers('POST streams/{id}/replayasset', '=400 when nothing was played');
  site.sound.hasPlayed = true;
  shows('POST streams/{id}/replayasset', await ada.post(`streams/${id}/replayasset/`), {
    success: true,
  });
  expect(await events(id)).toEqual(['request_stream', 'replay_asset', 'replay_asset']);
  covers('POST streams/{id}/replayasset', '=event');
});

test('a stream is asked whether it is active, and killed', async () => {
  const { ada } = world;
  const id = await stream();
  shows('GET streams/{id}/isactive', await ada.get(`streams/${id}/isactive/`), {
    stream_id: id,
    active: true,
  });
  shows('POST streams/{id}/kill', await ada.post(`streams/${id}/kill/`, {}), {
    stream_id: id,
    success: true,
  });
  expect(await ada.get(`streams/${id}/isactive/`)).toEqual({ stream_id: id, active: false });
  expect(await ada.post(`streams/${id}/kill/`)).toEqual({ stream_id: id, success: false });
});

test('nobody steers the stream of another', async () => {
  const { olga } = world;
  const id = await stream();
  const { client } = await visitor(site.url, 'stream-thief');
  for (const path of ['kill', 'pause', 'skipasset', 'heartbeat', 'playasset', 'replayasset']) {
    expect((await client.call('POST', `streams/${id}/${path}/`, { asset_id: 1 })).status).toBe(403);
  }
  expect((await client.call('PATCH', `streams/${id}/`, HERE)).status).toBe(403);
  expect((await client.call('POST', 'streams/', { session_id: id, ...HERE })).status).toBe(403);
  expect(await olga.post(`streams/${id}/pause/`)).toEqual({ success: true });
});
