import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EAST_HZ, place, TEST_PROJECT, WEST_HZ } from '../api/testing/audio-site.js';
import { call, type SessionAnswer } from '../api/testing/listen.js';
import { startServer, type TestServer } from '../api/testing/server.js';
import { EngineError } from '../engine/errors.js';
import { TestIcecast } from '../media/testing/icecast.js';
import { Ear } from './ear.js';
import { type Bench, type BenchContext, percentile, ratio } from './harness.js';
import { seedTones } from './tones-site.js';

const LISTENERS = 50;
const TARGET_P99_MS = 300;
/** Tone of a zone as it is stored. */
const FULL_LEVEL = 0.5;
/** A zone must be well at rest before the next move. */
const REST_MS = 1_200;
const REST_SPREAD_MS = 1_600;

interface Figures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly changes: number;
  readonly unheard: number;
  /** Listeners whose stream had a hole and was left out. */
  readonly undecodable: number;
}

/** Mean waits of a perfect server: half a block, half an MP3 frame, and the codec's own delay. */
const FLOOR = {
  halfBlockMs: 10,
  halfFrameMs: 12,
  /** LAME's 576 and the decoder's 529 samples. */
  codecMs: ((576 + 529) / 48_000) * 1_000,
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(
  server: TestServer,
  mountOrigin: string,
  durationMs: number,
): Promise<Figures> {
  const ears: Ear[] = [];
  try {
    const walkers = await Promise.all(
      Array.from({ length: LISTENERS }, async (_, number) => {
        const east = number % 2 === 1;
        const opened = await call<SessionAnswer>('POST', `${server.url}/v1/sessions`, {
          projectId: TEST_PROJECT,
          position: place(east ? 100 : 0),
        });
        if (opened.status !== 201) {
          throw new EngineError(
            'internal',
            `a session was refused: ${JSON.stringify(opened.body)}`,
          );
        }
        const { id, streamUrl } = opened.body;
        const ear = new Ear();
        ears.push(ear);
        await listenSoon(ear, `${mountOrigin}${new URL(streamUrl).pathname}`);
        return { id, ear, east };
      }),
    );
    const endMs = performance.now() + durationMs;
    await Promise.all(
      walkers.map(async ({ id, ear, east: eastFirst }) => {
        for (let east = !eastFirst; ; east = !east) {
          await sleep(REST_MS + Math.random() * REST_SPREAD_MS);
          if (performance.now() > endMs) break;
          ear.changes.push({ atMs: performance.now(), hz: east ? EAST_HZ : WEST_HZ });
          await call('PATCH', `${server.url}/v1/sessions/${id}`, {
            position: place(east ? 100 : 0),
          });
        }
        // The last change must have time to be heard.
        await sleep(REST_MS);
        ear.close();
        await call('DELETE', `${server.url}/v1/sessions/${id}`);
      }),
    );
  } finally {
    for (const ear of ears) ear.close();
  }
  const delays: (number | null)[] = [];
  let undecodable = 0;
  for (const ear of ears) {
    try {
      delays.push(...(await ear.delaysMs(FULL_LEVEL)));
    } catch (error) {
      // A stream with a hole in it (an overloaded server dropped bytes) has no clock to measure by.
      if (EngineError.from(error).code !== 'media.unreadable') throw error;
      undecodable += 1;
    }
  }
  const heard = delays.filter((delay) => delay !== null);
  return {
    p50Ms: percentile(heard, 0.5),
    p99Ms: percentile(heard, 0.99),
    maxMs: percentile(heard, 1),
    changes: delays.length,
    unheard: delays.length - heard.length,
    undecodable,
  };
}

/** On a real Icecast the mount is there a moment after the session. */
async function listenSoon(ear: Ear, url: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await ear.listen(url);
      return;
    } catch (error) {
      if (tries >= 40) throw error;
      await sleep(100);
    }
  }
}

async function run(context: BenchContext): Promise<{
  readonly ours: Figures;
  readonly icecast: Figures | undefined;
}> {
  const durationMs = context.quick ? 5_000 : 40_000;
  const data = mkdtempSync(join(tmpdir(), 'earshot-ear-'));
  context.onEnd(() => rmSync(data, { recursive: true, force: true }));
  await seedTones(context, data);

  context.say(`${LISTENERS} listeners on built-in mounts`);
  let server = await startServer({ data });
  context.onEnd(async () => void (await server.stop()));
  const ours = await measure(server, server.streamUrl, durationMs);
  await server.stop();

  let icecast: TestIcecast;
  try {
    icecast = await TestIcecast.start();
  } catch (error) {
    context.say(EngineError.from(error).message);
    return { ours, icecast: undefined };
  }
  context.onEnd(() => icecast.close());
  context.say('the same listeners on a real Icecast');
  server = await startServer({ data, env: { EARSHOT_ICECAST_URL: icecast.url } });
  return { ours, icecast: await measure(server, icecast.origin, durationMs) };
}

export const bench: Bench = {
  name: 'position-to-ear',
  question: 'How long after a listener moved do their ears get the new sound?',
  async run(context) {
    const { ours, icecast } = await run(context);
    const floorMs = FLOOR.halfBlockMs + FLOOR.halfFrameMs + FLOOR.codecMs;
    return {
      metrics: { ...ours, targetP99Ms: TARGET_P99_MS },
      peers: {
        floor: { p50Ms: floorMs },
        ...(icecast === undefined ? {} : { icecast: { ...icecast } }),
      },
      ratios: {
        p50OverFloor: ratio(ours.p50Ms, floorMs),
        p99OverIcecast: ratio(ours.p99Ms, icecast?.p99Ms),
      },
      notes: [
        `${LISTENERS} listeners of MP3 128 kbit/s move between two zones of one tone each at random times; server and listeners are processes of one machine`,
        'from sending the PATCH until the frame arrived with which a decoder puts out the new tone at a tenth of its level or more: encoder and decoder delay are in it, a player’s own buffer is not',
        'floor: mean wait of a server that needs no time at all: half a block of 20 ms, half a frame of 24 ms, codec delay of 1,105 samples',
        ...(icecast === undefined ? ['icecast2 is not installed: its figures are missing'] : []),
      ],
    };
  },
};
