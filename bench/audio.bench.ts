// Over 400 lines: one server and its mixes, measured in every format and against each peer.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startServer } from '../api/testing/server.js';
import { SystemClock } from '../engine/clock.js';
import { entryUrl } from '../engine/entry.js';
import { EngineError } from '../engine/errors.js';
import { libavEncoders } from '../media/encoders/libav.js';
import { PcmCache } from '../media/pcm-cache.js';
import {
  BLOCK_FRAMES,
  BLOCK_MS,
  type EncoderFactory,
  type PcmMedia,
  RATE_HZ,
  type StreamFormat,
} from '../media/ports.js';
import { wav } from '../media/synth/tools.js';
import { ffmpegCost, gstreamerCost, liquidsoapCost, type PeerWork } from './audio-peers.js';
import { addListeners, BenchClock, benchMedia, moveListeners, openSite } from './audio-site.js';
import { moveCost } from './big-site.js';
import {
  type Bench,
  type BenchContext,
  type BenchResult,
  median,
  ownCpuSeconds,
  ratio,
} from './harness.js';
import { type LiveFigures, liveListeners } from './live-listeners.js';
import { type SoundingSite, SPEAKERS, TRACKS } from './sounding-site.js';

const LISTENERS = 20;
const REAL_TIME_LISTENERS = 100;
const SHARED_LISTENERS = 1000;
/** Of the same six speakers. */
const DECODE_LISTENERS = 300;
const OPUS_TARGET = 200;
const MP3_TARGET = 180;
/** Both cores but a tenth. */
const CORE_LIMIT = 1.8;
const BIG = { assets: 50_000, polygons: 2_000 };
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
  tracks = true,
): Promise<number> {
  const clock = new BenchClock();
  const site = openSite(clock, setting.encoders, setting.media, tracks);
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

/**
 * Files that the site's sound cache decoded for so many listeners, on two engines as on two threads, once all
 * of the speakers sound.
 */
async function decodes(setting: Setting, folder: string): Promise<number> {
  const spoolFolder = join(folder, 'spool');
  const speakers = [...setting.media.keys()].filter((id) => id.startsWith('speaker-'));
  const fileOf = (id: string): string => join(folder, `${id}.cached.wav`);
  await Promise.all(speakers.map((id) => writeFile(fileOf(id), wav(planesOf(setting, id)))));
  const cache = new PcmCache({
    spoolFolder,
    locate: (id) =>
      speakers.includes(id)
        ? Promise.resolve(fileOf(id))
        : Promise.reject(new EngineError('not-found', `no media ${id}`)),
  });
  await cache.open();
  let arrived = 0;
  const sites = [0, 1].map((owner) => {
    const site = openSite(
      new BenchClock(),
      setting.encoders,
      {
        acquire: async (mediaId, chunk) => {
          const media = setting.media.get(mediaId);
          if (media !== undefined && !speakers.includes(mediaId)) return media;
          const decoded = await cache.acquire(mediaId, chunk, String(owner));
          arrived += 1;
          return decoded;
        },
        release: (mediaId, chunk) => void cache.release(mediaId, chunk, String(owner)),
      },
      false,
    );
    const each = DECODE_LISTENERS / 2;
    addListeners(site, each, each, setting.format, setting.bitrateKbps);
    return site;
  });
  try {
    while (arrived < sites.length * speakers.length) {
      for (const site of sites) site.engine.tick();
      await new Promise<void>((done) => setTimeout(done, 5));
    }
    return cache.stats.decodes;
  } finally {
    for (const site of sites) site.engine.stop();
    await cache.close();
  }
}

/** Both channels of a ready sound. */
function planesOf(setting: Setting, id: string): Float32Array[] {
  const one = setting.media.get(id);
  if (one === undefined) throw new EngineError('internal', `the bench has no sound ${id}`);
  return [
    new Float32Array(one.data, 0, one.dataFrames),
    new Float32Array(one.data, one.dataFrames * 4, one.dataFrames),
  ];
}

/** The files of the peers, as long as the sound they are to make. */
async function peerWork(setting: Setting, folder: string, seconds: number): Promise<PeerWork> {
  const run = promisify(execFile);
  const mp3: string[] = [];
  const wavs: string[] = [];
  const ids = [...setting.media.keys()];
  for (const id of ids.slice(0, SPEAKERS + TRACKS)) {
    const short = join(folder, `${id}.short.wav`);
    await writeFile(short, wav(planesOf(setting, id)));
    const speaker = id.startsWith('speaker-');
    const file = join(folder, speaker ? `${id}.mp3` : `${id}.wav`);
    const loop = ['-nostdin', '-v', 'error', '-y', '-stream_loop', '-1', '-i', short];
    await run('ffmpeg', [
      ...loop,
      '-t',
      String(seconds),
      ...(speaker ? ['-b:a', '128k'] : []),
      file,
    ]);
    (speaker ? mp3 : wavs).push(file);
  }
  return { folder, mp3, wav: wavs, bitrateKbps: setting.bitrateKbps, seconds };
}

/** A peer that is not installed, or does not run here, has no figure. */
async function tried(
  name: string,
  notes: string[],
  cost: () => Promise<number>,
): Promise<number | undefined> {
  try {
    return await cost();
  } catch (error) {
    notes.push(`${name} has no figure: ${EngineError.from(error).message}`);
    return undefined;
  }
}

interface ServerFigures {
  readonly opus: LiveFigures;
  readonly mp3: LiveFigures;
  readonly assetPageMs: number;
}

/** A walk, and beside it a project as large as a city. */
async function citySite(data: string): Promise<SoundingSite> {
  const entry = fileURLToPath(entryUrl('bench/seed-load'));
  const args = [entry, data, String(BIG.assets), String(BIG.polygons)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as SoundingSite;
}

/** A real server with two media threads. */
async function onServer(
  context: BenchContext,
  data: string,
  { projectId, bigProjectId }: SoundingSite,
  seconds: number,
): Promise<ServerFigures> {
  context.say(`a server with ${BIG.assets} assets and ${BIG.polygons} polygons`);
  const server = await startServer({
    data,
    env: { EARSHOT_MEDIA_SHARDS: '2', EARSHOT_REQUESTS_PER_ADDRESS: '0' },
  });
  context.onEnd(async () => void (await server.stop()));
  const cookie = await server.signIn();
  const pages: number[] = [];
  for (let i = 0; i < 30; i++) {
    const before = performance.now();
    const answer = await fetch(
      `${server.url}/v1/assets?projectId=${bigProjectId}&limit=100&order=-createdAtUnixMs`,
      { headers: { cookie } },
    );
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new EngineError('internal', `assets: ${answer.status}`);
    pages.push(performance.now() - before);
  }
  const carry = async (format: 'opus' | 'mp3', bitrateKbps: number, sessions: number) => {
    context.say(`${sessions} distinct ${format} mixes in real time`);
    const wish = { projectId, sessions, listenersEach: 1, format, bitrateKbps, seconds };
    return await liveListeners(context, server, cookie, wish);
  };
  const opus = await carry('opus', 96, OPUS_TARGET);
  const mp3 = await carry('mp3', 128, MP3_TARGET);
  await server.stop();
  return { opus, mp3, assetPageMs: median(pages) };
}

/** What was carried within the limits: all, or none. */
const carried = ({ listeners, coreShare, lateBlocks, gapped }: LiveFigures): number =>
  coreShare < CORE_LIMIT && lateBlocks === 0 && gapped === 0 ? listeners : 0;

async function run(context: BenchContext): Promise<BenchResult> {
  const encoders = await libavEncoders();
  if (encoders === undefined) {
    const why = 'node-av is not installed: npm install node-av';
    return { metrics: { listenersPerCore: null }, peers: {}, ratios: {}, notes: [why] };
  }
  const folder = await mkdtemp(join(tmpdir(), 'audio-bench-'));
  context.onEnd(() => rm(folder, { recursive: true, force: true }));
  const data = mkdtempSync(join(tmpdir(), 'earshot-audio-'));
  context.onEnd(() => rmSync(data, { recursive: true, force: true }));
  context.say('making sounds and sites');
  const seeding = citySite(data);
  const media = benchMedia();
  const mp3: Setting = { encoders, media, format: 'mp3', bitrateKbps: 128 };
  const opus: Setting = { encoders, media, format: 'opus', bitrateKbps: 96 };
  const rounds = context.quick ? 2 : 7;
  const seconds = context.quick ? 2 : 15;
  const [site, work] = await Promise.all([
    seeding,
    peerWork(mp3, folder, context.quick ? 12 : 120),
  ]);
  const notes: string[] = [];
  const costs = {
    mixed: [] as number[],
    bare: [] as number[],
    shared: [] as number[],
    opus: [] as number[],
    bareOpus: [] as number[],
    ffmpeg: [] as (number | undefined)[],
    encoding: [] as (number | undefined)[],
    gstreamer: [] as (number | undefined)[],
    liquidsoap: [] as (number | undefined)[],
  };
  for (let round = 0; round < rounds; round++) {
    context.say(`round ${round + 1} of ${rounds}`);
    costs.bare.push(bareCost(mp3, LISTENERS, seconds) / LISTENERS);
    costs.mixed.push((await mixedCost(mp3, LISTENERS, LISTENERS, seconds)) / LISTENERS);
    costs.bareOpus.push(bareCost(opus, LISTENERS, seconds) / LISTENERS);
    costs.opus.push((await mixedCost(opus, LISTENERS, LISTENERS, seconds)) / LISTENERS);
    const alone = await mixedCost(mp3, LISTENERS, LISTENERS, seconds, false);
    costs.shared.push((await mixedCost(mp3, SHARED_LISTENERS, LISTENERS, seconds, false)) / alone);
    costs.ffmpeg.push(await tried('ffmpeg', notes, () => ffmpegCost(work, true)));
    costs.encoding.push(await tried('ffmpeg', notes, () => ffmpegCost(work, false)));
    costs.gstreamer.push(await tried('GStreamer', notes, () => gstreamerCost(work)));
    if (round === 0 || !context.quick) {
      costs.liquidsoap.push(await tried('Liquidsoap', notes, () => liquidsoapCost(work)));
    }
  }
  context.say(`${REAL_TIME_LISTENERS} listeners in real time on one thread`);
  const live = await realTime(mp3, context.quick ? 2 : 30);
  const decodedStreams = await decodes(mp3, folder);
  const server = await onServer(context, data, site, context.quick ? 3 : 30);
  const listenersPerCore = 1 / median(costs.mixed);
  const perCore = (some: readonly (number | undefined)[]): number | null => {
    const known = some.filter((cost) => cost !== undefined);
    return known.length === 0 ? null : 1 / median(known);
  };
  const over = (some: readonly number[], bare: readonly number[]): number =>
    median(some.map((cost, i) => cost / (bare[i] ?? Number.NaN)));
  return {
    metrics: {
      listenersPerCore,
      bareEncoderPerCore: 1 / median(costs.bare),
      opusListenersPerCore: 1 / median(costs.opus),
      lateBlocks: live.lateBlocks,
      bytesPerListener: live.bytesPerListener,
      coreShareOf100: live.coreShare,
      distinctMixes: live.mixes,
      opusListeners: carried(server.opus),
      opusCoreShare: server.opus.coreShare,
      opusLateBlocks: server.opus.lateBlocks,
      mp3Listeners: carried(server.mp3),
      mp3CoreShare: server.mp3.coreShare,
      mp3LateBlocks: server.mp3.lateBlocks,
      gappedStreams: server.opus.gapped + server.mp3.gapped,
      moveCpuMs: moveCost(),
      assetPageMs: server.assetPageMs,
      decodedStreams,
    },
    peers: {
      ffmpegProcess: { listenersPerCore: perCore(costs.ffmpeg) },
      ffmpegEncodeOnly: { listenersPerCore: perCore(costs.encoding) },
      gstreamer: { listenersPerCore: perCore(costs.gstreamer) },
      liquidsoap: { listenersPerCore: perCore(costs.liquidsoap) },
    },
    ratios: {
      cpuVsEncoder: over(costs.mixed, costs.bare),
      opusCpuVsEncoder: over(costs.opus, costs.bareOpus),
      vsGstreamer: ratio(listenersPerCore, perCore(costs.gstreamer)),
      vsFfmpegProcess: ratio(listenersPerCore, perCore(costs.ffmpeg)),
      vsFfmpegEncodeOnly: ratio(listenersPerCore, perCore(costs.encoding)),
      vsLiquidsoap: ratio(listenersPerCore, perCore(costs.liquidsoap)),
      sharedCost: median(costs.shared),
    },
    notes: [
      ...new Set(notes),
      `${LISTENERS} distinct MP3 128 kbit/s mixes of ${SPEAKERS} speakers and ${TRACKS} tracks at ${RATE_HZ / 1000} kHz stereo, everybody walking (2 positions a second, every gain in motion), as fast as the machine can; CPU of the whole process, median of ${rounds} rounds`,
      'cpuVsEncoder: the same encoders fed with ready blocks, in the same round',
      'gstreamer, ffmpegProcess, liquidsoap: one pipeline or process a listener that decodes the same six MP3 files and two WAV files, mixes them at fixed volumes and encodes at the same settings; nobody moves in it, and the interpreter that Roundware ran beside each pipeline is left out; ffmpegEncodeOnly encodes one ready file',
      `sharedCost: ${SHARED_LISTENERS} listeners on ${LISTENERS} walks against ${LISTENERS} listeners, without tracks`,
      `lateBlocks, bytesPerListener: ${REAL_TIME_LISTENERS} listeners in real time on one thread`,
      `opusListeners, mp3Listeners: so many distinct mixes on a whole server (two media threads, history and all) with a connection each; 0 when it took ${CORE_LIMIT} cores or more, a block was late or a stream had a gap`,
      `moveCpuMs, assetPageMs: a project of ${BIG.assets} assets and ${BIG.polygons} polygons; decodedStreams: ${DECODE_LISTENERS} listeners of the same ${SPEAKERS} speakers`,
    ],
  };
}

export const bench: Bench = {
  name: 'audio',
  question:
    'How many personal streams does a core carry, and how near is that to the encoder alone?',
  run,
};
