import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { entryUrl } from '../engine/entry.js';
import { EngineError } from '../engine/errors.js';
import { type Bench, type BenchContext, processTree } from './harness.js';
import type { LoadFigures } from './mounts-load.js';

const MOUNTS = 50;
const LISTENERS = 5_000;
const READY_LIMIT_MS = 60_000;

interface Child {
  readonly process: ChildProcess;
  readonly lines: Interface;
  next(): Promise<string>;
}

function start(context: BenchContext, entry: string, args: readonly string[]): Child {
  const child = spawn(process.execPath, [fileURLToPath(entryUrl(entry)), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  context.onEnd(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const next = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new EngineError('internal', `${entry}: ${why}`));
      const limit = setTimeout(() => fail('no word'), READY_LIMIT_MS);
      child.once('exit', (code) => fail(`ended with ${code}`));
      lines.once('line', (line) => {
        clearTimeout(limit);
        resolve(line);
      });
    });
  return { process: child, lines, next };
}

/**
 * 5,000 listeners of `paths` on a mount server, in a process of their own. `mark` answers what they heard since the one before;
 * also for other benches with real streams: all listeners of a path must get the same MP3 frames of 128 kbit/s.
 */
export async function startMountLoad(
  context: BenchContext,
  port: number,
  count: number,
  paths: readonly string[],
): Promise<{ mark(): Promise<LoadFigures> }> {
  const load = start(context, 'bench/mounts-load', ['127.0.0.1', `${port}`, `${count}`, ...paths]);
  await load.next();
  return {
    async mark() {
      const answer = load.next();
      load.process.stdin?.write('mark\n');
      return JSON.parse(await answer) as LoadFigures;
    },
  };
}

export const bench: Bench = {
  name: 'mounts',
  question: 'How many listeners does the built-in mount feed without a gap?',
  async run(context) {
    const seconds = context.quick ? 8 : 30;
    const feed = start(context, 'bench/mounts-server', [String(MOUNTS)]);
    const port = Number(await feed.next());
    context.say(`${LISTENERS} listeners connect to ${MOUNTS} mounts`);
    const paths = Array.from({ length: MOUNTS }, (_, no) => `/stream${no}.mp3`);
    const load = await startMountLoad(context, port, LISTENERS, paths);
    await load.mark();
    const cpu = (): number => processTree(feed.process.pid ?? 0).cpuSeconds;
    const [from, startMs] = [cpu(), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const tookS = (performance.now() - startMs) / 1_000;
    const used = cpu() - from;
    const heard = await load.mark();
    return {
      metrics: {
        listeners: heard.listeners,
        lost: heard.lost,
        gaps: heard.gaps,
        lateListeners: heard.lateListeners,
        framesPerListener: heard.frames / heard.listeners,
        framesDue: (tookS * 1_000) / 24,
        bytesPerSecond: heard.bytes / tookS,
        p99GapMs: heard.p99GapMs,
        maxGapMs: heard.maxGapMs,
        serverCpuPercent: (100 * used) / tookS,
        serverRssMb: processTree(feed.process.pid ?? 0).rssBytes / 1_048_576,
      },
      peers: {},
      ratios: {},
      notes: [
        `${MOUNTS} distinct MP3 streams of 128 kbit/s through router and mounts; encoders are not in it, listeners are another process of the same machine`,
        'a gap is a frame that is missing, doubled, out of order or cut at any listener',
      ],
    };
  },
};
