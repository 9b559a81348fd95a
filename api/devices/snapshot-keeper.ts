import type { ActorSnapshots } from '../../actors/control/snapshots.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';

const EVERY_MS = 1_000;

interface Row {
  readonly id: string;
  readonly snapshot: string | undefined;
}

/**
 * Writes snapshots of actors of a kind to the control store, so long after the first that is noted (a second), the latest of each. Bounded by the number
 * of actors. A write that fails is tried again with the next.
 */
export class SnapshotKeeper {
  readonly #snapshots: ActorSnapshots;
  readonly #clock: Clock;
  readonly #onFault: (error: EngineError) => void;
  readonly #kind: string;
  readonly #afterMs: number;
  #due = new Map<string, string | undefined>();
  #timer: TimerHandle | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    snapshots: ActorSnapshots,
    clock: Clock,
    onFault: (error: EngineError) => void,
    kind = 'device',
    afterMs = EVERY_MS,
  ) {
    this.#snapshots = snapshots;
    this.#clock = clock;
    this.#onFault = onFault;
    this.#kind = kind;
    this.#afterMs = afterMs;
  }

  note(rows: readonly Row[]): void {
    for (const { id, snapshot } of rows) this.#due.set(id, snapshot);
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    }, this.#afterMs);
  }

  /** Writes what is due, without waiting for its second. */
  async flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  /** Writes what is due. */
  async close(): Promise<void> {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    await this.#write();
  }

  async #write(): Promise<void> {
    if (this.#due.size === 0) return;
    const due = this.#due;
    this.#due = new Map();
    try {
      await this.#snapshots.apply(
        Array.from(due, ([id, snapshot]) => ({ id, kind: this.#kind, snapshot })),
      );
    } catch (thrown) {
      for (const [id, snapshot] of due) if (!this.#due.has(id)) this.#due.set(id, snapshot);
      this.#onFault(EngineError.from(thrown));
    }
  }
}
