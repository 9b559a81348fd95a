import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SessionOutput } from '../../actors/session/protocol.js';
import { TestIcecast } from '../../media/testing/icecast.js';
import { decodeStream, toneLevel } from '../../media/tones.js';
import {
  type AudioSite,
  place,
  startAudioSite,
  TEST_PROJECT,
  WEST_HZ,
} from '../testing/audio-site.js';
import { call, type SessionAnswer, TestListener } from '../testing/listen.js';

let icecast: TestIcecast;
let site: AudioSite;
const folder = mkdtempSync(join(tmpdir(), 'earshot-outputs-'));

beforeAll(async () => {
  icecast = await TestIcecast.start();
  site = await startAudioSite({ icecastUrl: icecast.url, folder });
}, 30_000);
afterAll(async () => {
  await site.stop();
  await icecast.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(output: SessionOutput | null, format = 'mp3'): Promise<SessionAnswer> {
  await site.store.content.projects.update(TEST_PROJECT, { output });
  await expect.poll(() => site.service.sounds.row(TEST_PROJECT)?.output).toBe(output);
  const { status, body } = await call<SessionAnswer>('POST', `${site.url}/v1/sessions`, {
    projectId: TEST_PROJECT,
    position: place(0),
    format,
    bitrateKbps: 96,
  });
  expect(status).toBe(201);
  return body;
}

const pathOf = (session: SessionAnswer): string => new URL(session.streamUrl).pathname;
const statusOf = async (url: string): Promise<number> =>
  (await fetch(url, { method: 'HEAD' })).status;
const onIcecast = async (path: string): Promise<boolean> => {
  const body = (await (await fetch(`${icecast.origin}/status-json.xsl`)).json()) as unknown;
  return JSON.stringify(body).includes(`${path}"`);
};

test.each([
  ['builtin', 200, false],
  ['icecast', 404, true],
  ['both', 200, true],
  [null, 200, true],
] as const)(
  'a project whose output is %s leaves there and nowhere else',
  async (output, own, ice) => {
    const session = await open(output);
    const path = pathOf(session);
    if (ice) await expect.poll(() => onIcecast(path), { timeout: 10_000 }).toBe(true);
    expect(await statusOf(`${site.streamUrl}${path}`)).toBe(own);
    const listener = await TestListener.connect(`${ice ? icecast.origin : site.streamUrl}${path}`);
    await listener.reaches(8_000);
    expect(listener.status).toBe(200);
    listener.close();
    if (!ice) expect(await onIcecast(path)).toBe(false);
    await call('DELETE', `${site.url}/v1/sessions/${session.id}`);
    // The end takes both mounts away.
    expect(await statusOf(`${site.streamUrl}${path}`)).toBe(404);
    await expect.poll(() => onIcecast(path), { timeout: 10_000 }).toBe(false);
  },
);

test.each(['vorbis', 'opus'])('%s is heard from Icecast and from here', async (format) => {
  const session = await open('both', format);
  const path = pathOf(session);
  expect(path.endsWith('.ogg')).toBe(true);
  await expect.poll(() => onIcecast(path), { timeout: 10_000 }).toBe(true);
  for (const origin of [icecast.origin, site.streamUrl]) {
    const listener = await TestListener.connect(`${origin}${path}`);
    await listener.reaches(14_000);
    listener.close();
    const bytes = listener.bytes();
    // The last page is cut where the connection was.
    const end = Buffer.from(bytes).lastIndexOf('OggS');
    const { left } = await decodeStream(bytes.subarray(0, end));
    expect(toneLevel(left, WEST_HZ, left.length - 24_000)).toBeGreaterThan(0.3);
  }
  await call('DELETE', `${site.url}/v1/sessions/${session.id}`);
});

test('a session that comes back where there is no Icecast any more is heard here', async () => {
  const session = await open('icecast');
  await site.stop();
  site = await startAudioSite({ folder });
  expect(await statusOf(`${site.streamUrl}${pathOf(session)}`)).toBe(200);
});
