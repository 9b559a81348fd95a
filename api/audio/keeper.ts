import type { SiteStore } from '../../actors/control/site.js';
import type { SnapshotChange } from '../../actors/control/snapshots.js';
import type { SessionDefinition } from '../../actors/session/protocol.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';

export const PLACE_KIND = 'session-place';

const SAVE_EVERY_MS = 2_000;
/** Places change every second while a session plays: written less often than the rest, and at the end. */
const PLACES_EVERY_MS = 10_000;

/** Writes what changed of open sessions to the control store: of each the latest, every two seconds. */
export class SessionKeeper {
  readonly #store: SiteStore;
  readonly #clock: Clock;
  readonly #definition: (id: string) => SessionDefinition | undefined;
  readonly #failed: (thrown: unknown) => void;
  readonly #moved = new Set<string>();
  #snapshots = new Map<string, SnapshotChange>();
  #places = new Map<string, string>();
  #placesAtMonoMs = 0;
  #timer: TimerHandle | undefined;
  #closed = false;

  constructor(options: {
    readonly store: SiteStore;
    readonly clock: Clock;
    readonly definition: (id: string) => SessionDefinition | undefined;
    readonly failed: (thrown: unknown) => void;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#definition = options.definition;
    this.#failed = options.failed;
  }

  start(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#save(this.#clock.monoMs() - this.#placesAtMonoMs >= PLACES_EVERY_MS)
        .catch(this.#failed)
        .finally(() => {
          if (!this.#closed) this.start();
        });
    }, SAVE_EVERY_MS);
  }

  moved(id: string): void {
    this.#moved.add(id);
  }

  snapshot(change: SnapshotChange): void {
    this.#snapshots.set(change.id, change);
  }

  place(id: string, place: string): void {
    this.#places.set(id, place);
  }

  forget(id: string): void {
    this.#moved.delete(id);
    this.#places.delete(id);
    this.#snapshots.set(`${PLACE_KIND}\0${id}`, { id, kind: PLACE_KIND, snapshot: undefined });
  }

  /** Everything is written. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    await this.#save(true);
  }

  async #save(places: boolean): Promise<void> {
    const moved = [...this.#moved];
    const snapshots = this.#snapshots;
    const kept = places ? this.#places : new Map<string, string>();
    this.#moved.clear();
    this.#snapshots = new Map();
    if (places) {
      this.#places = new Map();
      this.#placesAtMonoMs = this.#clock.monoMs();
    }
    try {
      await this.#store.sessions.update(moved.flatMap((id) => this.#definition(id) ?? []));
      await this.#store.snapshots.apply([
        ...snapshots.values(),
        ...[...kept].map(([id, snapshot]) => ({ id, kind: PLACE_KIND, snapshot })),
      ]);
    } catch (thrown) {
      // Kept for the next try; what came meanwhile is newer.
      for (const id of moved) this.#moved.add(id);
      this.#snapshots = new Map([...snapshots, ...this.#snapshots]);
      this.#places = new Map([...kept, ...this.#places]);
      throw thrown;
    }
  }
}
