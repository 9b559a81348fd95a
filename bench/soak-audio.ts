import { mkdtempSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, MP3_FRAME_BYTES, type SessionAnswer } from '../api/testing/listen.js';
import { startServer, type TestServer } from '../api/testing/server.js';
import { EngineError } from '../engine/errors.js';
import { type AcceleratedHours, acceleratedHours } from './audio-hours.js';
import { machine, median, processTree } from './harness.js';
import { seedSite, walker } from './sounding-site.js';

/**
 * `npm run soak -- audio [--hours 4] [--minutes 20] [--listeners 100]`: first so many hours of so many
 * listeners as fast as the machine can, then so many minutes in real time against a real server. Memory must
 * stay flat, and the sound must keep up with the clock. The last line of the output is one JSON object.
 */
export interface AudioSoak {
  readonly hours: number;
  readonly minutes: number;
  readonly listeners: number;
}

const FRAME_MS = 24;
/** Streams whose arrival times are looked at; the others are only read. */
const TIMED = 10;

/** Counts the sound of a mount as it comes: MP3 frames against the clock. */
class Metered {
  /** How far the sound was ahead of the clock when a part came, ms, with its time. */
  readonly aheadMs: { readonly atMs: number; readonly aheadMs: number }[] = [];
  bytes = 0;
  ended = false;
  #startMs = 0;
  #answer: IncomingMessage | undefined;

  async open(url: string, timed: boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const request = get(url, { agent: false }, (answer) => {
        this.#answer = answer;
        answer.on('error', () => undefined);
        answer.on('close', () => {
          this.ended = true;
        });
        answer.on('data', (part: Buffer) => {
          const nowMs = performance.now();
          if (this.bytes === 0) this.#startMs = nowMs;
          this.bytes += part.length;
          if (!timed) return;
          const soundMs = (this.bytes / MP3_FRAME_BYTES) * FRAME_MS;
          this.aheadMs.push({ atMs: nowMs, aheadMs: soundMs - (nowMs - this.#startMs) });
        });
        resolve();
      });
      request.on('error', reject);
    });
  }

  close(): void {
    this.#answer?.destroy();
  }
}

/** Mean lead of the sound over the clock in the last minute less that in the first one, ms. */
function driftMs(meter: Metered): number {
  const { aheadMs } = meter;
  const first = aheadMs[0]?.atMs ?? 0;
  const last = aheadMs.at(-1)?.atMs ?? 0;
  const windowMs = Math.min(60_000, (last - first) / 4);
  const mean = (fromMs: number, toMs: number): number => {
    const some = aheadMs.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    return some.reduce((sum, { aheadMs: ahead }) => sum + ahead, 0) / some.length;
  };
  // The first second holds the burst.
  return mean(last - windowMs, last) - mean(first + 2_000, first + 2_000 + windowMs);
}

interface RealTime {
  readonly rssMiddleMb: number;
  readonly rssEndMb: number;
  readonly growthMbPerHour: number;
  readonly worstDriftMs: number;
  readonly endedStreams: number;
  readonly failedMoves: number;
  readonly coreShare: number;
}

async function realTime(
  server: TestServer,
  projectId: number,
  { listeners, minutes }: AudioSoak,
): Promise<RealTime> {
  const sessions: { id: string; meter: Metered }[] = [];
  for (let i = 0; i < listeners; i++) {
    const opened = await call<SessionAnswer>('POST', `${server.url}/v1/sessions`, {
      projectId,
      position: walker(i, listeners, 0),
    });
    if (opened.status !== 201) {
      throw new EngineError('internal', `a session was refused: ${JSON.stringify(opened.body)}`);
    }
    const meter = new Metered();
    await meter.open(opened.body.streamUrl, i < TIMED);
    sessions.push({ id: opened.body.id, meter });
  }
  const started = performance.now();
  let failedMoves = 0;
  let turn = 0;
  const mover = setInterval(() => {
    for (let i = turn % 10; i < sessions.length; i += 10) {
      const position = walker(i, listeners, performance.now() - started);
      call('PATCH', `${server.url}/v1/sessions/${sessions[i]?.id ?? ''}`, { position }).then(
        ({ status }) => {
          if (status !== 200) failedMoves += 1;
        },
        () => {
          failedMoves += 1;
        },
      );
    }
    turn += 1;
  }, 100);
  const readings: { atS: number; rssMb: number }[] = [];
  const cpuBefore = processTree(server.pid).cpuSeconds;
  const until = started + minutes * 60_000;
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const { rssBytes } = processTree(server.pid);
    readings.push({ atS: (performance.now() - started) / 1_000, rssMb: rssBytes / 1e6 });
    if (readings.length % 24 === 0) {
      process.stderr.write(
        `soak: ${Math.round((readings.at(-1)?.atS ?? 0) / 60)} min in real time\n`,
      );
    }
  }
  clearInterval(mover);
  const cpu = processTree(server.pid).cpuSeconds - cpuBefore;
  const warm = readings.slice(Math.floor(readings.length / 3));
  const half = Math.floor(warm.length / 2);
  const drifts = sessions.slice(0, TIMED).map(({ meter }) => driftMs(meter));
  const figures = {
    rssMiddleMb: median(warm.slice(0, half).map(({ rssMb }) => rssMb)),
    rssEndMb: median(warm.slice(half).map(({ rssMb }) => rssMb)),
    growthMbPerHour: slopePerHour(warm),
    worstDriftMs: Math.max(...drifts.map(Math.abs)),
    endedStreams: sessions.filter(({ meter }) => meter.ended).length,
    failedMoves,
    coreShare: cpu / ((performance.now() - started) / 1_000),
  };
  for (const { meter } of sessions) meter.close();
  return figures;
}

/** Least squares, MB an hour. */
function slopePerHour(
  readings: readonly { readonly atS: number; readonly rssMb: number }[],
): number {
  const n = readings.length;
  const meanX = readings.reduce((sum, { atS }) => sum + atS, 0) / n;
  const meanY = readings.reduce((sum, { rssMb }) => sum + rssMb, 0) / n;
  const top = readings.reduce((sum, { atS, rssMb }) => sum + (atS - meanX) * (rssMb - meanY), 0);
  const bottom = readings.reduce((sum, { atS }) => sum + (atS - meanX) ** 2, 0);
  return bottom === 0 ? 0 : (top / bottom) * 3_600;
}

/** Reads the words after `soak -- audio`. @throws EngineError `input.invalid` naming what is not understood. */
export function readAudioSoak(args: readonly string[]): AudioSoak {
  const wish = { hours: 4, minutes: 20, listeners: 100 };
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i]?.replace(/^--/, '');
    const value = Number(args[i + 1]);
    if ((name !== 'hours' && name !== 'minutes' && name !== 'listeners') || !(value >= 0)) {
      throw new EngineError(
        'input.invalid',
        `"${args.slice(i, i + 2).join(' ')}" is not understood. Usage: npm run soak -- audio [--hours 4] [--minutes 20] [--listeners 100]`,
      );
    }
    wish[name] = value;
  }
  return wish;
}

const MAX_DRIFT_MS = 20;
/** Of memory, from the second third to the last one. */
const MAX_GROWTH = 1.05;

/** What is not as it must be. */
function faults(
  accelerated: AcceleratedHours | undefined,
  live: RealTime | undefined,
): readonly string[] {
  const wrong: string[] = [];
  if (accelerated !== undefined && accelerated.heapEndMb > MAX_GROWTH * accelerated.heapMiddleMb) {
    wrong.push('memory grew in the accelerated hours');
  }
  if (live === undefined) return wrong;
  if (live.rssEndMb > MAX_GROWTH * live.rssMiddleMb) wrong.push('memory grew in real time');
  if (!(live.worstDriftMs <= MAX_DRIFT_MS)) wrong.push(`drift of ${live.worstDriftMs} ms`);
  if (live.endedStreams > 0) wrong.push(`${live.endedStreams} streams ended`);
  if (live.failedMoves > 0) wrong.push(`${live.failedMoves} moves failed`);
  return wrong;
}

/** Both halves; prints the result as the last line. @throws EngineError when a part could not run. */
export async function soakAudio(options: AudioSoak): Promise<void> {
  const accelerated =
    options.hours === 0 ? undefined : await acceleratedHours(options.hours, options.listeners);
  let live: RealTime | undefined;
  if (options.minutes > 0) {
    const data = mkdtempSync(join(tmpdir(), 'earshot-soak-'));
    try {
      const { projectId } = await seedSite(data, undefined);
      const server = await startServer({ data });
      try {
        live = await realTime(server, projectId, options);
      } finally {
        await server.stop();
      }
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  }
  const ratios = {
    endVsMiddle: live === undefined ? null : live.rssEndMb / live.rssMiddleMb,
    acceleratedEndVsMiddle:
      accelerated === undefined ? null : accelerated.heapEndMb / accelerated.heapMiddleMb,
  };
  const metrics = { ...options, ...accelerated, ...live };
  const wrong = faults(accelerated, live);
  for (const line of wrong) process.stderr.write(`soak: ${line}\n`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
  process.stdout.write(
    `${JSON.stringify({ bench: 'soak-audio', quick: false, machine: machine(), metrics, peers: {}, ratios })}\n`,
  );
}
