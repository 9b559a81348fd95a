import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Below the media folder: what people brought, one folder each; never served. */
export const ORIGINALS = 'original';

/** `YYYYMMDD-HHMMSS` in UTC. */
function timeName(atUnixMs: number): string {
  return new Date(atUnixMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}

/** 128 bits: whoever does not know a file's name does not find it. */
const RANDOM_BYTES = 16;

/**
 * A name nobody has, nor guesses: `YYYYMMDD-HHMMSS-<session>-<32 hex digits>`, and a folder of that name for the
 * original. What waits for approval is served by its name alone, as Roundware apps expect right after an upload.
 */
export async function reserveStem(
  mediaFolder: string,
  atUnixMs: number,
  sessionNumber: number,
): Promise<string> {
  const stem = `${timeName(atUnixMs)}-${sessionNumber}-${randomBytes(RANDOM_BYTES).toString('hex')}`;
  await mkdir(join(mediaFolder, ORIGINALS, stem), { recursive: true });
  return stem;
}
