import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Asset } from '../../actors/content/content.types.js';
import type { MediaFile, Variants } from '../../actors/control/media-files.js';
import type { JobResult, Role } from '../../media/ingest/ingest.types.js';

/** What is played or shown when somebody asks for the media itself. */
const PRIMARY: Readonly<Record<JobResult['kind'], Role>> = {
  audio: 'wav',
  photo: 'photo',
  text: 'text',
  video: 'video',
};

/** The name that clients know: phones play MP3, the mix reads the WAV beside it. */
const SHOWN: Readonly<Record<JobResult['kind'], Role>> = { ...PRIMARY, audio: 'mp3' };

/** Moves what a job made into the media folder; both are on one disk. What was there by that name is replaced. */
export async function keepResults(
  result: JobResult,
  from: string,
  mediaFolder: string,
): Promise<void> {
  for (const { name } of result.files) {
    const target = join(mediaFolder, name);
    await mkdir(dirname(target), { recursive: true });
    await rename(join(from, name), target);
  }
}

export async function dropFiles(mediaFolder: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(join(mediaFolder, path), { force: true });
}

/** The media row once the job is done. */
export function mediaAfter(before: MediaFile, result: JobResult): MediaFile {
  const made = new Map(result.files.map((file) => [file.role, file]));
  const primary = made.get(PRIMARY[result.kind]);
  const variants: Record<string, string> = {
    original: before.variants?.original ?? before.file,
  };
  for (const { role, name } of result.files) if (role !== 'peaks') variants[role] = name;
  return {
    ...before,
    file: primary?.name ?? before.file,
    contentType: primary?.contentType ?? before.contentType,
    sizeBytes: primary?.sizeBytes ?? before.sizeBytes,
    durationMs: result.durationS === undefined ? undefined : result.durationS * 1_000,
    sha256: result.sha256,
    variants: variants as Variants,
    peaksFile: made.get('peaks')?.name,
    loudnessLufs: result.loudnessLufs,
    truePeakDb: result.truePeakDb,
    mediaType: result.kind,
  };
}

/** What the asset learns from the job. Only sound has a length: it is what makes an asset play in the mix. */
export function assetAfter(result: JobResult, atUnixMs: number): Partial<Omit<Asset, 'id'>> {
  const lengthS = result.kind === 'audio' ? (result.durationS ?? null) : null;
  return {
    mediaType: result.kind,
    filename: result.files.find(({ role }) => role === SHOWN[result.kind])?.name ?? null,
    lengthS,
    startS: lengthS === null ? null : 0,
    endS: lengthS,
    loudnessLufs: result.loudnessLufs ?? null,
    ingest: 'ready',
    ingestError: null,
    updatedAtUnixMs: atUnixMs,
  };
}
