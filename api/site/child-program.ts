import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { backoff, RestartWindow } from '../../engine/backoff.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { Log } from '../../engine/log.js';
import type { ActorInfo } from '../../engine/supervisor.types.js';

export interface ChildProgramOptions {
  /** Id in the inspector: `demo/fleet`. */
  readonly id: string;
  readonly entry: URL;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (info: ActorInfo) => void;
}

const INTENSITY = { max: 5, windowMs: 60_000 };
const SHUTDOWN_MS = 2_000;
const STDERR_TAIL_CHARS = 2_000;

/** A helper program of ours in a process of its own, restarted with backoff and parked when it keeps failing. */
export class ChildProgram {
  readonly #options: ChildProgramOptions;
  readonly #window = new RestartWindow();
  readonly #backoffMs = backoff({ firstMs: 500, maxMs: 10_000, jitter: 0.5 });
  #child: ChildProcess | undefined;
  #timer: TimerHandle | undefined;
  #state: 'running' | 'restarting' | 'parked' | 'stopped' = 'stopped';
  #sinceUnixMs: number;
  #restarts = 0;
  #lastError: string | undefined;

  constructor(options: ChildProgramOptions) {
    this.#options = options;
    this.#sinceUnixMs = options.clock.nowMs();
  }

  info(): ActorInfo {
    return {
      id: this.#options.id,
      kind: 'process',
      shard: 'main',
      parent: 'engine',
      state: this.#state,
      sinceUnixMs: this.#sinceUnixMs,
      restarts: this.#restarts,
      lastError: this.#lastError,
      mailboxDepth: 0,
    };
  }

  /** Starts it, or starts it again by hand. */
  async restart(): Promise<void> {
    await this.stop('stopped');
    this.#window.clear();
    this.#boot();
  }

  /** SIGTERM, SIGKILL after 2 s. Resolves when it is gone. */
  async stop(as: 'stopped' | 'parked'): Promise<void> {
    const { clock } = this.#options;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const timer = clock.setTimeout(() => child.kill('SIGKILL'), SHUTDOWN_MS);
      child.kill('SIGTERM');
      await gone;
      clock.clearTimeout(timer);
    }
    this.#become(as);
  }

  #boot(): void {
    // Two restarts by hand at once: the first one that came through is in charge.
    if (this.#child !== undefined) return;
    const { entry, args, env } = this.#options;
    const child = spawn(process.execPath, [fileURLToPath(entry), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-STDERR_TAIL_CHARS);
    });
    child.once('error', (error) => this.#ended(child, error.message));
    child.once('exit', (code, signal) => {
      this.#ended(child, `ended with ${signal ?? code}: ${errors.trim()}`);
    });
    this.#become('running');
  }

  #ended(child: ChildProcess, why: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#lastError = why;
    const { clock, log, id } = this.#options;
    log.warn({ program: id, why }, 'a helper program ended');
    const restarts = this.#window.next(clock.monoMs(), INTENSITY);
    if (restarts === undefined) {
      this.#become('parked');
      return;
    }
    this.#restarts += 1;
    this.#become('restarting');
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      this.#boot();
    }, this.#backoffMs(restarts));
  }

  #become(state: 'running' | 'restarting' | 'parked' | 'stopped'): void {
    this.#state = state;
    this.#sinceUnixMs = this.#options.clock.nowMs();
    this.#options.onChange(this.info());
  }
}
