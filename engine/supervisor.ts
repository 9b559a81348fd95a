import { type AnyActor, type AnyActorLogic, type AnyActorRef, createActor } from 'xstate';
import { type Clock, SystemClock } from './clock.js';
import { EngineError } from './errors.js';
import { persist, restoreTimers } from './persist.js';
import type { ActorInfo, ChildSpec, SupervisorApi, SupervisorReport } from './supervisor.types.js';
import { Child } from './supervisor-child.js';

export { backoff } from './backoff.js';
export { parseSnapshot } from './persist.js';

export interface SupervisorOptions {
  /** Thread name shown in the inspector. */
  readonly shard: string;
  /** Shown as the parent of each child. Default: `shard`. */
  readonly parent?: string;
  readonly clock?: Clock;
  readonly report?: (report: SupervisorReport) => void;
  /**
   * A row of the inspector changed or went; read it with `info(id)`. `edge`: its machine moved on, so that
   * its snapshot is worth storing. Called often: only note the id.
   */
  readonly onChange?: (id: string, edge: boolean) => void;
}

/**
 * Owns root actors and keeps them alive by OTP's rules. Root actors, because thousands of children
 * under one machine take seconds to start. Holds no domain knowledge; never throws from a report.
 */
export class Supervisor implements SupervisorApi {
  readonly #children = new Map<string, Child>();
  readonly #shard: string;
  readonly #parent: string;
  readonly #clock: Clock;
  readonly #report: (report: SupervisorReport) => void;
  readonly #onChange: (id: string, edge: boolean) => void;

  constructor(options: SupervisorOptions) {
    this.#shard = options.shard;
    this.#parent = options.parent ?? options.shard;
    this.#clock = options.clock ?? new SystemClock();
    this.#report = options.report ?? ((): void => {});
    this.#onChange = options.onChange ?? ((): void => {});
  }

  get size(): number {
    return this.#children.size;
  }

  /** @throws EngineError `conflict` when the id is taken. A child that fails at once is restarted, not thrown. */
  start<TLogic extends AnyActorLogic>(spec: ChildSpec<TLogic>): void {
    if (this.#children.has(spec.id)) {
      throw new EngineError('conflict', `an actor ${spec.id} is already supervised`);
    }
    const child = new Child(spec as unknown as ChildSpec, this.#clock.nowMs());
    this.#children.set(spec.id, child);
    if (child.phase === 'idle') this.#onChange(spec.id, false);
    else this.#boot(child);
  }

  get(id: string): AnyActorRef | undefined {
    const child = this.#children.get(id);
    if (child?.phase === 'idle') this.#boot(child);
    return child?.actor;
  }

  peek(id: string): AnyActorRef | undefined {
    return this.#children.get(id)?.actor;
  }

  info(id: string): ActorInfo | undefined {
    const child = this.#children.get(id);
    return child === undefined ? undefined : child.info(this.#shard, this.#parent);
  }

  *list(): IterableIterator<ActorInfo> {
    for (const child of this.#children.values()) yield child.info(this.#shard, this.#parent);
  }

  /**
   * What `ChildSpec.snapshot` takes to go on from here, timers included, as JSON; undefined when the
   * child is unknown, does not run, or its logic cannot be persisted. Read it with `parseSnapshot`.
   */
  persisted(id: string): string | undefined {
    const actor = this.#children.get(id)?.actor;
    const snapshot = actor === undefined ? undefined : persist(actor);
    return snapshot === undefined ? undefined : JSON.stringify(snapshot);
  }

  async stop(id: string): Promise<boolean> {
    const child = this.#children.get(id);
    if (child === undefined) return false;
    await this.#halt(child);
    if (this.#children.get(id) === child) this.#forget(child);
    return true;
  }

  async stopByHand(id: string): Promise<boolean> {
    const child = this.#children.get(id);
    if (child?.spec.restart !== 'permanent') return this.stop(id);
    return this.#shelve(child, 'stopped');
  }

  /** `error` is what the inspector shows when it was parked for a failure elsewhere. */
  async park(id: string, error?: EngineError): Promise<boolean> {
    const child = this.#children.get(id);
    if (child === undefined) return false;
    return this.#shelve(child, 'parked', error);
  }

  async #shelve(child: Child, as: 'parked' | 'stopped', error?: EngineError): Promise<boolean> {
    if (child.phase === as) return true;
    const snapshot = child.actor === undefined ? undefined : persist(child.actor);
    await this.#halt(child);
    if (this.#children.get(child.spec.id) !== child) return false;
    if (snapshot !== undefined) child.resumeFrom = snapshot;
    if (error !== undefined) child.lastError = error;
    this.#parked(child, error, as);
    return true;
  }

  async restart(id: string): Promise<boolean> {
    const child = this.#children.get(id);
    if (child === undefined) return false;
    await this.#halt(child);
    if (this.#children.get(id) !== child) return false;
    child.window.clear();
    child.restarts += 1;
    this.#boot(child);
    return true;
  }

  /**
   * Neighbours of one kind say goodbye side by side, or a thousand sessions would wait for each other;
   * different kinds wait for those that were started after them.
   */
  async stopAll(): Promise<void> {
    const all = [...this.#children.values()].reverse();
    while (all.length > 0) {
      const kind = all[0]?.spec.kind;
      const end = all.findIndex((child) => child.spec.kind !== kind);
      const group = all.splice(0, end === -1 ? all.length : end);
      await Promise.all(
        group.map(async (child) => {
          await this.#halt(child);
          if (this.#children.get(child.spec.id) === child) this.#forget(child);
        }),
      );
    }
  }

  #boot(child: Child): void {
    // Two restarts by hand at once: the first one that came through is in charge.
    if (child.actor !== undefined) return;
    const { spec } = child;
    const snapshot = child.resumeFrom;
    child.resumeFrom = undefined;
    child.timer = undefined;
    let actor: AnyActor;
    try {
      actor = createActor(spec.logic as AnyActorLogic, {
        id: spec.id,
        input: spec.input as unknown,
        clock: this.#clock as never,
        ...(snapshot === undefined ? {} : { snapshot }),
      });
    } catch (thrown) {
      this.#failed(child, EngineError.from(thrown));
      return;
    }
    child.actor = actor;
    child.enter('running', this.#clock.nowMs());
    child.saw(actor.getSnapshot(), this.#clock.nowMs());
    // An actor that was stopped by us still completes; only the incarnation that is in charge counts.
    const current = (): boolean => child.actor === actor;
    actor.subscribe({
      next: (state: unknown) => {
        if (!current() || !child.saw(state, this.#clock.nowMs())) return;
        // Its way out is not where it should go on from.
        this.#onChange(spec.id, child.halting === undefined);
      },
      error: (thrown: unknown) => {
        if (!current()) return;
        stopChildren(actor);
        this.#failed(child, EngineError.from(thrown));
      },
      complete: () => {
        if (current()) this.#completed(child, actor);
      },
    });
    actor.start();
    if (!current()) return;
    if (snapshot !== undefined) restoreTimers(actor, snapshot, this.#clock.nowMs());
    // What came from a snapshot is stored already.
    this.#onChange(spec.id, snapshot === undefined);
    this.#report({ type: 'child.started', id: spec.id, restarts: child.restarts });
  }

  #completed(child: Child, actor: AnyActor): void {
    if (child.halting !== undefined) {
      child.halting();
      return;
    }
    const output = (actor.getSnapshot() as { readonly output?: unknown }).output;
    if (output instanceof EngineError) {
      this.#failed(child, output);
    } else if (child.spec.restart === 'permanent') {
      const message = `${child.spec.id} finished although it should always run`;
      this.#failed(child, new EngineError('internal', message));
    } else {
      this.#forget(child);
    }
  }

  #failed(child: Child, error: EngineError): void {
    child.actor = undefined;
    child.lastError = error;
    if (child.halting !== undefined) {
      child.halting();
      return;
    }
    const { id, restart, intensity, backoffMs } = child.spec;
    const n =
      restart === 'temporary' || error.remedy === 'park'
        ? undefined
        : child.window.next(this.#clock.monoMs(), intensity);
    if (n === undefined) {
      this.#parked(child, error);
      return;
    }
    const afterMs = backoffMs(n);
    child.enter('restarting', this.#clock.nowMs());
    child.timer = this.#clock.setTimeout(() => {
      child.restarts += 1;
      this.#boot(child);
    }, afterMs);
    this.#onChange(id, false);
    this.#report({ type: 'child.restarting', id, afterMs, error });
  }

  #parked(child: Child, error: EngineError | undefined, as: 'parked' | 'stopped' = 'parked'): void {
    child.enter(as, this.#clock.nowMs());
    this.#onChange(child.spec.id, false);
    this.#report({ type: 'child.parked', id: child.spec.id, error, as });
  }

  #forget(child: Child): void {
    child.actor = undefined;
    this.#children.delete(child.spec.id);
    this.#onChange(child.spec.id, false);
    this.#report({ type: 'child.stopped', id: child.spec.id });
  }

  /** A machine that knows `stop` gets to say goodbye within its `shutdownMs`; then it is ended by force. */
  async #halt(child: Child): Promise<void> {
    if (child.timer !== undefined) this.#clock.clearTimeout(child.timer);
    child.timer = undefined;
    const { actor } = child;
    if (actor === undefined) return;
    if (child.halting === undefined && knowsStop(actor)) await this.#goodbye(child, actor);
    if (child.actor === actor) child.actor = undefined;
    actor.stop();
  }

  async #goodbye(child: Child, actor: AnyActor): Promise<void> {
    const { id, shutdownMs } = child.spec;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimeout(() => {
        child.halting = undefined;
        this.#report({ type: 'child.abandoned', id, afterMs: shutdownMs });
        resolve();
      }, shutdownMs);
      child.halting = (): void => {
        child.halting = undefined;
        this.#clock.clearTimeout(timer);
        resolve();
      };
      child.enter('stopping', this.#clock.nowMs());
      // Time is in the event, as machines do not read clocks.
      const goodbye = { type: 'stop', atUnixMs: this.#clock.nowMs() };
      actor.send(goodbye);
    });
  }
}

/** XState leaves what a machine invoked running when one of its actions throws: sockets would pile up. */
function stopChildren(actor: AnyActor): void {
  const { children = {} } = actor.getSnapshot() as {
    readonly children?: Readonly<Record<string, { readonly _stop?: () => unknown }>>;
  };
  for (const child of Object.values(children)) child._stop?.();
}

function knowsStop(actor: AnyActor): boolean {
  const snapshot = actor.getSnapshot() as {
    readonly status: string;
    readonly can?: (event: { readonly type: string }) => boolean;
  };
  return snapshot.status === 'active' && snapshot.can?.({ type: 'stop' }) === true;
}
