import type { ResourceLimits } from 'node:worker_threads';
import { backoff, RestartWindow } from './backoff.js';
import { type Clock, SystemClock, type TimerHandle } from './clock.js';
import { EngineError } from './errors.js';
import type { Link, LinkContract } from './link.types.js';
import type { Beat, ThreadRow } from './thread.types.js';
import { Thread } from './thread-main.js';

export interface ThreadPoolOptions<Out extends LinkContract, In extends LinkContract> {
  readonly kind: string;
  readonly size: number;
  /** Compiled entry: `entryUrl('actors/device/shard.worker')`. */
  readonly entry: URL;
  /** Given to slot n as `ThreadHandle.data`. Structured-cloneable. */
  readonly workerData: (slot: number, name: string) => unknown;
  /** Registers handlers and listeners, before the thread can say anything. Once for each incarnation. */
  readonly wire: (link: Link<Out, In>, slot: number, name: string) => void;
  /**
   * The thread may be inside native code: `terminate()` would abort the process, so a thread that
   * does not answer is left where it is. Default false.
   */
  readonly native?: boolean;
  /** A thread that needs more memory is ended and replaced. Default: what Node gives. */
  readonly resourceLimits?: ResourceLimits;
  /** Default 1,000. */
  readonly heartbeatMs?: number;
  /** No heartbeat for this long: the thread hangs. Default 10,000; below 3 heartbeats it cries wolf. */
  readonly hangMs?: number;
  /** From start to ready. Default 30,000. */
  readonly startMs?: number;
  /** More than `max` replacements of one slot inside `windowMs` leave it `lost` for `windowMs`. */
  readonly intensity?: { readonly max: number; readonly windowMs: number };
  readonly backoffMs?: (n: number) => number;
  readonly clock?: Clock;
  readonly maxPosts?: number;
  /** A thread is up and answers. `replaced`: it took the place of a lost one, re-adopt what it held. */
  readonly onUp?: (slot: number, thread: Thread<Out, In>, replaced: boolean) => void;
  readonly onLost?: (slot: number, error: EngineError) => void;
  readonly onChange?: (row: ThreadRow) => void;
  /** A listener of the owner threw. */
  readonly onFault?: (error: EngineError) => void;
}

/** Silence is judged as at first when no thread of the slot was silent for this long. */
const CALM_MS = 120_000;
const MOST_PATIENCE = 8;

const NO_BEAT: Beat = {
  loopDelayMs: 0,
  loopDelayP99Ms: 0,
  heapBytes: 0,
  actors: 0,
  counters: {},
};

interface Slot<Out extends LinkContract, In extends LinkContract> {
  readonly index: number;
  readonly name: string;
  readonly window: RestartWindow;
  thread: Thread<Out, In> | undefined;
  state: ThreadRow['state'];
  restarts: number;
  lastError: EngineError | undefined;
  beat: Beat;
  timer: TimerHandle | undefined;
  /** How many times the limit of silence the next thread gets, and when one last exceeded it. */
  hangs: number;
  hungMonoMs: number;
}

/** A fixed number of long-lived threads of one kind, each replaced when it throws, ends or hangs. */
export class ThreadPool<Out extends LinkContract, In extends LinkContract> {
  readonly #options: ThreadPoolOptions<Out, In>;
  readonly #clock: Clock;
  readonly #intensity: { readonly max: number; readonly windowMs: number };
  readonly #backoffMs: (n: number) => number;
  readonly #slots: Slot<Out, In>[] = [];
  #stuck = 0;
  #stopping = false;

  constructor(options: ThreadPoolOptions<Out, In>) {
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.#intensity = options.intensity ?? { max: 5, windowMs: 60_000 };
    this.#backoffMs = options.backoffMs ?? backoff({ firstMs: 50, maxMs: 5_000, jitter: 0.5 });
    for (let index = 0; index < options.size; index += 1) {
      this.#slots.push({
        index,
        name: `${options.kind}-${index}`,
        window: new RestartWindow(),
        thread: undefined,
        state: 'starting',
        restarts: 0,
        lastError: undefined,
        beat: NO_BEAT,
        timer: undefined,
        hangs: 1,
        hungMonoMs: Number.NEGATIVE_INFINITY,
      });
    }
  }

  get size(): number {
    return this.#slots.length;
  }

  /** Threads that did not stop and were left behind. Above 0 the process cannot end by itself. */
  get stuck(): number {
    return this.#stuck;
  }

  /** Resolves when every thread is ready; rejects with the first one's error when it is not. */
  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#boot(slot, false)));
  }

  /** The live link of a slot; undefined while it is being replaced. */
  link(slot: number): Link<Out, In> | undefined {
    const entry = this.#slots[slot];
    return entry?.state === 'running' ? entry.thread?.link : undefined;
  }

  name(slot: number): string {
    return this.#slots[slot]?.name ?? '';
  }

  rows(): readonly ThreadRow[] {
    return this.#slots.map((slot) => this.#row(slot));
  }

  /** Counters of the last heartbeat of each thread, by thread name. */
  counters(): ReadonlyMap<string, Readonly<Record<string, number>>> {
    return new Map(this.#slots.map((slot) => [slot.name, slot.beat.counters]));
  }

  /**
   * Asks every thread to stop and waits until it ended, at most `deadlineMs`. A thread that does not is
   * terminated, or left (`native`); the answer is how many were left.
   */
  async stop(deadlineMs: number): Promise<number> {
    this.#stopping = true;
    await Promise.all(
      this.#slots.map(async (slot) => {
        if (slot.timer !== undefined) this.#clock.clearTimeout(slot.timer);
        slot.timer = undefined;
        if (slot.thread !== undefined && !(await slot.thread.stop(deadlineMs))) this.#stuck += 1;
        slot.thread = undefined;
        this.#set(slot, 'stopped');
      }),
    );
    return this.#stuck;
  }

  async #boot(slot: Slot<Out, In>, replaced: boolean): Promise<void> {
    const options = this.#options;
    const thread = new Thread<Out, In>({
      name: slot.name,
      entry: options.entry,
      data: options.workerData(slot.index, slot.name),
      native: options.native ?? false,
      resourceLimits: options.resourceLimits,
      heartbeatMs: options.heartbeatMs ?? 1_000,
      hangMs: (options.hangMs ?? 10_000) * this.#patience(slot),
      startMs: options.startMs ?? 30_000,
      clock: this.#clock,
      link: {
        ...(options.maxPosts === undefined ? {} : { maxPosts: options.maxPosts }),
        onFault: (error) => options.onFault?.(error),
      },
      wire: (link) => {
        options.wire(link, slot.index, slot.name);
      },
      onBeat: (beat) => {
        slot.beat = beat;
        this.#options.onChange?.(this.#row(slot));
      },
      onLost: (error, stuck) => {
        if (slot.thread === thread) this.#lost(slot, error, stuck);
      },
    });
    slot.thread = thread;
    this.#set(slot, 'starting');
    await thread.ready;
    this.#set(slot, 'running');
    options.onUp?.(slot.index, thread, replaced);
  }

  #lost(slot: Slot<Out, In>, error: EngineError, stuck: boolean): void {
    slot.thread = undefined;
    slot.lastError = error;
    slot.beat = NO_BEAT;
    if (stuck) this.#stuck += 1;
    if (this.#stopping) return;
    const nowMonoMs = this.#clock.monoMs();
    if (error.code === 'thread.stuck') {
      slot.hangs = this.#patience(slot) * 2;
      slot.hungMonoMs = nowMonoMs;
    }
    const n = slot.window.next(nowMonoMs, this.#intensity);
    if (n === undefined) slot.window.clear();
    const afterMs = n === undefined ? this.#intensity.windowMs : this.#backoffMs(n);
    this.#set(slot, stuck ? 'stuck' : 'lost');
    this.#options.onLost?.(slot.index, error);
    slot.timer = this.#clock.setTimeout(() => {
      slot.timer = undefined;
      slot.restarts += 1;
      // A thread that does not come up reports itself lost, which leads here again.
      this.#boot(slot, true).catch((thrown: unknown) => {
        slot.lastError = EngineError.from(thrown);
      });
    }, afterMs);
  }

  /**
   * A thread that was replaced for its silence may only have starved, and what was left behind starves the next
   * one: each replacement gets twice the time of the one before, until none was needed for a while.
   */
  #patience(slot: Slot<Out, In>): number {
    if (this.#clock.monoMs() - slot.hungMonoMs > CALM_MS) slot.hangs = 1;
    return Math.min(MOST_PATIENCE, slot.hangs);
  }

  #set(slot: Slot<Out, In>, state: ThreadRow['state']): void {
    slot.state = state;
    this.#options.onChange?.(this.#row(slot));
  }

  #row(slot: Slot<Out, In>): ThreadRow {
    return {
      id: slot.name,
      kind: this.#options.kind,
      state: slot.state,
      actors: slot.beat.actors,
      restarts: slot.restarts,
      loopDelayMs: slot.beat.loopDelayMs,
      loopDelayP99Ms: slot.beat.loopDelayP99Ms,
      heapBytes: slot.beat.heapBytes,
      lastError: slot.lastError?.message,
    };
  }
}
