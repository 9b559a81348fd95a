import type { MessagePort } from 'node:worker_threads';

/** One line of the shard inspector. Structured-cloneable. */
export interface ThreadRow {
  /** `device-0`, `media-1`, … */
  readonly id: string;
  readonly kind: string;
  /** `lost`: down, and waiting before the next try. `stuck`: did not answer, being replaced. */
  readonly state: 'starting' | 'running' | 'stuck' | 'lost' | 'stopped';
  readonly actors: number;
  /** Replacements since the pool was started. */
  readonly restarts: number;
  /** Mean and 99th percentile of the event loop's delay over the last heartbeat window, ms. */
  readonly loopDelayMs: number;
  readonly loopDelayP99Ms: number;
  readonly heapBytes: number;
  readonly lastError: string | undefined;
}

/** What a thread says of itself at each heartbeat. */
export interface Beat {
  readonly loopDelayMs: number;
  readonly loopDelayP99Ms: number;
  readonly heapBytes: number;
  readonly actors: number;
  /** Monotonic counters and gauges of the thread by metric name. */
  readonly counters: Readonly<Record<string, number>>;
}

/** What `Thread` hands to the worker beside the caller's own data. */
export interface ThreadStart {
  readonly control: MessagePort;
  readonly name: string;
  readonly heartbeatMs: number;
  readonly data: unknown;
}

/** Main thread → worker, on the control port. */
export interface ToThread {
  readonly requests: {
    /** Stops what lives in the thread; the thread ends after the answer. */
    'thread.stop': {
      readonly params: { readonly deadlineMs: number };
      readonly result: { readonly stopped: number };
    };
  };
  readonly posts: Record<string, never>;
  readonly streams: Record<string, never>;
}

/** Worker → main thread, on the control port. */
export interface FromThread {
  readonly requests: Record<string, never>;
  readonly posts: {
    ready: Record<string, never>;
    beat: Beat;
  };
  readonly streams: Record<string, never>;
}
