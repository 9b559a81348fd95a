import { z } from 'zod';
import type { Asset } from '../../actors/content/content.types.js';
import type { ContentStore } from '../../actors/content/store.types.js';
import { EngineError } from '../../engine/errors.js';
import { type AssetStory, assetStory } from '../contract/story.js';
import { type Route, route } from '../http/route.types.js';

/** English is the language of whoever has no text in theirs. */
const FALLBACK_LANGUAGE = 1;
const MOST_MATES = 50;

/** A session that somebody proves to be theirs by its secret id. */
export interface Teller {
  readonly number: number;
  readonly projectId: number;
  readonly languageId?: number | undefined;
}

export interface StoryRoutesOptions {
  readonly content: ContentStore;
  /** Undefined for an unknown or ended session. */
  readonly visitOf: (secretId: string) => Teller | undefined;
}

/** What belongs to a recording: its words, tags and photo, for whoever may hear it. */
export function storyRoutes({ content, visitOf }: StoryRoutesOptions): readonly Route[] {
  const id = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
  return [
    route({
      method: 'GET',
      path: '/v1/sessions/{id}/assets/{assetId}',
      summary: 'A recording as its listeners see it: words, tags, photo, and how far its ingest is',
      tag: 'sessions',
      access: 'open',
      params: z.object({ id: z.string().min(1).max(64), assetId: id }),
      query: z.object({
        /** Of tags and texts; absent: the session's. */
        language: z
          .string()
          .regex(/^[a-z]{2}$/, 'must be two small letters')
          .optional(),
      }),
      response: assetStory,
      handler: async ({ params, query }) => {
        const visit = visitOf(params.id);
        if (visit === undefined) {
          throw new EngineError('not-found', 'there is no such session, or it is over: open one');
        }
        const asset = await content.assets.get(params.assetId);
        const own = asset !== undefined && (await isOwn(content, asset, visit));
        // Whoever guesses numbers learns nothing of other projects, or of what waits for approval.
        if (asset?.projectId !== visit.projectId || (!asset.submitted && !own)) {
          throw new EngineError('not-found', `the project has no recording ${params.assetId}`);
        }
        const language =
          query.language === undefined
            ? undefined
            : await content.languages.first({
                where: [{ field: 'code', op: '=', value: query.language }],
              });
        return await tell(
          content,
          asset,
          own,
          language?.id ?? visit.languageId ?? FALLBACK_LANGUAGE,
        );
      },
    }),
  ];
}

async function isOwn(content: ContentStore, asset: Asset, visit: Teller): Promise<boolean> {
  if (asset.sessionId === visit.number) return true;
  if (asset.userId === null) return false;
  return (await content.sessions.get(visit.number))?.userId === asset.userId;
}

async function tell(
  content: ContentStore,
  asset: Asset,
  mine: boolean,
  languageId: number,
): Promise<AssetStory> {
  const mates = await matesOf(content, asset, mine);
  const photo = mates.find(({ mediaType }) => mediaType === 'photo');
  const words = mates.find(({ mediaType }) => mediaType === 'text');
  const tags = await content.tags.many(asset.tagIds);
  const strings = [
    ...asset.descriptionLocIds,
    ...(photo?.altTextLocIds ?? []),
    ...tags.flatMap((tag) => [...tag.messageLocIds, ...tag.descriptionLocIds]),
  ];
  const own = await content.texts(strings, languageId);
  const fallback = await content.texts(strings, FALLBACK_LANGUAGE);
  const say = (ids: readonly number[]): string | undefined => {
    for (const texts of [own, fallback]) {
      for (const one of ids) {
        const text = texts.get(one);
        if (text !== undefined) return text;
      }
    }
    return undefined;
  };
  return {
    id: asset.id,
    description: say(asset.descriptionLocIds) ?? asset.description,
    tags: tags.map(
      (tag) =>
        say(tag.messageLocIds) ??
        say(tag.descriptionLocIds) ??
        (tag.description === '' ? tag.value : tag.description),
    ),
    mine,
    submitted: asset.submitted,
    ingest: asset.ingest,
    ingestError: asset.ingestError,
    photoUrl: addressOf(photo),
    altText: photo === undefined ? null : (say(photo.altTextLocIds) ?? photo.description),
    textUrl: addressOf(words),
  };
}

async function matesOf(content: ContentStore, asset: Asset, mine: boolean): Promise<Asset[]> {
  const [envelope] = asset.envelopeIds;
  if (envelope === undefined) return [];
  const found = await content.assets.find({ envelopeIds: [envelope], limit: MOST_MATES });
  return found.filter(
    (mate) =>
      mate.id !== asset.id && mate.ingest === 'ready' && (mate.submitted || (mine && sameBy(mate))),
  );

  function sameBy(mate: Asset): boolean {
    return mate.sessionId === asset.sessionId && mate.userId === asset.userId;
  }
}

const addressOf = (asset: Asset | undefined): string | null =>
  asset === undefined || asset.filename === null
    ? null
    : `/media/${asset.filename.split('/').map(encodeURIComponent).join('/')}`;
