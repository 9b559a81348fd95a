import type { EngineError } from '../../../engine/errors.js';
import type { ChannelSpec, DeviceIdentity, DeviceSession } from '../sdk/plugin.types.js';

type Value = number | string | boolean;

/** What a connection told, kept to be looked at. */
export class RecordingSession implements DeviceSession {
  readonly deviceId: string;
  readonly specs: ChannelSpec[] = [];
  readonly values = new Map<string, Value>();
  /** Of parameters that became unknown and stayed so. */
  readonly unknown = new Set<string>();
  identity: DeviceIdentity = {};
  reads = 0;
  alives = 0;
  failure: EngineError | undefined;
  readonly #ended = new AbortController();

  constructor(deviceId = 'test:1:device') {
    this.deviceId = deviceId;
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  end(): void {
    this.#ended.abort();
  }

  identify(identity: DeviceIdentity): void {
    this.identity = { ...this.identity, ...identity };
  }

  channel(spec: ChannelSpec): number {
    const known = this.specs.findIndex(({ id }) => id === spec.id);
    if (known >= 0) {
      this.specs[known] = spec;
      return known;
    }
    return this.specs.push(spec) - 1;
  }

  read(handle: number, value: Value | null): void {
    const spec = this.specs[handle];
    if (spec === undefined) throw new RangeError(`there is no channel ${handle}`);
    // What the host would drop is no reading.
    if (typeof value === 'number' && !Number.isFinite(value)) return;
    this.reads += 1;
    if (value === null) {
      this.values.delete(spec.id);
      this.unknown.add(spec.id);
      return;
    }
    this.unknown.delete(spec.id);
    this.values.set(spec.id, value);
  }

  alive(): void {
    this.alives += 1;
  }

  lost(error: EngineError): void {
    this.failure ??= error;
  }
}
