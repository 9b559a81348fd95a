import { rm } from 'node:fs/promises';
import { z } from 'zod';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { BodyStream } from '../../http/body.js';
import { Reply, type Route, route } from '../../http/route.types.js';
import type { Ingest } from '../ingest.js';
import { readMultipart } from '../multipart.js';
import { importRoundware, roundwareReport } from '../roundware/import.js';
import { exportProject } from './export.js';
import { importProject, importReport } from './import.js';
import { massUpload, massUploadReport } from './mass-upload.js';
import { ARCHIVE_TABLES } from './shape.js';
import { ZipBundle, type ZipLimits } from './zip.js';

export interface ArchiveRoutesOptions {
  readonly store: SiteStore;
  readonly ingest: Ingest;
  readonly mediaFolder: string;
  readonly clock: Clock;
  /** Of the packed archive. */
  readonly maxArchiveBytes: number;
  /** Roundware servers may be at private addresses. */
  readonly allowPrivateImports: boolean;
}

const HOURS_MS = 6 * 3_600_000;
const MAX_ENTRIES = 200_000;

/** Many recordings at once, and whole projects out of and into the site. */
export function archiveRoutes(options: ArchiveRoutesOptions): readonly Route[] {
  const { store, ingest, mediaFolder, clock, maxArchiveBytes } = options;
  const params = z.object({ id: z.coerce.number().int().min(1) });
  const limits: ZipLimits = {
    maxEntries: MAX_ENTRIES,
    maxTotalBytes: maxArchiveBytes * 4,
    maxEntryBytes: Math.max(ingest.maxBytes, 268_435_456),
  };
  const archive = {
    tag: 'archives',
    access: 'operator',
    bodyType: 'stream',
    maxBodyBytes: maxArchiveBytes,
    timeLimitMs: HOURS_MS,
  } as const;

  /** Takes the ZIP of a request, as the body itself or as the file of a form, for as long as `work` lasts. */
  const withBundle = async <T>(
    body: unknown,
    contentType: string | undefined,
    work: (bundle: ZipBundle) => Promise<T>,
  ): Promise<T> => {
    if (!(body instanceof BodyStream)) throw new EngineError('internal', 'no stream');
    let file: string | undefined;
    try {
      if (/^multipart\/form-data\b/i.test(contentType ?? '')) {
        await readMultipart(body, contentType, async (_part, bytes) => {
          file = await ingest.save(bytes, maxArchiveBytes);
        });
      } else file = await ingest.save(body, maxArchiveBytes);
      if (file === undefined) throw new EngineError('input.invalid', 'file: the form has no file');
      const bundle = await ZipBundle.open(file, limits);
      try {
        return await work(bundle);
      } finally {
        bundle.close();
      }
    } finally {
      if (file !== undefined) await rm(file, { force: true });
    }
  };

  return [
    route({
      ...archive,
      method: 'POST',
      path: '/v1/projects/{id}/mass-upload',
      summary:
        'Bring a ZIP of recordings with a CSV (file, latitude, longitude, tags, description, …) or GeoJSON; ' +
        'answers what became of each row',
      params,
      response: massUploadReport,
      handler: async ({ params: { id }, body, header, signal }) =>
        await withBundle(body, header('content-type'), (bundle) =>
          massUpload(bundle, id, { content: store.content, ingest }, signal),
        ),
    }),
    route({
      method: 'GET',
      path: '/v1/projects/{id}/export',
      summary: 'The whole project as a ZIP: media, and its content as lines of JSON',
      tag: 'archives',
      access: 'operator',
      params,
      handler: async ({ params: { id } }) => {
        const { name, bytes } = await exportProject(
          store,
          mediaFolder,
          id,
          clock.nowMs(),
          ARCHIVE_TABLES,
        );
        return new Reply({
          headers: {
            'content-type': 'application/zip',
            'content-disposition': `attachment; filename="${name}"`,
            'cache-control': 'no-store',
          },
          stream: bytes,
        });
      },
    }),
    route({
      ...archive,
      method: 'POST',
      path: '/v1/projects/import',
      summary: 'Make a project of an exported ZIP, all or nothing; everything gets new ids',
      status: 201,
      response: importReport,
      handler: async ({ body, header }) => {
        const report = await withBundle(body, header('content-type'), (bundle) =>
          importProject(bundle, {
            store,
            mediaFolder,
            stagingFolder: ingest.incomingFile(),
            nowUnixMs: clock.nowMs(),
            checkRoom: async (bytes) => {
              await ingest.checkRoom(bytes);
            },
          }),
        );
        await ingest.takeUp();
        return report;
      },
    }),
    route({
      method: 'POST',
      path: '/v1/projects/import-roundware',
      summary:
        'Bring a project from a Roundware server: address of its API v2 (with `projects/<id>/` when it has several) and a token',
      tag: 'archives',
      access: 'operator',
      timeLimitMs: HOURS_MS,
      status: 201,
      body: z.strictObject({
        url: z.string().min(1).max(500),
        token: z.string().max(200).default(''),
        projectId: z.int().min(1).optional(),
        copySpeakerFiles: z.boolean().default(true),
      }),
      response: roundwareReport,
      handler: async ({ body, signal }) => {
        const report = await importRoundware(body, {
          store,
          ingest,
          mediaFolder,
          clock,
          allowPrivate: options.allowPrivateImports,
          signal,
        });
        await ingest.takeUp();
        return report;
      },
    }),
  ];
}
