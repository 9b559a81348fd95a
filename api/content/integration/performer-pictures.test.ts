import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '../../contract/rest.js';
import {
  type ContentSite,
  OPERATOR,
  startContentSite,
  toneBytes,
} from '../../testing/content-site.js';

interface Shown {
  readonly photoMediaId: string | null;
  readonly photoUrl: string | null;
  readonly backgroundUrl: string | null;
}

let site: ContentSite;
let id: number;

beforeEach(async () => {
  site = await startContentSite();
  const { performers } = site.store.inventory;
  const made = await performers.create({
    name: 'Ada',
    photoMediaId: null,
    backgroundMediaId: null,
    notes: '',
  });
  id = made.id;
});
afterEach(async () => {
  await site.stop();
});

/** One frame or some seconds of a moving picture, made by the real ffmpeg. */
function picture(...output: readonly string[]): Buffer<ArrayBuffer> {
  const source = ['-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=10:duration=1'];
  return Buffer.from(
    execFileSync('ffmpeg', ['-nostdin', '-v', 'error', ...source, ...output, 'pipe:1'], {
      maxBuffer: 1 << 28,
    }),
  );
}
const png = () => picture('-frames:v', '1', '-f', 'image2', '-c:v', 'png');
const webm = () => picture('-c:v', 'libvpx', '-f', 'webm');

const call = async (method: string, path: string, body?: Buffer<ArrayBuffer>, headers = {}) =>
  await fetch(`${site.url}/v1/performers/${path}`, {
    method,
    headers: { ...OPERATOR, ...headers },
    ...(body === undefined ? {} : { body: new Blob([body]) }),
  });
const mediaFiles = () =>
  readdirSync(site.mediaFolder, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );

describe('pictures of a performer', () => {
  it('are brought, seen and taken away with all of their files', async () => {
    const photo = await call('POST', `${id}/pictures/photo?name=ada.png`, png());
    expect(photo.status, await photo.clone().text()).toBe(200);
    const background = await call('POST', `${id}/pictures/background`, webm());
    expect(background.status, await background.clone().text()).toBe(200);
    const shown = (await background.json()) as Shown;
    for (const [url, type] of [
      [shown.photoUrl, /^image\//],
      [shown.backgroundUrl, /^video\//],
    ] as const) {
      const seen = await fetch(`${site.url}${url}`);
      expect(seen.status).toBe(200);
      expect(seen.headers.get('content-type')).toMatch(type);
    }
    expect((await call('DELETE', `${id}/pictures/photo`)).status).toBe(200);
    const bare = await call('DELETE', `${id}/pictures/background`);
    expect(await bare.json()).toMatchObject({ photoUrl: null, backgroundUrl: null, name: 'Ada' });
    expect(mediaFiles()).toEqual([]);
    expect(await site.store.media.list()).toEqual([]);
  }, 60_000);

  it('take the place of the one before, whose files go', async () => {
    const send = async () =>
      (await (await call('POST', `${id}/pictures/photo`, png())).json()) as Shown;
    const [first, second] = [await send(), await send()];
    expect(second.photoMediaId).not.toBe(first.photoMediaId);
    expect((await fetch(`${site.url}${first.photoUrl}`)).status).toBe(404);
    expect((await fetch(`${site.url}${second.photoUrl}`)).status).toBe(200);
  }, 60_000);

  it('are refused when they cannot be shown, with the remedy, and nothing is left', async () => {
    const bad: [string, Buffer<ArrayBuffer>][] = [
      ['words', Buffer.from('this is only text')],
      ['sound only', toneBytes(1)],
      ['half of a picture', png().subarray(0, 300) as Buffer<ArrayBuffer>],
      ['nothing', Buffer.alloc(0)],
    ];
    for (const [what, bytes] of bad) {
      const answer = await call('POST', `${id}/pictures/photo`, bytes);
      expect(answer.status, what).toBeGreaterThanOrEqual(400);
      expect(answer.status, what).toBeLessThan(500);
      const problem = (await answer.json()) as Problem;
      expect(problem.detail, what).toMatch(/bring a picture|it is empty|body/);
    }
    expect(mediaFiles()).toEqual([]);
    expect(readdirSync(site.content.ingest.incomingFolder)).toEqual([]);
    expect((await site.store.inventory.performers.get(id))?.photoMediaId).toBeNull();
  }, 60_000);

  it('are for operators, for performers that are there, and of a size', async () => {
    const stranger = await fetch(`${site.url}/v1/performers/${id}/pictures/photo`, {
      method: 'POST',
      body: new Blob([png()]),
    });
    expect(stranger.status).toBe(401);
    expect((await call('POST', '999/pictures/photo', png())).status).toBe(404);
    expect((await call('POST', `${id}/pictures/hat`, png())).status).toBe(400);
    const large = await call('POST', `${id}/pictures/photo`, Buffer.alloc(65 * 1_048_576));
    expect(large.status).toBe(413);
  }, 60_000);
});
