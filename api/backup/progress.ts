import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { BackupStatus } from '../contract/ops.js';

const NONE: BackupStatus = {
  state: 'none',
  phase: null,
  files: 0,
  ofFiles: 0,
  bytes: 0,
  by: null,
  startedAtUnixMs: null,
  finishedAtUnixMs: null,
  error: null,
};

/** How far the backup is that is made now, or how the one before ended; of this run of the engine. */
export class BackupProgress {
  readonly #clock: Clock;
  #status: BackupStatus = NONE;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get status(): BackupStatus {
    return this.#status;
  }

  get isRunning(): boolean {
    return this.#status.state === 'running';
  }

  begin(by: string): void {
    const startedAtUnixMs = this.#clock.nowMs();
    this.#status = { ...NONE, state: 'running', phase: 'settings', by, startedAtUnixMs };
  }

  phase(phase: NonNullable<BackupStatus['phase']>): void {
    this.#set({ phase });
  }

  /** So many files more will be in it. */
  expect(files: number): void {
    this.#set({ ofFiles: this.#status.ofFiles + files });
  }

  /** One of them is written. */
  wrote(): void {
    this.#set({ files: this.#status.files + 1 });
  }

  sent(bytes: number): void {
    this.#set({ bytes: this.#status.bytes + bytes });
  }

  /** What comes after the first end does not count. */
  end(state: 'done' | 'failed' | 'cancelled', error?: EngineError): void {
    const finishedAtUnixMs = this.#clock.nowMs();
    this.#set({ state, phase: null, finishedAtUnixMs, error: error?.message ?? null });
  }

  #set(values: Partial<BackupStatus>): void {
    if (this.isRunning) this.#status = { ...this.#status, ...values };
  }
}
