import type { EngineError } from '../../../engine/errors.js';
import type {
  ChannelSpec,
  DeviceConnection,
  DeviceIdentity,
  DeviceSession,
} from '../sdk/plugin.types.js';
import type { DeviceReadings, Readings } from './readings.js';

export interface SessionHooks {
  readonly identify: (identity: DeviceIdentity) => void;
  readonly declared: () => void;
  readonly lost: (error: EngineError) => void;
  /** Tells what was refused, and answers it as the plugin and the operator are shown it. */
  readonly refused: (thrown: unknown) => EngineError;
}

/** One attempt and the connection it led to. Once ended, what the plugin still says is not heard. */
export class Session implements DeviceSession {
  readonly deviceId: string;
  /** Set when the plugin's `connect` resolved. */
  connection: DeviceConnection | undefined;
  readonly #control = new AbortController();
  readonly #readings: Readings;
  readonly #device: DeviceReadings;
  readonly #hooks: SessionHooks;
  #live = true;

  constructor(readings: Readings, device: DeviceReadings, hooks: SessionHooks) {
    this.deviceId = device.deviceId;
    this.#readings = readings;
    this.#device = device;
    this.#hooks = hooks;
  }

  get live(): boolean {
    return this.#live;
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  identify(identity: DeviceIdentity): void {
    if (!this.#live) return;
    this.alive();
    this.#hooks.identify(identity);
  }

  channel(spec: ChannelSpec): number {
    try {
      const handle = this.#readings.declare(this.#device, spec);
      if (this.#live) this.#hooks.declared();
      return handle;
    } catch (thrown) {
      throw this.#hooks.refused(thrown);
    }
  }

  read(handle: number, value: number | string | boolean | null, atUnixMs?: number): void {
    if (this.#live) this.#readings.read(this.#device, handle, value, atUnixMs);
  }

  alive(): void {
    if (this.#live) this.#readings.heard(this.#device);
  }

  lost(error: EngineError): void {
    if (this.#live) this.#hooks.lost(error);
  }

  /** Says goodbye to the plugin's side. Idempotent. */
  end(): void {
    this.#live = false;
    this.#control.abort();
  }
}
