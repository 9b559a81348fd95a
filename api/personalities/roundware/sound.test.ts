import { afterAll, beforeAll, expect, test } from 'vitest';
import { ASSET_DEFAULTS } from '../../../actors/content/defaults.js';
import { EngineError } from '../../../engine/errors.js';
import { covers, shows } from './testing/covers.js';
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

interface Line {
  readonly type: string;
  readonly coordinates: readonly (readonly [number, number])[];
}

const speakerOf = (projectId: number) => ({
  activeyn: true,
  code: 'harbour',
  maxvolume: 0.8,
  minvolume: 0.1,
  uri: 'http://radio.example/harbour.mp3',
  backupuri: 'http://radio.example/reserve.mp3',
  shape: square(-71.25, 42.5, 0.001),
  attenuation_distance: 20,
  project_id: projectId,
});

test('a speaker keeps what it is given, and shows its boundary and the border of full volume', async () => {
  const { olga, ada, projectId } = world;
  const row = await fiveCalls({
    staff: olga,
    reader: ada,
    path: 'speakers',
    made: speakerOf(projectId),
    changed: {
      activeyn: false,
      code: 'quay',
      maxvolume: 1,
      minvolume: 0,
      uri: 'http://radio.example/quay.mp3',
      backupuri: 'http://radio.example/quay-2.mp3',
      shape: square(-71.2, 42.4, 0.002),
      attenuation_distance: 5,
    },
  });
  const speaker = await ada.get<{ boundary: Line; attenuation_border: Line }>(
    `speakers/${row.id}/`,
  );
  const ring = square(-71.2, 42.4, 0.002).coordinates[0]?.[0];
  shows('GET speakers', speaker, {
    boundary: { type: 'MultiLineString', coordinates: [ring] },
    attenuation_border: { type: 'LineString' },
  });
  const border = speaker.attenuation_border.coordinates;
  expect(border[0]).toEqual(border.at(-1));
  // 5 m inwards everywhere: 0.002° are some 222 m north, 5 m of them some 0.000045°.
  const north = Math.max(...border.map(([, latitude]) => latitude));
  expect(42.402 - north).toBeCloseTo(0.000045, 5);
});

test('the border of a speaker that is all attenuation is still a closed line of four points', async () => {
  const { olga, projectId } = world;
  const speaker = await olga.post<{ attenuation_border: Line }>('speakers/', {
    ...speakerOf(projectId),
    attenuation_distance: 10_000,
  });
  const { type, coordinates } = speaker.attenuation_border;
  expect(type).toBe('LineString');
  expect(coordinates).toHaveLength(4);
  expect(coordinates[0]).toEqual(coordinates[3]);
  covers('GET speakers', '=border of a shape that collapses');
});

test('a speaker without a shape has lines that clients can read', async () => {
  const { olga, projectId } = world;
  const { shape: _shape, ...bare } = speakerOf(projectId);
  const speaker = await olga.post<{ boundary: Line; attenuation_border: Line; shape: Line }>(
    'speakers/',
    bare,
  );
  for (const line of [speaker.boundary, speaker.attenuation_border]) {
    expect(line).toMatchObject({ type: 'LineString' });
    expect(line.coordinates).toHaveLength(4);
  }
  expect(speaker.shape.type).toBe('MultiPolygon');
});

test('speakers are narrowed by project and by whether they play', async () => {
  const { olga, ada } = world;
  const other = await olga.post('projects/', { name: 'Other', latitude: 0, longitude: 0 });
  const on = await olga.post('speakers/', speakerOf(other.id));
  const off = await olga.post('speakers/', { ...speakerOf(other.id), activeyn: false });
  const here = `project_id=${other.id}`;
  await narrows(ada, 'speakers', 'project_id', here, [on.id, off.id]);
  await narrows(ada, 'speakers', 'activeyn', `${here}&activeyn=TRUE`, [on.id]);
  await narrows(ada, 'speakers', 'activeyn', `${here}&activeyn=0`, [off.id]);
});

test('a speaker plays a file that was sent, and loses it with itself where asked', async () => {
  const { olga } = world;
  // Not the first of the site.
  const own = await olga.post('projects/', { name: 'Own', latitude: 0, longitude: 0 });
  const projectId = own.id;
  const form = new FormData();
  for (const [name, value] of Object.entries(speakerOf(projectId))) {
    if (name !== 'uri')
      form.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  form.set('file', new Blob(['sound'], { type: 'audio/mpeg' }), 'sound.mp3');
  await site.store.media.put({
    id: 'm-1',
    name: 'sound',
    file: 'sound.mp3',
    contentType: 'audio/mpeg',
    sizeBytes: 5,
    durationMs: 1_000,
    sha256: '',
    createdAtUnixMs: 0,
  });
  site.ingest.mediaId = 'm-1';
  const speaker = await olga.post('speakers/', form);
  expect(speaker['uri']).toBe(`${site.url}/media/sound.mp3`);
  expect(await olga.ids('assets/')).toEqual([]);
  covers('POST speakers', '>file');
  expect(site.ingest.arrivals.at(-1)).toMatchObject({ projectId });
  const { ingest } = site;
  const settled = ingest.settled.bind(ingest);
  ingest.settled = () => Promise.reject(new EngineError('call.aborted', 'too late'));
  expect((await olga.call('POST', 'speakers/', form)).status).toBe(503);
  ingest.settled = settled;
  expect(await olga.ids('assets/')).toEqual([]);
  form.set('uri', 'http://radio.example/x.mp3');
  expect((await olga.call('POST', 'speakers/', form)).status).toBe(400);
  expect((await olga.call('DELETE', `speakers/${speaker.id}/?delete_binary=true`)).status).toBe(
    204,
  );
  expect(await site.store.media.get('m-1')).toBeUndefined();
  covers('DELETE speakers/{id}', '?delete_binary');
});

test.each([
  [{ uri: '' }, 'detail'],
  [{ minvolume: 0.9 }, 'minvolume'],
  [{ shape: { type: 'Point', coordinates: [0, 0] } }, 'shape'],
  [
    {
      shape: {
        type: 'MultiPolygon',
        coordinates: [
          [
            [
              [0, 0],
              [0, 100],
              [1, 1],
            ],
          ],
        ],
      },
    },
    'shape',
  ],
  [{ code: 'more than ten' }, 'code'],
  [{ project_id: 9_999 }, 'detail'],
])('a speaker with %j is refused and names %s', async (wrong, field) => {
  const body = { ...speakerOf(world.projectId), ...wrong };
  const got = await world.olga.call<Record<string, unknown>>('POST', 'speakers/', body);
  expect(got.status).toBe(400);
  expect(Object.keys(got.body)).toContain(field);
});

const trackOf = (projectId: number, tagId: number) => ({
  project_id: projectId,
  minvolume: 0.5,
  maxvolume: 0.9,
  minduration: 10,
  maxduration: 30.5,
  mindeadair: 1,
  maxdeadair: 3,
  minfadeintime: 0.1,
  maxfadeintime: 0.5,
  minfadeouttime: 0.2,
  maxfadeouttime: 2,
  minpanpos: -0.5,
  maxpanpos: 0.5,
  minpanduration: 5,
  maxpanduration: 10,
  repeatrecordings: true,
  tag_filters: [tagId],
  active: true,
  start_with_silence: true,
  banned_duration: 600,
  fadeout_when_filtered: true,
  timed_asset_priority: 'highest',
});

test('an audio track keeps each of its numbers, in seconds', async () => {
  const { olga, ada, projectId } = world;
  await fiveCalls({
    staff: olga,
    reader: ada,
    path: 'audiotracks',
    made: trackOf(projectId, 1),
    changed: {
      maxvolume: 1,
      minvolume: 0,
      maxduration: 60,
      minduration: 5,
      maxdeadair: 9,
      mindeadair: 2,
      maxfadeintime: 3,
      minfadeintime: 1,
      maxfadeouttime: 4,
      minfadeouttime: 1,
      maxpanpos: 1,
      minpanpos: -1,
      maxpanduration: 20,
      minpanduration: 1,
      repeatrecordings: false,
      tag_filters: [],
      active: false,
      start_with_silence: false,
      banned_duration: 0,
      fadeout_when_filtered: false,
      timed_asset_priority: 'discard',
    },
  });
});

test('audio tracks are narrowed by project, flags and ranges', async () => {
  const { olga, ada } = world;
  const other = await olga.post('projects/', { name: 'Tracks', latitude: 0, longitude: 0 });
  const wish = { ...trackOf(other.id, 1), tag_filters: [] };
  const one = await olga.post('audiotracks/', wish);
  const two = await olga.post('audiotracks/', {
    ...wish,
    active: false,
    repeatrecordings: false,
    start_with_silence: false,
    fadeout_when_filtered: false,
    minduration: 20,
    maxduration: 60,
    mindeadair: 2,
    maxdeadair: 8,
  });
  const here = `project_id=${other.id}`;
  await narrows(ada, 'audiotracks', 'project_id', here, [one.id, two.id]);
  for (const flag of [
    'active',
    'repeatrecordings',
    'start_with_silence',
    'fadeout_when_filtered',
  ]) {
    await narrows(ada, 'audiotracks', flag, `${here}&${flag}=true`, [one.id]);
    await narrows(ada, 'audiotracks', flag, `${here}&${flag}=false`, [two.id]);
  }
  for (const [name, between] of [
    ['minduration', 15],
    ['maxduration', 45],
    ['mindeadair', 1.5],
    ['maxdeadair', 5],
  ] as const) {
    await narrows(ada, 'audiotracks', `${name}__lte`, `${here}&${name}__lte=${between}`, [one.id]);
    await narrows(ada, 'audiotracks', `${name}__gte`, `${here}&${name}__gte=${between}`, [two.id]);
  }
});

test('a track whose range is the wrong way round is refused', async () => {
  const body = { ...trackOf(world.projectId, 1), minduration: 40 };
  expect(await world.olga.call('POST', 'audiotracks/', body)).toMatchObject({
    status: 400,
    body: { minduration: [expect.any(String)] as unknown },
  });
});

test('timed assets have a window, and are narrowed by it', async () => {
  const { olga, ada, projectId, sessionId } = world;
  const envelope = await ada.post('envelopes/', { session_id: sessionId });
  await site.store.content.assets.create({
    ...ASSET_DEFAULTS,
    projectId,
    submitted: true,
    filename: 'known.mp3',
    createdAtUnixMs: 0,
    updatedAtUnixMs: 0,
  });
  const asset = await ada.post('assets/', {
    envelope_ids: envelope.id,
    filename: 'known.mp3',
  });
  const wish = { start: 10, end: 20.5, asset_id: asset.id, project_id: projectId };
  const row = await fiveCalls({
    staff: olga,
    reader: ada,
    path: 'timedassets',
    made: wish,
    changed: { end: 30, start: 5 },
  });
  const later = await olga.post('timedassets/', { ...wish, start: 100, end: 200 });
  const other = await olga.post('projects/', { name: 'Timed', latitude: 0, longitude: 0 });
  const far = await olga.post('timedassets/', { ...wish, project_id: other.id });
  await narrows(ada, 'timedassets', 'project_id', `project_id=${other.id}`, [far.id]);
  await narrows(ada, 'timedassets', 'asset_id', `asset_id=${asset.id}`, [row.id, later.id, far.id]);
  const here = `project_id=${projectId}`;
  await narrows(ada, 'timedassets', 'start__lte', `${here}&start__lte=50`, [row.id]);
  await narrows(ada, 'timedassets', 'start__gte', `${here}&start__gte=50`, [later.id]);
  await narrows(ada, 'timedassets', 'end__lte', `${here}&end__lte=50`, [row.id]);
  await narrows(ada, 'timedassets', 'end__gte', `${here}&end__gte=50`, [later.id]);
  const wrong = await olga.call('POST', 'timedassets/', { ...wish, end: 1 });
  expect(wrong).toMatchObject({ status: 400, body: { end: [expect.any(String)] as unknown } });
  covers('GET timedassets', '=end before start');
});
