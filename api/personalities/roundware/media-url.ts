import type { Asset, Speaker } from '../../../actors/content/content.types.js';
import { SOUND_ENDING } from '../../../actors/control/media-files.js';
import type { Services } from './services.js';

/** Address of a file below the media folder; sounds always have an MP3 beside them. */
function addressOf(origin: string, file: string, sound: boolean): string {
  const named = sound ? file.replace(SOUND_ENDING, '.mp3') : file;
  return `${origin}/media/${named.split('/').map(encodeURIComponent).join('/')}`;
}

/** Null without a file. */
export async function assetUrl(
  { media }: Pick<Services, 'media'>,
  asset: Asset,
  origin: string,
): Promise<string | null> {
  const sound = asset.mediaType === 'audio';
  if (asset.filename !== null) return addressOf(origin, asset.filename, sound);
  const file = asset.mediaId === null ? undefined : await media.get(asset.mediaId);
  return file === undefined ? null : addressOf(origin, file.variants?.mp3 ?? file.file, false);
}

/** What a speaker plays, as an absolute address; empty when it has nothing. */
export async function speakerUrl(
  { media }: Pick<Services, 'media'>,
  speaker: Speaker,
  origin: string,
): Promise<string> {
  const file = speaker.mediaId === null ? undefined : await media.get(speaker.mediaId);
  if (file !== undefined) return addressOf(origin, file.variants?.mp3 ?? file.file, false);
  return absolute(speaker.uri, origin);
}

/** Addresses of our own without a host get the one that the client used. */
export const absolute = (uri: string, origin: string): string =>
  uri.startsWith('/') && !uri.startsWith('//') ? `${origin}${uri}` : uri;
