import { afterAll, beforeAll, expect, test } from 'vitest';
import { covers, naiveDate, shows } from './testing/covers.js';
import { fiveCalls, narrows } from './testing/fields.js';
import { type RoundwareSite, startRoundwareSite } from './testing/site.js';
import { makeWorld, square, type World } from './testing/world.js';

let site: RoundwareSite;
let world: World;
beforeAll(async () => {
  site = await startRoundwareSite();
  world = await makeWorld(site);
});
afterAll(() => site.stop());

const PROJECT = {
  name: 'Everything',
  owner: 'The museum',
  latitude: 42.5,
  longitude: -71.25,
  audio_format: 'ogg',
  auto_submit: true,
  max_recording_length: 45,
  listen_questions_dynamic: true,
  speak_questions_dynamic: true,
  sharing_url: 'http://share.example/r/',
  out_of_range_url: 'http://radio.example/out.mp3',
  recording_radius: 16,
  listen_enabled: false,
  geo_listen_enabled: false,
  speak_enabled: false,
  geo_speak_enabled: false,
  reset_tag_defaults_on_startup: true,
  timed_asset_priority: false,
  repeat_mode: 'continuous',
  files_url: 'http://files.example/p.zip',
  files_version: '7',
  audio_stream_bitrate: '192',
  ordering: 'by_weight',
  demo_stream_enabled: true,
  demo_stream_url: 'http://radio.example/demo.mp3',
  out_of_range_distance: 250,
};

const TEXTS = [
  'demo_stream_message',
  'legal_agreement',
  'description',
  'sharing_message',
  'out_of_range_message',
] as const;

test('a project keeps each of its settings, and its texts in each language', async () => {
  const { olga, ada, texts, germanId, germanSessionId } = world;
  const locIds: Record<string, readonly number[]> = {};
  for (const name of TEXTS) locIds[`${name}_loc_ids`] = await texts(`${name} en`, `${name} de`);
  const english = Object.fromEntries(TEXTS.map((name) => [name, `${name} en`]));
  const row = await fiveCalls({
    staff: olga,
    reader: ada,
    path: 'projects',
    made: { ...PROJECT, ...locIds, language_ids: [1, germanId] },
    shown: { ...PROJECT, ...english, language_ids: [1, germanId], pub_date: naiveDate },
    item: '?admin',
    changed: {
      name: 'Changed',
      owner: '',
      latitude: -10,
      longitude: 170,
      audio_format: 'MP3',
      auto_submit: false,
      max_recording_length: 30,
      recording_radius: 12.5,
      repeat_mode: 'stop',
      audio_stream_bitrate: '64',
      ordering: 'random',
      out_of_range_distance: 1_000,
      language_ids: [1],
    },
    after: {
      name: 'Changed',
      owner: '',
      latitude: -10,
      longitude: 170,
      audio_format: 'mp3',
      auto_submit: false,
      max_recording_length: 30,
      recording_radius: 12.5,
      repeat_mode: 'stop',
      audio_stream_bitrate: '64',
      ordering: 'random',
      out_of_range_distance: 1_000,
      language_ids: [1],
    },
  });
  const german = await ada.get(`projects/${row.id}/?session_id=${germanSessionId}`);
  for (const name of TEXTS) expect(german[name]).toBe(`${name} de`);
  covers('GET projects/{id}', '=language of the session');
  const admin = await olga.get(`projects/${row.id}/?admin=1`);
  expect(admin['legal_agreement_admin']).toEqual([
    {
      id: locIds['legal_agreement_loc_ids']?.[0],
      text: 'legal_agreement en',
      language: 'en',
      language_id: 1,
    },
    {
      id: locIds['legal_agreement_loc_ids']?.[1],
      text: 'legal_agreement de',
      language: 'de',
      language_id: germanId,
    },
  ]);
  const listed = (await olga.list('projects/?admin')).find(({ id }) => id === row.id);
  expect(listed).toEqual(admin);
  covers('GET projects', '?admin');
});

test('a project is read in a session: without one 400, with an unknown one 404', async () => {
  const { ada, projectId, sessionId } = world;
  expect((await ada.call('GET', `projects/${projectId}/`)).status).toBe(400);
  expect((await ada.call('GET', `projects/${projectId}/?session_id=9999`)).status).toBe(404);
  expect((await ada.call('GET', `projects/9999/?session_id=${sessionId}`)).status).toBe(404);
  covers('GET projects/{id}', '=session_id needed');
});

test('a project without a radius shows what holds, since one app cannot read a missing number', async () => {
  const { olga, ada, projectId, sessionId } = world;
  const row = await olga.post('projects/', { name: 'No radius', latitude: 0, longitude: 0 });
  await olga.patch(`projects/${row.id}/`, { recording_radius: null });
  expect(await ada.get(`projects/${row.id}/?session_id=${sessionId}`)).toMatchObject({
    recording_radius: 1,
  });
  expect(await olga.get(`projects/${row.id}/?admin=1`)).toMatchObject({ recording_radius: null });
  expect(projectId).not.toBe(row.id);
});

test('texts that are not there in a language are null', async () => {
  const { olga, ada, germanSessionId, texts } = world;
  const [english] = await texts('Only English', 'Nur Deutsch');
  const row = await olga.post('projects/', {
    name: 'One language',
    latitude: 0,
    longitude: 0,
    sharing_message_loc_ids: [english],
  });
  expect(await ada.get(`projects/${row.id}/?session_id=${germanSessionId}`)).toMatchObject({
    sharing_message: null,
    legal_agreement: null,
  });
});

test('projects are narrowed by name and by what is enabled', async () => {
  const { olga, ada } = world;
  const wish = { latitude: 0, longitude: 0 };
  const one = await olga.post('projects/', { ...wish, name: 'Filter one', listen_enabled: false });
  const two = await olga.post('projects/', {
    ...wish,
    name: 'Filter two',
    geo_listen_enabled: false,
  });
  const three = await olga.post('projects/', {
    ...wish,
    name: 'Filter three',
    speak_enabled: false,
  });
  const four = await olga.post('projects/', {
    ...wish,
    name: 'Filter four',
    geo_speak_enabled: false,
  });
  const here = 'name=FILTER';
  await narrows(ada, 'projects', 'name', here, [one.id, two.id, three.id, four.id]);
  await narrows(ada, 'projects', 'listen_enabled', `${here}&listen_enabled=false`, [one.id]);
  await narrows(ada, 'projects', 'geo_listen_enabled', `${here}&geo_listen_enabled=FALSE`, [
    two.id,
  ]);
  await narrows(ada, 'projects', 'speak_enabled', `${here}&speak_enabled=0`, [three.id]);
  await narrows(ada, 'projects', 'geo_speak_enabled', `${here}&geo_speak_enabled=False`, [four.id]);
  covers('every call', '=booleans of any letter case');
});

test('project groups keep their projects, and find those that are heard at a place', async () => {
  const { olga, ada, texts } = world;
  const place = { latitude: 10, longitude: 20 };
  const near = await olga.post('projects/', {
    ...place,
    name: 'Near',
    owner: 'Owner',
    description_loc_ids: await texts('Near text', 'Naher Text'),
  });
  const far = await olga.post('projects/', { latitude: 50, longitude: 20, name: 'Far' });
  const everywhere = await olga.post('projects/', {
    ...place,
    name: 'Everywhere',
    geo_listen_enabled: false,
  });
  for (const [project, latitude] of [
    [near, 10],
    [far, 50],
  ] as const) {
    await olga.post('speakers/', {
      project_id: project.id,
      code: 'a',
      maxvolume: 1,
      minvolume: 0,
      attenuation_distance: 10,
      uri: 'http://radio.example/a.mp3',
      activeyn: true,
      shape: square(20, latitude, 0.01),
    });
  }
  const project_ids = [near.id, far.id, everywhere.id];
  const group = await fiveCalls({
    staff: olga,
    reader: ada,
    path: 'projectgroups',
    made: { name: 'Group', active: true, description: 'Text', project_ids },
    changed: { name: 'Group 2', active: false, description: '', project_ids: [near.id] },
  });
  await narrows(ada, 'projectgroups', 'name', 'name=Group%202', [group.id]);
  await narrows(ada, 'projectgroups', 'active', 'active=false', [group.id]);
  const heard = `projectgroups/${group.id}/projects/?latitude=10&longitude=20`;
  expect(await ada.get(heard)).toEqual({ detail: expect.any(String) as unknown });
  covers('GET projectgroups/{id}/projects', '=inactive');
  await olga.patch(`projectgroups/${group.id}/`, { active: true, project_ids });
  const found = await ada.list(heard);
  expect(found.map((row) => row['name'])).toEqual(['Near', 'Everywhere']);
  shows('GET projectgroups/{id}/projects', found[0], {
    name: 'Near',
    owner: 'Owner',
    description_loc: 'Near text',
    project_id: near.id,
    thumbnail_url: '',
  });
  const german = await ada.list(`${heard}&language_code=de`);
  expect(german[0]).toMatchObject({ description_loc: 'Naher Text' });
  const elsewhere = await ada.list(`projectgroups/${group.id}/projects/?latitude=20&longitude=10`);
  expect(elsewhere.map((row) => row['name'])).toEqual(['Everywhere']);
  covers('GET projectgroups/{id}/projects', '?latitude', '?longitude', '?language_code');
  expect(await ada.get(`projectgroups/${group.id}/projects/?latitude=10`)).toHaveProperty('detail');
});
