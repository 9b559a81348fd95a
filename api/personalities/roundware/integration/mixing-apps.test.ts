import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { Client, type Row, visitor } from '../testing/client.js';
import { type Garden, MIDDLE, plantGarden, toneWav, UPLOAD_HZ } from '../testing/garden.js';

let garden: Garden;
beforeAll(async () => {
  garden = await plantGarden();
});
afterAll(() => garden.stop());

/** No zone, never: one app's parser breaks on it. */
const date = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/);
const line = z.object({
  type: z.literal('LineString'),
  coordinates: z.array(z.tuple([z.number(), z.number()])).min(4),
});
const multiPolygon = z.object({
  type: z.literal('MultiPolygon'),
  coordinates: z.array(z.array(z.array(z.tuple([z.number(), z.number()])).min(4))).min(1),
});

/** What the apps that mix themselves decode: strictly, as their languages do. */
const project = z.looseObject({
  id: z.int(),
  name: z.string(),
  latitude: z.number(),
  longitude: z.number(),
  pub_date: date,
  audio_format: z.string(),
  audio_stream_bitrate: z.string(),
  max_recording_length: z.int(),
  recording_radius: z.number(),
  out_of_range_distance: z.number(),
  out_of_range_url: z.string(),
  geo_listen_enabled: z.boolean(),
  timed_asset_priority: z.boolean(),
  repeat_mode: z.enum(['stop', 'continuous']),
  ordering: z.enum(['by_like', 'by_weight', 'random']),
  legal_agreement: z.string().nullable(),
  language_ids: z.array(z.int()),
});
const speaker = z.looseObject({
  id: z.int(),
  activeyn: z.boolean(),
  code: z.string(),
  maxvolume: z.number(),
  minvolume: z.number(),
  uri: z.url(),
  backupuri: z.string(),
  shape: multiPolygon,
  boundary: z.looseObject({ type: z.enum(['LineString', 'MultiLineString']) }),
  attenuation_border: line,
  attenuation_distance: z.int(),
  project_id: z.int(),
});
const seconds = z.number().min(0);
const pan = z.number().min(-1).max(1);
const track = z.strictObject({
  id: z.int(),
  project_id: z.int(),
  minvolume: z.number(),
  maxvolume: z.number(),
  minduration: seconds,
  maxduration: seconds,
  mindeadair: seconds,
  maxdeadair: seconds,
  minfadeintime: seconds,
  maxfadeintime: seconds,
  minfadeouttime: seconds,
  maxfadeouttime: seconds,
  minpanpos: pan,
  maxpanpos: pan,
  minpanduration: seconds,
  maxpanduration: seconds,
  repeatrecordings: z.boolean(),
  tag_filters: z.array(z.int()),
  active: z.boolean(),
  start_with_silence: z.boolean(),
  banned_duration: z.int(),
  fadeout_when_filtered: z.boolean(),
  timed_asset_priority: z.enum(['discard', 'neutral', 'lowest', 'normal', 'highest']),
});
const asset = z.looseObject({
  id: z.int(),
  description: z.string(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  shape: multiPolygon.nullable(),
  file: z.url(),
  volume: z.number().positive(),
  submitted: z.boolean(),
  created: date,
  updated: date,
  weight: z.int().min(0).max(99),
  start_time: seconds.nullable(),
  end_time: seconds.nullable(),
  media_type: z.enum(['audio', 'photo', 'text', 'video']),
  audio_length_in_seconds: seconds.nullable(),
  tag_ids: z.array(z.int()),
  envelope_ids: z.array(z.int()),
  user: z.looseObject({ id: z.int(), username: z.string() }).nullable(),
});

function recording(session: number, more: Readonly<Record<string, string>> = {}): FormData {
  const form = new FormData();
  const values = {
    session_id: String(session),
    latitude: String(MIDDLE.latitude),
    longitude: String(MIDDLE.longitude),
    tag_ids: garden.tagIds.join(','),
    media_type: 'audio',
    ...more,
  };
  for (const [name, value] of Object.entries(values)) form.set(name, value);
  form.set('file', toneWav(UPLOAD_HZ, 2), 'blob');
  return form;
}

const POLL = () =>
  `created__gte=${encodeURIComponent(new Date(Date.now() - 60_000).toISOString())}`;

test('the web framework that mixes in the page connects, plays, votes, contributes and polls', async () => {
  const { url, projectId, speakerId, tagIds } = garden;
  const { client, body } = await visitor(url, 'web-new');
  expect(body).toMatchObject({ username: expect.any(String) as unknown });
  const session = await client.post('sessions/', {
    project_id: projectId,
    client_system: 'Mozilla/5.0 (X11)',
  });
  const of = `session_id=${session.id}`;
  const note = (event_type: string, more: object = {}) =>
    client.post('events/', {
      session_id: session.id,
      event_type,
      client_time: new Date().toISOString(),
      ...more,
    });
  const [, settings, config, speakers, tracks] = await Promise.all([
    note('start_session'),
    client.get(`projects/${projectId}/?${of}`),
    client.get(`projects/${projectId}/uiconfig/?${of}`),
    client.list(`speakers/?activeyn=true&project_id=${projectId}`),
    client.list(`audiotracks/?project_id=${projectId}&active=true`),
  ]);
  project.parse(settings);
  expect(settings['legal_agreement']).toBe('You agree');
  expect(config).toMatchObject({ listen: [{ select: 'multi' }], speak: [{ select: 'multi' }] });
  expect(speakers.map((row) => speaker.parse(row).id)).toEqual([speakerId]);
  expect(tracks).toHaveLength(1);
  const tone = await fetch(String(speakers[0]?.['uri']), {
    headers: { origin: 'http://a.example' },
  });
  expect(tone.status).toBe(200);
  expect(tone.headers.get('access-control-allow-origin')).toBe('*');
  expect((await tone.arrayBuffer()).byteLength).toBeGreaterThan(1_000);
  expect(await client.list(`timedassets/?project_id=${projectId}`)).toEqual([]);
  await note('location_update', MIDDLE);
  await note('filter_stream', { tag_ids: tagIds });
  const envelope = await client.post('envelopes/', { session_id: session.id });
  const made = await client.patch(`envelopes/${envelope.id}/`, recording(session.id));
  expect(made).toMatchObject({ submitted: true, envelope_ids: [envelope.id], tag_ids: tagIds });
  expect(made).not.toHaveProperty('detail');
  await note('upload_asset', { data: `asset_id:${made.id}` });
  const listed = await client.list(`assets/?submitted=true&project_id=${projectId}`);
  expect(listed.map((row) => asset.parse(row).id)).toEqual([made.id]);
  const polled = `assets/?submitted=true&${POLL()}&project_id=${projectId}`;
  expect(await client.ids(polled)).toEqual([made.id]);
  const file = String(made['file']).replace(/\.wav$/, '.mp3');
  expect((await fetch(file)).headers.get('content-type')).toBe('audio/mpeg');
  const heard = await client.post('listenevents/', {
    starttime: new Date().toISOString(),
    session: session.id,
    asset: made.id,
  });
  await client.patch(`listenevents/${heard.id}`, { duration_in_seconds: 1.5 });
  await client.post(`assets/${made.id}/votes/`, { session_id: session.id, vote_type: 'like' });
  expect(await client.get(`envelopes/${envelope.id}?${of}`)).toMatchObject({
    asset_ids: [made.id],
  });
  expect(await client.get(`assets/${made.id}/?${of}`)).toMatchObject({ id: made.id });
  const inEnvelope = `assets/?project_id=${projectId}&submitted=true&media_type=audio&envelope_id=${envelope.id}`;
  expect(await client.ids(inEnvelope)).toEqual([made.id]);
  expect(await client.patch(`users/${body.id}`, { first_name: 'Ada' })).toMatchObject({
    first_name: 'Ada',
  });
});

test('the iOS app that mixes on the device reads every field it decodes', async () => {
  const { url, projectId } = garden;
  const { client } = await visitor(url, 'ios-new', 'iOS');
  const session = await client.post('sessions/', {
    project_id: projectId,
    timezone: '-0500',
    client_system: 'iOS 16',
    language: 'en',
  });
  const envelope = await client.post('envelopes/', { session_id: session.id });
  const made = await client.patch(`envelopes/${envelope.id}/`, recording(session.id));
  project.parse(await client.get(`projects/${projectId}/?session_id=${session.id}`));
  for (const row of await client.list(`audiotracks/?project_id=${projectId}`)) track.parse(row);
  for (const row of await client.list(`speakers/?project_id=${projectId}&activeyn=true`)) {
    speaker.parse(row);
  }
  const pool = `assets/?project_id=${projectId}&media_type=audio&language=en&submitted=true`;
  const assets = await client.list(pool);
  for (const row of assets) asset.parse(row);
  expect(assets.map(({ id }) => id)).toContain(made.id);
  const updated = String(made['updated']);
  expect(await client.ids(`${pool}&updated__gte=${updated}`)).toContain(made.id);
  expect(await client.list(`timedassets/?project_id=${projectId}`)).toEqual([]);
  const blocked = `assets/blocked/?project_id=${projectId}&session_id=${session.id}`;
  expect((await client.call('GET', blocked)).status).toBe(204);
  await client.post(`assets/${made.id}/votes/`, {
    session_id: session.id,
    vote_type: 'block_asset',
  });
  expect(await client.get(blocked)).toEqual({ device_id: 'ios-new', blocked_asset_ids: [made.id] });
  await client.post(`assets/${made.id}/votes/`, { session_id: session.id, vote_type: 'like' });
  const likes = await client.list(`votes/summary/?type=like&project_id=${projectId}`);
  expect(likes.find((row) => row['asset_id'] === made.id)).toMatchObject({ asset_votes: 1 });
});

test('the admin pages list, make, change and remove', async () => {
  const { url, projectId, server } = garden;
  const open = new Client(url);
  const { token } = await open.post<Row & { token: string }>('login/', {
    username: 'admin',
    password: server.adminPassword,
  });
  const admin = new Client(url, token);
  const session = await admin.post('sessions/', { project_id: projectId, client_system: 'admin' });
  const of = `project_id=${projectId}&session_id=${session.id}&admin=1`;
  for (const path of ['speakers', 'audiotracks', 'tags', 'uigroups', 'projects', 'languages']) {
    expect((await admin.list(`${path}/?${of}`)).length).toBeGreaterThan(0);
  }
  const page = `assets/?project_id=${projectId}&admin=1&ordering=-id&paginate=true&page=1&page_size=10`;
  expect(await admin.get(page)).toHaveProperty('count');
  const tag = await admin.post('tags/', {
    value: 'admin',
    project_id: projectId,
    tag_category_id: (await admin.list('tagcategories/'))[0]?.id,
  });
  const [string] = await admin.list('localizedstrings/?localized_string=agree');
  await admin.patch(`tags/${tag.id}/`, { msg_loc_ids: [string?.id] });
  expect(await admin.get(`tags/${tag.id}/?admin=1`)).toMatchObject({
    msg_loc: 'You agree',
    msg_loc_admin: [{ text: 'You agree', language: 'en', language_id: 1 }],
  });
  const form = new FormData();
  form.set('description', 'Moderated');
  form.set('weight', '80');
  const envelope = await admin.post('envelopes/', { session_id: session.id });
  const [heard] = await admin.list(`assets/?project_id=${projectId}`);
  const made = await admin.post('assets/', {
    envelope_ids: [envelope.id],
    filename: heard?.['filename'],
  });
  expect(await admin.patch(`assets/${made.id}/`, form)).toMatchObject({
    description: 'Moderated',
    weight: 80,
  });
  expect((await admin.call('DELETE', `assets/${made.id}/`)).status).toBe(204);
  expect((await admin.call('DELETE', `tags/${tag.id}/`)).status).toBe(204);
});
