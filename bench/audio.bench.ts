import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SystemClock } from '../engine/clock.js';
import { libavEncoders } from '../media/encoders/libav.js';
import { PreparedProject } from '../media/gains.js';
import {
  BLOCK_FRAMES,
  BLOCK_MS,
  type EncoderFactory,
  type PcmMedia,
  RATE_HZ,
  type StreamFormat,
} from '../media/ports.js';
import type { SpineProject } from '../media/spine.js';
import { wav } from '../media/synth/tools.js';
import {
  addListeners,
  BenchClock,
  benchMedia,
  moveListeners,
  openSite,
  walkedProject,
  walker,
} from './audio-site.js';
import {
  type Bench,
  type BenchContext,
  type BenchResult,
  median,
  ownCpuSeconds,
  ratio,
} from './harness.js';

const LISTENERS = 20;
const REAL_TIME_LISTENERS = 100;
const SHARED_LISTENERS = 1000;
const BLOCKS_PER_S = 1000 / BLOCK_MS;

type Media = ReadonlyMap<string, PcmMedia>;

interface Setting {
  readonly encoders: EncoderFactory;
  readonly media: Media;
  readonly format: StreamFormat;
  readonly bitrateKbps: number;
}

/** Seconds of CPU for a second of sound of each listener, all moving, as fast as it goes. */
async function mixedCost(
  setting: Setting,
  listeners: number,
  places: number,
  seconds: number,
): Promise<number> {
  const clock = new BenchClock();
  const site = openSite(clock, setting.encoders, setting.media);
  addListeners(site, listeners, places, setting.format, setting.bitrateKbps);
  let block = 0;
  const run = async (blocks: number): Promise<void> => {
    for (const end = block + blocks; block < end; block++) {
      moveListeners(site, listeners, places, block);
      site.engine.tick();
      clock.advance(BLOCK_MS);
      if (block % BLOCKS_PER_S === 0) await new Promise<void>((done) => setImmediate(done));
    }
  };
  await run(BLOCKS_PER_S);
  const before = ownCpuSeconds();
  await run(seconds * BLOCKS_PER_S);
  const cpu = ownCpuSeconds() - before;
  site.engine.stop();
  return cpu / seconds;
}

/** The same for encoders alone, fed with a block that was made before. */
function bareCost(setting: Setting, listeners: number, seconds: number): number {
  const media = [...setting.media.values()];
  const blocks = media.map((one) => ({
    left: new Float32Array(one.data, 0, one.dataFrames),
    right: new Float32Array(one.data, one.dataFrames * 4, one.dataFrames),
  }));
  const encoders = Array.from({ length: listeners }, () =>
    setting.encoders.open(
      setting,
      () => undefined,
      () => undefined,
    ),
  );
  const run = (count: number): void => {
    for (let block = 0; block < count; block++) {
      encoders.forEach((encoder, i) => {
        const sound = blocks[i % blocks.length];
        if (sound === undefined) return;
        const at = ((block * 7 + i) % 900) * BLOCK_FRAMES;
        const end = at + BLOCK_FRAMES;
        encoder.encode(sound.left.subarray(at, end), sound.right.subarray(at, end));
      });
    }
  };
  run(BLOCKS_PER_S);
  const before = ownCpuSeconds();
  run(seconds * BLOCKS_PER_S);
  const cpu = ownCpuSeconds() - before;
  for (const encoder of encoders) encoder.close();
  return cpu / seconds;
}

/** Resident bytes after a garbage collection, so that the young heap's ups and downs do not count. */
function restingBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().rss;
}

/** 100 listeners by the machine's clock: late blocks, share of a core, memory of each. */
async function realTime(setting: Setting, seconds: number) {
  const site = openSite(new SystemClock(), setting.encoders, setting.media);
  let block = 0;
  // Everything that is not a listener's is in memory before the first weighing.
  addListeners(site, 1, 1, setting.format, setting.bitrateKbps);
  site.engine.start();
  await new Promise<void>((done) => setTimeout(done, 1000));
  site.engine.stopSession('l0');
  const rssBefore = restingBytes();
  addListeners(site, REAL_TIME_LISTENERS, REAL_TIME_LISTENERS, setting.format, setting.bitrateKbps);
  await new Promise<void>((done) => setTimeout(done, 1500));
  const late = site.engine.stats.lateBlocks;
  const cpuBefore = ownCpuSeconds();
  const timer = setInterval(() => {
    moveListeners(site, REAL_TIME_LISTENERS, REAL_TIME_LISTENERS, block++);
  }, BLOCK_MS);
  await new Promise<void>((done) => setTimeout(done, seconds * 1000));
  clearInterval(timer);
  const cpu = ownCpuSeconds() - cpuBefore;
  const { lateBlocks, mixes } = site.engine.stats;
  const rss = restingBytes();
  site.engine.stop();
  return {
    lateBlocks: lateBlocks - late,
    mixes,
    coreShare: cpu / seconds,
    bytesPerListener: (rss - rssBefore) / REAL_TIME_LISTENERS,
  };
}

/** CPU seconds of an ffmpeg process a second of sound. `mix`: it also reads and mixes the eight files. */
async function ffmpegCost(
  setting: Setting,
  folder: string,
  seconds: number,
  mix: boolean,
): Promise<number> {
  const files = [...setting.media.keys()].map((id) => join(folder, `${id}.wav`));
  const used = mix ? files : files.slice(0, 1);
  const inputs = used.flatMap((file) => ['-stream_loop', '-1', '-i', file]);
  const volumes = used.map((_, i) => `[${i}:a]volume=0.3[v${i}]`).join(';');
  const names = used.map((_, i) => `[v${i}]`).join('');
  const filter = mix
    ? ['-filter_complex', `${volumes};${names}amix=${used.length}:normalize=0`]
    : [];
  const codec = ['-c:a', 'libmp3lame', '-b:a', `${setting.bitrateKbps}k`];
  const quality = ['-compression_level', '7', '-reservoir', '0', '-threads', '1'];
  const args = ['-nostdin', '-v', 'error', '-benchmark', ...inputs, ...filter];
  const child = spawn(
    'ffmpeg',
    [
      ...args,
      '-t',
      String(seconds),
      ...codec,
      ...quality,
      '-v',
      'info',
      '-f',
      'mp3',
      '-y',
      '/dev/null',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  const found = /bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(said);
  if (found === null) throw new Error(`ffmpeg did not tell its CPU time: ${said.slice(-300)}`);
  return (Number(found[1]) + Number(found[2])) / seconds;
}

/** CPU ms of a move among 2,000 polygons and 50,000 recordings. */
function moveCost(): number {
  const side = 100;
  const base = walkedProject();
  const speaker = base.speakers[0];
  const recording = base.recordings[0];
  if (speaker === undefined || recording === undefined) return Number.NaN;
  const [[outer = []] = []] = speaker.shape;
  const definition: SpineProject = {
    ...base,
    speakers: Array.from({ length: 2000 }, (_, i) => ({
      ...speaker,
      id: `s${i}`,
      shape: [[outer.map(([lon, lat]) => [lon + (i % side) * 0.001, lat + i * 0.0001] as const)]],
    })),
    recordings: Array.from({ length: 50_000 }, (_, i) => ({
      ...recording,
      id: `r${i}`,
      radiusM: 30,
      position: { latitude: (i % 223) * 0.001, longitude: Math.floor(i / 223) * 0.0005 },
    })),
  };
  const project = new PreparedProject(definition);
  const moves = 500;
  const listener = { headingDeg: undefined, tags: [] };
  const move = (i: number): void => {
    const near = walker(i, moves, 0);
    const position = { latitude: near.latitude + 0.1, longitude: near.longitude + 0.05 };
    project.audible({ ...listener, position });
  };
  for (let i = 0; i < moves; i++) move(i);
  const before = ownCpuSeconds();
  for (let i = 0; i < moves; i++) move(i);
  return ((ownCpuSeconds() - before) * 1000) / moves;
}

async function run(context: BenchContext): Promise<BenchResult> {
  const encoders = await libavEncoders();
  if (encoders === undefined) {
    const why = 'node-av is not installed: npm install node-av';
    return { metrics: { listenersPerCore: null }, peers: {}, ratios: {}, notes: [why] };
  }
  const folder = await mkdtemp(join(tmpdir(), 'audio-bench-'));
  context.onEnd(() => rm(folder, { recursive: true, force: true }));
  context.say('making eight sounds');
  const media = benchMedia();
  for (const [id, one] of media) {
    const right = new Float32Array(one.data, one.dataFrames * 4, one.dataFrames);
    await writeFile(
      join(folder, `${id}.wav`),
      wav([new Float32Array(one.data, 0, one.dataFrames), right]),
    );
  }
  const mp3: Setting = { encoders, media, format: 'mp3', bitrateKbps: 128 };
  const opus: Setting = { encoders, media, format: 'opus', bitrateKbps: 96 };
  const rounds = context.quick ? 2 : 7;
  const seconds = context.quick ? 4 : 15;
  const costs = {
    mixed: [] as number[],
    bare: [] as number[],
    alone: [] as number[],
    shared: [] as number[],
    mixing: [] as number[],
    encoding: [] as number[],
    opus: [] as number[],
  };
  for (let round = 0; round < rounds; round++) {
    context.say(`round ${round + 1} of ${rounds}`);
    costs.bare.push(bareCost(mp3, LISTENERS, seconds) / LISTENERS);
    const alone = await mixedCost(mp3, LISTENERS, LISTENERS, seconds);
    costs.mixed.push(alone / LISTENERS);
    costs.shared.push((await mixedCost(mp3, SHARED_LISTENERS, LISTENERS, seconds)) / alone);
    costs.mixing.push(await ffmpegCost(mp3, folder, 10 * seconds, true));
    costs.encoding.push(await ffmpegCost(mp3, folder, 10 * seconds, false));
    costs.opus.push((await mixedCost(opus, LISTENERS, LISTENERS, seconds)) / LISTENERS);
  }
  context.say(`${REAL_TIME_LISTENERS} listeners in real time`);
  const live = await realTime(mp3, context.quick ? 5 : 30);
  const listenersPerCore = 1 / median(costs.mixed);
  const ratios = costs.mixed.map((cost, i) => cost / (costs.bare[i] ?? Number.NaN));
  return {
    metrics: {
      listenersPerCore,
      lateBlocks: live.lateBlocks,
      bytesPerListener: live.bytesPerListener,
      opusListenersPerCore: 1 / median(costs.opus),
      bareEncoderPerCore: 1 / median(costs.bare),
      coreShareOf100: live.coreShare,
      distinctMixes: live.mixes,
      moveCpuMs: moveCost(),
    },
    peers: {
      ffmpegProcess: { listenersPerCore: 1 / median(costs.mixing) },
      ffmpegEncodeOnly: { listenersPerCore: 1 / median(costs.encoding) },
    },
    ratios: {
      cpuVsEncoder: median(ratios),
      vsFfmpegProcess: ratio(listenersPerCore, 1 / median(costs.mixing)),
      vsFfmpegEncodeOnly: ratio(listenersPerCore, 1 / median(costs.encoding)),
      sharedCost: median(costs.shared),
    },
    notes: [
      `${LISTENERS} distinct MP3 128 kbit/s mixes of 6 speakers and 2 recordings at ${RATE_HZ / 1000} kHz stereo, everybody walking (2 positions a second, every gain in motion), run as fast as the machine can; CPU of the whole process, median of ${rounds} rounds.`,
      'cpuVsEncoder: the same encoders fed with ready blocks, in the same round.',
      'ffmpegProcess: one process a listener that reads the eight files, mixes them at fixed volumes and encodes at the same settings; nobody moves in it. ffmpegEncodeOnly: it encodes one ready file.',
      `sharedCost: ${SHARED_LISTENERS} listeners on ${LISTENERS} walks against ${LISTENERS} listeners.`,
      `lateBlocks, bytesPerListener: ${REAL_TIME_LISTENERS} listeners in real time on one thread.`,
    ],
  };
}

export const bench: Bench = {
  name: 'audio',
  question:
    'How many personal streams does a core carry, and how near is that to the encoder alone?',
  run,
};
