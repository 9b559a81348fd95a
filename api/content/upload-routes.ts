import { z } from 'zod';
import type { Asset } from '../../actors/content/content.types.js';
import { EngineError } from '../../engine/errors.js';
import { BodyStream } from '../http/body.js';
import { Reply, type Route, route } from '../http/route.types.js';
import type { IngestService } from './ingest.types.js';
import { readMultipart } from './multipart.js';
import type { ResumableUploads, UploadState } from './tus.js';
import type { UploadLimits } from './upload-limits.js';
import { arrivalOf, readWishes, type VisitOf } from './wishes.js';

export interface UploadRoutesOptions {
  readonly ingest: IngestService;
  readonly resumable: ResumableUploads;
  readonly limits: UploadLimits;
  readonly visitOf: VisitOf;
}

/** A slow phone may take this long for a file, or a piece of one. */
const UPLOAD_MS = 2 * 3_600_000;
/** Of a form around the file. */
const FORM_BYTES = 1_048_576;
const TUS = { 'tus-resumable': '1.0.0' };

const uploadAnswer = z.object({
  id: z.string(),
  offset: z.int(),
  length: z.int(),
  expiresAtUnixMs: z.number(),
  assetId: z.int().nullable(),
});

/** Bringing files: resumable by tus 1.0.0 at `/v1/uploads`, or in one form at `/v1/assets/upload`. */
export function uploadRoutes(options: UploadRoutesOptions): readonly Route[] {
  const { ingest, resumable, limits, visitOf } = options;
  const params = z.object({ id: z.string().min(1).max(64) });
  const headers = {
    ...TUS,
    'tus-version': '1.0.0',
    'tus-extension': 'creation,termination,expiration',
    'tus-max-size': String(ingest.maxBytes),
  };
  const tus = { tag: 'uploads', access: 'open', headers } as const;
  return [
    route({
      method: 'POST',
      path: '/v1/assets/upload',
      summary:
        'Bring a file in one form: `sessionId` of your session (or a login and `projectId`) before `file`, ' +
        'and `latitude`, `longitude`, `tagIds` (3,4), `description`, `mediaType`, `envelopeId`; answers the asset',
      tag: 'uploads',
      access: 'open',
      bodyType: 'stream',
      maxBodyBytes: ingest.maxBytes + FORM_BYTES,
      timeLimitMs: UPLOAD_MS,
      status: 201,
      handler: async ({ body, query, principal, address, header }) => {
        let asset: Asset | undefined;
        let saved: { file: string; filename: string; type: string } | undefined;
        const early = new Map(Object.entries(query as Record<string, string>));
        const arrivalFrom = async (fields: ReadonlyMap<string, string>) =>
          await arrivalOf(readWishes(new Map([...early, ...fields])), principal, visitOf);
        const fields = await readMultipart(
          streamOf(body),
          header('content-type'),
          async (part, bytes, before) => {
            // Nobody unknown fills the disk: who it is stands before the file.
            await arrivalFrom(before);
            await limits.takeFile(address);
            const file = await ingest.save(limits.counted(bytes, address));
            saved = { file, filename: part.filename, type: part.contentType };
          },
        ).catch(async (error: unknown) => {
          if (saved !== undefined) await ingest.discard(saved.file);
          throw error;
        });
        if (saved === undefined) {
          throw new EngineError('input.invalid', 'file: the form has no file');
        }
        try {
          const arrival = await arrivalFrom(fields);
          asset = await ingest.receive({
            ...arrival,
            declaredName: arrival.declaredName ?? saved.filename,
            declaredType: arrival.declaredType ?? saved.type,
            source: { file: saved.file },
          });
        } finally {
          if (asset === undefined) await ingest.discard(saved.file);
        }
        return asset;
      },
    }),
    route({
      ...tus,
      method: 'POST',
      path: '/v1/uploads',
      summary:
        'Announce a resumable upload (tus 1.0.0): `Upload-Length`, and in `Upload-Metadata` filename, filetype, ' +
        'sessionId (or a login and projectId), envelopeId, latitude, longitude, tagIds, mediaType, description',
      bodyType: 'bytes',
      maxBodyBytes: 0,
      status: 201,
      handler: async ({ header, principal, address }) => {
        checkVersion(header('tus-resumable'));
        const sizeBytes = wholeNumber('Upload-Length', header('upload-length'));
        if (sizeBytes === 0) throw new EngineError('input.invalid', 'Upload-Length: an empty file');
        const wishes = readWishes(readMetadata(header('upload-metadata') ?? ''));
        const arrival = await arrivalOf(wishes, principal, visitOf);
        await ingest.check(arrival, sizeBytes);
        await limits.takeFile(address);
        await limits.takeBytes(address, sizeBytes);
        const state = await resumable.create(sizeBytes, arrival, address);
        return new Reply({
          status: 201,
          headers: { ...facts(state), location: `/v1/uploads/${state.upload.id}` },
        });
      },
    }),
    route({
      ...tus,
      method: 'GET',
      path: '/v1/uploads/{id}',
      summary: 'How far an upload is (HEAD for the tus headers alone), and the asset it became',
      params,
      response: uploadAnswer,
      handler: async ({ params: { id } }) => {
        const state = await resumable.state(id);
        return new Reply({
          headers: { ...facts(state), 'cache-control': 'no-store' },
          body: {
            id,
            offset: state.offsetBytes,
            length: state.upload.sizeBytes,
            expiresAtUnixMs: state.expiresAtUnixMs,
            assetId: state.upload.assetId ?? null,
          },
        });
      },
    }),
    route({
      ...tus,
      method: 'PATCH',
      path: '/v1/uploads/{id}',
      summary:
        'Send a piece from `Upload-Offset` on, as application/offset+octet-stream; the answer to the last one ' +
        'names the asset in `Asset-Id`',
      params,
      bodyType: 'stream',
      maxBodyBytes: ingest.maxBytes,
      timeLimitMs: UPLOAD_MS,
      status: 204,
      handler: async ({ params: { id }, body, header }) => {
        checkVersion(header('tus-resumable'));
        if (!/^application\/offset\+octet-stream\b/i.test(header('content-type') ?? '')) {
          throw new EngineError(
            'input.unsupported',
            'Content-Type must be application/offset+octet-stream',
          );
        }
        const offset = wholeNumber('Upload-Offset', header('upload-offset'));
        const { state, asset } = await resumable.append(id, offset, streamOf(body));
        const named: Record<string, string> =
          asset === undefined
            ? {}
            : { 'asset-id': String(asset.id), 'asset-location': `/v1/assets/${asset.id}` };
        return new Reply({ status: 204, headers: { ...facts(state), ...named } });
      },
    }),
    route({
      ...tus,
      method: 'DELETE',
      path: '/v1/uploads/{id}',
      summary: 'Give an upload up; the asset of a finished one stays',
      params,
      status: 204,
      handler: async ({ params: { id } }) => {
        await resumable.remove(id);
      },
    }),
  ];
}

function facts({ upload, offsetBytes, expiresAtUnixMs }: UploadState): Record<string, string> {
  return {
    'upload-offset': String(offsetBytes),
    'upload-length': String(upload.sizeBytes),
    'upload-expires': new Date(expiresAtUnixMs).toUTCString(),
  };
}

function streamOf(body: unknown): BodyStream {
  if (body instanceof BodyStream) return body;
  throw new EngineError('internal', 'the route asked for a stream');
}

function checkVersion(version: string | undefined): void {
  if (version === undefined || version === '1.0.0') return;
  throw new EngineError('input.invalid', `Tus-Resumable: 1.0.0 is spoken here, not ${version}`);
}

function wholeNumber(name: string, text: string | undefined): number {
  const value = Number(text);
  if (text !== undefined && /^\d{1,15}$/.test(text)) return value;
  throw new EngineError('input.invalid', `${name}: a header with a number of bytes is needed`);
}

/** `key base64,key base64`. @throws EngineError `input.invalid`. */
export function readMetadata(header: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const pair of header.split(',')) {
    const [key = '', value = '', ...more] = pair.trim().split(' ');
    if (key === '' && value === '') continue;
    if (more.length > 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value) || !/^[\x21-\x7e]+$/.test(key)) {
      throw new EngineError('input.invalid', 'Upload-Metadata must be "key base64" with commas');
    }
    fields.set(key, Buffer.from(value, 'base64').toString('utf8'));
  }
  return fields;
}
