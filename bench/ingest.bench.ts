import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { entryUrl } from '../engine/entry.js';
import { connectSeries } from '../engine/series/client.js';
import {
  type Bench,
  type BenchContext,
  type BenchResult,
  processTree,
  ratio,
  type Spawned,
  spawnReady,
} from './harness.js';

const DEVICES = 500;
const WINDOW = 6;
/** Channels of the rows that went straight into the store begin here. */
const FIRST_RAW_CHANNEL = 3_000_000_000;
const SETTLE_WITHIN_MS = 20_000;

const loadFigures = z.object({
  seconds: z.number(),
  acknowledged: z.number(),
  refused: z.number(),
  fields: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  cpuSeconds: z.number(),
});
const batchFigures = z.object({ stored: z.number(), failed: z.number(), seconds: z.number() });
const rawFigures = z.object({ inserted: z.number(), seconds: z.number() });

const run = promisify(execFile);

function program(name: string): string {
  return fileURLToPath(entryUrl(`bench/${name}`));
}

/** Asks the devices for their figures since the last question. */
function ask(load: Spawned, word: string): Promise<z.output<typeof loadFigures>> {
  return new Promise((resolve) => {
    let answered = false;
    load.onLine((line) => {
      if (answered || !line.startsWith('{')) return;
      answered = true;
      resolve(loadFigures.parse(JSON.parse(line)));
    });
    load.process.stdin?.write(`${word}\n`);
  });
}

async function measure(context: BenchContext): Promise<BenchResult> {
  const seconds = context.quick ? 6 : 20;
  const server = await spawnReady({
    command: process.execPath,
    args: [...serverArguments(), program('ingest-server'), '1'],
    ready: /ready (\d+) (\S+) (\S+)/,
    withinMs: 60_000,
  });
  context.onEnd(() => server.stop());
  const [, port = '', url = '', database = ''] = server.ready;

  context.say('rows straight into the store');
  const raw = rawFigures.parse(
    JSON.parse(
      (await run(process.execPath, [program('ingest-raw-load'), url, database, '4'])).stdout,
    ),
  );

  context.say(`${DEVICES} devices`);
  const load = await spawnReady({
    command: process.execPath,
    args: [program('ingest-load'), port, String(DEVICES), String(WINDOW)],
    ready: /ready/,
    withinMs: 60_000,
  });
  context.onEnd(() => load.stop());
  const settled = await watchStore(url, database, context);
  let acknowledged = (await ask(load, 'go')).acknowledged;
  await sleep(2_000);
  acknowledged += (await ask(load, 'mark')).acknowledged;
  const cpuBefore = processTree(server.pid).cpuSeconds;
  await sleep(seconds * 1_000);
  const frames = await ask(load, 'pause');
  const cpu = processTree(server.pid);
  await sleep(500);
  acknowledged += frames.acknowledged + (await ask(load, 'mark')).acknowledged;
  const { missing, settleMs } = await settled(acknowledged * frames.fields);
  await load.stop();

  context.say('batches over HTTP');
  const batch = batchFigures.parse(
    JSON.parse((await run(process.execPath, [program('ingest-batch-load'), port, '8'])).stdout),
  );

  const framesPerSecond = frames.acknowledged / frames.seconds;
  const rowsPerSecond = framesPerSecond * frames.fields;
  const rawRowsPerSecond = raw.inserted / raw.seconds;
  const notes = [
    `${DEVICES} sockets, one device each, ${WINDOW} frames under way each, ${frames.fields} numbers a frame; answered when stored or in the journal`,
  ];
  if (frames.refused > 0) notes.push(`${frames.refused} frames were answered with an error`);
  if (missing > 0) notes.push(`${missing} rows were acknowledged and are not in the store`);
  if (batch.failed > 0) notes.push(`${batch.failed} batches failed`);
  return {
    metrics: {
      framesPerSecond,
      rowsPerSecond,
      ackP50Ms: frames.p50Ms,
      ackP99Ms: frames.p99Ms,
      batchSamplesPerSecond: batch.stored / batch.seconds,
      refused: frames.refused,
      rowsMissing: missing,
      settleMs,
      serverCpuPerSecond: (cpu.cpuSeconds - cpuBefore) / frames.seconds,
      framesPerServerCpuSecond: frames.acknowledged / (cpu.cpuSeconds - cpuBefore),
      serverMegabytes: cpu.rssBytes / 1e6,
    },
    peers: { rawStore: { rowsPerSecond: rawRowsPerSecond } },
    ratios: { vsRawStore: ratio(rowsPerSecond, rawRowsPerSecond) },
    notes,
  };
}

/** Counts rows of devices in the store. @returns asks until all that were acknowledged are there, and says how long that took. */
async function watchStore(url: string, database: string, context: BenchContext) {
  const client = connectSeries({ url, database });
  context.onEnd(() => client.close());
  const count = async (): Promise<number> => {
    const answer = await client.query({
      query: `SELECT count() AS rows FROM samples WHERE channel < ${FIRST_RAW_CHANNEL}`,
      format: 'JSONCompactEachRow',
    });
    const [[rows] = []] = await answer.json<[string]>();
    return Number(rows);
  };
  return async (rows: number) => {
    const startedMs = performance.now();
    for (;;) {
      const missing = rows - (await count());
      const settleMs = performance.now() - startedMs;
      if (missing <= 0 || settleMs > SETTLE_WITHIN_MS) return { missing, settleMs };
      await sleep(20);
    }
  };
}

/** `EARSHOT_BENCH_PROFILE=folder` leaves a CPU profile of the server's threads there. */
function serverArguments(): string[] {
  const folder = process.env['EARSHOT_BENCH_PROFILE'];
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}

export const bench: Bench = {
  name: 'ingest',
  question: 'How many device frames a second are stored and acknowledged, and how fast?',
  run: measure,
};
