import type { ActorInfo } from '../../engine/supervisor.types.js';
import type { ActorSource } from './inspector.js';

/** What the inspector can do to something that the main thread supervises. */
export interface MainActor {
  info(): ActorInfo;
  park?(): Promise<void>;
  restart?(): Promise<void>;
  stop?(): Promise<void>;
}

type Listener = (changed: readonly ActorInfo[], removed: readonly string[]) => void;

/** Supervised things that live on the main thread: store, helper programs. */
export class MainActors implements ActorSource {
  readonly #actors = new Map<string, MainActor>();
  readonly #listeners = new Set<Listener>();

  get size(): number {
    return this.#actors.size;
  }

  add(actor: MainActor): void {
    const info = actor.info();
    this.#actors.set(info.id, actor);
    this.changed(info);
  }

  /** Tells the inspector; called by whoever owns the actor. */
  changed(info: ActorInfo): void {
    for (const listener of this.#listeners) listener([info], []);
  }

  *rows(): IterableIterator<ActorInfo> {
    for (const actor of this.#actors.values()) yield actor.info();
  }

  row(id: string): ActorInfo | undefined {
    return this.#actors.get(id)?.info();
  }

  onActors(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  park(id: string): Promise<boolean> {
    return this.#act(this.#actors.get(id), 'park');
  }

  restart(id: string): Promise<boolean> {
    return this.#act(this.#actors.get(id), 'restart');
  }

  stop(id: string): Promise<boolean> {
    return this.#act(this.#actors.get(id), 'stop');
  }

  /** False: this actor cannot be treated so. */
  async #act(actor: MainActor | undefined, verb: 'park' | 'restart' | 'stop'): Promise<boolean> {
    const act = actor?.[verb];
    if (actor === undefined || act === undefined) return false;
    await act.call(actor);
    return true;
  }
}
