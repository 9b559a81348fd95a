import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestIcecast } from '../../media/testing/icecast.js';
import { decodeStream, toneLevel } from '../../media/tones.js';
import {
  type AudioSite,
  EAST_HZ,
  place,
  startAudioSite,
  TEST_PROJECT,
  WEST_HZ,
} from '../testing/audio-site.js';
import { openChromium } from '../testing/chromium.js';
import {
  call,
  firstMp3Frame,
  MP3_FRAME_BYTES,
  type SessionAnswer,
  TestListener,
} from '../testing/listen.js';

let site: AudioSite;

beforeAll(async () => {
  site = await startAudioSite();
});
afterAll(async () => {
  await site.stop();
});

async function open(at: AudioSite, eastM: number, more: object = {}): Promise<SessionAnswer> {
  const { status, body } = await call<SessionAnswer>('POST', `${at.url}/v1/sessions`, {
    projectId: TEST_PROJECT,
    position: place(eastM),
    ...more,
  });
  expect(status).toBe(201);
  return body;
}

test('a player that stops reading is skipped to now within its bound and delays nobody', async () => {
  const session = await open(site, 0, { bitrateKbps: 320 });
  const { port, pathname } = new URL(session.streamUrl);
  const stuck = connect({ host: '127.0.0.1', port: Number(port) });
  stuck.on('error', () => undefined);
  stuck.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
  stuck.pause();
  const quick = await TestListener.connect(session.streamUrl);
  const mount = site.service.mounts.get(pathname);
  await expect.poll(() => mount?.listeners).toBe(2);
  const from = performance.now();
  await quick.next(160_000);
  // 160,000 bytes of 40,000 a second: the other one in the way would show as minutes.
  expect(performance.now() - from).toBeLessThan(20_000);
  stuck.destroy();
  await expect.poll(() => mount?.listeners, { timeout: 8_000 }).toBe(1);
  quick.close();
});

test('a browser plays MP3, Ogg Opus and Ogg Vorbis in an audio element', async () => {
  const sessions = [
    await open(site, 0),
    await open(site, 0, { format: 'opus', bitrateKbps: 96 }),
    await open(site, 0, { format: 'vorbis', bitrateKbps: 96 }),
  ];
  const browser = await openChromium({ autoplay: true });
  try {
    const page = await browser.newPage();
    await page.goto(`${site.url}/v1/projects`);
    for (const { streamUrl } of sessions) {
      const playedS = await page.evaluate(
        `new Promise((resolve, reject) => {
          const audio = new Audio();
          audio.crossOrigin = 'anonymous';
          audio.onerror = () => reject(new Error(audio.error?.message ?? 'audio failed'));
          let from;
          audio.onplaying = () => { from ??= audio.currentTime; };
          audio.ontimeupdate = () => {
            if (audio.currentTime - from > 1) { audio.pause(); resolve(audio.currentTime - from); }
          };
          audio.src = ${JSON.stringify(streamUrl)};
          audio.play().catch(reject);
        })`,
      );
      expect(Number(playedS)).toBeGreaterThan(1);
    }
  } finally {
    await browser.close();
  }
});

test('sessions come back after the engine was stopped and started: same mount, same place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-again-'));
  const first = await startAudioSite({ folder });
  const session = await open(first, 0);
  await call('PATCH', `${first.url}/v1/sessions/${session.id}`, { position: place(100) });
  await first.stop();
  const second = await startAudioSite({ folder });
  const found = await call<SessionAnswer>('GET', `${second.url}/v1/sessions/${session.id}`);
  expect(found.body.position).toEqual(place(100));
  const mount = new URL(session.streamUrl).pathname;
  const listener = await TestListener.connect(`${second.streamUrl}${mount}`);
  await listener.reaches(32_000);
  const { left } = await decodeStream(listener.bytes());
  expect(toneLevel(left, EAST_HZ, left.length - 24_000)).toBeGreaterThan(0.3);
  listener.close();
  await second.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a session nobody hears and nobody speaks for ends by itself', async () => {
  const short = await startAudioSite({ idleAfterMs: 1_000 });
  const session = await open(short, 0);
  await expect
    .poll(async () => (await call('GET', `${short.url}/v1/sessions/${session.id}`)).status, {
      timeout: 15_000,
      interval: 2_000,
    })
    .toBe(404);
  expect(await short.store.sessions.list()).toEqual([]);
  await short.stop();
});

test('with a real Icecast the session is a mount there, survives its restart and counts its listeners', async () => {
  const icecast = await TestIcecast.start();
  const fed = await startAudioSite({ icecastUrl: icecast.url });
  try {
    const session = await open(fed, 0);
    const url = `${icecast.origin}${new URL(session.streamUrl).pathname}`;
    const connected = () => [...fed.service.status.values()][0]?.icecast;
    await expect.poll(connected, { timeout: 10_000 }).toBe('connected');
    const before = await TestListener.connect(url);
    await before.reaches(32_000);
    const from = firstMp3Frame(before.bytes());
    const whole = Math.floor((before.size - from) / MP3_FRAME_BYTES) * MP3_FRAME_BYTES;
    const { left } = await decodeStream(before.bytes().subarray(from, from + whole));
    expect(toneLevel(left, WEST_HZ, left.length - 24_000)).toBeGreaterThan(0.3);
    await expect
      .poll(() => fed.table.get(String(session.number))?.['listeners'], { timeout: 10_000 })
      .toBe(1);
    await icecast.stop();
    await expect.poll(connected, { timeout: 10_000 }).toBe('away');
    await icecast.start();
    await expect.poll(connected, { timeout: 5_000 }).toBe('connected');
    const after = await TestListener.connect(url);
    await after.reaches(8_000);
    expect(after.status).toBe(200);
    after.close();
  } finally {
    await fed.stop();
    await icecast.close();
  }
});
