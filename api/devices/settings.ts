import { randomUUID } from 'node:crypto';
import type { Command, Commands } from '../../actors/control/commands.js';
import type { FromDeviceShard, ToDeviceShard } from '../../actors/device/protocol.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Link } from '../../engine/link.types.js';

export interface SettingsOptions {
  readonly clock: Clock;
  readonly commands: Commands;
  /** @throws EngineError `thread.lost`. */
  readonly linkTo: (deviceId: string) => Link<ToDeviceShard, FromDeviceShard>;
  /** How long a device has to answer. */
  readonly deadlineMs: number;
  readonly onFault: (error: EngineError) => void;
}

/** Parameters sent to devices, each noted as a command and settled when the device answers or does not. */
export class Settings {
  readonly #options: SettingsOptions;

  constructor(options: SettingsOptions) {
    this.#options = options;
  }

  /** Resolves with the pending command; it is settled in the background. */
  async ask(
    deviceId: string,
    name: string,
    value: number | string | boolean,
    by: string,
  ): Promise<Command> {
    const { clock, commands } = this.#options;
    const id = randomUUID();
    const createdAtUnixMs = clock.nowMs();
    const command = await commands.create({ id, deviceId, name, value, createdAtUnixMs, by });
    void this.#settle(command);
    return command;
  }

  /** Never rejects. A refusal by the device counts as not done: `unanswered`. */
  async #settle({ id, deviceId, name, value }: Command): Promise<void> {
    const { clock, commands, linkTo, deadlineMs, onFault } = this.#options;
    let state: 'confirmed' | 'unanswered' | 'offline' = 'unanswered';
    try {
      const answer = await linkTo(deviceId).call(
        'device.set',
        { deviceId, name, value, deadlineMs },
        { deadlineMs: deadlineMs + 1_000 },
      );
      state = answer.state;
    } catch (thrown) {
      const error = EngineError.from(thrown);
      if (error.code !== 'device.refused') onFault(error);
    }
    try {
      await commands.settle(id, state, clock.nowMs());
    } catch (thrown) {
      // The device may have been removed with its commands meanwhile.
      const error = EngineError.from(thrown);
      if (error.code !== 'not-found') onFault(error);
    }
  }
}
