import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { DeliveryPort } from '../../automation/ports.js';
import type { Taken } from './intake.js';
import type { Signal } from './signal-book.js';

const READING_EVERY_MS = 5_000;

interface NoticeParts {
  /** Undefined: nobody delivers. */
  readonly deliveries: Pick<DeliveryPort, 'event'> | undefined;
  /** True while some webhook hears of it. */
  readonly isHeard: (event: string) => boolean;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

/** Tells webhooks what happens here. Nothing waits for it. */
export class Notices {
  readonly #parts: NoticeParts;
  readonly #toldMonoMs = new WeakMap<Signal, number>();

  constructor(parts: NoticeParts) {
    this.#parts = parts;
  }

  /** `sensor.reading`: of each sensor one in five seconds. */
  readings(taken: Taken, experiment: (atUnixMs: number) => string | null): void {
    if (!this.#parts.isHeard('sensor.reading')) return;
    const nowMonoMs = this.#parts.clock.monoMs();
    for (const [signal, { value, atUnixMs }] of taken) {
      const told = this.#toldMonoMs.get(signal);
      if (told !== undefined && nowMonoMs - told < READING_EVERY_MS) continue;
      this.#toldMonoMs.set(signal, nowMonoMs);
      const running = experiment(atUnixMs);
      this.#tell(
        'sensor.reading',
        {
          time: new Date(atUnixMs).toISOString(),
          sensor: signal.row.name,
          value,
          ...(running === null ? {} : { experiment: running }),
        },
        `reading:${signal.row.publicId}:${Math.round(atUnixMs * 1_000)}`,
      );
    }
  }

  health(status: 'ok' | 'degraded'): void {
    const nowUnixMs = this.#parts.clock.nowMs();
    const time = new Date(nowUnixMs).toISOString();
    this.#tell('system.health_changed', { time, status }, `health:${status}:${nowUnixMs}`);
  }

  #tell(type: string, body: Readonly<Record<string, unknown>>, key: string): void {
    const { deliveries, onFault } = this.#parts;
    deliveries
      ?.event(type, { type, ...body }, key)
      .catch((thrown: unknown) => onFault(EngineError.from(thrown)));
  }
}
