import { MessageChannel, type MessagePort, type ResourceLimits, Worker } from 'node:worker_threads';
import type { Clock, TimerHandle } from './clock.js';
import { EngineError } from './errors.js';
import { createLink, type LinkOptions } from './link.js';
import type { Link, LinkContract } from './link.types.js';
import type { Beat, FromThread, ThreadStart, ToThread } from './thread.types.js';

export interface ThreadOptions<Out extends LinkContract, In extends LinkContract> {
  readonly name: string;
  readonly entry: URL;
  readonly data: unknown;
  readonly native: boolean;
  readonly resourceLimits?: ResourceLimits | undefined;
  readonly heartbeatMs: number;
  readonly hangMs: number;
  readonly startMs: number;
  readonly clock: Clock;
  readonly link: LinkOptions;
  readonly wire: (link: Link<Out, In>) => void;
  readonly onBeat: (beat: Beat) => void;
  /** Said once, and not after `stop`. `stuck`: it hangs in native code and was left behind. */
  readonly onLost: (error: EngineError, stuck: boolean) => void;
}

/** One worker thread, from start to end; never restarted, the pool makes a new one. */
export class Thread<Out extends LinkContract, In extends LinkContract> {
  readonly name: string;
  readonly link: Link<Out, In>;
  /** Settles: when the thread is ready, or with the error that ended it before. */
  readonly ready: Promise<void>;
  readonly #options: ThreadOptions<Out, In>;
  readonly #worker: Worker;
  readonly #controlPort: MessagePort;
  readonly #control: Link<ToThread, FromThread>;
  readonly #exited: Promise<void>;
  #state: 'starting' | 'running' | 'stopping' | 'ended' = 'starting';
  #watch: TimerHandle;
  #heardMonoMs: number;
  #settleReady: { resolve: () => void; reject: (error: EngineError) => void };

  constructor(options: ThreadOptions<Out, In>) {
    const { name, entry, clock } = options;
    this.name = name;
    this.#options = options;
    const channel = new MessageChannel();
    const start: ThreadStart = {
      control: channel.port2,
      name,
      heartbeatMs: options.heartbeatMs,
      data: options.data,
    };
    this.#worker = new Worker(entry, {
      name,
      workerData: start,
      transferList: [channel.port2],
      ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
    });
    // Before the link's own listener, so that calls in flight are told why and not only that it ended.
    this.#worker.on('exit', (code) => {
      this.link.close(
        this.#state === 'stopping'
          ? new EngineError('server.stopping', `${name} has stopped`)
          : new EngineError('thread.lost', `${name} ended with code ${code}`),
      );
    });
    this.#controlPort = channel.port1;
    this.#control = createLink(channel.port1, { name, clock });
    this.link = createLink(this.#worker, { name, clock, ...options.link });
    options.wire(this.link);

    let settle = { resolve: (): void => {}, reject: (_: EngineError): void => {} };
    this.ready = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#settleReady = settle;
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => resolve());
    });
    this.#worker.on('error', (thrown) => {
      const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.#end(
        new EngineError('thread.lost', `${name} threw: ${cause.message}`, { cause }),
        false,
      );
    });
    this.#worker.on('exit', (code) => {
      this.#end(new EngineError('thread.lost', `${name} ended with code ${code}`), false);
    });
    this.#control.on('ready', () => {
      if (this.#state !== 'starting') return;
      this.#state = 'running';
      this.#heardMonoMs = clock.monoMs();
      this.#settleReady.resolve();
    });
    this.#control.on('beat', (beat) => {
      this.#heardMonoMs = clock.monoMs();
      if (this.#state === 'running') options.onBeat(beat);
    });
    this.#heardMonoMs = clock.monoMs();
    this.#watch = this.#watchOn(this.#heardMonoMs);
  }

  /**
   * Asks it to stop and waits for its end, at most `deadlineMs`. False: it hangs in native code and
   * was left behind, no longer keeping the process alive.
   */
  async stop(deadlineMs: number): Promise<boolean> {
    if (this.#state === 'ended') return true;
    const { clock } = this.#options;
    const untilMonoMs = clock.monoMs() + deadlineMs;
    this.#state = 'stopping';
    clock.clearTimeout(this.#watch);
    const reason = new EngineError('server.stopping', `${this.name} is stopping`);
    this.#settleReady.reject(reason);
    // A refusal or a missed deadline shows in whether the thread ends, which is what counts.
    await this.#control.call('thread.stop', { deadlineMs }, { deadlineMs }).catch(() => undefined);
    const ended = await this.#endsWithin(Math.max(200, untilMonoMs - clock.monoMs()));
    this.#state = 'ended';
    this.link.close(reason);
    if (ended) {
      this.#controlPort.close();
      return true;
    }
    const terminated = this.#abandon(reason);
    if (terminated) await this.#exited;
    return terminated;
  }

  // The main thread may itself have stood still (a suspended machine, a debugger): then the late
  // check proves nothing, and the thread gets a whole new term.
  #watchOn(checkedMonoMs: number): TimerHandle {
    const { clock, heartbeatMs, hangMs, startMs } = this.#options;
    return clock.setTimeout(() => {
      const nowMonoMs = clock.monoMs();
      if (nowMonoMs - checkedMonoMs > 3 * heartbeatMs) this.#heardMonoMs = nowMonoMs;
      const limitMs = this.#state === 'starting' ? startMs : hangMs;
      const silentMs = nowMonoMs - this.#heardMonoMs;
      if (silentMs < limitMs) {
        this.#watch = this.#watchOn(nowMonoMs);
        return;
      }
      const message = `${this.name} has not answered for ${Math.round(silentMs)} ms`;
      this.#end(new EngineError('thread.stuck', message), true);
    }, heartbeatMs);
  }

  #end(error: EngineError, hung: boolean): void {
    if (this.#state === 'ended' || this.#state === 'stopping') return;
    this.#state = 'ended';
    this.#options.clock.clearTimeout(this.#watch);
    this.link.close(error);
    const left = hung && !this.#abandon(error);
    if (!hung) this.#control.close(error);
    this.#settleReady.reject(error);
    this.#options.onLost(error, left);
  }

  // Closing the control port tells a thread that wakes up later that it was replaced: it exits.
  #abandon(reason: EngineError): boolean {
    this.#control.close(reason);
    this.#controlPort.close();
    if (this.#options.native) {
      this.#worker.unref();
      return false;
    }
    void this.#worker.terminate();
    return true;
  }

  async #endsWithin(limitMs: number): Promise<boolean> {
    const { clock } = this.#options;
    let timer: TimerHandle;
    const late = new Promise<false>((resolve) => {
      timer = clock.setTimeout(() => resolve(false), limitMs);
    });
    const ended = await Promise.race([this.#exited.then(() => true), late]);
    clock.clearTimeout(timer);
    return ended;
  }
}
