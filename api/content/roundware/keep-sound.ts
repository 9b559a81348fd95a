import type { Asset } from '../../../actors/content/content.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { Arrival } from '../ingest.types.js';
import { removeUnused } from '../removal.js';

/** A speaker's file must be converted by then. */
const SOUND_WITHIN_MS = 10 * 60_000;

export interface SoundKeeping {
  readonly store: SiteStore;
  readonly ingest: {
    receive(arrival: Arrival): Promise<Asset>;
    settled(assetId: number, signal?: AbortSignal): Promise<Asset>;
  };
  readonly mediaFolder: string;
  readonly clock: Clock;
}

/**
 * Keeps a sound file that is no asset, for a speaker of the project: it goes the way of every upload, which probes and
 * converts it; only the sound is kept, without the asset that brought it. `file` is an incoming file and taken over.
 * @returns its media id. @throws EngineError `input.invalid`, `media.unreadable`, `server.busy`.
 */
export async function keepSound(
  { store, ingest, mediaFolder, clock }: SoundKeeping,
  file: { readonly path: string; readonly filename: string; readonly contentType: string },
  projectId: number,
): Promise<string> {
  const { id } = await ingest.receive({
    source: { file: file.path },
    projectId,
    declaredName: file.filename,
    declaredType: file.contentType,
    submitted: false,
  });
  const late = new AbortController();
  const timer = clock.setTimeout(() => late.abort(), SOUND_WITHIN_MS);
  let asset: Asset;
  try {
    asset = await ingest.settled(id, late.signal);
  } catch (thrown) {
    if (EngineError.from(thrown).code !== 'call.aborted') throw thrown;
    throw new EngineError('server.busy', 'file: other files are before it: try again later');
  } finally {
    clock.clearTimeout(timer);
    await store.content.assets.remove(id);
  }
  const { mediaId } = asset;
  if (asset.ingest === 'ready' && mediaId !== null && asset.mediaType === 'audio') return mediaId;
  if (mediaId !== null) await removeUnused(store, mediaFolder, mediaId);
  throw new EngineError('media.unreadable', `file: ${asset.ingestError ?? 'it is no sound'}`);
}
