import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { RATE_HZ } from '../../media/ports.js';
import { writeDemoSounds } from '../../media/synth.js';
import { planCorners } from './plan.js';
import { DEMO_PROJECT_ID, demoMediaId, demoProject } from './site.js';

const WAV_HEADER_BYTES = 44;
const WAV_CHANNELS_AT = 22;
const BYTES_PER_SAMPLE = 2;

/**
 * Makes the demo project and its sounds when there is none yet; an existing one is left as it is, whatever was
 * changed in it. Returns whether it was made.
 */
export async function ensureDemoSite(options: {
  readonly store: SiteStore;
  readonly mediaFolder: string;
  readonly clock: Clock;
}): Promise<boolean> {
  const { store, mediaFolder, clock } = options;
  if ((await store.projects.get(DEMO_PROJECT_ID)) !== undefined) return false;
  const files = await writeDemoSounds(join(mediaFolder, 'demo'));
  for (const [sound, path] of files) {
    const bytes = await readFile(path);
    const frameBytes = bytes.readUInt16LE(WAV_CHANNELS_AT) * BYTES_PER_SAMPLE;
    await store.media.put({
      id: demoMediaId(sound),
      name: sound,
      file: relative(mediaFolder, path),
      contentType: 'audio/wav',
      sizeBytes: bytes.length,
      durationMs: Math.round(((bytes.length - WAV_HEADER_BYTES) / frameBytes / RATE_HZ) * 1_000),
      sha256: createHash('sha256').update(bytes).digest('hex'),
      createdAtUnixMs: clock.nowMs(),
    });
  }
  const project = demoProject();
  await store.projects.save({
    ...project,
    plan: { url: `/v1/projects/${project.id}/plan.svg`, corners: planCorners() },
  });
  const tags = [...new Set(project.recordings.flatMap((recording) => recording.tags))].sort();
  await store.projects.setTags(
    project.id,
    tags.map((id) => ({ id, name: `${id[0]?.toUpperCase() ?? ''}${id.slice(1)}` })),
  );
  return true;
}
