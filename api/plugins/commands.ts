import { randomUUID } from 'node:crypto';
import type { Command, Commands } from '../../actors/control/commands.js';
import type { ChannelSpec } from '../../actors/plugins/sdk/plugin.types.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';

type Value = number | string | boolean;

export interface PluginCommandsOptions {
  readonly clock: Clock;
  readonly store: Commands;
  readonly spec: (deviceId: string, name: string) => ChannelSpec | 'unknown' | undefined;
  readonly isConnected: (deviceId: string) => boolean;
  /** As `device.command` of the plugin's thread. @throws EngineError `device.refused`, `not-found` */
  readonly send: (
    deviceId: string,
    name: string,
    value: Value,
    deadlineMs: number,
  ) => Promise<'confirmed' | 'unanswered' | 'offline'>;
  readonly onFault: (error: EngineError) => void;
}

const DEADLINE_MS = 5_000;
/** Waiting commands of one device. */
const MAX_QUEUED = 100;
const LOOK_EVERY_MS = 1_000;

/**
 * Commands to plugin devices: sent, or queued until the device is back or the time is over. A newer value for the
 * same parameter takes the place of one that still waits.
 */
export class PluginCommands {
  readonly #options: PluginCommandsOptions;
  /** By device, the oldest first. */
  readonly #queued = new Map<string, Command[]>();
  #timer: TimerHandle | undefined;
  #stopped = false;

  constructor(options: PluginCommandsOptions) {
    this.#options = options;
  }

  /** Takes up what waited when the engine stopped. */
  async start(): Promise<void> {
    for (const command of await this.#options.store.queued()) this.#push(command);
    this.#lookLater();
  }

  stop(): void {
    this.#stopped = true;
    this.#options.clock.clearTimeout(this.#timer);
  }

  forget(deviceIds: readonly string[]): void {
    for (const id of deviceIds) this.#queued.delete(id);
  }

  /**
   * Notes the command and sends it, now or when the device is back within `ttlMs`; settled in the background.
   * @throws EngineError `input.invalid` naming why the value cannot be set, `server.busy` for too many that wait
   */
  async ask(
    deviceId: string,
    name: string,
    value: Value,
    by: string,
    ttlMs: number,
  ): Promise<Command> {
    const { clock, store, isConnected, spec } = this.#options;
    const known = spec(deviceId, name);
    if (known === 'unknown') {
      throw new EngineError('input.invalid', `name: ${deviceId} has no parameter ${name}`);
    }
    if (known !== undefined) requireSettable(known, value);
    const createdAtUnixMs = clock.nowMs();
    const base = { id: randomUUID(), deviceId, name, value, createdAtUnixMs, by };
    await this.#supersede(deviceId, name, 'a newer value took its place');
    if (isConnected(deviceId) || ttlMs <= 0) {
      const command = await store.create(base);
      void this.#send(command);
      return command;
    }
    if ((this.#queued.get(deviceId)?.length ?? 0) >= MAX_QUEUED) {
      throw new EngineError('server.busy', `${MAX_QUEUED} commands wait for ${deviceId} already`);
    }
    const expiresAtUnixMs = createdAtUnixMs + ttlMs;
    const command = await store.create({ ...base, expiresAtUnixMs }, 'queued');
    this.#push(command);
    // It may have come back while this was written.
    if (isConnected(deviceId)) this.deviceIsBack(deviceId);
    return command;
  }

  /** What waits for this parameter is not sent any more. */
  async withdraw(deviceId: string, name: string): Promise<void> {
    await this.#supersede(deviceId, name, 'it was withdrawn');
  }

  /** Sends what waits, in order. */
  deviceIsBack(deviceId: string): void {
    const waiting = this.#queued.get(deviceId);
    if (waiting === undefined) return;
    this.#queued.delete(deviceId);
    void this.#sendAll(waiting);
  }

  async #sendAll(waiting: readonly Command[]): Promise<void> {
    for (const command of waiting) {
      try {
        await this.#send(await this.#options.store.move(command.id, 'pending'));
      } catch (thrown) {
        // Removed with its device meanwhile.
        const error = EngineError.from(thrown);
        if (error.code !== 'not-found') this.#options.onFault(error);
      }
    }
  }

  /** Never rejects. */
  async #send(command: Command): Promise<void> {
    const { clock, store, send, onFault } = this.#options;
    const { id, deviceId, name, value } = command;
    try {
      const answer = await this.#answer(() => send(deviceId, name, value, DEADLINE_MS));
      const { expiresAtUnixMs } = command;
      if (answer.state === 'offline' && (expiresAtUnixMs ?? 0) > clock.nowMs()) {
        this.#push(await store.move(id, 'queued'));
        return;
      }
      await store.settle(id, answer.state, clock.nowMs(), answer.detail);
    } catch (thrown) {
      // The device may have been removed with its commands meanwhile.
      const error = EngineError.from(thrown);
      if (error.code !== 'not-found') onFault(error);
    }
  }

  async #answer(send: () => Promise<'confirmed' | 'unanswered' | 'offline'>): Promise<{
    readonly state: 'confirmed' | 'unanswered' | 'offline' | 'refused';
    readonly detail?: string;
  }> {
    try {
      return { state: await send() };
    } catch (thrown) {
      const error = EngineError.from(thrown);
      const refused =
        error.code === 'device.refused' ||
        error.code === 'not-found' ||
        error.code === 'input.invalid';
      return { state: refused ? 'refused' : 'unanswered', detail: error.message.slice(0, 500) };
    }
  }

  async #supersede(deviceId: string, name: string, why: string): Promise<void> {
    const waiting = this.#queued.get(deviceId) ?? [];
    const older = waiting.filter((command) => command.name === name);
    if (older.length === 0) return;
    this.#queued.set(
      deviceId,
      waiting.filter((command) => command.name !== name),
    );
    for (const { id } of older) await this.#expire(id, why);
  }

  async #expire(id: string, why: string): Promise<void> {
    try {
      await this.#options.store.settle(id, 'expired', this.#options.clock.nowMs(), why);
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code !== 'not-found') this.#options.onFault(error);
    }
  }

  #push(command: Command): void {
    const waiting = this.#queued.get(command.deviceId);
    if (waiting === undefined) this.#queued.set(command.deviceId, [command]);
    else waiting.push(command);
  }

  #lookLater(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      void this.#look().finally(() => this.#lookLater());
    }, LOOK_EVERY_MS);
  }

  async #look(): Promise<void> {
    const nowUnixMs = this.#options.clock.nowMs();
    for (const [deviceId, waiting] of [...this.#queued]) {
      const over = waiting.filter(({ expiresAtUnixMs }) => (expiresAtUnixMs ?? 0) <= nowUnixMs);
      if (over.length === 0) continue;
      const left = waiting.filter((command) => !over.includes(command));
      if (left.length === 0) this.#queued.delete(deviceId);
      else this.#queued.set(deviceId, left);
      for (const { id } of over) await this.#expire(id, 'the device did not come back in time');
    }
  }
}

function requireSettable(spec: ChannelSpec, value: Value): void {
  const wrong = problemOf(spec, value);
  if (wrong !== undefined) throw new EngineError('input.invalid', `value: ${spec.id} ${wrong}`);
}

function problemOf(spec: ChannelSpec, value: Value): string | undefined {
  if (spec.direction === 'input') return 'is only reported by the device, it cannot be set';
  const type = spec.kind === 'text' ? 'string' : spec.kind;
  if (typeof value !== type) return `takes a ${spec.kind}`;
  if (typeof value === 'number') {
    if (spec.min !== undefined && value < spec.min) return `takes ${spec.min} or more`;
    if (spec.max !== undefined && value > spec.max) return `takes ${spec.max} or less`;
  }
  if (typeof value === 'string' && spec.options !== undefined && !spec.options.includes(value)) {
    return `takes one of ${spec.options.join(', ')}`;
  }
  return undefined;
}
