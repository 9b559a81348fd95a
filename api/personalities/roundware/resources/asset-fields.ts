import type { Asset } from '../../../../actors/content/content.types.js';
import type { Ask } from '../http/ask.js';
import {
  blankable,
  bool,
  choice,
  float,
  id,
  ids,
  int,
  isoNaive,
  lower,
  multiPolygon,
  multiPolygonOf,
  nullable,
} from '../http/codecs.js';
import { clears, type Inputs, input } from '../http/inputs.js';
import { badField } from '../http/refusal.js';
import { textsOf } from '../localise.js';
import { assetUrl } from '../media-url.js';
import type { Services } from '../services.js';
import { userOf } from './users.js';

export const MEDIA_TYPES = ['audio', 'photo', 'text', 'video'] as const;

const seconds = nullable(float(0, 31_536_000));

/** What may be written of an asset. */
export const ASSET_INPUTS: Inputs<Asset> = {
  description: input('description', blankable(8_192), clears),
  latitude: input('latitude', nullable(float(-90, 90))),
  longitude: input('longitude', nullable(float(-180, 180))),
  shape: input('shape', nullable(multiPolygon), clears),
  volume: input('volume', float(0, 10)),
  weight: input('weight', int(0, 99)),
  submitted: input('submitted', bool),
  startS: input('start_time', seconds),
  endS: input('end_time', seconds),
  lengthS: input('audio_length_in_seconds', seconds),
  mediaType: input(['media_type', 'mediatype'], choice(MEDIA_TYPES, lower)),
  languageId: input(['language_id', 'language'], id),
  projectId: input(['project_id', 'project'], id),
  userId: input(['user_id', 'user'], nullable(id)),
  sessionId: input(['session_id', 'session'], nullable(id)),
  tagIds: input(['tag_ids', 'tags'], ids, clears),
  envelopeIds: input(['envelope_ids', 'envelope_id'], ids),
  descriptionLocIds: input(['description_loc_ids', 'loc_description_ids'], ids, clears),
  altTextLocIds: input(['alt_text_loc_ids', 'loc_alt_text_ids'], ids, clears),
};

/** A change that leaves the asset in order. @throws Refusal 400. */
export function wholeAsset(values: Partial<Asset>, before: Asset): Partial<Omit<Asset, 'id'>> {
  const { startS, endS } = { ...before, ...values };
  if (startS !== null && endS !== null && endS < startS) {
    throw badField('end_time', 'It must not be before start_time.');
  }
  return values;
}

const twoPlaces = (value: number | null): number | null =>
  value === null ? null : Math.round(value * 100) / 100;

/** Assets as the wire has them. */
export async function showAssets(
  services: Services,
  rows: readonly Asset[],
  ask: Ask,
): Promise<readonly object[]> {
  const { content, people } = services;
  const authors = [...new Set(rows.flatMap((row) => row.userId ?? []))];
  const visitors = authors.length === 0 ? [] : await content.visitors.many(authors);
  const users = new Map<number, object>();
  for (const visitor of visitors) users.set(visitor.id, await userOf(people, visitor, ask.who));
  const texts = ask.query.has('admin')
    ? await textsOf(
        content,
        ask,
        rows.flatMap((row) => [...row.descriptionLocIds, ...row.altTextLocIds]),
      )
    : undefined;
  return await Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      description: row.description,
      latitude: row.latitude,
      longitude: row.longitude,
      shape: row.shape === null ? null : multiPolygonOf(row.shape),
      filename: row.filename,
      file: await assetUrl(services, row, ask.origin),
      volume: row.volume,
      submitted: row.submitted,
      created: isoNaive(row.createdAtUnixMs),
      updated: isoNaive(row.updatedAtUnixMs),
      weight: row.weight,
      start_time: row.startS,
      end_time: row.endS,
      user: row.userId === null ? null : (users.get(row.userId) ?? null),
      media_type: row.mediaType,
      audio_length_in_seconds: twoPlaces(row.lengthS),
      tag_ids: row.tagIds,
      session_id: row.sessionId,
      project_id: row.projectId,
      language_id: row.languageId,
      envelope_ids: row.envelopeIds,
      description_loc_ids: row.descriptionLocIds,
      alt_text_loc_ids: row.altTextLocIds,
      ...(texts === undefined
        ? {}
        : {
            description_loc_admin: texts.all(row.descriptionLocIds),
            alt_text_loc_admin: texts.all(row.altTextLocIds),
          }),
    })),
  );
}
