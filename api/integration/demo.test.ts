import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SystemClock } from '../../engine/clock.js';
import type { ProjectMap } from '../contract/rest.js';
import { ensureDemoSite } from '../demo/ensure.js';
import { planSvg } from '../demo/plan.js';
import { DemoWalkers } from '../demo/walkers.js';
import { type AudioSite, startAudioSite } from '../testing/audio-site.js';
import { call } from '../testing/listen.js';

let site: AudioSite;
let projectId = 0;
const clock = new SystemClock();

beforeAll(async () => {
  site = await startAudioSite();
});
afterAll(async () => {
  await site.stop();
});

test('the demo site is made once, with a file for each of its sounds, and on the map at once', async () => {
  const mediaFolder = join(site.folder, 'media');
  const first = await ensureDemoSite({ store: site.store, mediaFolder, clock });
  expect(first.made).toBe(true);
  expect(await ensureDemoSite({ store: site.store, mediaFolder, clock })).toEqual({
    projectId: first.projectId,
    made: false,
  });
  projectId = first.projectId;
  await expect.poll(() => site.service.sounds.get(projectId)?.tracks.length).toBe(2);
  const sounds = [
    ...(site.service.sounds.get(projectId)?.speakers ?? []).flatMap(({ sources }) => sources),
    ...[...site.service.sounds.assetsOf(projectId).values()].map(({ mediaId }) => ({ mediaId })),
  ];
  expect(sounds.length).toBeGreaterThan(30);
  for (const sound of sounds) {
    const media = await site.store.media.get('mediaId' in sound ? sound.mediaId : '');
    expect(media?.durationMs).toBeGreaterThan(1_000);
    expect(existsSync(join(mediaFolder, media?.file ?? ''))).toBe(true);
  }
  const map = await call<ProjectMap>('GET', `${site.url}/v1/projects/${projectId}/map`);
  expect(map.body).toMatchObject({
    name: 'Walled garden',
    plan: { url: `/v1/projects/${projectId}/plan.svg` },
  });
  expect([map.body.speakers.length, map.body.recordings.length]).toEqual([7, 28]);
  expect(planSvg().length).toBeLessThan(20_000);
});

test('walkers move through it as sessions that nobody hears, and come and go by themselves', async () => {
  const walkers = new DemoWalkers({ url: site.url, projectId, count: 3, clock });
  walkers.start();
  await expect.poll(() => walkers.walking, { timeout: 8_000 }).toBe(3);
  const [first] = [...site.table.rows()];
  const before = first?.['latitude'];
  await expect
    .poll(() => site.table.get(first?.id ?? '')?.['latitude'], { timeout: 5_000 })
    .not.toBe(before);
  const heard = (): number =>
    [...site.table.rows()].filter((row) => (row['hears'] as string[]).length > 0).length;
  await expect.poll(heard, { timeout: 15_000 }).toBeGreaterThan(0);
  expect([...site.service.status.values()].every((status) => status.mixes === 0)).toBe(true);
  await call('DELETE', `${site.url}/v1/sessions/${first?.id ?? ''}`);
  await expect.poll(() => site.service.size, { timeout: 8_000 }).toBe(3);
  await walkers.stop();
  await expect.poll(() => site.service.size).toBe(0);
});
