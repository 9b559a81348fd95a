import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { type Clock, SystemClock } from './clock.js';
import { EngineError } from './errors.js';
import { createLink, type LinkOptions } from './link.js';
import type { Link, LinkContract } from './link.types.js';
import type { Beat, FromThread, ThreadStart, ToThread } from './thread.types.js';

const LOOP_RESOLUTION_MS = 20;

/** The worker's own view of the thread it runs in. Made once, by `openThread`. */
export interface ThreadHandle<Out extends LinkContract, In extends LinkContract> {
  readonly name: string;
  /** `workerData` as the pool's owner gave it; checked by its type only, both sides are ours. */
  readonly data: unknown;
  readonly link: Link<Out, In>;
  /** Everything is wired: the pool may send work. Heartbeats begin. */
  ready(): void;
}

export interface ThreadHooks {
  readonly clock?: Clock;
  readonly link?: LinkOptions;
  /** Stops everything in here within `deadlineMs`; answers how many things were stopped. */
  readonly onStop: (deadlineMs: number) => Promise<number>;
  /** Read at each heartbeat. */
  readonly actors: () => number;
  readonly counters?: () => Record<string, number>;
}

/**
 * Worker side of `Thread`. An uncaught throw or rejection ends the thread with a code other than 0
 * and the pool replaces it; so does losing the control port, which means that it was replaced while it
 * hung.
 * @throws EngineError `internal` when not run in a worker that a pool started.
 */
export function openThread<Out extends LinkContract, In extends LinkContract>(
  hooks: ThreadHooks,
): ThreadHandle<Out, In> {
  const start = workerData as ThreadStart | null;
  if (parentPort === null || start === null) {
    throw new EngineError('internal', 'openThread runs only in a thread of a pool');
  }
  const clock = hooks.clock ?? new SystemClock();
  const link = createLink<Out, In>(parentPort, { name: 'main', clock, ...hooks.link });
  const control = createLink<FromThread, ToThread>(start.control, { name: 'pool', clock });
  start.control.on('close', () => {
    process.exit(0);
  });
  control.handle('thread.stop', async ({ deadlineMs }) => {
    const stopped = await hooks.onStop(deadlineMs);
    // The answer leaves first: an exit in this turn would take it along.
    setImmediate(() => process.exit(0));
    return { stopped };
  });
  return {
    name: start.name,
    data: start.data,
    link,
    ready: () => {
      control.post('ready', {});
      beginBeats(control, clock, start.heartbeatMs, hooks);
    },
  };
}

function beginBeats(
  control: Link<FromThread, ToThread>,
  clock: Clock,
  heartbeatMs: number,
  hooks: ThreadHooks,
): void {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  const wait = (): void => {
    const dueMonoMs = clock.monoMs() + heartbeatMs;
    clock.setTimeout(() => {
      const lateMs = clock.monoMs() - dueMonoMs;
      // The histogram's timer, due as well after a stall, goes first.
      setImmediate(() => {
        control.post('beat', readBeat(delay, lateMs, hooks));
        delay.reset();
        wait();
      });
    }, heartbeatMs);
  };
  wait();
}

type DelayHistogram = ReturnType<typeof monitorEventLoopDelay>;

// The histogram holds the time between two ticks of its timer, so an idle loop reads as the resolution. It
// does not see a stall that begins before its first tick after a reset; the beat's own lateness does.
function readBeat(delay: DelayHistogram, lateMs: number, hooks: ThreadHooks): Beat {
  const overMs = (nanoseconds: number): number =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e6 - LOOP_RESOLUTION_MS) : 0;
  return {
    loopDelayMs: overMs(delay.mean),
    loopDelayP99Ms: Math.max(lateMs, overMs(delay.percentile(99))),
    heapBytes: getHeapStatistics().used_heap_size,
    actors: hooks.actors(),
    counters: hooks.counters?.() ?? {},
  };
}
