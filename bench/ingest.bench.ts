import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { entryUrl } from '../engine/entry.js';
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
  await ask(load, 'go');
  await sleep(2_000);
  await ask(load, 'mark');
  const cpuBefore = processTree(server.pid).cpuSeconds;
  await sleep(seconds * 1_000);
  const frames = await ask(load, 'pause');
  const cpu = processTree(server.pid);
  await sleep(500);
  await load.stop();

  context.say('batches over HTTP');
  const batch = batchFigures.parse(
    JSON.parse((await run(process.execPath, [program('ingest-batch-load'), port, '8'])).stdout),
  );

  const framesPerSecond = frames.acknowledged / frames.seconds;
  const rowsPerSecond = framesPerSecond * frames.fields;
  const rawRowsPerSecond = raw.inserted / raw.seconds;
  const notes = [
    `${DEVICES} sockets, one device each, ${WINDOW} frames under way each, ${frames.fields} numbers a frame; answered when stored`,
  ];
  if (frames.refused > 0) notes.push(`${frames.refused} frames were answered with an error`);
  if (batch.failed > 0) notes.push(`${batch.failed} batches failed`);
  return {
    metrics: {
      framesPerSecond,
      rowsPerSecond,
      ackP50Ms: frames.p50Ms,
      ackP99Ms: frames.p99Ms,
      batchSamplesPerSecond: batch.stored / batch.seconds,
      refused: frames.refused,
      serverCpuPerSecond: (cpu.cpuSeconds - cpuBefore) / frames.seconds,
      framesPerServerCpuSecond: frames.acknowledged / (cpu.cpuSeconds - cpuBefore),
      serverMegabytes: cpu.rssBytes / 1e6,
    },
    peers: { rawStore: { rowsPerSecond: rawRowsPerSecond } },
    ratios: { vsRawStore: ratio(rowsPerSecond, rawRowsPerSecond) },
    notes,
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
