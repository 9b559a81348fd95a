import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { z } from 'zod';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { RATE_HZ } from '../../media/ports.js';
import { writeDemoSounds } from '../../media/synth.js';
import { makeDemoContent } from './content.js';
import { demoMediaId } from './site.js';

const WAV_HEADER_BYTES = 44;
const WAV_CHANNELS_AT = 22;
const BYTES_PER_SAMPLE = 2;
const SETTING = 'demo.projectId';

/**
 * Makes the demo project and its sounds when there is none yet; an existing one is left as it is, whatever was
 * changed in it.
 */
export async function ensureDemoSite(options: {
  readonly store: SiteStore;
  readonly mediaFolder: string;
  readonly clock: Clock;
}): Promise<{ readonly projectId: number; readonly made: boolean }> {
  const { store, mediaFolder, clock } = options;
  const known = await store.settings.get(SETTING, z.number());
  if (known !== undefined && (await store.content.projects.get(known)) !== undefined) {
    return { projectId: known, made: false };
  }
  const files = await writeDemoSounds(mediaFolder);
  const lengthS = new Map<string, number>();
  for (const [sound, path] of files) {
    const bytes = await readFile(path);
    const frameBytes = bytes.readUInt16LE(WAV_CHANNELS_AT) * BYTES_PER_SAMPLE;
    const seconds = (bytes.length - WAV_HEADER_BYTES) / frameBytes / RATE_HZ;
    lengthS.set(sound, seconds);
    await store.media.put({
      id: demoMediaId(sound),
      name: sound,
      file: relative(mediaFolder, path),
      contentType: 'audio/wav',
      sizeBytes: bytes.length,
      durationMs: Math.round(seconds * 1_000),
      sha256: createHash('sha256').update(bytes).digest('hex'),
      createdAtUnixMs: clock.nowMs(),
    });
  }
  const projectId = await makeDemoContent(store.content, lengthS, clock);
  await store.settings.set(SETTING, projectId);
  return { projectId, made: true };
}
