import type {
  FromPluginThread,
  PluginDescription,
  PluginThreadOptions,
  ToPluginThread,
} from '../../actors/plugins/protocol.js';
import { ShardPool, type ShardPoolOptions } from '../../actors/shard-pool.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { CallOptions, Link, ParamsOf, ResultOf } from '../../engine/link.types.js';
import type { ThreadRow } from '../../engine/thread.types.js';
import type { PluginRow } from '../contract/rows.js';
import type { PluginSource } from './sources.js';

export type PluginPool = ShardPool<PluginThreadOptions, ToPluginThread, FromPluginThread>;
export type PluginLink = Link<ToPluginThread, FromPluginThread>;
type PoolOptions = ShardPoolOptions<PluginThreadOptions, ToPluginThread, FromPluginThread>;

export interface PluginHostOptions {
  readonly source: PluginSource;
  /** Name of its thread and of its writer: `plugin-<code>`. Unique. */
  readonly kind: string;
  readonly clock: Clock;
  readonly pool: Pick<
    PoolOptions,
    | 'entry'
    | 'adopt'
    | 'onSnapshots'
    | 'onFault'
    | 'faults'
    | 'hangMs'
    | 'intensity'
    | 'backoffMs'
    | 'resourceLimits'
  >;
  readonly threadOptions: Omit<PluginThreadOptions, 'shard' | 'module'>;
  readonly wire: (link: PluginLink) => void;
  /** The thread was replaced and has its devices again. */
  readonly recovered: () => void;
  /** State, error, restarts or memory changed. */
  readonly changed: () => void;
  readonly onPool: (pool: PluginPool) => () => void;
}

/** A thread that nobody needs any more is stopped after this. */
const LINGER_MS = 2_000;
const STOP_MS = 3_000;
const DESCRIBE_MS = 20_000;

/**
 * One plugin: its source, its description and, while it is needed, its thread. The thread runs while an instance
 * is open (`hold`) and for the time of a call. Ended by `stop`.
 */
export class PluginHost {
  readonly source: PluginSource;
  readonly #options: PluginHostOptions;
  #pool: PluginPool | undefined;
  #leave: () => void = () => {};
  #description: PluginDescription | undefined;
  #error: EngineError | undefined;
  #thread: ThreadRow | undefined;
  #restarts = 0;
  #held = false;
  #calls = 0;
  #linger: TimerHandle | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(options: PluginHostOptions) {
    this.#options = options;
    this.source = options.source;
  }

  get kind(): string {
    return this.#options.kind;
  }

  get description(): PluginDescription | undefined {
    return this.#description;
  }

  get code(): string | undefined {
    return this.#description?.manifest.code;
  }

  get pool(): PluginPool | undefined {
    return this.#pool;
  }

  get link(): PluginLink | undefined {
    return this.#pool?.linkAt(0);
  }

  /** What is wrong with it; undefined: nothing. */
  get error(): string | undefined {
    return this.#error?.message ?? this.#thread?.lastError;
  }

  get state(): PluginRow['state'] {
    if (this.#error !== undefined) return 'failed';
    const state = this.#thread?.state;
    if (this.#pool === undefined || state === undefined || state === 'stopped') return 'unused';
    if (state === 'running' || state === 'starting') return state;
    return 'lost';
  }

  get restarts(): number {
    return this.#restarts + (this.#thread?.restarts ?? 0);
  }

  get heapBytes(): number {
    return this.#pool === undefined ? 0 : (this.#thread?.heapBytes ?? 0);
  }

  /** It cannot be used, whatever it says of itself. */
  refuse(error: EngineError): void {
    this.#error = error;
    this.#options.changed();
  }

  /** What it says of itself is known from elsewhere. */
  described(description: PluginDescription): void {
    this.#description ??= description;
    this.#options.changed();
  }

  /**
   * What the plugin says of itself, asked once.
   * @throws EngineError what the module threw when it was loaded, or `input.invalid`
   */
  async describe(): Promise<PluginDescription> {
    if (this.#description !== undefined) return this.#description;
    try {
      this.#description = await this.call('plugin.describe', {}, { deadlineMs: DESCRIBE_MS });
      this.#error = undefined;
      return this.#description;
    } catch (thrown) {
      this.#error = EngineError.from(thrown);
      throw this.#error;
    } finally {
      this.#options.changed();
    }
  }

  /** Asks the thread, which is started for it when it does not run. @throws EngineError */
  async call<M extends keyof ToPluginThread['requests'] & string>(
    method: M,
    params: ParamsOf<ToPluginThread['requests'], M>,
    options?: CallOptions,
  ): Promise<ResultOf<ToPluginThread['requests'], M>> {
    this.#calls += 1;
    try {
      const pool = await this.#running();
      return await pool.linkTo('').call(method, params, options);
    } finally {
      this.#calls -= 1;
      this.#restLater();
    }
  }

  /** Keeps the thread running until `release`. @throws EngineError when it does not come up; it is tried again. */
  async hold(): Promise<PluginPool> {
    this.#held = true;
    return await this.#running();
  }

  release(): void {
    this.#held = false;
    this.#restLater();
  }

  /** Ends the thread and starts a new one when it is needed. */
  async restart(): Promise<void> {
    await this.#inTurn(() => this.#end(STOP_MS));
    this.#error = undefined;
    this.#restarts += 1;
    if (this.#held) await this.#running();
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopped = true;
    this.#held = false;
    this.#options.clock.clearTimeout(this.#linger);
    await this.#inTurn(() => this.#end(deadlineMs));
  }

  #running(): Promise<PluginPool> {
    this.#options.clock.clearTimeout(this.#linger);
    return this.#inTurn(async () => {
      if (this.#stopped) {
        throw new EngineError('not-found', `plugin ${this.source.name} was removed or changed`);
      }
      return this.#pool ?? (await this.#start());
    });
  }

  async #start(): Promise<PluginPool> {
    const { kind, clock, pool: given, threadOptions, wire, recovered, changed } = this.#options;
    const pool: PluginPool = new ShardPool({
      ...given,
      kind,
      size: 1,
      clock,
      maxPosts: 100_000,
      options: (_, shard) => ({ ...threadOptions, shard, module: this.source.module }),
      wire: ({ link }) => {
        wire(link);
      },
      onRecovered: recovered,
    });
    const end = pool.onShard((row) => {
      this.#thread = row;
      changed();
    });
    this.#pool = pool;
    const left = this.#options.onPool(pool);
    this.#leave = () => {
      end();
      left();
    };
    try {
      await pool.start();
      return pool;
    } catch (thrown) {
      // One that instances need is tried again by the pool; one that was only asked is left.
      if (!this.#held) await this.#end(STOP_MS);
      throw EngineError.from(thrown);
    }
  }

  async #end(deadlineMs: number): Promise<void> {
    const pool = this.#pool;
    if (pool === undefined) return;
    this.#pool = undefined;
    await pool.stop(deadlineMs);
    this.#leave();
    this.#restarts += this.#thread?.restarts ?? 0;
    this.#thread = undefined;
    this.#options.changed();
  }

  #restLater(): void {
    const { clock } = this.#options;
    if (this.#held || this.#calls > 0 || this.#pool === undefined || this.#stopped) return;
    clock.clearTimeout(this.#linger);
    this.#linger = clock.setTimeout(() => {
      if (this.#held || this.#calls > 0) return;
      this.#inTurn(() => this.#end(STOP_MS)).catch((thrown: unknown) => {
        this.#options.pool.onFault?.(EngineError.from(thrown));
      });
    }, LINGER_MS);
  }

  /** Starts and stops one after the other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
