import { ApiError, refusal } from './api.js';
import { sendFile } from './archive.js';

/** What is said about a file while it is sent; all but the project may be left out. */
export interface UploadMeta {
  readonly projectId: number;
  readonly latitude?: number | undefined;
  readonly longitude?: number | undefined;
  readonly tagIds?: readonly number[];
  readonly languageId?: number | undefined;
  readonly description?: string;
  readonly submitted?: boolean;
}

/** Bytes sent in one request: what is lost when the connection breaks. */
const PIECE_BYTES = 4 * 1_024 * 1_024;
const ATTEMPTS = 5;
const PAUSE_MS = 1_000;
const VERSION = { 'tus-resumable': '1.0.0' };

const base64 = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** `Upload-Metadata` of the tus protocol: names and values in base64; what is undefined is left out. */
export function uploadMetadata(
  file: { readonly name: string; readonly type: string },
  meta: UploadMeta,
): string {
  const values: Record<string, string | undefined> = {
    filename: file.name,
    filetype: file.type === '' ? undefined : file.type,
    projectId: String(meta.projectId),
    latitude: meta.latitude?.toString(),
    longitude: meta.longitude?.toString(),
    tagIds: meta.tagIds && meta.tagIds.length > 0 ? meta.tagIds.join(',') : undefined,
    languageId: meta.languageId?.toString(),
    description: meta.description === '' ? undefined : meta.description,
    submitted: meta.submitted === undefined ? undefined : String(meta.submitted),
  };
  return Object.entries(values)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${name} ${base64(value)}`)
    .join(',');
}

/** Ways to the server, so that the order of calls can be tested. */
export interface UploadPort {
  create(headers: Readonly<Record<string, string>>): Promise<string>;
  /** Bytes that the server has. */
  offset(url: string): Promise<number>;
  /** @returns the id of the asset, after the last piece. */
  append(
    url: string,
    from: number,
    body: Blob,
    onprogress: (share: number) => void,
  ): Promise<number | undefined>;
  pause(delayMs: number): Promise<void>;
}

/**
 * Sends a file in pieces; after a break it goes on from what the server has.
 * @returns the id of the asset it became. Rejects with an `ApiError`.
 */
export async function uploadThrough(
  port: UploadPort,
  file: File,
  meta: UploadMeta,
  onprogress: (share: number) => void,
): Promise<number> {
  const url = await port.create({
    ...VERSION,
    'upload-length': String(file.size),
    'upload-metadata': uploadMetadata(file, meta),
  });
  let from = 0;
  let attempt = 0;
  let assetId: number | undefined;
  do {
    const piece = file.slice(from, from + PIECE_BYTES);
    const begun = from;
    try {
      assetId = await port.append(url, begun, piece, (share) =>
        onprogress(file.size === 0 ? 1 : (begun + share * piece.size) / file.size),
      );
      from += piece.size;
      attempt = 0;
    } catch (thrown) {
      attempt += 1;
      const again = thrown instanceof ApiError && (thrown.retry || thrown.status === 409);
      if (!again || attempt >= ATTEMPTS) throw thrown;
      await port.pause(PAUSE_MS * attempt);
      from = await port.offset(url);
    }
  } while (from < file.size);
  onprogress(1);
  if (assetId !== undefined) return assetId;
  throw new ApiError({
    status: 0,
    code: 'upload.unnamed',
    message: 'The server took the file but did not say what became of it.',
    remedy: 'Look under Recordings.',
    retry: false,
  });
}

function portOf(signal: AbortSignal): UploadPort {
  return {
    async create(headers) {
      const response = await fetch('/v1/uploads', { method: 'POST', headers, signal });
      const location = response.headers.get('location');
      if (response.ok && location !== null) return location;
      throw await refusal(response, '/v1/uploads');
    },
    async offset(url) {
      const response = await fetch(url, { method: 'HEAD', headers: VERSION, signal });
      const known = Number(response.headers.get('upload-offset') ?? Number.NaN);
      if (response.ok && Number.isInteger(known)) return known;
      throw new ApiError({
        status: response.status,
        code: 'upload.gone',
        message: 'The server has forgotten this upload.',
        remedy: 'Choose the file again.',
        retry: false,
      });
    },
    async append(url, from, body, onprogress) {
      const answer = await sendFile<unknown>({
        method: 'PATCH',
        path: url,
        body,
        headers: {
          ...VERSION,
          'upload-offset': String(from),
          'content-type': 'application/offset+octet-stream',
        },
        onprogress,
        signal,
      });
      const id = Number(answer.headers.get('asset-id') ?? Number.NaN);
      return Number.isInteger(id) ? id : undefined;
    },
    pause: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
  };
}

/** Sends a file of a person; `onprogress` hears the share that was sent, 0..1. */
export function upload(
  file: File,
  meta: UploadMeta,
  options: { readonly onprogress: (share: number) => void; readonly signal: AbortSignal },
): Promise<number> {
  return uploadThrough(portOf(options.signal), file, meta, options.onprogress);
}
