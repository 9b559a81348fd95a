import { EngineError } from '../../../engine/errors.js';
import { Misses } from '../sdk/misses.js';
import type { DeviceConnection, DeviceSession } from '../sdk/plugin.types.js';
import type { Mapping } from './mapping.js';

export interface JsonDeviceOptions {
  readonly mapping: Mapping;
  readonly session: DeviceSession;
  /** Sets a parameter at the device; throws `device.refused`. */
  readonly set: (
    id: string,
    value: number | string | boolean,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly closed: () => void;
}

/** A connected device, whoever polls it. */
export class JsonDevice implements DeviceConnection {
  readonly #options: JsonDeviceOptions;
  readonly #misses = new Misses();
  #handles: readonly number[] | undefined;
  #identity = '';

  constructor(options: JsonDeviceOptions) {
    this.#options = options;
  }

  /**
   * Takes an answer. The first one must have a value, or the mapping is not for this device.
   * @throws EngineError `input.invalid`
   */
  take(json: unknown): void {
    const { mapping, session } = this.#options;
    if (this.#handles === undefined && mapping.matches(json) === 0) {
      throw new EngineError(
        'input.invalid',
        'the answer has none of the mapped values: check the paths of the parameters',
      );
    }
    const identity = mapping.identityOf(json);
    const told = JSON.stringify(identity);
    if (told !== this.#identity) session.identify(identity);
    this.#identity = told;
    this.#handles ??= mapping.declare(session);
    if (mapping.apply(json, session, this.#handles) > 0) this.#misses.heard();
    else
      this.missed(new EngineError('frame.malformed', 'the answer has none of the mapped values'));
  }

  /** Heard, nothing new. */
  same(): void {
    this.#misses.heard();
    this.#options.session.alive();
  }

  /** A poll failed; the session ends when that means the device is gone. */
  missed(error: EngineError): void {
    if (this.#misses.missed(error)) this.#options.session.lost(error);
  }

  command(id: string, value: number | string | boolean, signal: AbortSignal): Promise<void> {
    return this.#options.set(id, value, signal);
  }

  close(): void {
    this.#options.closed();
  }
}
