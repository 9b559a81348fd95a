import { parseSnapshot } from '../../engine/persist.js';
import type { RuleEdge } from './protocol.js';
import { type Moment, type RuleContext, rebase } from './rule.machine.js';

/** What a rule goes on from in another thread or after a start of the engine; JSON. */
export interface RuleMemory {
  /** Number of its last edge. */
  readonly edge: number;
  /** XState's snapshot; null: it never had an edge. */
  readonly machine: unknown;
  readonly taken: Moment;
  readonly on: boolean;
  readonly count: number;
  /** Newest sample decided on, by channel in the order of the condition; null before the first. */
  readonly seen: readonly (number | null)[];
  /** Edges that the main thread had not answered. */
  readonly edges: readonly Omit<RuleEdge, 'snapshot' | 'id' | 'ruleId' | 'source'>[];
  /** Why it was stopped by its definition. */
  readonly fault: string | null;
}

/** Reads a stored snapshot; undefined when it is none, and the rule then starts afresh. */
export function parseMemory(text: string): RuleMemory | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A row that somebody else wrote.
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { edge, machine, taken, on, count, seen, edges, fault } = value as Partial<RuleMemory>;
  if (typeof edge !== 'number' || taken === undefined || !Array.isArray(seen)) return undefined;
  return {
    edge,
    machine: machine ?? null,
    taken,
    on: on === true,
    count: count ?? 0,
    seen,
    edges: edges ?? [],
    fault: fault ?? null,
  };
}

/** The machine's snapshot with its times moved to this thread's clocks; undefined: it starts afresh. */
export function machineOf(
  memory: RuleMemory,
  now: Moment,
): ReturnType<typeof parseSnapshot> | undefined {
  if (memory.machine === null) return undefined;
  const snapshot = parseSnapshot(JSON.stringify(memory.machine));
  if (snapshot === undefined || !('context' in snapshot)) return undefined;
  const context = rebase(snapshot.context as RuleContext, memory.taken, now);
  return { ...snapshot, context } as typeof snapshot;
}

/** Of a source that is gone: when it is back it starts afresh, and its edges count on from `edge`. */
export function memoryAtRest(edge: number, atUnixMs: number): string {
  const memory: RuleMemory = {
    ...{ edge, machine: null, taken: { unixMs: atUnixMs, monoMs: 0 } },
    ...{ on: false, count: 0, seen: [], edges: [], fault: null },
  };
  return JSON.stringify(memory);
}
