import type { Clock } from '../../../engine/clock.js';
import type { InstanceLimits } from '../protocol.js';

interface Holder {
  readonly sinceMonoMs: number;
  readonly retry: boolean;
  connecting: boolean;
}

/**
 * Who may be connected, and who may try to: at most `maxConnections` hold a lease, at most `maxConnecting` of them
 * are trying. Those that failed before use half of the attempts at most, so that a hundred dead addresses do not
 * hold up the living. Where there are more devices than leases, the oldest leases end first.
 */
export class Turns {
  readonly #clock: Clock;
  #limits: InstanceLimits;
  readonly #holders = new Map<string, Holder>();
  readonly #fresh = new Map<string, () => void>();
  readonly #retries = new Map<string, () => void>();
  #connecting = 0;
  #retrying = 0;
  #pumping = false;

  constructor(clock: Clock, limits: InstanceLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Attempts under way. */
  get connecting(): number {
    return this.#connecting;
  }

  /** Leases held. */
  get held(): number {
    return this.#holders.size;
  }

  limit(limits: InstanceLimits): void {
    this.#limits = limits;
    this.#pump();
  }

  /** Calls `go` once, when it is the device's turn: maybe before this returns. The answer gives the turn back. */
  join(deviceId: string, retry: boolean, go: () => void): () => void {
    const queue = retry ? this.#retries : this.#fresh;
    queue.set(deviceId, go);
    this.#pump();
    return () => {
      if (queue.get(deviceId) === go) queue.delete(deviceId);
      else this.#release(deviceId);
      this.#pump();
    };
  }

  /** The attempt is over and the connection stands. */
  connected(deviceId: string): void {
    const holder = this.#holders.get(deviceId);
    if (holder !== undefined) this.#tried(holder);
    this.#pump();
  }

  /** True: it is queued, and all leases are held by others. */
  waitsForLease(deviceId: string): boolean {
    return (
      this.#holders.size >= this.#limits.maxConnections &&
      (this.#fresh.has(deviceId) || this.#retries.has(deviceId))
    );
  }

  /** Connected devices whose time is over because others wait. */
  expired(): readonly string[] {
    const { maxConnections, rotationMs } = this.#limits;
    let wanted = this.#holders.size >= maxConnections ? this.#fresh.size + this.#retries.size : 0;
    const beforeMonoMs = this.#clock.monoMs() - rotationMs;
    const ids: string[] = [];
    for (const [id, holder] of this.#holders) {
      if (wanted === 0) break;
      if (holder.connecting || holder.sinceMonoMs > beforeMonoMs) continue;
      ids.push(id);
      wanted -= 1;
    }
    return ids;
  }

  #release(deviceId: string): void {
    const holder = this.#holders.get(deviceId);
    if (holder === undefined) return;
    this.#tried(holder);
    this.#holders.delete(deviceId);
  }

  #tried(holder: Holder): void {
    if (!holder.connecting) return;
    holder.connecting = false;
    this.#connecting -= 1;
    if (holder.retry) this.#retrying -= 1;
  }

  // A turn may end within `go`: then the loop that is running already goes on with the next.
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const [id, go, retry] = next;
        this.#holders.set(id, { sinceMonoMs: this.#clock.monoMs(), retry, connecting: true });
        this.#connecting += 1;
        if (retry) this.#retrying += 1;
        go();
      }
    } finally {
      this.#pumping = false;
    }
  }

  #next(): readonly [string, () => void, boolean] | undefined {
    const { maxConnections, maxConnecting } = this.#limits;
    if (this.#holders.size >= maxConnections || this.#connecting >= maxConnecting) return undefined;
    for (const [id, go] of this.#fresh) {
      this.#fresh.delete(id);
      return [id, go, false];
    }
    if (this.#retrying >= Math.max(1, Math.floor(maxConnecting / 2))) return undefined;
    for (const [id, go] of this.#retries) {
      this.#retries.delete(id);
      return [id, go, true];
    }
    return undefined;
  }
}
