import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
} from 'cockatiel';
import type { DeliveryRow } from '../../actors/automation/automation.types.js';
import type { TimerHandle } from '../../engine/clock.js';

/** A delivery in memory. */
export interface Item {
  readonly row: DeliveryRow;
  readonly dueMonoMs: number;
  /** Times its thread was lost over it: not its own fault, unless it happens again and again. */
  readonly lost: number;
}

/** What came of one try. */
export interface Tried {
  readonly ok: boolean;
  readonly code: number | null;
  readonly error: string | null;
  readonly retryAfterMs: number | null;
  readonly final: boolean;
}

export interface BreakerOptions {
  /** Failures in a row that leave a target alone. */
  readonly after: number;
  /** For so long at first, then twice as long up to `mostMs`. */
  readonly forMs: number;
  readonly mostMs: number;
}

class Failure extends Error {
  readonly tried: Tried;
  constructor(tried: Tried) {
    super(tried.error ?? 'failed');
    this.tried = tried;
  }
}

/**
 * Deliveries to one target, or actions on one thing. A lane has its own queue, its own limit and its own circuit
 * breaker, so that nothing that happens in it reaches another.
 */
export class Lane {
  readonly id: string;
  readonly targetId: number | null;
  /** Of actions: what they do and to what. */
  readonly event: string | undefined;
  readonly subject: string | undefined;
  /** Tries under way at once. Actions are done one after the other, in their order. */
  readonly atOnce: number;
  readonly inOrder: boolean;
  readonly items: Item[] = [];
  readonly #breaker: CircuitBreakerPolicy | undefined;
  underWay = 0;
  /** The table holds more for this lane than its memory does. */
  overflow = false;
  refilling = false;
  pausedUntilMonoMs = 0;
  timer: TimerHandle | undefined;

  constructor(
    row: Pick<DeliveryRow, 'kind' | 'targetId' | 'event' | 'subject'>,
    atOnce: number,
    breaker: BreakerOptions,
  ) {
    this.id = laneIdOf(row);
    this.targetId = row.targetId;
    this.inOrder = row.kind === 'action';
    this.event = this.inOrder ? row.event : undefined;
    this.subject = this.inOrder ? (row.subject ?? '') : undefined;
    this.atOnce = this.inOrder ? 1 : atOnce;
    this.#breaker = this.inOrder
      ? undefined
      : circuitBreaker(handleAll, {
          halfOpenAfter: new ExponentialBackoff({
            initialDelay: breaker.forMs,
            maxDelay: breaker.mostMs,
          }),
          breaker: new ConsecutiveBreaker(breaker.after),
        });
  }

  get circuit(): 'closed' | 'open' | 'half-open' {
    const state = this.#breaker?.state ?? CircuitState.Closed;
    if (state === CircuitState.Open || state === CircuitState.Isolated) return 'open';
    return state === CircuitState.HalfOpen ? 'half-open' : 'closed';
  }

  /** Keeps `items` in the order in which they are due; actions in the order in which they came. */
  add(item: Item): void {
    const { items } = this;
    let at = items.length;
    const before = (one: Item) =>
      this.inOrder
        ? one.row.id <= item.row.id
        : one.dueMonoMs < item.dueMonoMs ||
          (one.dueMonoMs === item.dueMonoMs && one.row.id <= item.row.id);
    for (let one = items[at - 1]; one !== undefined && !before(one); one = items[at - 1]) at -= 1;
    items.splice(at, 0, item);
  }

  /** One try, unless the circuit is open: undefined. Being asked to wait is no failure. */
  async guard(attempt: () => Promise<Tried>): Promise<Tried | undefined> {
    if (this.#breaker === undefined) return await attempt();
    try {
      return await this.#breaker.execute(async () => {
        const tried = await attempt();
        if (!tried.ok && !tried.final && tried.retryAfterMs === null) throw new Failure(tried);
        return tried;
      });
    } catch (thrown) {
      if (thrown instanceof Failure) return thrown.tried;
      if (thrown instanceof BrokenCircuitError) return undefined;
      throw thrown;
    }
  }
}

export function laneIdOf(
  row: Pick<DeliveryRow, 'kind' | 'targetId' | 'event' | 'subject'>,
): string {
  if (row.kind === 'action') return `${row.event} ${row.subject ?? ''}`;
  return row.targetId === null ? 'mail' : `target-${row.targetId}`;
}
