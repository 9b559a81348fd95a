import { z } from 'zod';
import type { Language, Tag, UiGroup } from '../../../actors/content/content.types.js';
import type { ContentStore } from '../../../actors/content/store.types.js';
import { EngineError } from '../../../engine/errors.js';
import { type ListenerProject, listenerProject } from '../../contract/content.js';
import { type Route, route } from '../../http/route.types.js';

/** English is the language of whoever has no text in theirs. */
const FALLBACK_LANGUAGE = 1;
const code = z
  .string()
  .regex(/^[a-zA-Z]{2}([-_].{0,20})?$/, 'must be a language code like en or en-US')
  .transform((text) => text.slice(0, 2).toLowerCase());

/** What a visitor's page needs to begin, in one answer and in the visitor's language. */
export function listenerRoutes(content: ContentStore): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/projects/{id}/listener',
      summary: 'A project as its visitors see it: texts, choices, places, in one language',
      tag: 'content',
      access: 'open',
      params: z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
      query: z.object({ language: code.default('en') }),
      response: listenerProject,
      handler: ({ params, query }) => read(content, params.id, query.language),
    }),
  ];
}

async function read(
  content: ContentStore,
  projectId: number,
  wanted: string,
): Promise<ListenerProject> {
  const project = await content.projects.get(projectId);
  if (project === undefined) {
    throw new EngineError(
      'not-found',
      `there is no project ${projectId}; GET /v1/projects lists them`,
    );
  }
  const ofProject = { where: [{ field: 'projectId', op: '=', value: projectId }] } as const;
  const [languages, groups, tags, speakers, tracks] = await Promise.all([
    content.languages.many(project.languageIds),
    content.uiGroups.find({ ...ofProject, order: { by: 'index', direction: 'asc' } }),
    content.tags.find(ofProject),
    content.speakers.find(ofProject),
    content.audioTracks.find(ofProject),
  ]);
  const language = languages.find((one) => one.code === wanted) ?? languages[0];
  const say = await translator(content, language, [
    project.legalAgreementLocIds,
    project.descriptionLocIds,
    project.sharingMessageLocIds,
    project.outOfRangeMessageLocIds,
    project.demoStreamMessageLocIds,
    ...groups.map((group) => group.headerLocIds),
    ...tags.flatMap((tag) => [tag.messageLocIds, tag.descriptionLocIds]),
  ]);
  const byId = new Map(tags.map((tag) => [tag.id, tag]));
  const active = groups.filter((group) => group.active);
  const choices = async (mode: UiGroup['mode']): Promise<ListenerProject['listenGroups']> =>
    await Promise.all(
      active
        .filter((group) => group.mode === mode)
        .map(async (group) => ({
          id: group.id,
          name: group.name,
          header: say(group.headerLocIds) ?? group.name,
          select: group.select,
          items: (
            await content.uiItems.find({
              where: [
                { field: 'groupId', op: '=', value: group.id },
                { field: 'active', op: '=', value: true },
              ],
              order: { by: 'index', direction: 'asc' },
            })
          ).map((item) => ({
            id: item.id,
            tagId: item.tagId,
            parentId: item.parentId,
            text: textOf(byId.get(item.tagId), say),
            isDefault: item.isDefault,
          })),
        })),
    );
  return {
    project: {
      id: project.id,
      name: project.name,
      latitude: project.latitude,
      longitude: project.longitude,
      listenEnabled: project.listenEnabled,
      geoListenEnabled: project.geoListenEnabled,
      speakEnabled: project.speakEnabled,
      geoSpeakEnabled: project.geoSpeakEnabled,
      maxRecordingS: project.maxRecordingS,
      recordingRadiusM: project.recordingRadiusM,
      outOfRangeM: project.outOfRangeM,
      sharingUrl: project.sharingUrl,
      plan:
        project.plan === null
          ? null
          : {
              url: project.plan.url,
              corners: project.plan.corners.map(([east, north]) => [east, north]),
            },
    },
    language: language?.code ?? 'en',
    languages: languages.map(({ id, code: letters, name }) => ({ id, code: letters, name })),
    texts: {
      legalAgreement: say(project.legalAgreementLocIds),
      description: say(project.descriptionLocIds),
      sharingMessage: say(project.sharingMessageLocIds),
      outOfRangeMessage: say(project.outOfRangeMessageLocIds),
      demoStreamMessage: say(project.demoStreamMessageLocIds),
    },
    listenGroups: await choices('listen'),
    speakGroups: await choices('speak'),
    speakers: speakers
      .filter((speaker) => speaker.active)
      .map(({ id, name, code: label, shape, attenuationM }) => ({
        id,
        name: name === '' ? label : name,
        shape: shape.map((rings) =>
          rings.map((ring) => ring.map(([east, north]): [number, number] => [east, north])),
        ),
        attenuationM,
      })),
    tracks: tracks.filter((track) => track.active).length,
  };
}

const textOf = (tag: Tag | undefined, say: Say): string =>
  tag === undefined
    ? ''
    : (say(tag.messageLocIds) ??
      say(tag.descriptionLocIds) ??
      (tag.description === '' ? tag.value : tag.description));

type Say = (ids: readonly number[]) => string | null;

async function translator(
  content: ContentStore,
  language: Language | undefined,
  lists: readonly (readonly number[])[],
): Promise<Say> {
  const all = [...new Set(lists.flat())];
  const own = await content.texts(all, language?.id ?? FALLBACK_LANGUAGE);
  const fallback = await content.texts(all, FALLBACK_LANGUAGE);
  return (ids) => {
    for (const texts of [own, fallback]) {
      for (const id of ids) {
        const text = texts.get(id);
        if (text !== undefined) return text;
      }
    }
    return null;
  };
}
