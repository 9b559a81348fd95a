import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Asset, Speaker } from '../../actors/content/content.types.js';
import type { ContentStore } from '../../actors/content/store.types.js';
import { pathsOf } from '../../actors/control/media-files.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { ContentResource } from '../contract/content.js';
import { ORIGINALS } from './naming.js';

/** What routes of content need to know of media. */
export const mediaOf = (store: SiteStore, mediaFolder: string) => ({
  exists: async (mediaId: string) => (await store.media.get(mediaId)) !== undefined,
  removeUnused: async (mediaIds: Iterable<string>) => {
    for (const id of mediaIds) await removeUnused(store, mediaFolder, id);
  },
});

type Played = Pick<ContentStore, 'assets' | 'speakers'>;

/**
 * Media that lose a user when a row is deleted: of a recording, of a speaker with what it plays by address, or of all of
 * a project. Read it before the row goes.
 */
export async function mediaUsedBy(
  content: Played,
  resource: ContentResource,
  id: number,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const ofAsset = ({ mediaId }: Asset): void => {
    if (mediaId !== null) found.add(mediaId);
  };
  const ofSpeaker = ({ mediaId, uri, backupUri }: Speaker): void => {
    if (mediaId !== null) found.add(mediaId);
    for (const address of [uri, backupUri]) {
      const name = /^\/media\/([^/]+)\.\w+$/.exec(address)?.[1];
      if (name !== undefined) found.add(name);
    }
  };
  const where = [{ field: 'projectId', op: '=', value: id }] as const;
  switch (resource) {
    case 'assets':
      for (const asset of await content.assets.many([id])) ofAsset(asset);
      break;
    case 'speakers':
      for (const speaker of await content.speakers.many([id])) ofSpeaker(speaker);
      break;
    case 'projects':
      for await (const assets of content.assets.each({ where })) assets.forEach(ofAsset);
      for await (const speakers of content.speakers.each({ where })) speakers.forEach(ofSpeaker);
      break;
    default:
  }
  return found;
}

/**
 * Removes a media with all of its files when its last user is gone: no asset and no speaker plays it, by id, by name
 * or by address, and it is no picture of a performer. Unknown ones are left alone.
 */
export async function removeUnused(
  store: Pick<SiteStore, 'content' | 'inventory' | 'media'>,
  mediaFolder: string,
  mediaId: string,
): Promise<void> {
  const { assets, speakers } = store.content;
  const { performers } = store.inventory;
  const media = await store.media.get(mediaId);
  if (media === undefined) return;
  const paths = pathsOf(media);
  const byId = { where: [{ field: 'mediaId', op: '=', value: mediaId }] } as const;
  const addresses = paths.map((path) => `/media/${path}`);
  const used =
    (await assets.count(byId)) +
    (await assets.count({ where: [{ field: 'filename', op: 'in', value: paths }] })) +
    (await speakers.count(byId)) +
    (await speakers.count({ where: [{ field: 'uri', op: 'in', value: addresses }] })) +
    (await speakers.count({ where: [{ field: 'backupUri', op: 'in', value: addresses }] })) +
    (await performers.count({ where: [{ field: 'photoMediaId', op: '=', value: mediaId }] })) +
    (await performers.count({ where: [{ field: 'backgroundMediaId', op: '=', value: mediaId }] }));
  if (used > 0) return;
  await store.media.remove(mediaId);
  for (const path of paths) await rm(join(mediaFolder, path), { force: true });
  await rm(join(mediaFolder, ORIGINALS, mediaId), { recursive: true, force: true });
}
