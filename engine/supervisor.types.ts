import type { AnyActorLogic, AnyActorRef, InputFrom, Snapshot } from 'xstate';
import type { EngineError } from './errors.js';

export type Restart = 'permanent' | 'transient' | 'temporary';

/** How one actor is kept alive (OTP child specification). */
export interface ChildSpec<TLogic extends AnyActorLogic = AnyActorLogic> {
  readonly id: string;
  /** Catalogue name: `device`, `session`, … */
  readonly kind: string;
  readonly logic: TLogic;
  readonly input: InputFrom<TLogic>;
  /** Where to go on from after a lost thread or engine; undefined starts afresh. */
  readonly snapshot?: Snapshot<unknown> | undefined;
  readonly restart: Restart;
  /**
   * Without a snapshot the actor is made when somebody first asks for it with `get`; until then it is listed in this
   * state. For kinds of which most never have anything to say. Absent: it is made at once.
   */
  readonly idleState?: string | undefined;
  /** More than `max` restarts inside `windowMs` parks the child. */
  readonly intensity: { readonly max: number; readonly windowMs: number };
  /** Delay before restart n (from 1). Use `backoff()`: its jitter survives the cap. */
  readonly backoffMs: (n: number) => number;
  /** How long a stop may take before the child is abandoned and reported. */
  readonly shutdownMs: number;
}

export type SupervisorReport =
  | { readonly type: 'child.started'; readonly id: string; readonly restarts: number }
  | { readonly type: 'child.stopped'; readonly id: string }
  | {
      readonly type: 'child.restarting';
      readonly id: string;
      readonly afterMs: number;
      readonly error: EngineError;
    }
  | {
      /** Not running and still listed, until it is restarted by hand. */
      readonly type: 'child.parked';
      readonly id: string;
      readonly error: EngineError | undefined;
      readonly as: 'parked' | 'stopped';
    }
  | { readonly type: 'child.abandoned'; readonly id: string; readonly afterMs: number };

/** One line of the actor inspector. Structured-cloneable. */
export interface ActorInfo {
  readonly id: string;
  readonly kind: string;
  /** Name of the thread that holds it: `main`, `device-0`, `media-0`, … */
  readonly shard: string;
  /** The machine's state as text (`linked.online`), or `parked`, `restarting`, `stopped`. */
  readonly state: string;
  readonly sinceUnixMs: number;
  /** Since it was first started here. */
  readonly restarts: number;
  readonly lastError: string | undefined;
  /** Messages accepted and not yet processed by it. */
  readonly mailboxDepth: number;
  /** Supervision parent: a shard, a supervisor, or `engine`. */
  readonly parent: string;
}

export interface SupervisorApi {
  start<TLogic extends AnyActorLogic>(spec: ChildSpec<TLogic>): void;
  /** Makes an idle one. */
  get(id: string): AnyActorRef | undefined;
  /** The actor if there is one; an idle one is left so. */
  peek(id: string): AnyActorRef | undefined;
  info(id: string): ActorInfo | undefined;
  list(): IterableIterator<ActorInfo>;
  /** Stops and forgets it. False when unknown. */
  stop(id: string): Promise<boolean>;
  /** By hand: a `permanent` child stays listed as `stopped`, and `restart` brings it back; others as `stop`. */
  stopByHand(id: string): Promise<boolean>;
  /** Stops it and keeps it listed; `restart` brings it back. */
  park(id: string): Promise<boolean>;
  /** By hand: clears the restart window, boots again at once. */
  restart(id: string): Promise<boolean>;
  /** Reverse start order, each with its own time limit; neighbours of one kind side by side. */
  stopAll(): Promise<void>;
  readonly size: number;
}
