import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Below the media folder: what people brought, one folder each; never served. */
export const ORIGINALS = 'original';

/** `YYYYMMDD-HHMMSS` in UTC. */
function timeName(atUnixMs: number): string {
  return new Date(atUnixMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}

/**
 * A name nobody has: `YYYYMMDD-HHMMSS-<session>[_n]`, and a folder of that name for the original, which also keeps
 * the name taken.
 */
export async function reserveStem(
  mediaFolder: string,
  atUnixMs: number,
  sessionNumber: number,
): Promise<string> {
  const base = `${timeName(atUnixMs)}-${sessionNumber}`;
  await mkdir(join(mediaFolder, ORIGINALS), { recursive: true });
  for (let n = 0; ; n++) {
    const stem = n === 0 ? base : `${base}_${n}`;
    try {
      await mkdir(join(mediaFolder, ORIGINALS, stem));
      return stem;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
