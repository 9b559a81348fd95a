import { SOUND_ENDING } from '../../actors/control/media-files.js';
import type { SiteStore } from '../../actors/control/site.js';

/** Address that apps of Roundware ask on the mount port when a project says no demo of its own. */
export const DEMO_PATH = '/demo_stream.mp3';

/** Where the demo is for a client that reached us at this origin; undefined: there is none. */
export type DemoFinder = (origin: string) => Promise<string | undefined>;

/** More projects with demos than this are not looked through for one that has a sound. */
const MAX_PROJECTS = 100;

/**
 * Path of a site's demo below its pages (`/media/…`): the first published sound of the first project, by id, that
 * is open and has its demo enabled. Undefined: no such project has a sound.
 */
export async function demoSound({
  content,
  media,
}: Pick<SiteStore, 'content' | 'media'>): Promise<string | undefined> {
  const projects = await content.projects.find({
    where: [
      { field: 'demoStreamEnabled', op: '=', value: true },
      { field: 'listenEnabled', op: '=', value: true },
    ],
    limit: MAX_PROJECTS,
  });
  for (const project of projects) {
    const asset = await content.assets.first({
      where: [
        { field: 'projectId', op: '=', value: project.id },
        { field: 'mediaType', op: '=', value: 'audio' },
        { field: 'submitted', op: '=', value: true },
        { field: 'ingest', op: 'in', value: ['none', 'ready'] },
        { field: 'mediaId', op: 'isNull', value: false },
      ],
    });
    const file = await media.get(asset?.mediaId ?? '');
    if (file !== undefined) {
      // The media routes make the MP3 beside a sound of another kind when it is asked for.
      const path = file.variants?.mp3 ?? file.file.replace(SOUND_ENDING, '.mp3');
      return `/media/${path.split('/').map(encodeURIComponent).join('/')}`;
    }
  }
  return undefined;
}

/**
 * Origin of the pages for a client of the mount port. A proxy that ends TLS has both below one host, as far as we
 * can know; without one they are two ports.
 */
export function pagesOrigin(origin: string, pagesPort: number): string {
  if (origin.startsWith('https:')) return origin;
  const url = new URL(origin);
  url.port = String(pagesPort);
  return url.origin;
}
