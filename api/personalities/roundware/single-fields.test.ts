import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONTRACT } from './testing/contract.js';
import { covers } from './testing/covers.js';
import { HERE, makersOf } from './testing/makers.js';
import { type RoundwareSite, startRoundwareSite } from './testing/site.js';
import { makeWorld, square, type World } from './testing/world.js';

let site: RoundwareSite;
let world: World;
let make: ReturnType<typeof makersOf>;
beforeAll(async () => {
  site = await startRoundwareSite();
  world = await makeWorld(site);
  make = makersOf(site, world);
});
afterAll(() => site.stop());

/** A field as it is sent, where it is read, and what is read there. */
type Case = readonly [name: string, sent: unknown, read?: string, shown?: unknown];

/** Every field that the contract lets a call change is among the cases, and no other. */
function isWhole(call: string, names: readonly string[], ...but: readonly string[]): void {
  const inputs = (CONTRACT[call] ?? []).filter((item) => item.startsWith('>'));
  const asked = inputs.map((item) => item.slice(1)).filter((name) => !but.includes(name));
  expect([...names].sort()).toEqual(asked.sort());
}

async function freshAsset(): Promise<number> {
  return (
    await world.olga.patch(`assets/${String(await make.asset())}/`, {
      start_time: 0,
      end_time: 30,
    })
  ).id;
}

test('a field of an asset is changed alone, by each of its names', async () => {
  const { olga, adaId, germanId, texts } = world;
  const [english] = await texts('x', 'y');
  const otherProject = await make.idOf('projects');
  const session = await make.idOf('sessions');
  const [tag, envelope] = [await make.idOf('tags'), await make.idOf('envelopes')];
  const cases: readonly Case[] = [
    ['description', 'Changed'],
    ['latitude', 10.5],
    ['longitude', 20.5],
    ['shape', square(1, 1, 0.5)],
    ['volume', 0.25],
    ['weight', 7],
    ['submitted', false],
    ['start_time', 2.5],
    ['end_time', 8.5],
    ['audio_length_in_seconds', 12.5],
    ['media_type', 'video'],
    ['mediatype', 'photo', 'media_type'],
    ['language_id', germanId],
    ['language', germanId, 'language_id'],
    ['user_id', adaId, 'user', { id: adaId }],
    ['user', adaId, 'user', { id: adaId }],
    ['session_id', session],
    ['session', session, 'session_id'],
    ['project_id', otherProject],
    ['project', otherProject, 'project_id'],
    ['tag_ids', [tag]],
    ['tags', `${tag},`, 'tag_ids', [tag]],
    ['envelope_ids', [envelope]],
    ['envelope_id', envelope, 'envelope_ids', [envelope]],
    ['description_loc_ids', [english]],
    ['loc_description_ids', [english], 'description_loc_ids'],
    ['alt_text_loc_ids', [english]],
    ['loc_alt_text_ids', [english], 'alt_text_loc_ids'],
  ];
  isWhole(
    'PATCH assets/{id}',
    cases.map(([name]) => name),
  );
  for (const [name, sent, read = name, shown = sent] of cases) {
    const id = await freshAsset();
    const before = await olga.get(`assets/${id}/`);
    const changed = await olga.patch(`assets/${id}/`, { [name]: sent });
    expect(before[read], name).not.toEqual(changed[read]);
    expect(changed, name).toMatchObject({ [read]: shown });
    const { [read]: _one, updated: _then, ...others } = before;
    expect(changed, name).toMatchObject(others);
    covers('PATCH assets/{id}', `>${name}`);
  }
});

test('a field of a session is changed alone, by each of its names', async () => {
  const { olga, germanId } = world;
  const otherProject = await make.idOf('projects');
  const cases: readonly Case[] = [
    ['project_id', otherProject],
    ['project', otherProject, 'project_id'],
    ['client_type', 'phone'],
    ['client_system', 'Safari'],
    ['timezone', '-0500'],
    ['geo_listen_enabled', false],
    ['demo_stream_enabled', true],
    ['language_id', germanId],
    ['language', 'de', 'language_id', germanId],
  ];
  isWhole(
    'PATCH sessions/{id}',
    cases.map(([name]) => name),
  );
  for (const [name, sent, read = name, shown = sent] of cases) {
    const before = await olga.get(`sessions/${String(await make.idOf('sessions'))}/`);
    expect(before[read], name).not.toEqual(shown);
    const { [read]: _one, ...others } = before;
    const changed = await olga.patch(`sessions/${before.id}/`, { [name]: sent });
    expect(changed, name).toEqual({ ...others, [read]: shown });
    covers('PATCH sessions/{id}', `>${name}`);
  }
});

test('a stream takes a choice, a place or a language alone, and the rest with a place', async () => {
  const { olga, germanId } = world;
  const cases: readonly (readonly [names: readonly string[], sent: object, move: object])[] = [
    [['tag_ids'], { tag_ids: '3,4' }, { tagIds: [3, 4] }],
    [['tags'], { tags: '5,' }, { tagIds: [5] }],
    [['language'], { language: 'de' }, { languageId: germanId }],
    [['latitude', 'longitude'], HERE, { position: HERE }],
    [['listener_range_max'], { ...HERE, listener_range_max: 90 }, { rangeMaxM: 90 }],
    [['listener_range_min'], { ...HERE, listener_range_min: 9 }, { rangeMinM: 9 }],
    [['listener_heading'], { ...HERE, listener_heading: 350.5 }, { headingDeg: 350.5 }],
    [['listener_width'], { ...HERE, listener_width: 45 }, { headingWidthDeg: 45 }],
  ];
  isWhole(
    'PATCH streams/{id}',
    cases.flatMap(([names]) => names),
  );
  const nothing = { headingDeg: null, headingWidthDeg: null, rangeMinM: null, rangeMaxM: null };
  for (const [names, sent, move] of cases) {
    const { id } = await make.opened();
    expect(await olga.patch(`streams/${String(id)}/`, sent)).toEqual({});
    const place = 'latitude' in sent ? { position: HERE } : {};
    expect(site.sound.moves.at(-1)).toEqual({
      id: `secret-${String(id)}`,
      ...nothing,
      ...place,
      ...move,
    });
    covers('PATCH streams/{id}', ...names.map((name) => `>${name}`));
  }
});

test('a file brings one thing that is said of it, by each of its names', async () => {
  const { olga, adaId, texts } = world;
  const [english] = await texts('x', 'y');
  const tag = await make.idOf('tags');
  const other = await make.idOf('sessions');
  const cases: readonly Case[] = [
    ['session_id', other, 'project_id', world.projectId],
    ['latitude', 10.5],
    ['longitude', 20.5],
    ['tag_ids', `${tag},`, 'tag_ids', [tag]],
    ['tags', `${tag},`, 'tag_ids', [tag]],
    ['media_type', 'photo'],
    ['mediatype', 'photo', 'media_type'],
    ['description', 'Heard'],
    ['volume', 0.25],
    ['weight', 7],
    ['submitted', 'Y', 'submitted', true],
    ['user_id', adaId, 'user', { id: adaId }],
    ['description_loc_ids', english, 'descriptionLocIds', [english]],
    ['alt_text_loc_ids', english, 'altTextLocIds', [english]],
  ];
  isWhole(
    'PATCH envelopes/{id}',
    cases.map(([name]) => name),
    ...['file', 'asset_id'],
  );
  for (const [name, sent, read = name, shown = sent] of cases) {
    const form = new FormData();
    // A place has both: half of one is none.
    if (['latitude', 'longitude'].includes(name)) {
      for (const half of ['latitude', 'longitude']) form.set(half, '1.5');
    }
    form.set(name, String(sent));
    form.set('file', new Blob(['RIFF sound'], { type: 'audio/wav' }), 'blob');
    const path = `envelopes/${String(await make.idOf('envelopes'))}/`;
    const answer = await olga.patch(path, form);
    // The texts of an asset are written by the arrival itself, which this site only notes.
    const seen = read.endsWith('LocIds') ? site.ingest.arrivals.at(-1) : answer;
    expect(seen, name).toMatchObject({ [read]: shown });
    covers('PATCH envelopes/{id}', `>${name}`);
  }
});
