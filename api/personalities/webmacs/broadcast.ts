import type { Clock, TimerHandle } from '../../../engine/clock.js';
import { isoMicros } from './iso-micros.js';
import type { Signal } from './signal-book.js';

export const TOPIC = 'webmacs.datapoints';
const EVERY_MS = 200;

interface Waiting {
  readonly value: number;
  readonly atUnixMs: number;
}

/**
 * Tells values to browsers: of each event at most one in 0.2 s. A value that comes sooner waits, and gives way to a later
 * one, so that the last is always told.
 */
export class Broadcast {
  readonly #clock: Clock;
  readonly #publish: (topic: string, text: string) => void;
  readonly #experimentAt: (atUnixMs: number) => string | null;
  readonly #told = new Map<string, number>();
  readonly #waiting = new Map<string, Waiting>();
  #timer: TimerHandle | undefined;
  #listeners = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly publish: (topic: string, text: string) => void;
    readonly experimentAt: (atUnixMs: number) => string | null;
  }) {
    this.#clock = options.clock;
    this.#publish = options.publish;
    this.#experimentAt = options.experimentAt;
  }

  /** Nothing is made while nobody listens. */
  joined(): void {
    this.#listeners += 1;
  }

  left(): void {
    this.#listeners -= 1;
    if (this.#listeners > 0) return;
    this.#told.clear();
    this.#waiting.clear();
  }

  /** The last value of each event of a batch. */
  tell(values: ReadonlyMap<Signal, Waiting>): void {
    if (this.#listeners === 0) return;
    const nowMonoMs = this.#clock.monoMs();
    const due: string[] = [];
    for (const [signal, point] of values) {
      const id = signal.row.publicId;
      if (nowMonoMs - (this.#told.get(id) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) {
        this.#waiting.set(id, point);
        continue;
      }
      this.#told.set(id, nowMonoMs);
      this.#waiting.delete(id);
      due.push(this.#text(id, point));
    }
    this.#send(due);
    this.#arm();
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#waiting.clear();
    this.#told.clear();
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#waiting.size === 0) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      const nowMonoMs = this.#clock.monoMs();
      const due: string[] = [];
      for (const [id, point] of this.#waiting) {
        if (nowMonoMs - (this.#told.get(id) ?? 0) < EVERY_MS) continue;
        this.#told.set(id, nowMonoMs);
        this.#waiting.delete(id);
        due.push(this.#text(id, point));
      }
      this.#send(due);
      this.#arm();
    }, EVERY_MS / 4);
  }

  #send(due: readonly string[]): void {
    if (due.length === 0) return;
    this.#publish(TOPIC, `{"type":"datapoints_batch","datapoints":[${due.join(',')}]}`);
  }

  #text(id: string, { value, atUnixMs }: Waiting): string {
    return JSON.stringify({
      value,
      event_public_id: id,
      timestamp: isoMicros(atUnixMs),
      experiment_public_id: this.#experimentAt(atUnixMs),
    });
  }
}
