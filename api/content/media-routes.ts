import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { SiteStore } from '../../actors/control/site.js';
import { EngineError } from '../../engine/errors.js';
import { requireRole } from '../http/auth.types.js';
import type { RawRoute } from '../http/dispatch.js';
import { FileServer } from '../http/files.js';
import { type Route, route } from '../http/route.types.js';
import type { Ingest } from './ingest.js';
import type { Peaks } from './ingest.types.js';
import { ORIGINALS } from './naming.js';
import type { ElementFiles } from './roundware/element-files.js';
import type { SideJobs } from './side-jobs.js';

/** Nothing hidden, nothing that climbs. */
const PART = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

/**
 * `GET /media/<path>`: what players and pages load, from any site, with ranges. Originals are not served. Every WAV
 * file has an MP3 beside it: where none was made yet, it is made when somebody asks. So are the ZIPs of an app's pictures.
 */
export function mediaFilesRoute(
  mediaFolder: string,
  sideJobs: SideJobs,
  elementFiles: ElementFiles,
): RawRoute {
  const files = new FileServer([{ prefix: '/media/', folder: mediaFolder, hashedNames: false }]);
  return {
    method: 'GET',
    path: '/media/{path...}',
    handler: async (exchange, { params, headers }) => {
      const path = params['path'] ?? '';
      const parts = path.split('/');
      // Strangers' texts and pictures lie on our own origin: nothing in them may run.
      const safe = {
        ...headers,
        'content-security-policy': "default-src 'none'; sandbox",
        'cross-origin-resource-policy': 'cross-origin',
      };
      if (await elementFiles.serve(exchange, path, safe)) return;
      if (parts.every((part) => PART.test(part)) && parts[0] !== ORIGINALS) {
        if (await files.serve(exchange, safe)) return;
        const wav = join(mediaFolder, path.replace(/\.mp3$/, '.wav'));
        if (path.endsWith('.mp3') && existsSync(wav)) {
          await sideJobs.mp3Beside(wav);
          if (await files.serve(exchange, safe)) return;
        }
      }
      throw new EngineError('not-found', `there is no media file ${path.slice(0, 100)}`);
    },
  };
}

const peaksFile = z.object({
  secondsPerPeak: z.number(),
  peaks: z.array(z.int().min(0).max(255)),
});

export function mediaRoutes(options: {
  readonly store: SiteStore;
  readonly mediaFolder: string;
  readonly ingest: Ingest;
}): readonly Route[] {
  const { store, mediaFolder, ingest } = options;
  const params = z.object({ id: z.coerce.number().int().min(1) });
  return [
    route({
      method: 'GET',
      path: '/v1/assets/{id}/peaks',
      summary: 'The waveform of a recording: largest magnitudes, 0..255, at most some 2,000 pieces',
      tag: 'assets',
      access: 'open',
      params,
      response: peaksFile,
      handler: async ({ params: { id }, principal }): Promise<Peaks> => {
        const asset = await store.content.assets.get(id);
        if (asset?.submitted === false) requireRole(principal, 'viewer', `asset ${id}`);
        const media = await store.media.get(asset?.mediaId ?? '');
        if (media?.peaksFile === undefined) {
          throw new EngineError('not-found', `asset ${id} has no waveform (yet)`);
        }
        const text = await readFile(join(mediaFolder, media.peaksFile), 'utf8').catch(
          (cause: unknown) => {
            throw new EngineError('not-found', `the waveform of asset ${id} is missing`, { cause });
          },
        );
        return peaksFile.parse(JSON.parse(text));
      },
    }),
    route({
      method: 'POST',
      path: '/v1/assets/{id}/ingest',
      summary: 'Work on a failed file once more',
      tag: 'assets',
      access: 'operator',
      params,
      status: 202,
      handler: async ({ params: { id } }) => await ingest.retry(id),
    }),
  ];
}
