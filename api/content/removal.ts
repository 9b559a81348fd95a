import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathsOf } from '../../actors/control/media-files.js';
import type { SiteStore } from '../../actors/control/site.js';
import { ORIGINALS } from './naming.js';

/** What routes of content need to know of media. */
export const mediaOf = (store: SiteStore, mediaFolder: string) => ({
  exists: async (mediaId: string) => (await store.media.get(mediaId)) !== undefined,
  removeUnused: async (mediaId: string) => {
    await removeUnused(store, mediaFolder, mediaId);
  },
});

/**
 * Removes a media with all of its files when its last user is gone: no asset and no speaker plays it, by id, by name
 * or by address. Unknown ones are left alone.
 */
export async function removeUnused(
  store: SiteStore,
  mediaFolder: string,
  mediaId: string,
): Promise<void> {
  const { assets, speakers } = store.content;
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
    (await speakers.count({ where: [{ field: 'backupUri', op: 'in', value: addresses }] }));
  if (used > 0) return;
  await store.media.remove(mediaId);
  for (const path of paths) await rm(join(mediaFolder, path), { force: true });
  await rm(join(mediaFolder, ORIGINALS, mediaId), { recursive: true, force: true });
}
