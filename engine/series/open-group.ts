import type { Clock, TimerHandle } from '../clock.js';
import type { BatchBuilder } from './batch.js';
import { type Group, newGroup } from './commit-group.js';
import type { Urgency } from './series.types.js';

/** The window of a group that somebody waits for. */
const SOON_MS = 3;

interface Parts {
  readonly clock: Clock;
  readonly windowMs: number;
  readonly build: () => BatchBuilder;
  /** The window of the group is over: it is `overdue` now. */
  readonly onOver: (group: Group) => void;
}

/** The group that rows are gathered in, one after the other, and its window. */
export class OpenGroup {
  readonly #parts: Parts;
  #group: Group | undefined;
  #windowMs = 0;
  #timer: TimerHandle | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get group(): Group | undefined {
    return this.#group;
  }

  /** The group for an append, whose window is as short as the most urgent one in it wants. */
  enter(urgency: Urgency | undefined): Group {
    const { windowMs, build } = this.#parts;
    const wantedMs = urgency === 'soon' ? Math.min(SOON_MS, windowMs) : windowMs;
    if (this.#group === undefined) {
      this.#group = newGroup(build());
      this.wait(this.#group, wantedMs);
    } else if (wantedMs < this.#windowMs && !this.#group.overdue) {
      this.wait(this.#group, wantedMs);
    }
    if (urgency === 'journal') this.#group.journal = true;
    return this.#group;
  }

  /** Begins the window of the group anew. */
  wait(group: Group, windowMs: number): void {
    const { clock, onOver } = this.#parts;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    this.#windowMs = windowMs;
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      group.overdue = true;
      onOver(group);
    }, windowMs);
  }

  /** The next append begins another. */
  take(): Group | undefined {
    const group = this.#group;
    this.#group = undefined;
    if (this.#timer !== undefined) this.#parts.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    return group;
  }
}
