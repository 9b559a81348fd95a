import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Asset } from '../actors/content/content.types.js';
import {
  ASSET_DEFAULTS,
  AUDIO_TRACK_DEFAULTS,
  PROJECT_DEFAULTS,
  TAG_DEFAULTS,
  UI_GROUP_DEFAULTS,
  UI_ITEM_DEFAULTS,
} from '../actors/content/defaults.js';
import { openSiteStore } from '../actors/control/site.js';
import { call, type SessionAnswer } from '../api/testing/listen.js';
import { startServer, type TestServer } from '../api/testing/server.js';
import { SystemClock } from '../engine/clock.js';
import { EngineError } from '../engine/errors.js';
import { wav } from '../media/synth/tools.js';
import { Ear } from './ear.js';
import { type Bench, type BenchContext, type BenchResult, percentile } from './harness.js';
import { at } from './sounding-site.js';

const LISTENERS = 10;
const TARGET_P99_MS = 300;
const LEVEL = 0.5;
const RATE_HZ = 48_000;
const SECONDS = 60;
/** Both make whole cycles in the windows of the ear. */
const ONE_HZ = 600;
const OTHER_HZ = 1_500;
/** What sounds must be at rest before the next control. */
const REST_MS = 900;
const REST_SPREAD_MS = 500;

interface Place {
  readonly projectId: number;
  readonly one: number;
  readonly other: number;
  readonly oneTag: number;
  readonly otherTag: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One voice, two long tones: here and, 5 km east, the other one; each with a tag of its own. */
async function seed(data: string): Promise<Place> {
  mkdirSync(join(data, 'media'), { recursive: true });
  const store = await openSiteStore({
    file: join(data, 'control.db'),
    clock: new SystemClock(),
    onError: (error) => void process.stderr.write(`${error.message}\n`),
  });
  try {
    const { content } = store;
    const { id: projectId } = await content.projects.create({
      ...PROJECT_DEFAULTS,
      name: 'Controls',
      latitude: 0,
      longitude: 0,
      publishedAtUnixMs: 0,
      recordingRadiusM: 20_000,
      bannedS: 0,
      repeatMode: 'continuous',
    });
    const { id: categoryId } = await content.tagCategories.create({ name: 'tone', data: '' });
    const group = { ...UI_GROUP_DEFAULTS, projectId, categoryId, name: 'tone' };
    const { id: groupId } = await content.uiGroups.create(group);
    await content.audioTracks.create({
      ...AUDIO_TRACK_DEFAULTS,
      projectId,
      minDurationS: SECONDS,
      maxDurationS: SECONDS,
      minDeadAirS: 0.2,
      maxDeadAirS: 0.2,
      minFadeInS: 0,
      maxFadeInS: 0.01,
      minFadeOutS: 0.05,
      maxFadeOutS: 0.05,
      repeatRecordings: true,
      fadeOutWhenFiltered: true,
    });
    const tone = async (hz: number): Promise<{ asset: Asset; tagId: number }> => {
      const sound = new Float32Array(SECONDS * RATE_HZ);
      for (let i = 0; i < sound.length; i++) {
        sound[i] = LEVEL * Math.sin((2 * Math.PI * hz * i) / RATE_HZ);
      }
      const mediaId = `tone-${hz}`;
      const bytes = wav([sound, sound]);
      writeFileSync(join(data, 'media', `${mediaId}.wav`), bytes);
      await store.media.put({
        id: mediaId,
        name: mediaId,
        file: `${mediaId}.wav`,
        contentType: 'audio/wav',
        sizeBytes: bytes.length,
        durationMs: SECONDS * 1_000,
        sha256: '',
        createdAtUnixMs: 0,
      } as Parameters<typeof store.media.put>[0]);
      const tag = await content.tags.create({
        ...TAG_DEFAULTS,
        projectId,
        categoryId,
        value: mediaId,
      });
      await content.uiItems.create({ ...UI_ITEM_DEFAULTS, groupId, tagId: tag.id });
      const asset = await content.assets.create({
        ...ASSET_DEFAULTS,
        ...at(0, 0),
        projectId,
        description: mediaId,
        mediaId,
        tagIds: [tag.id],
        submitted: true,
        startS: 0,
        endS: SECONDS,
        lengthS: SECONDS,
        ingest: 'ready',
        createdAtUnixMs: 0,
        updatedAtUnixMs: 0,
      });
      return { asset, tagId: tag.id };
    };
    const one = await tone(ONE_HZ);
    const other = await tone(OTHER_HZ);
    return {
      projectId,
      one: one.asset.id,
      other: other.asset.id,
      oneTag: one.tagId,
      otherTag: other.tagId,
    };
  } finally {
    await store.close();
  }
}

type Control = 'play' | 'filter' | 'pause' | 'resume' | 'skip';
type Delays = Record<Control, (number | null)[]>;

/** One listener goes round: play, pause, resume, filter, skip; each is timed to the ear. */
async function listen(
  server: TestServer,
  place: Place,
  endMs: number,
  delays: Delays,
): Promise<void> {
  const opened = await call<SessionAnswer>('POST', `${server.url}/v1/sessions`, {
    projectId: place.projectId,
    position: at(0, 0),
    tagIds: [place.oneTag, place.otherTag],
  });
  if (opened.status !== 201) {
    throw new EngineError('internal', `a session was refused: ${JSON.stringify(opened.body)}`);
  }
  const { id, streamUrl } = opened.body;
  const session = `${server.url}/v1/sessions/${id}`;
  const ear = new Ear();
  const controls: Control[] = [];
  const ask = async (
    control: Control,
    change: { readonly hz: number; readonly goes?: boolean },
    method: 'POST' | 'PATCH',
    path: string,
    body?: unknown,
  ): Promise<void> => {
    await sleep(REST_MS + Math.random() * REST_SPREAD_MS);
    controls.push(control);
    ear.changes.push({ atMs: performance.now(), ...change });
    const answer = await call('POST' === method ? 'POST' : 'PATCH', `${session}${path}`, body);
    if (answer.status !== 200) {
      throw new EngineError('internal', `${control}: ${JSON.stringify(answer.body)}`);
    }
  };
  try {
    await ear.listen(streamUrl);
    await sleep(1_500);
    for (let turn = 0; performance.now() < endMs; turn++) {
      const [next, nextHz] = turn % 2 === 0 ? [place.other, OTHER_HZ] : [place.one, ONE_HZ];
      const nowHz = turn % 2 === 0 ? ONE_HZ : OTHER_HZ;
      const [nowTag, nextTag] =
        turn % 2 === 0 ? [place.oneTag, place.otherTag] : [place.otherTag, place.oneTag];
      // Whatever the voice took by itself, from here on the asset of `nowTag` sounds.
      await call('PATCH', session, { tagIds: [nowTag] });
      await call('POST', `${session}/skip`);
      await ask('play', { hz: nextHz }, 'POST', '/play', { assetId: next });
      await ask('pause', { hz: nextHz, goes: true }, 'POST', '/pause');
      await ask('resume', { hz: nextHz }, 'POST', '/resume');
      // What was asked for stays whatever is chosen: on to what the voice takes itself.
      await ask('skip', { hz: nextHz, goes: true }, 'POST', '/skip');
      await ask('filter', { hz: nowHz, goes: true }, 'PATCH', '', { tagIds: [nextTag] });
    }
    await sleep(REST_MS);
  } finally {
    ear.close();
    await call('DELETE', session);
  }
  for (const [i, delay] of (await ear.delaysMs(LEVEL)).entries()) {
    const control = controls[i];
    if (control !== undefined) delays[control].push(delay);
  }
}

async function run(context: BenchContext): Promise<BenchResult> {
  const data = mkdtempSync(join(tmpdir(), 'earshot-controls-'));
  context.onEnd(() => rmSync(data, { recursive: true, force: true }));
  const place = await seed(data);
  const server = await startServer({ data });
  context.onEnd(async () => void (await server.stop()));
  const endMs = performance.now() + (context.quick ? 12_000 : 90_000);
  const delays: Delays = { play: [], filter: [], pause: [], resume: [], skip: [] };
  context.say(`${LISTENERS} listeners press every button`);
  await Promise.all(Array.from({ length: LISTENERS }, () => listen(server, place, endMs, delays)));
  const all = Object.values(delays).flat();
  const heard = all.filter((delay) => delay !== null);
  const figures = Object.entries(delays).map(([control, some]) => [
    `${control}P99Ms`,
    percentile(
      some.filter((delay) => delay !== null),
      0.99,
    ),
  ]);
  return {
    metrics: {
      p50Ms: percentile(heard, 0.5),
      p99Ms: percentile(heard, 0.99),
      ...(Object.fromEntries(figures) as Record<string, number>),
      controls: all.length,
      unheard: all.length - heard.length,
      targetP99Ms: TARGET_P99_MS,
    },
    peers: {},
    ratios: {},
    notes: [
      `${LISTENERS} listeners of MP3 128 kbit/s, one voice each with fade-outs of 50 ms; from sending the request until the frame arrived with which a decoder puts out the new tone at a tenth of its level (play, resume), or the old one below it (pause, skip, filter)`,
      'encoder and decoder delay are in it, a player’s own buffer is not',
    ],
  };
}

export const bench: Bench = {
  name: 'controls',
  question: 'How long after play, pause, resume, filter or skip is it heard?',
  run,
};
