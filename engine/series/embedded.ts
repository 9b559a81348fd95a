import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { backoff } from '../backoff.js';
import type { Clock, TimerHandle } from '../clock.js';
import { entryUrl } from '../entry.js';
import { EngineError } from '../errors.js';
import type { FromStoreChild, ToStoreChild } from './embedded.protocol.js';
import type { SeriesAddress } from './series.types.js';

const USERNAME = 'earshot';
const DATABASE = 'earshot';
const READY_WITHIN_MS = 60_000;
const PING_EVERY_MS = 5_000;
const PING_WITHIN_MS = 4_000;
/** A store that misses this many pings in a row hangs, and is replaced. */
const MAX_MISSED_PINGS = 6;
/** More restarts than this inside the window: tried again only once a minute, and shown as an error. */
const INTENSITY = { max: 8, windowMs: 120_000 };
const restartBackoff = backoff({ firstMs: 100, maxMs: 10_000, jitter: 0.5 });
const parkedBackoff = backoff({ firstMs: 60_000, maxMs: 60_000, jitter: 0.5 });
const STDERR_TAIL_CHARS = 4_000;

export type EmbeddedState = 'starting' | 'up' | 'away' | 'off';

export interface EmbeddedStatus {
  readonly state: EmbeddedState;
  readonly sinceUnixMs: number;
  readonly restarts: number;
  readonly pid: number | undefined;
  readonly version: string | undefined;
  /** Of the last health ping, ms. */
  readonly latencyMs: number | undefined;
  readonly lastError: string | undefined;
}

export interface EmbeddedOptions {
  /** Folder of the store; made when it is missing. One process at a time. */
  readonly folder: string;
  readonly clock: Clock;
  /** Called at each change of state; must not throw. */
  readonly onChange?: (status: EmbeddedStatus) => void;
  /** From SIGTERM to SIGKILL. Default 10,000. */
  readonly shutdownMs?: number;
}

/**
 * The embedded series store: a supervised child process with ClickHouse inside. It is started again with
 * jittered backoff when it ends or hangs, always at the same address, so that clients just reconnect.
 */
export class EmbeddedStore {
  readonly #options: EmbeddedOptions;
  readonly #password = randomBytes(24).toString('hex');
  readonly #restartsAtMonoMs: number[] = [];
  #child: ChildProcess | undefined;
  #port = 0;
  #state: EmbeddedState = 'off';
  #sinceUnixMs: number;
  #restarts = 0;
  #failures = 0;
  #missedPings = 0;
  #version: string | undefined;
  #latencyMs: number | undefined;
  #lastError: string | undefined;
  #timer: TimerHandle | undefined;
  #stopping = false;
  #exited: Promise<void> = Promise.resolve();

  constructor(options: EmbeddedOptions) {
    this.#options = options;
    this.#sinceUnixMs = options.clock.nowMs();
  }

  /**
   * Starts the process and waits until it answers.
   * @throws EngineError `conflict` when another process has the folder, `internal` when it does not start.
   */
  async start(): Promise<SeriesAddress> {
    await this.#spawn();
    return this.address();
  }

  /** Stays the same for the life of this object; holds the password of this start. */
  address(): SeriesAddress {
    return {
      url: `http://${USERNAME}:${this.#password}@127.0.0.1:${this.#port}`,
      database: DATABASE,
    };
  }

  status(): EmbeddedStatus {
    return {
      state: this.#state,
      sinceUnixMs: this.#sinceUnixMs,
      restarts: this.#restarts,
      pid: this.#child?.pid,
      version: this.#version,
      latencyMs: this.#latencyMs,
      lastError: this.#lastError,
    };
  }

  /** Asks the process to stop, ends it by force after `shutdownMs`. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#clearTimer();
    const child = this.#child;
    if (child !== undefined) {
      this.#say(child, { type: 'stop' });
      child.kill('SIGTERM');
      const { clock } = this.#options;
      const timer = clock.setTimeout(
        () => child.kill('SIGKILL'),
        this.#options.shutdownMs ?? 10_000,
      );
      await this.#exited;
      clock.clearTimeout(timer);
    }
    this.#change('off');
  }

  async #spawn(): Promise<void> {
    this.#change('starting');
    const child = fork(fileURLToPath(entryUrl('engine/series/chdb.child')), [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, UV_THREADPOOL_SIZE: '10' },
      execArgv: [],
    });
    this.#child = child;
    let tail = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString()).slice(-STDERR_TAIL_CHARS);
    });
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const { promise: exited, resolve: onExited } = withResolvers();
      this.#exited = exited;
      let ready = false;
      const failed = (error: EngineError) => {
        this.#lastError = error.message;
        reject(error);
      };
      const deadline = clock.setTimeout(() => {
        this.#lastError = `not ready within ${READY_WITHIN_MS} ms`;
        child.kill('SIGKILL');
      }, READY_WITHIN_MS);
      child.on('message', (message: FromStoreChild) => {
        if (message.type === 'failed') {
          failed(explain(EngineError.fromWire(message.error), tail, this.#options.folder));
          return;
        }
        ready = true;
        clock.clearTimeout(deadline);
        this.#port = message.port;
        this.#version = message.version;
        this.#failures = 0;
        this.#missedPings = 0;
        this.#change('up');
        this.#pingLater();
        resolve();
      });
      child.once('error', (error) => {
        failed(EngineError.from(error));
        // With a pid it runs, and its exit follows; without one it could not be forked.
        if (child.pid !== undefined) return;
        clock.clearTimeout(deadline);
        this.#child = undefined;
        onExited();
        if (!this.#stopping && this.#port !== 0) this.#restartLater();
      });
      child.once('exit', (code, signal) => {
        clock.clearTimeout(deadline);
        this.#child = undefined;
        onExited();
        const error = explain(
          new EngineError('internal', `the series store ended (${signal ?? `code ${code}`})`),
          tail,
          this.#options.folder,
        );
        if (ready) this.#lastError = error.message;
        failed(error);
        const neverWorked = this.#port === 0;
        if (!this.#stopping && !neverWorked) this.#restartLater();
        else if (neverWorked) this.#change('off');
      });
      this.#say(child, {
        type: 'start',
        folder: this.#options.folder,
        port: this.#port,
        username: USERNAME,
        password: this.#password,
      });
    });
  }

  #restartLater(): void {
    this.#change('away');
    this.#clearTimer();
    const { clock } = this.#options;
    const nowMonoMs = clock.monoMs();
    this.#restarts++;
    this.#failures++;
    this.#restartsAtMonoMs.push(nowMonoMs);
    while ((this.#restartsAtMonoMs[0] ?? nowMonoMs) < nowMonoMs - INTENSITY.windowMs) {
      this.#restartsAtMonoMs.shift();
    }
    const tooOften = this.#restartsAtMonoMs.length > INTENSITY.max;
    const delayMs = tooOften ? parkedBackoff(1) : restartBackoff(this.#failures);
    this.#timer = clock.setTimeout(() => {
      this.#spawn().catch((error: unknown) => {
        this.#lastError = EngineError.from(error).message;
        if (this.#child === undefined && this.#state === 'starting') this.#restartLater();
      });
    }, delayMs);
  }

  #pingLater(): void {
    this.#clearTimer();
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#ping().catch(() => this.#missed());
    }, PING_EVERY_MS);
  }

  async #ping(): Promise<void> {
    const { clock } = this.#options;
    const startedMonoMs = clock.monoMs();
    const answer = await fetch(`http://127.0.0.1:${this.#port}/ping`, {
      signal: AbortSignal.timeout(PING_WITHIN_MS),
    });
    await answer.text();
    this.#latencyMs = clock.monoMs() - startedMonoMs;
    this.#missedPings = 0;
    if (this.#state === 'up') this.#pingLater();
  }

  #missed(): void {
    if (this.#state !== 'up') return;
    this.#missedPings++;
    if (this.#missedPings < MAX_MISSED_PINGS) {
      this.#pingLater();
      return;
    }
    this.#lastError = `no answer to ${MAX_MISSED_PINGS} pings: replaced`;
    this.#child?.kill('SIGKILL');
  }

  #say(child: ChildProcess, message: ToStoreChild): void {
    if (child.connected) child.send(message, () => undefined);
  }

  #change(state: EmbeddedState): void {
    if (state !== this.#state) this.#sinceUnixMs = this.#options.clock.nowMs();
    this.#state = state;
    this.#options.onChange?.(this.status());
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** chdb writes the reason of a refused folder to standard error only. */
function explain(error: EngineError, stderrTail: string, folder: string): EngineError {
  if (error.code === 'conflict' || /Cannot lock file/.test(stderrTail)) {
    return new EngineError(
      'conflict',
      `another process has the series store in ${folder} open: stop it, or give this engine a data folder of its own`,
      { cause: error },
    );
  }
  const detail = stderrTail.trim().split('\n').at(-1);
  if (detail === undefined || detail === '') return error;
  return new EngineError(error.code, `${error.message}: ${detail}`, { cause: error });
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
