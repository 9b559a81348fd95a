import type { ContentInput, ContentResource } from '../../api/contract/content.js';
import type { TestServer } from '../../api/testing/server.js';
import { wav } from '../../media/synth/tools.js';

const RATE_HZ = 48_000;
export const CENTER = { latitude: 48.1371, longitude: 11.5754 } as const;

/** A place so many metres east and north of the middle of the garden. */
export const at = (eastM: number, northM: number) => ({
  latitude: CENTER.latitude + northM / 111_320,
  longitude: CENTER.longitude + eastM / (111_320 * Math.cos((CENTER.latitude * Math.PI) / 180)),
});

export const AGREEMENT = 'Keep an eye on your way.';
export const EINVERSTANDEN = 'Achten Sie auf den Weg.';

export interface Garden {
  readonly projectId: number;
  /** Recordings at the middle, and one far in the west. */
  readonly near: readonly number[];
  readonly west: number;
  readonly tags: { readonly gardeners: number; readonly children: number };
  /** One call of an operator. */
  get<T>(path: string): Promise<T>;
}

function ring(eastM: number, northM: number, sizeM: number): [number, number][] {
  return [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
    [0, 0],
  ].map(([x = 0, y = 0]) => {
    const { latitude, longitude } = at(eastM + (x - 0.5) * sizeM, northM + (y - 0.5) * sizeM);
    return [longitude, latitude];
  });
}

/** A tone that swells, as a WAV file. */
function sound(seconds: number, hz: number): Blob {
  const plane = Float32Array.from(
    { length: seconds * RATE_HZ },
    (_, frame) =>
      0.3 * Math.sin((2 * Math.PI * hz * frame) / RATE_HZ) * Math.sin((Math.PI * frame) / RATE_HZ),
  );
  return new Blob([new Uint8Array(wav([plane]))], { type: 'audio/wav' });
}

/** A project with areas, recordings, choices and texts in two languages, made as an operator makes it. */
export async function plantGarden(server: TestServer, cookie: string): Promise<Garden> {
  const send = async (path: string, init: RequestInit): Promise<{ readonly id: number }> => {
    const answer = await fetch(`${server.url}${path}`, {
      ...init,
      headers: { ...init.headers, cookie },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { readonly id: number };
  };
  const make = async <R extends ContentResource>(
    path: string,
    values: ContentInput<R>,
  ): Promise<number> => {
    const { id } = await send(`/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(values),
    });
    return id;
  };
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${server.url}${path}`, { headers: { cookie } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const { items } = await get<{ items: { id: number; code: string }[] }>('/v1/languages');
  const german =
    items.find(({ code }) => code === 'de')?.id ??
    (await make<'languages'>('languages', { name: 'Deutsch', code: 'de' }));
  const text = async (english: string, other: string): Promise<number[]> => [
    await make<'localizedStrings'>('localized-strings', { languageId: 1, text: english }),
    await make<'localizedStrings'>('localized-strings', { languageId: german, text: other }),
  ];
  const projectId = await make<'projects'>('projects', {
    name: 'The listening garden',
    ...CENTER,
    autoSubmit: true,
    recordingRadiusM: 30,
    maxRecordingS: 20,
    // What was skipped does not come at once again.
    bannedS: 60,
    repeatMode: 'continuous',
    languageIds: [1, german],
    legalAgreementLocIds: await text(AGREEMENT, EINVERSTANDEN),
    descriptionLocIds: await text('Voices and water.', 'Stimmen und Wasser.'),
  });
  for (const [name, eastM] of [
    ['Fountain court', 0],
    ['Rose garden', -90],
  ] as const) {
    await make<'speakers'>('speakers', {
      projectId,
      name,
      code: name.slice(0, 10),
      shape: [[ring(eastM, 0, 60)]],
    });
  }
  await make<'audioTracks'>('tracks', {
    projectId,
    minDurationS: 30,
    maxDurationS: 30,
    minDeadAirS: 0,
    maxDeadAirS: 0.2,
    repeatRecordings: true,
  });
  const tags = await makeChoices(make, text, projectId);
  const upload = async (name: string, eastM: number, tagId: number, hz: number) => {
    const place = at(eastM, 0);
    const form = new FormData();
    form.set('projectId', String(projectId));
    form.set('latitude', String(place.latitude));
    form.set('longitude', String(place.longitude));
    form.set('tagIds', String(tagId));
    form.set('description', name);
    form.set('submitted', 'true');
    form.set('file', sound(12, hz), `${name}.wav`);
    const { id } = await send('/v1/assets/upload', { method: 'POST', body: form });
    return id;
  };
  const near = [
    await upload('Grandmother and the well', 3, tags.gardeners, 220),
    await upload('The gate in the morning', -3, tags.gardeners, 330),
  ];
  const west = await upload('Frogs of the west', -90, tags.gardeners, 440);
  return { projectId, near, west, tags, get };
}

async function makeChoices(
  make: <R extends ContentResource>(path: string, values: ContentInput<R>) => Promise<number>,
  text: (english: string, other: string) => Promise<number[]>,
  projectId: number,
): Promise<Garden['tags']> {
  const categoryId = await make<'tagCategories'>('tag-categories', { name: 'who' });
  const topicId = await make<'tagCategories'>('tag-categories', { name: 'topic' });
  const tag = async (category: number, english: string, german: string): Promise<number> =>
    await make<'tags'>('tags', {
      projectId,
      categoryId: category,
      value: english.toLowerCase(),
      description: english,
      messageLocIds: await text(english, german),
    });
  const tags = {
    gardeners: await tag(categoryId, 'Gardeners', 'Gärtner'),
    children: await tag(categoryId, 'Children', 'Kinder'),
  };
  const memory = await tag(topicId, 'A memory', 'Eine Erinnerung');
  const noise = await tag(topicId, 'A sound', 'Ein Geräusch');
  const long = await tag(topicId, 'Long ago', 'Lange her');
  const who = await make<'uiGroups'>('ui-groups', {
    projectId,
    categoryId,
    name: 'Who',
    mode: 'listen',
    select: 'multi',
    headerLocIds: await text('Who is speaking?', 'Wer spricht?'),
  });
  for (const tagId of [tags.gardeners, tags.children]) {
    await make<'uiItems'>('ui-items', { groupId: who, tagId });
  }
  const what = await make<'uiGroups'>('ui-groups', {
    projectId,
    categoryId: topicId,
    name: 'What',
    mode: 'speak',
    select: 'single',
    headerLocIds: await text('What do you tell?', 'Was erzählen Sie?'),
  });
  const parentId = await make<'uiItems'>('ui-items', { groupId: what, tagId: memory });
  await make<'uiItems'>('ui-items', { groupId: what, tagId: noise, index: 1 });
  const when = await make<'uiGroups'>('ui-groups', {
    projectId,
    categoryId: topicId,
    name: 'When',
    mode: 'speak',
    select: 'single',
    index: 1,
    headerLocIds: await text('When was it?', 'Wann war das?'),
  });
  await make<'uiItems'>('ui-items', { groupId: when, tagId: long, parentId });
  return tags;
}
