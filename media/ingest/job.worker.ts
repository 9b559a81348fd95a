import type { MessagePort } from 'node:worker_threads';
import { EngineError, type WireError } from '../../engine/errors.js';
import type { Job, JobProgress, JobResult } from './ingest.types.js';
import { runJob } from './job.js';

/** What the pool hands over: `port` says progress, and any message on it asks the job to stop. */
export interface JobCall {
  readonly job: Job;
  readonly port: MessagePort;
}

export type JobAnswer =
  | { readonly ok: true; readonly result: JobResult }
  | { readonly ok: false; readonly error: WireError };

/** Piscina's entry: never throws, since errors lose their class on the way. */
export default async function work({ job, port }: JobCall): Promise<JobAnswer> {
  const stop = new AbortController();
  port.on('message', () => stop.abort());
  try {
    const report = (step: JobProgress['step'], progress: number) =>
      port.postMessage({ step, progress } satisfies JobProgress);
    return { ok: true, result: await runJob(job, report, stop.signal) };
  } catch (error) {
    return { ok: false, error: EngineError.from(error).toWire() };
  } finally {
    port.close();
  }
}
