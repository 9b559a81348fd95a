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

interface UnderWay {
  readonly command: Command;
  /** Why it must not wait again. */
  overtaken?: string;
  /** The device was away and is back since this was begun. */
  isBack?: boolean;
}

const DEADLINE_MS = 5_000;
/** Waiting commands of one device. */
const MAX_QUEUED = 100;
const LOOK_EVERY_MS = 1_000;

/**
 * Commands to plugin devices: sent, or queued until the device is back or the time is over. A newer value for the
 * same parameter takes the place of one that still waits, or would wait again because the device went away.
 */
export class PluginCommands {
  readonly #options: PluginCommandsOptions;
  /** By device, the oldest first. */
  readonly #queued = new Map<string, Command[]>();
  /** By id; taken from the queue or new, and not answered yet. */
  readonly #underWay = new Map<string, UnderWay>();
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
    for (const one of this.#underWay.values()) {
      if (deviceIds.includes(one.command.deviceId)) one.overtaken = 'its device was removed';
    }
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
      void this.#sendAll([command]);
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
    for (const one of this.#underWay.values()) {
      if (one.command.deviceId === deviceId) one.isBack = true;
    }
    const waiting = this.#queued.get(deviceId);
    if (waiting === undefined) return;
    this.#queued.delete(deviceId);
    void this.#sendAll(waiting);
  }

  /** In order, until the device is away: the rest waits again then, before what was asked meanwhile. Never rejects. */
  async #sendAll(commands: readonly Command[]): Promise<void> {
    const mine = commands.map((command): UnderWay => ({ command }));
    for (const one of mine) this.#underWay.set(one.command.id, one);
    const away = await this.#untilAway(commands);
    for (const { id } of commands) this.#underWay.delete(id);
    const [first] = commands;
    // Nobody would tell of it a second time.
    if (away && first !== undefined && mine.some(({ isBack }) => isBack === true)) {
      this.deviceIsBack(first.deviceId);
    }
  }

  async #untilAway(commands: readonly Command[]): Promise<boolean> {
    for (const [i, command] of commands.entries()) {
      if (await this.#send(command)) continue;
      this.#putBack(commands.slice(i));
      return true;
    }
    return false;
  }

  /** Never rejects. @returns false when it waits again */
  async #send(command: Command): Promise<boolean> {
    const { clock, store, send, onFault } = this.#options;
    const { id, deviceId, name, value, expiresAtUnixMs } = command;
    try {
      if (await this.#isOver(id)) return true;
      if (command.state === 'queued') await store.move(id, 'pending');
      const answer = await this.#answer(() => send(deviceId, name, value, DEADLINE_MS));
      if (answer.state === 'offline' && (expiresAtUnixMs ?? 0) > clock.nowMs()) {
        if (await this.#isOver(id)) return true;
        await store.move(id, 'queued');
        return await this.#isOver(id);
      }
      await store.settle(id, answer.state, clock.nowMs(), answer.detail);
    } catch (thrown) {
      // The device may have been removed with its commands meanwhile.
      const error = EngineError.from(thrown);
      if (error.code !== 'not-found') onFault(error);
    }
    return true;
  }

  /** Settles one that was overtaken while it was under way: it must not reach the device after the newer one. */
  async #isOver(id: string): Promise<boolean> {
    const why = this.#underWay.get(id)?.overtaken;
    if (why === undefined) return false;
    await this.#expire(id, why);
    return true;
  }

  /** What was overtaken meanwhile ends; the rest comes first. */
  #putBack(commands: readonly Command[]): void {
    const [first] = commands;
    if (first === undefined) return;
    const left: Command[] = [];
    for (const command of commands) {
      const why = this.#underWay.get(command.id)?.overtaken;
      if (why === undefined) left.push({ ...command, state: 'queued' });
      else void this.#expire(command.id, why);
    }
    this.#queued.set(first.deviceId, [...left, ...(this.#queued.get(first.deviceId) ?? [])]);
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
    for (const one of this.#underWay.values()) {
      if (one.command.deviceId === deviceId && one.command.name === name) one.overtaken = why;
    }
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
