import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { RuleEdge } from './protocol.js';

/** An edge as it is kept: its rule's snapshot is taken when it is told. */
export type UntoldEdge = Omit<RuleEdge, 'snapshot'>;

/** Edges of one rule and source that may wait for the main thread's answer. */
const MOST_OF_A_RULE = 8;
/** With more than this of all rules, each keeps but its latest two. */
const CROWDED = 50_000;
const AT_ONCE = 256;
const AGAIN_MS = 250;
/**
 * Between two messages: the first edge after a pause goes at once, of many each message has several. Each is a transaction with
 * a wait for the disk, during which the main thread takes no samples either.
 */
const GATHER_MS = 15;
/** Edges that run nothing wait this long for company, for each message is a transaction: channels that swing make many. */
const STATES_MS = 250;

export interface EdgeOutboxOptions {
  readonly clock: Clock;
  /** What a rule goes on from, with the edges that were not told. */
  readonly snapshotOf: (id: string) => string;
  /** Nothing of this rule waits any more: what was told of it holds its newest snapshot. */
  readonly onSettled: (id: string) => void;
  /** Resolves when they are stored; a rejection tells them again. */
  readonly tell: (edges: readonly RuleEdge[]) => Promise<unknown>;
  readonly onTrouble: (error: EngineError) => void;
}

/**
 * Edges on their way to the main thread, those of a rule in order, kept until it has stored them. Bounded while it does not answer: of a rule's
 * edges that nobody heard, first those that only change its state are let go, then the oldest pair of firing and clear, so that
 * `firing` and `clear` still come in turn and the latest one is always told. What was let go is counted.
 */
export class EdgeOutbox {
  readonly #options: EdgeOutboxOptions;
  readonly #waiting = new Set<UntoldEdge>();
  readonly #ofRule = new Map<string, UntoldEdge[]>();
  #inFlight = new Set<UntoldEdge>();
  /** Rules with an edge that somebody waits for. */
  readonly #urgent = new Set<string>();
  /** When all that waits is told. */
  #statesMonoMs = Number.POSITIVE_INFINITY;
  #timer: TimerHandle | undefined;
  #dueMonoMs = Number.POSITIVE_INFINITY;
  #closed = false;
  #dropped = 0;
  #told = 0;
  #toldMonoMs = Number.NEGATIVE_INFINITY;

  constructor(options: EdgeOutboxOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get told(): number {
    return this.#told;
  }

  of(id: string): readonly UntoldEdge[] {
    return this.#ofRule.get(id) ?? [];
  }

  push(edge: UntoldEdge): void {
    this.#waiting.add(edge);
    const list = this.#ofRule.get(edge.id);
    if (list === undefined) {
      this.#ofRule.set(edge.id, [edge]);
    } else {
      list.push(edge);
      const limit = this.#waiting.size > CROWDED ? 2 : MOST_OF_A_RULE;
      while (list.length > limit && this.#letGo(list));
    }
    const nowMonoMs = this.#options.clock.monoMs();
    if (edge.kind === 'state') {
      this.#statesMonoMs = Math.min(this.#statesMonoMs, nowMonoMs + STATES_MS);
    } else this.#urgent.add(edge.id);
    this.#soon();
  }

  /** A rule that is gone has nothing to say. */
  forget(id: string): void {
    for (const edge of this.of(id)) this.#waiting.delete(edge);
    this.#ofRule.delete(id);
    this.#urgent.delete(id);
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #letGo(list: UntoldEdge[]): boolean {
    const free = (edge: UntoldEdge | undefined): edge is UntoldEdge =>
      edge !== undefined && !this.#inFlight.has(edge);
    const newest = list.length - 1;
    let at = list.findIndex(
      (edge, i) => i < newest && free(edge) && (edge.kind === 'state' || edge.kind === 'cooled'),
    );
    let many = 1;
    if (at < 0) {
      at = list.findIndex((edge, i) => i + 1 < newest && free(edge) && free(list[i + 1]));
      many = 2;
    }
    if (at < 0) return false;
    for (const edge of list.splice(at, many)) this.#waiting.delete(edge);
    this.#dropped += many;
    return true;
  }

  #soon(): void {
    if (this.#inFlight.size > 0 || this.#closed) return;
    const { clock } = this.#options;
    const nowMonoMs = clock.monoMs();
    const wanted = this.#urgent.size > 0 ? nowMonoMs : this.#statesMonoMs;
    const dueMonoMs = Math.max(wanted, this.#toldMonoMs + GATHER_MS);
    if (dueMonoMs >= this.#dueMonoMs) return;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueMonoMs = dueMonoMs;
    const go = (): void => {
      this.#timer = undefined;
      this.#dueMonoMs = Number.POSITIVE_INFINITY;
      void this.#tell();
    };
    if (dueMonoMs <= nowMonoMs) queueMicrotask(go);
    else this.#timer = clock.setTimeout(go, Math.ceil(dueMonoMs - nowMonoMs));
  }

  /** What is told now: all, or what is urgent with everything before it of the same rules. */
  #chosen(): UntoldEdge[] {
    const edges: UntoldEdge[] = [];
    // Timers may be early by less than their resolution.
    if (this.#options.clock.monoMs() + 1 >= this.#statesMonoMs) {
      for (const edge of this.#waiting) {
        if (edges.length === AT_ONCE) return edges;
        edges.push(edge);
      }
      this.#statesMonoMs = Number.POSITIVE_INFINITY;
      this.#urgent.clear();
      return edges;
    }
    for (const id of this.#urgent) {
      if (edges.length >= AT_ONCE) break;
      edges.push(...this.of(id));
      this.#urgent.delete(id);
    }
    return edges;
  }

  async #tell(): Promise<void> {
    if (this.#closed || this.#inFlight.size > 0 || this.#waiting.size === 0) return;
    const edges = this.#chosen();
    if (edges.length === 0) {
      this.#soon();
      return;
    }
    const { clock } = this.#options;
    this.#inFlight = new Set(edges);
    this.#toldMonoMs = clock.monoMs();
    try {
      const snapshots = new Map<string, string>();
      for (const { id } of edges) {
        if (!snapshots.has(id)) snapshots.set(id, this.#options.snapshotOf(id));
      }
      await this.#options.tell(
        edges.map((edge) => ({ ...edge, snapshot: snapshots.get(edge.id) ?? '' })),
      );
      this.#told += edges.length;
      for (const edge of edges) this.#settle(edge);
    } catch (thrown) {
      // All together, after a pause.
      this.#toldMonoMs = clock.monoMs() + AGAIN_MS - GATHER_MS;
      this.#statesMonoMs = this.#toldMonoMs;
      this.#options.onTrouble(EngineError.from(thrown));
    }
    this.#inFlight = new Set();
    if (this.#waiting.size > 0) this.#soon();
  }

  #settle(edge: UntoldEdge): void {
    if (!this.#waiting.delete(edge)) return;
    const list = this.#ofRule.get(edge.id);
    const rest = list?.filter((other) => other !== edge) ?? [];
    if (rest.length === 0) {
      this.#ofRule.delete(edge.id);
      this.#options.onSettled(edge.id);
    } else this.#ofRule.set(edge.id, rest);
  }
}
