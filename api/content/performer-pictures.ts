import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { MediaFile } from '../../actors/control/media-files.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { PerformerRow } from '../../actors/inventory/inventory.types.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { sniffFile } from '../../media/ingest/job.js';
import { INVENTORY } from '../contract/inventory.js';
import { BodyStream } from '../http/body.js';
import { type Route, route } from '../http/route.types.js';
import { pictureAddress } from '../inventory/pictures.js';
import { checkSize, isFinal } from './incoming.js';
import type { IngestService } from './ingest.types.js';
import { ORIGINALS, reserveStem } from './naming.js';
import { removeUnused } from './removal.js';
import { dropFiles, keepResults, mediaAfter } from './results.js';
import type { SideJobs } from './side-jobs.js';

export interface PerformerPicturesOptions {
  readonly store: Pick<SiteStore, 'inventory' | 'media' | 'content'>;
  readonly mediaFolder: string;
  readonly ingest: Pick<IngestService, 'save' | 'discard' | 'incomingFile'>;
  readonly sideJobs: Pick<SideJobs, 'shown'>;
  readonly clock: Clock;
}

/** Most bytes of a picture or film behind a tile: more helps nobody there. */
const MAX_PICTURE_BYTES = 64 * 1_048_576;
/** A slow phone may take this long. */
const UPLOAD_MS = 600_000;
const FIELDS = { photo: 'photoMediaId', background: 'backgroundMediaId' } as const;
const WANTED = 'bring a picture (JPEG, PNG, WebP, GIF) or a film (MP4, WebM)';

const params = z.object({
  id: z.coerce.number().int().min(1),
  place: z.enum(['photo', 'background']),
});
const query = z.object({ name: z.string().max(200).optional() });
const performer = z.object({
  id: z.int(),
  ...INVENTORY.performers.input,
  ...INVENTORY.performers.server,
});

/** `/v1/performers/{id}/pictures/{place}`: what the board shows of a performer. */
export function performerPictureRoutes(options: PerformerPicturesOptions): readonly Route[] {
  const { performers } = options.store.inventory;
  const known = async (id: number) => {
    const row = await performers.get(id);
    if (row === undefined) throw new EngineError('not-found', `there is no performer ${id}`);
    return row;
  };
  const urlOf = async (mediaId: string | null): Promise<string | null> => {
    const media = mediaId === null ? undefined : await options.store.media.get(mediaId);
    return media === undefined ? null : pictureAddress(media);
  };
  const shown = async (row: PerformerRow) => ({
    ...row,
    photoUrl: await urlOf(row.photoMediaId),
    backgroundUrl: await urlOf(row.backgroundMediaId),
  });
  /** Puts another picture, or none, in the place and forgets the one before. */
  const put = async (id: number, place: keyof typeof FIELDS, mediaId: string | null) => {
    const before = await known(id);
    const after = await performers.update(id, { [FIELDS[place]]: mediaId });
    if (after === undefined) throw new EngineError('not-found', `performer ${id} was removed`);
    const old = before[FIELDS[place]];
    if (old !== null && old !== mediaId) await forget(options, old);
    return { before, after };
  };
  const shared = { tag: 'inventory', access: 'operator', params } as const;
  return [
    route({
      ...shared,
      method: 'POST',
      path: '/v1/performers/{id}/pictures/{place}',
      summary:
        'Bring the photo or the background of a performer: the body is the picture or film itself, of at most 64 MiB; ' +
        '`name` is the name of the file. Answers the performer; the one before is removed',
      query,
      bodyType: 'stream',
      maxBodyBytes: MAX_PICTURE_BYTES,
      timeLimitMs: UPLOAD_MS,
      response: performer,
      handler: async ({ params: { id, place }, query: { name }, body, header, audit }) => {
        await known(id);
        if (!(body instanceof BodyStream)) {
          throw new EngineError('internal', 'the route asked for a stream');
        }
        const file = await options.ingest.save(body, MAX_PICTURE_BYTES);
        const media = await take(options, file, name ?? '', header('content-type'));
        try {
          const { before, after } = await put(id, place, media.id);
          audit({ subject: `performers/${id}`, before, after });
          return await shown(after);
        } catch (error) {
          await forget(options, media.id);
          throw error;
        }
      },
    }),
    route({
      ...shared,
      method: 'DELETE',
      path: '/v1/performers/{id}/pictures/{place}',
      summary: 'Take the photo or the background of a performer away',
      response: performer,
      handler: async ({ params: { id, place }, audit }) => {
        const { before, after } = await put(id, place, null);
        audit({ subject: `performers/${id}`, before, after });
        return await shown(after);
      },
    }),
  ];
}

const forget = async ({ store, mediaFolder }: PerformerPicturesOptions, mediaId: string) =>
  await removeUnused(store, mediaFolder, mediaId);

/**
 * Makes of an incoming file what is shown, and keeps both; the file is gone afterwards, whatever happens.
 * @throws EngineError `input.unsupported` for what is no picture and no film, and as a job.
 */
async function take(
  options: PerformerPicturesOptions,
  file: string,
  name: string,
  declaredType: string | undefined,
): Promise<MediaFile> {
  const { store, mediaFolder, ingest, sideJobs, clock } = options;
  const outFolder = ingest.incomingFile();
  let stem: string | undefined;
  const made: string[] = [];
  try {
    const sizeBytes = await checkSize(file, MAX_PICTURE_BYTES);
    const found = await sniffFile(file);
    if (found.kind !== 'image' && found.kind !== 'av') throw refused('it is neither');
    await mkdir(outFolder);
    const nowUnixMs = clock.nowMs();
    stem = await reserveStem(mediaFolder, nowUnixMs, 0);
    const result = await sideJobs.shown(file, outFolder, stem);
    if (result.kind !== 'photo' && result.kind !== 'video') throw refused('it is sound only');
    await keepResults(result, outFolder, mediaFolder);
    made.push(...result.files.map((one) => one.name));
    const original = `${ORIGINALS}/${stem}/source.${found.extension}`;
    await rename(file, join(mediaFolder, original));
    const media = mediaAfter(
      {
        id: stem,
        name: name === '' ? stem : name,
        file: original,
        contentType: declaredType ?? 'application/octet-stream',
        sizeBytes,
        durationMs: undefined,
        sha256: '',
        createdAtUnixMs: nowUnixMs,
        variants: { original },
        mediaType: result.kind,
      },
      result,
    );
    await store.media.put(media);
    return media;
  } catch (error) {
    await dropFiles(mediaFolder, made);
    if (stem !== undefined) {
      await rm(join(mediaFolder, ORIGINALS, stem), { recursive: true, force: true });
    }
    if (error instanceof EngineError && error.code === 'media.unreadable' && isFinal(error)) {
      throw refused(error.message);
    }
    throw error;
  } finally {
    await ingest.discard(file);
    await rm(outFolder, { recursive: true, force: true });
  }
}

const refused = (why: string) =>
  new EngineError('input.unsupported', `the file cannot be shown (${why}): ${WANTED}`);
