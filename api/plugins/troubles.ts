import type { ConnectionFacts } from '../../actors/plugins/protocol.js';
import type { Clock } from '../../engine/clock.js';

/** Readings that were dropped are a trouble until none was for this long. */
const DROPS_SHOWN_MS = 10_000;
/** So many reconnects within this time are a trouble. */
const RECONNECTS = 3;
const RECONNECTS_WITHIN_MS = 600_000;

interface Trouble {
  dropsUntilUnixMs: number;
  /** Times of the last three reconnects, the oldest first. */
  readonly reconnectsUnixMs: number[];
  onAir: string | undefined;
  /** As it is held now; undefined: none. */
  words: string | undefined;
  /** Since when what is found differs from what is held. */
  differsSinceMonoMs: number | undefined;
}

/**
 * Devices that are connected and in trouble: values were dropped, they reconnect again and again, something is
 * wrong on the air. Trouble counts once it has lasted for the hold-down, and is over once it has been gone as long.
 * Holds only devices that have or had one lately.
 */
export class Troubles {
  readonly #clock: Clock;
  readonly #holdDownMs: (deviceId: string) => number;
  readonly #all = new Map<string, Trouble>();

  constructor(clock: Clock, holdDownMs: (deviceId: string) => number) {
    this.#clock = clock;
    this.#holdDownMs = holdDownMs;
  }

  get size(): number {
    return this.#all.size;
  }

  /** The device's trouble, in words; undefined: none that has lasted. */
  of(deviceId: string): string | undefined {
    return this.#all.get(deviceId)?.words;
  }

  heard(before: ConnectionFacts | undefined, now: ConnectionFacts): void {
    if (before === undefined) return;
    const nowUnixMs = this.#clock.nowMs();
    // A new thread counts from zero.
    const reconnects = Math.min(RECONNECTS, now.reconnects - before.reconnects);
    if (now.readsDropped > before.readsDropped) {
      this.#at(now.deviceId).dropsUntilUnixMs = nowUnixMs + DROPS_SHOWN_MS;
    }
    for (let i = 0; i < reconnects; i += 1) {
      const times = this.#at(now.deviceId).reconnectsUnixMs;
      times.push(nowUnixMs);
      if (times.length > RECONNECTS) times.shift();
    }
  }

  /** All devices with something wrong on the air, and what. */
  onAir(troubles: ReadonlyMap<string, string>): void {
    for (const [id, trouble] of this.#all) trouble.onAir = troubles.get(id);
    for (const [id, words] of troubles) this.#at(id).onAir = words;
  }

  /** To be called about once a second. @returns devices whose trouble began or ended. */
  settled(): readonly string[] {
    const nowMonoMs = this.#clock.monoMs();
    const changed: string[] = [];
    for (const [id, trouble] of this.#all) {
      const found = this.#found(trouble);
      if ((found === undefined) === (trouble.words === undefined)) {
        trouble.differsSinceMonoMs = undefined;
        if (found === undefined && trouble.reconnectsUnixMs.length === 0) this.#all.delete(id);
        continue;
      }
      trouble.differsSinceMonoMs ??= nowMonoMs;
      if (nowMonoMs - trouble.differsSinceMonoMs < this.#holdDownMs(id)) continue;
      trouble.differsSinceMonoMs = undefined;
      trouble.words = found;
      changed.push(id);
    }
    return changed;
  }

  forget(deviceId: string): void {
    this.#all.delete(deviceId);
  }

  #found({ dropsUntilUnixMs, reconnectsUnixMs, onAir }: Trouble): string | undefined {
    const nowUnixMs = this.#clock.nowMs();
    while ((reconnectsUnixMs[0] ?? nowUnixMs) <= nowUnixMs - RECONNECTS_WITHIN_MS) {
      reconnectsUnixMs.shift();
    }
    if (onAir !== undefined) return onAir;
    if (reconnectsUnixMs.length >= RECONNECTS) {
      return `it reconnected ${RECONNECTS} times within ${RECONNECTS_WITHIN_MS / 60_000} minutes`;
    }
    return nowUnixMs < dropsUntilUnixMs ? 'values of it are dropped: it sends too many' : undefined;
  }

  #at(deviceId: string): Trouble {
    const known = this.#all.get(deviceId);
    if (known !== undefined) return known;
    const made: Trouble = {
      dropsUntilUnixMs: 0,
      reconnectsUnixMs: [],
      onAir: undefined,
      words: undefined,
      differsSinceMonoMs: undefined,
    };
    this.#all.set(deviceId, made);
    return made;
  }
}
