import type { AnyActor } from 'xstate';
import { RestartWindow } from './backoff.js';
import type { TimerHandle } from './clock.js';
import type { EngineError } from './errors.js';
import type { PersistedSnapshot } from './persist.js';
import type { ActorInfo, ChildSpec } from './supervisor.types.js';

export type Phase = 'idle' | 'running' | 'restarting' | 'parked' | 'stopped' | 'stopping';

/** What a supervisor keeps of one child; 50,000 of them live in a shard, so nothing here is per event. */
export class Child {
  readonly spec: ChildSpec;
  readonly window = new RestartWindow();
  actor: AnyActor | undefined;
  phase: Phase = 'running';
  sinceUnixMs: number;
  restarts = 0;
  lastError: EngineError | undefined;
  timer: TimerHandle | undefined;
  /** Where the next incarnation goes on from. */
  resumeFrom: PersistedSnapshot | undefined;
  /** Set while it says goodbye. */
  halting: (() => void) | undefined;
  #value: unknown;
  #context: unknown;

  constructor(spec: ChildSpec, nowUnixMs: number) {
    this.spec = spec;
    this.sinceUnixMs = nowUnixMs;
    this.resumeFrom = spec.snapshot;
    if (spec.idleState !== undefined && spec.snapshot === undefined) this.phase = 'idle';
  }

  enter(phase: Phase, nowUnixMs: number): void {
    this.phase = phase;
    this.sinceUnixMs = nowUnixMs;
  }

  /** Notes a snapshot. True when its state or its context differ from the last one's. */
  saw(snapshot: unknown, nowUnixMs: number): boolean {
    const { value, context } = snapshot as { readonly value?: unknown; readonly context?: unknown };
    const moved = value !== this.#value && !sameState(value, this.#value);
    if (moved) this.sinceUnixMs = nowUnixMs;
    const changed = moved || context !== this.#context;
    this.#value = value;
    this.#context = context;
    return changed;
  }

  #state(): string {
    if (this.phase === 'running') return stateText(this.actor?.getSnapshot());
    return this.phase === 'idle' ? (this.spec.idleState ?? 'idle') : this.phase;
  }

  info(shard: string, parent: string): ActorInfo {
    return {
      id: this.spec.id,
      kind: this.spec.kind,
      shard,
      state: this.#state(),
      sinceUnixMs: this.sinceUnixMs,
      restarts: this.restarts,
      lastError: this.lastError?.message,
      mailboxDepth: this.actor === undefined ? 0 : mailboxDepth(this.actor),
      parent,
    };
  }
}

function sameState(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  return valueText(a) === valueText(b);
}

/** `{ linked: 'online' }` → `linked.online`; parallel states are joined by `+`. Other logic: its status. */
export function stateText(snapshot: unknown): string {
  if (typeof snapshot !== 'object' || snapshot === null) return 'running';
  const { value, status } = snapshot as { readonly value?: unknown; readonly status?: unknown };
  if (value !== undefined) return valueText(value);
  return typeof status === 'string' ? status : 'running';
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([name, inner]) => {
      const text = valueText(inner);
      return text === '' ? name : `${name}.${text}`;
    })
    .join('+');
}

interface Letter {
  readonly next: Letter | null;
}

/**
 * Events accepted and not yet processed. XState keeps them in a linked list; walking it when somebody
 * looks costs nothing per event, which a counter would. A test holds this to the installed version.
 */
export function mailboxDepth(actor: object): number {
  const { mailbox } = actor as { readonly mailbox?: { readonly _current?: Letter | null } };
  let depth = 0;
  for (let letter = mailbox?._current ?? null; letter !== null; letter = letter.next) depth += 1;
  return depth;
}
