import type { AnswerOf } from '../../api/client/calls.types.js';
import { call } from './api.js';
import type { Asset, ContentQuery, MediaType } from './content.js';

/** What the recordings table may be narrowed to, as it stands in the address. */
export interface RecordingFilter {
  readonly submitted: boolean | undefined;
  readonly mediaType: MediaType | undefined;
  readonly tagIds: readonly number[];
  readonly length: LengthId | undefined;
  readonly text: string;
  readonly user: string;
  readonly ingest: 'failed' | 'working' | 'waiting' | undefined;
}

/** Lengths as people ask for them, seconds. */
export const LENGTHS = [
  { id: 'short', word: 'Under 10 s', maxS: 10 },
  { id: 'usual', word: '10 s to 1 min', minS: 10, maxS: 60 },
  { id: 'long', word: '1 to 5 min', minS: 60, maxS: 300 },
  { id: 'endless', word: 'Over 5 min', minS: 300 },
] as const satisfies readonly { id: string; word: string; minS?: number; maxS?: number }[];
export type LengthId = (typeof LENGTHS)[number]['id'];

export const MEDIA_WORDS: Readonly<Record<MediaType, string>> = {
  audio: 'Sound',
  photo: 'Photo',
  text: 'Text',
  video: 'Video',
};
export const MEDIA_TYPES: readonly { readonly value: MediaType; readonly word: string }[] = (
  Object.keys(MEDIA_WORDS) as MediaType[]
).map((value) => ({ value, word: MEDIA_WORDS[value] }));

export function recordingFilter(query: URLSearchParams): RecordingFilter {
  const submitted = query.get('submitted');
  const ingest = query.get('ingest');
  return {
    submitted: submitted === 'yes' ? true : submitted === 'no' ? false : undefined,
    mediaType: MEDIA_TYPES.find((one) => one.value === query.get('type'))?.value,
    tagIds: (query.get('tags') ?? '')
      .split(',')
      .map(Number)
      .filter((id) => Number.isInteger(id) && id > 0),
    length: LENGTHS.find((one) => one.id === query.get('length'))?.id,
    text: query.get('text') ?? '',
    user: query.get('user') ?? '',
    ingest:
      ingest === 'failed' || ingest === 'working' || ingest === 'waiting' ? ingest : undefined,
  };
}

/** The filter as a question to the server. */
export function recordingQuery(
  projectId: number,
  filter: RecordingFilter,
  window: { readonly order: string; readonly page: number; readonly size: number },
): ContentQuery {
  const length: { readonly minS?: number; readonly maxS?: number } | undefined = LENGTHS.find(
    (one) => one.id === filter.length,
  );
  return {
    projectId,
    submitted: filter.submitted,
    mediaType: filter.mediaType,
    tagIds: filter.tagIds.length > 0 ? filter.tagIds.join(',') : undefined,
    minLengthS: length?.minS,
    maxLengthS: length?.maxS,
    text: filter.text.trim() === '' ? undefined : filter.text.trim(),
    userText: filter.user.trim() === '' ? undefined : filter.user.trim(),
    ingest: filter.ingest,
    order: window.order,
    offset: (window.page - 1) * window.size,
    limit: window.size,
  };
}

export const isNarrowed = (filter: RecordingFilter): boolean =>
  filter.submitted !== undefined ||
  filter.mediaType !== undefined ||
  filter.length !== undefined ||
  filter.ingest !== undefined ||
  filter.tagIds.length > 0 ||
  filter.text.trim() !== '' ||
  filter.user.trim() !== '';

/** What people call it: its description, else its file, else its number. */
export const recordingName = (row: Pick<Asset, 'id' | 'description' | 'filename'>): string =>
  row.description.trim() !== '' ? row.description : (row.filename ?? `Recording ${row.id}`);

/** `1:05`, `0:07.5` below ten seconds; `–` for none. */
export function lengthText(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '–';
  const tenths = seconds < 9.95;
  const rounded = tenths ? Math.round(seconds * 10) / 10 : Math.round(seconds);
  const minutes = Math.floor(rounded / 60);
  const rest = rounded - minutes * 60;
  return `${minutes}:${tenths ? rest.toFixed(1).padStart(4, '0') : String(rest).padStart(2, '0')}`;
}

/** Address of the file behind an asset; undefined when it has none. */
export const mediaHref = (row: Pick<Asset, 'filename'>): string | undefined =>
  row.filename === null ? undefined : `/media/${encodeURIComponent(row.filename)}`;

/** Each peak is 0..255 of full scale. */
export type Peaks = AnswerOf<'GET', '/v1/assets/{id}/peaks'>;

export function loadPeaks(assetId: number, signal?: AbortSignal): Promise<Peaks> {
  return call('GET', '/v1/assets/{id}/peaks', { params: { id: assetId }, signal });
}
