import type { ArrivalClock, Clock, TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { FromPluginThread, InstanceLimits, InstanceNet } from '../protocol.js';
import { pluginError, Redactor } from '../sdk/errors.js';
import { PluginNetwork } from '../sdk/net.js';
import { plainText, textOf } from '../sdk/plain.js';
import type { FoundDevice, PluginInstance } from '../sdk/plugin.types.js';
import { type JsonObject, parseConfig, problemsError, secretValues } from '../sdk/schema.js';
import type { LoadedPlugin } from './load.js';
import { Turns } from './turns.js';
import { within } from './within.js';

export type LogLine = FromPluginThread['posts']['logged'][number];

const OPEN_DEADLINE_MS = 15_000;
const CLOSE_DEADLINE_MS = 5_000;
const LINES_PER_S = 20;
const MAX_LINE_CHARS = 2_000;
const LEVELS: ReadonlySet<unknown> = new Set<LogLine['level']>(['debug', 'info', 'warn', 'error']);

export interface InstanceDefinition {
  readonly instanceId: number;
  readonly name: string;
  readonly config: JsonObject;
  readonly limits: InstanceLimits;
  readonly net: InstanceNet;
}

export interface InstanceHooks {
  readonly clock: ArrivalClock;
  readonly logged: (line: LogLine) => void;
  readonly found: (instanceId: number, device: FoundDevice) => void;
}

/** An instance as the host holds it: open, or with the reason why it is not. */
export class Instance {
  readonly id: number;
  readonly name: string;
  readonly pluginName: string;
  limits: InstanceLimits;
  readonly turns: Turns;
  readonly redactor: Redactor;
  readonly net: PluginNetwork;
  readonly #hooks: InstanceHooks;
  readonly #control = new AbortController();
  readonly #timers: OwnedTimers;
  #running: PluginInstance | undefined;
  #failure: EngineError | undefined;
  #second = 0;
  #lines = 0;
  #swallowed = 0;

  constructor(
    definition: InstanceDefinition,
    loaded: LoadedPlugin,
    hooks: InstanceHooks,
    turns: Turns,
  ) {
    this.id = definition.instanceId;
    this.name = definition.name;
    this.pluginName = loaded.description.manifest.name;
    this.limits = definition.limits;
    this.turns = turns;
    this.redactor = new Redactor(
      secretValues(loaded.description.configurationSchema, definition.config),
    );
    const { clock } = hooks;
    this.net = new PluginNetwork({ clock, arrivals: clock, limits: definition.net });
    this.#timers = new OwnedTimers(hooks.clock);
    this.#hooks = hooks;
  }

  /** Undefined while it is being opened, when that failed, and once it is closed. */
  get running(): PluginInstance | undefined {
    return this.#running;
  }

  get failure(): EngineError | undefined {
    return this.#failure;
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  /** @throws EngineError `input.invalid` naming fields, or what the plugin threw. */
  async open(loaded: LoadedPlugin, config: JsonObject): Promise<void> {
    const { clock } = this.#hooks;
    try {
      const parsed = parseConfig(loaded.plugin.configuration, config);
      if (!parsed.ok) throw problemsError(parsed.problems);
      const context = {
        instanceId: this.id,
        config: parsed.config,
        clock: this.#timers,
        net: this.net,
        log: (level: LogLine['level'], text: string) => this.log(level, text),
        signal: this.signal,
        found: (device: FoundDevice) => this.#hooks.found(this.id, device),
      };
      const opening = (async () => await loaded.plugin.open(context))();
      this.#running = await within(
        clock,
        OPEN_DEADLINE_MS,
        opening,
        () =>
          new EngineError('link.deadline', `"open" did not answer within ${OPEN_DEADLINE_MS} ms`),
      );
    } catch (thrown) {
      this.#failure = this.redactor.error(pluginError(thrown));
      this.#timers.close();
      await this.net.close();
      throw this.#failure;
    }
  }

  /** Other limits for what it holds; nothing is closed for it. Devices take theirs when they are adopted next. */
  tune({ limits, net }: Pick<InstanceDefinition, 'limits' | 'net'>): void {
    this.limits = limits;
    this.turns.limit(limits);
    this.net.tune(net);
  }

  /** At most 20 lines a second; how many more there were is said in the next second. */
  log(level: LogLine['level'], text: string): void {
    const { clock, logged } = this.#hooks;
    const atUnixMs = clock.nowMs();
    const second = Math.floor(atUnixMs / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = 0;
      if (this.#swallowed > 0) {
        const swallowed = `${this.#swallowed} more lines in a second were not kept`;
        logged({ instanceId: this.id, level: 'warn', text: swallowed, atUnixMs });
        this.#swallowed = 0;
      }
    }
    this.#lines += 1;
    if (this.#lines > LINES_PER_S) {
      this.#swallowed += 1;
      return;
    }
    const known = LEVELS.has(level) ? level : 'info';
    const plain = plainText(this.redactor.text(textOf(text)), MAX_LINE_CHARS);
    logged({ instanceId: this.id, level: known, text: plain, atUnixMs });
  }

  /** What the plugin told and cannot be taken: said with its name, as it is the plugin that must be mended. */
  refused(thrown: unknown): EngineError {
    const { code, message } = this.redactor.error(pluginError(thrown));
    const error = new EngineError(code, `plugin ${this.pluginName}: ${message}`);
    this.log('warn', `refused: ${error.message}`);
    return error;
  }

  /** Lets go of everything, whatever the plugin does about it. Its connections were ended before. */
  async close(): Promise<void> {
    this.#control.abort();
    const running = this.#running;
    this.#running = undefined;
    if (running !== undefined) {
      const late = (): EngineError =>
        new EngineError('link.deadline', `"close" did not answer within ${CLOSE_DEADLINE_MS} ms`);
      try {
        const closing = (async () => {
          await running.close();
        })();
        await within(this.#hooks.clock, CLOSE_DEADLINE_MS, closing, late);
      } catch (thrown) {
        this.log('error', `closing: ${pluginError(thrown).message}`);
      }
    }
    this.#timers.close();
    await this.net.close();
  }
}

/** The clock as a plugin sees it: its timers end with the instance. */
class OwnedTimers implements Clock {
  readonly #clock: Clock;
  readonly #running = new Set<TimerHandle>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  monoMs(): number {
    return this.#clock.monoMs();
  }

  setTimeout(fn: () => void, delayMs: number): TimerHandle {
    const handle = this.#clock.setTimeout(() => {
      this.#running.delete(handle);
      fn();
    }, delayMs);
    this.#running.add(handle);
    return handle;
  }

  clearTimeout(handle: TimerHandle): void {
    this.#running.delete(handle);
    this.#clock.clearTimeout(handle);
  }

  close(): void {
    for (const handle of this.#running) this.#clock.clearTimeout(handle);
    this.#running.clear();
  }
}

export function newTurns(clock: Clock, limits: InstanceLimits): Turns {
  return new Turns(clock, limits);
}
