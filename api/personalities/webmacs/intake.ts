import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { DevicePort } from './binding.js';
import type { Signal, SignalBook } from './signal-book.js';

/** Values of one device on their way, in columns. */
interface Group {
  readonly names: string[];
  readonly ordinals: Map<string, number>;
  readonly name: number[];
  readonly atUnixMs: number[];
  readonly value: number[];
}

export interface NewPoint {
  readonly publicId: string;
  readonly value: number;
  /** NaN: now. */
  readonly atUnixMs: number;
}

/** What was stored of a batch: of each event its newest value. */
export type Taken = ReadonlyMap<Signal, { readonly value: number; readonly atUnixMs: number }>;

export interface IntakeOptions {
  readonly book: SignalBook;
  readonly devices: Pick<DevicePort, 'append'>;
  readonly clock: Clock;
  /** After it is stored; in order of arrival. Must not throw. */
  readonly onTaken: (taken: Taken) => void;
}

/** Takes datapoints: those of events that an enabled plugin has as a channel; the others are left out. */
export class Intake {
  readonly #options: IntakeOptions;
  #lastUnixMs: number | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** When the last one was taken. */
  get lastUnixMs(): number | undefined {
    return this.#lastUnixMs;
  }

  /** @returns how many were stored. @throws EngineError of the device's thread; nothing is acknowledged then. */
  async take(points: readonly NewPoint[]): Promise<number> {
    const { book, devices, clock, onTaken } = this.#options;
    if (!book.isSettled) await book.settled();
    const nowUnixMs = clock.nowMs();
    const groups = new Map<string, Group>();
    const taken = new Map<Signal, { value: number; atUnixMs: number }>();
    let count = 0;
    for (const { publicId, value, atUnixMs: given } of points) {
      const signal = book.find(publicId);
      if (signal === undefined || signal.plugins.length === 0) continue;
      const atUnixMs = Number.isNaN(given) ? later(signal, nowUnixMs) : given;
      put(groups, signal, value, atUnixMs);
      const before = taken.get(signal);
      if (before === undefined || before.atUnixMs <= atUnixMs)
        taken.set(signal, { value, atUnixMs });
      count += 1;
    }
    if (count === 0) return 0;
    await Promise.all(
      Array.from(groups, ([deviceId, { names, name, atUnixMs, value }]) =>
        devices.append({
          deviceId,
          names,
          name: Uint16Array.from(name),
          atUnixMs: Float64Array.from(atUnixMs),
          kind: new Uint8Array(name.length),
          value: Float64Array.from(value),
          texts: [],
          // The sender waits; the rules, the live rows and the broadcast do not wait for the store either.
          journal: true,
        }),
      ),
    ).catch((thrown: unknown) => {
      throw EngineError.from(thrown);
    });
    for (const [signal, { value, atUnixMs }] of taken) {
      if (atUnixMs < signal.lastAtUnixMs) continue;
      signal.lastAtUnixMs = atUnixMs;
      signal.lastValue = value;
    }
    this.#lastUnixMs = nowUnixMs;
    onTaken(taken);
    return count;
  }
}

/** In µs, by event. */
const given = new WeakMap<Signal, number>();

/** Two values of one event never have the same time: the store would keep only one of them. */
function later(signal: Signal, nowUnixMs: number): number {
  const nowUs = Math.round(nowUnixMs * 1_000);
  const beforeUs = given.get(signal) ?? 0;
  // A clock that was set back by more than a second is believed.
  const aheadUs = beforeUs - nowUs;
  const atUs = aheadUs >= 0 && aheadUs < 1_000_000 ? beforeUs + 1 : nowUs;
  given.set(signal, atUs);
  return atUs / 1_000;
}

function put(groups: Map<string, Group>, signal: Signal, value: number, atUnixMs: number): void {
  const { deviceId, parameter } = signal.row;
  let group = groups.get(deviceId);
  if (group === undefined) {
    group = { names: [], ordinals: new Map(), name: [], atUnixMs: [], value: [] };
    groups.set(deviceId, group);
  }
  let ordinal = group.ordinals.get(parameter);
  if (ordinal === undefined) {
    ordinal = group.names.length;
    group.ordinals.set(parameter, ordinal);
    group.names.push(parameter);
  }
  group.name.push(ordinal);
  group.atUnixMs.push(atUnixMs);
  group.value.push(value);
}
