import type { Asset } from '../../actors/content/content.types.js';
import {
  ASSET_DEFAULTS,
  AUDIO_TRACK_DEFAULTS,
  PROJECT_DEFAULTS,
  TAG_DEFAULTS,
  UI_GROUP_DEFAULTS,
  UI_ITEM_DEFAULTS,
} from '../../actors/content/defaults.js';
import type { ContentStore } from '../../actors/content/store.types.js';
import type { Clock } from '../../engine/clock.js';
import { CENTER, type Metres, toGeo } from './ground.js';
import { planCorners } from './plan.js';
import {
  type DemoTag,
  demoMediaId,
  demoSpeakers,
  GREETING,
  SPOTS,
  TAGS,
  TEXTS,
  TRACK_SOUNDS,
} from './site.js';

type Words = readonly [english: string, german: string];

/** Writes the demo project's rows. `lengthS`: of each sound. @returns the project's id. */
export async function makeDemoContent(
  content: ContentStore,
  lengthS: ReadonlyMap<string, number>,
  clock: Clock,
): Promise<number> {
  const english = await languageId(content, 'en', 'English');
  const german = await languageId(content, 'de', 'Deutsch');
  const say = async ([inEnglish, inGerman]: Words): Promise<readonly number[]> => {
    const rows = await content.localizedStrings.createMany([
      { languageId: english, text: inEnglish },
      { languageId: german, text: inGerman },
    ]);
    return rows.map(({ id }) => id);
  };
  const nowUnixMs = clock.nowMs();
  const project = await content.projects.create({
    ...PROJECT_DEFAULTS,
    name: 'Walled garden',
    ...CENTER,
    publishedAtUnixMs: nowUnixMs,
    autoSubmit: true,
    recordingRadiusM: 60,
    outOfRangeM: 2_000,
    repeatMode: 'continuous',
    ordering: 'by_weight',
    bannedS: 120,
    descriptionLocIds: await say(TEXTS.description),
    legalAgreementLocIds: await say(TEXTS.legalAgreement),
    sharingMessageLocIds: await say(TEXTS.sharingMessage),
    outOfRangeMessageLocIds: await say(TEXTS.outOfRangeMessage),
    languageIds: [english, german],
  });
  const projectId = project.id;
  await content.projects.update(projectId, {
    plan: { url: `/v1/projects/${projectId}/plan.svg`, corners: planCorners() },
  });
  await content.speakers.createMany(demoSpeakers(projectId));
  const tagIds = await makeChoices(content, projectId, say);
  const tagsOf = (tags: readonly DemoTag[]): readonly number[] =>
    tags.flatMap((tag) => tagIds.get(tag) ?? []).sort((a, b) => a - b);
  const recording = (
    name: string,
    sound: string,
    at: Metres | undefined,
    values: Partial<Asset>,
  ): Omit<Asset, 'id'> => ({
    ...ASSET_DEFAULTS,
    projectId,
    languageId: english,
    mediaId: demoMediaId(sound),
    filename: `${sound}.wav`,
    description: name,
    ...(at === undefined ? {} : toGeo(at)),
    volume: 0.9,
    submitted: true,
    startS: 0,
    endS: lengthS.get(sound) ?? null,
    lengthS: lengthS.get(sound) ?? null,
    ingest: 'ready',
    createdAtUnixMs: nowUnixMs,
    updatedAtUnixMs: nowUnixMs,
    ...values,
  });
  await content.assets.createMany([
    ...SPOTS.map(({ name, sound, at, radiusM, tags }) =>
      recording(name, sound, at, { radiusM, placed: true, tagIds: tagsOf(tags) }),
    ),
    ...TRACK_SOUNDS.map(({ name, sound, at, language, weight, tags }) =>
      recording(name, sound, at, {
        weight,
        tagIds: tagsOf(tags),
        languageId: language === 'en' ? english : german,
      }),
    ),
  ]);
  const greeting = await content.assets.create(
    recording(GREETING.name, GREETING.sound, undefined, { tagIds: tagsOf(['music', 'house']) }),
  );
  await content.timedAssets.create({
    projectId,
    assetId: greeting.id,
    startS: GREETING.startS,
    endS: GREETING.endS,
  });
  const voice = { ...AUDIO_TRACK_DEFAULTS, projectId, startWithSilence: true, bannedS: 60 };
  await content.audioTracks.createMany([
    {
      ...voice,
      minDeadAirS: 4,
      maxDeadAirS: 10,
      minVolume: 0.8,
      tagIds: tagsOf(['story']),
      fadeOutWhenFiltered: true,
    },
    {
      ...voice,
      minDeadAirS: 6,
      maxDeadAirS: 14,
      minVolume: 0.5,
      maxVolume: 0.8,
      minPan: -0.8,
      maxPan: 0.8,
      tagIds: tagsOf(['music', 'animals']),
    },
  ]);
  return projectId;
}

async function languageId(content: ContentStore, code: string, name: string): Promise<number> {
  const known = await content.languages.first({
    where: [{ field: 'code', op: '=', value: code }],
  });
  return (known ?? (await content.languages.create({ code, name }))).id;
}

/** Tags in two categories, each with a group of choices to listen and one to speak. */
async function makeChoices(
  content: ContentStore,
  projectId: number,
  say: (words: Words) => Promise<readonly number[]>,
): Promise<ReadonlyMap<DemoTag, number>> {
  const tagIds = new Map<DemoTag, number>();
  for (const [place, [name, { header, ask, items }]] of Object.entries(TAGS).entries()) {
    const category = await content.tagCategories.create({ name, data: '' });
    const ids: number[] = [];
    for (const [value, words] of Object.entries(items) as [DemoTag, Words][]) {
      const locIds = await say(words);
      const tag = await content.tags.create({
        ...TAG_DEFAULTS,
        projectId,
        categoryId: category.id,
        value,
        description: words[0],
        descriptionLocIds: locIds,
        messageLocIds: locIds,
      });
      tagIds.set(value, tag.id);
      ids.push(tag.id);
    }
    for (const mode of ['listen', 'speak'] as const) {
      const group = await content.uiGroups.create({
        ...UI_GROUP_DEFAULTS,
        projectId,
        categoryId: category.id,
        name: `${name} (${mode})`,
        mode,
        select: mode === 'listen' ? 'multi' : 'single',
        index: place,
        headerLocIds: await say(mode === 'listen' ? header : ask),
      });
      await content.uiItems.createMany(
        ids.map((tagId, index) => ({
          ...UI_ITEM_DEFAULTS,
          groupId: group.id,
          tagId,
          index,
          isDefault: mode === 'listen',
        })),
      );
    }
  }
  return tagIds;
}
