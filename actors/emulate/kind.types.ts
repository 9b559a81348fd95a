import type { Clock } from '../../engine/clock.js';

/** What every kind understands; what only one does comes as `settings` (`--set name=value`). */
export interface EmulatorOptions {
  readonly devices: number;
  /** Address to listen on. */
  readonly host: string;
  /** First port; 0: the system chooses. */
  readonly port: number;
  /** The same seed gives the same devices that behave alike. */
  readonly seed: number;
  /** These strike at random while it runs. */
  readonly faults: readonly string[];
  /** Mean time between two of them, ms. */
  readonly faultEveryMs: number;
  readonly settings: ReadonlyMap<string, string>;
  readonly clock: Clock;
}

/** A running emulator. */
export interface Emulation {
  /** Printed as one line of JSON when it is ready: addresses, and what a test wants to know. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** A line of JSON from standard input: `{"fault":"stall","on":true,"devices":[0]}`. Its answer is printed. @throws Error */
  control(
    command: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>> | Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** One vendor protocol, in `main.ts`'s table. */
export interface EmulatorKind {
  readonly name: string;
  readonly description: string;
  /** Faults that `control` and `--faults` know. */
  readonly faults: readonly string[];
  /** Names of `--set`, with what they do. */
  readonly settings: Readonly<Record<string, string>>;
  start(options: EmulatorOptions): Promise<Emulation>;
}
