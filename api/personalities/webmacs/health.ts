import type { Clock, TimerHandle } from '../../../engine/clock.js';
import type { LiveTable } from '../../live/table.types.js';
import type { Call } from './ask.js';
import type { Intake } from './intake.js';
import { isoMicros } from './iso-micros.js';

export interface HealthParts {
  readonly intake: Intake;
  /** Live rows of the stores; without them everything counts as up. */
  readonly stores: Pick<LiveTable, 'rows'>;
  readonly version: string;
  readonly clock: Clock;
}

const LOOK_MS = 1_000;

/** How the site is: `degraded` while one of its stores is away. */
export class Health {
  readonly #parts: HealthParts;
  readonly #startedMonoMs: number;
  readonly #onChange: (status: 'ok' | 'degraded') => void;
  #status: 'ok' | 'degraded' | undefined;
  #timer: TimerHandle | undefined;

  constructor(parts: HealthParts, onChange: (status: 'ok' | 'degraded') => void) {
    this.#parts = parts;
    this.#onChange = onChange;
    this.#startedMonoMs = parts.clock.monoMs();
    this.#look();
  }

  stop(): void {
    if (this.#timer !== undefined) this.#parts.clock.clearTimeout(this.#timer);
  }

  call(): Call {
    return { method: 'GET', path: '/health', role: 'open', run: () => this.#answer() };
  }

  #answer() {
    const { intake, version, clock } = this.#parts;
    const isUp = this.#isUp();
    const { lastUnixMs } = intake;
    return {
      status: isUp ? 'ok' : 'degraded',
      version,
      database: isUp ? 'ok' : 'error',
      last_datapoint: lastUnixMs === undefined ? null : isoMicros(lastUnixMs),
      uptime_seconds: Math.round(clock.monoMs() - this.#startedMonoMs) / 1_000,
    };
  }

  #isUp(): boolean {
    for (const row of this.#parts.stores.rows()) {
      if ((row.id === 'series' || row.id === 'control') && row['state'] === 'away') return false;
    }
    return true;
  }

  #look(): void {
    const status = this.#isUp() ? 'ok' : 'degraded';
    // What it is at the start is no change.
    if (this.#status !== undefined && this.#status !== status) this.#onChange(status);
    this.#status = status;
    this.#timer = this.#parts.clock.setTimeout(() => this.#look(), LOOK_MS);
  }
}
