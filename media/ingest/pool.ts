import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { entryUrl } from '../../engine/entry.js';
import { EngineError } from '../../engine/errors.js';
import type { Job, JobProgress, JobResult } from './ingest.types.js';
import type { JobAnswer, JobCall } from './job.worker.js';

/** A job that does not answer this long after it was asked to stop is given up with its thread, ms. */
const STOP_MS = 3_000;
/** Beyond its own limit a job is given this long to say so, ms. */
const GRACE_MS = 10_000;

/** Threads that each drive one ffmpeg process at a time. Jobs over `concurrency` wait inside, unbounded: the caller bounds them. */
export class JobPool {
  readonly #pool: Piscina<JobCall, JobAnswer>;

  constructor(concurrency: number) {
    this.#pool = new Piscina<JobCall, JobAnswer>({
      filename: fileURLToPath(entryUrl('media/ingest/job.worker')),
      minThreads: 0,
      maxThreads: concurrency,
      idleTimeout: 30_000,
      concurrentTasksPerWorker: 1,
    });
  }

  /** @throws EngineError as `runJob`; `call.aborted` with the signal; `thread.lost` when its thread ended. */
  async run(
    job: Job,
    onProgress: (progress: JobProgress) => void,
    signal: AbortSignal,
  ): Promise<JobResult> {
    const { port1, port2 } = new MessageChannel();
    const kill = new AbortController();
    const timers: NodeJS.Timeout[] = [];
    const stopped = (): void => {
      port1.postMessage('stop');
      timers.push(setTimeout(() => kill.abort(), STOP_MS));
    };
    port1.on('message', onProgress);
    port1.unref();
    signal.addEventListener('abort', stopped);
    if (signal.aborted) stopped();
    timers.push(setTimeout(() => kill.abort(), job.limits.jobMs + GRACE_MS));
    try {
      const answer = await this.#pool.run(
        { job, port: port2 },
        { transferList: [port2], signal: kill.signal },
      );
      if (!answer.ok) throw EngineError.fromWire(answer.error);
      return answer.result;
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw new EngineError(
        signal.aborted ? 'call.aborted' : 'thread.lost',
        'the work on this file was cut off',
        { cause: error },
      );
    } finally {
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener('abort', stopped);
      port1.close();
    }
  }

  /** Ends the threads, and with them their processes. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
