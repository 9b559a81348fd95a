// Over 400 lines: the life of a rule in a thread, from its adoption to its release, with one private record.
import type { Snapshot } from 'xstate';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { backoff } from '../../engine/supervisor.js';
import type { SupervisorApi, SupervisorReport } from '../../engine/supervisor.types.js';
import type { SnapshotRow } from '../host.protocol.js';
import {
  CODE,
  type CompiledCondition,
  type ConditionWorld,
  compileCondition,
} from './conditions.js';
import type { EdgeOutbox, UntoldEdge } from './edge-outbox.js';
import { ExpressionTexts } from './expression-texts.js';
import { type LateTurn, LateTurns, lateMsOf } from './late-turns.js';
import { machineOf, parseMemory, type RuleMemory } from './memory.js';
import type { KnownValue, RuleCheckpoint, RuleValues, RuleWaits } from './protocol.js';
import {
  kindOfEdge,
  type RuleContext,
  type RuleEvent,
  type RuleRef,
  type RuleTiming,
  ruleMachine,
} from './rule.machine.js';
import type { RuleDefinition, RuleState } from './rule.types.js';
import { RuleTable, type Turn } from './rule-table.js';

/** Node's timers hold no longer spans. */
const LONGEST_TIMER_MS = 2_000_000_000;
const INTENSITY = { max: 5, windowMs: 60_000 };
const BACKOFF = backoff({ firstMs: 100, maxMs: 30_000, jitter: 0.5 });

export interface RulesOptions {
  readonly clock: Clock;
  readonly supervisor: SupervisorApi;
  readonly outbox: Pick<EdgeOutbox, 'push' | 'of' | 'forget'>;
  readonly world: ConditionWorld;
  /** A rule's condition wants the past of its channels, see `Evaluator.historyMs`. */
  readonly fill?:
    | ((rule: number, definition: RuleDefinition, historyMs: number) => void)
    | undefined;
}

interface Rule {
  readonly id: string;
  readonly at: number;
  /** Of its condition and channels: the same text, and it goes on as it is. */
  readonly condition: string;
  definition: RuleDefinition;
  historyMs: number;
  scheduleId: number | undefined;
  edge: number;
  fault: string | null;
  timer: TimerHandle | undefined;
  dueMonoMs: number | null;
}

/**
 * Rules of one thread: their conditions in the table, a supervised actor for each that had an edge. Knows no thread, no port and no
 * store. A rule that never had an edge is listed by the supervisor and has no actor.
 */
export class Rules {
  readonly table: RuleTable;
  readonly #options: RulesOptions;
  readonly #byId = new Map<string, Rule>();
  readonly #byNumber: (Rule | undefined)[] = [];
  /** Had an edge, or counted, since the last checkpoint. */
  readonly #moved = new Set<string>();
  readonly #late: LateTurns<Rule>;
  readonly #texts = new ExpressionTexts();
  #watched: ReadonlySet<string> = new Set();
  #booting = false;
  #edges = 0;

  constructor(options: RulesOptions) {
    this.#options = options;
    this.#late = new LateTurns(options.clock, (rule, turn) => this.#tellLate(rule, turn));
    this.table = new RuleTable({
      onTurn: (at, turn, atUnixMs, value) => {
        const rule = this.#byNumber[at];
        if (rule !== undefined) this.#turn(rule, turn, atUnixMs, value);
      },
    });
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Some rule may turn without a sample. */
  get timed(): boolean {
    return this.table.timed;
  }

  /** Edges since the start. */
  get edges(): number {
    return this.#edges;
  }

  /** Rules that are here already are replaced; see `RuleDefinition`. Never throws: a rule at fault is in `error`. */
  adopt(params: {
    readonly rules: readonly RuleDefinition[];
    readonly snapshots: Readonly<Record<string, string>>;
    readonly latest: readonly KnownValue[];
    readonly checkpoint: RuleCheckpoint | null;
    readonly waits: RuleWaits;
    readonly graceMs: number;
  }): number {
    const { clock } = this.#options;
    const stands = standsOf(params.checkpoint);
    const waits = new Map(params.waits.id.map((id, i) => [id, i]));
    const fresh: Rule[] = [];
    for (const definition of params.rules) {
      const rule = this.#adoptOne(definition, params.snapshots[definition.id], stands);
      if (rule === undefined) continue;
      fresh.push(rule);
      const wait = waits.get(definition.id);
      if (wait !== undefined) this.#waitAgain(rule, params.waits, wait);
      this.table.grace(rule.at, clock.monoMs() + params.graceMs);
    }
    this.table.know(params.latest, clock.nowMs(), clock.monoMs());
    for (const rule of fresh) {
      if (rule.historyMs > 0 && this.#options.fill !== undefined) {
        this.#options.fill(rule.at, rule.definition, rule.historyMs);
      } else this.table.look(rule.at, clock.nowMs());
    }
    return params.rules.length;
  }

  /** One sample. */
  take(channel: number, atUnixMs: number, value: number | string): void {
    const text = typeof value === 'string' ? [{ channel, atUnixMs, value }] : [];
    const rows = typeof value === 'string' ? [] : [value];
    this.table.take(
      {
        type: 'samples',
        sequence: 0,
        channel: Uint32Array.from(rows, () => channel),
        atUnixMs: Float64Array.from(rows, () => atUnixMs),
        value: Float64Array.from(rows),
        text,
      },
      this.#monoMs(),
    );
  }

  async release(ids: readonly string[]): Promise<number> {
    let released = 0;
    for (const id of ids) {
      const rule = this.#byId.get(id);
      if (rule === undefined) continue;
      this.#forget(rule);
      this.#byId.delete(id);
      this.#moved.delete(id);
      this.#options.outbox.forget(id);
      await this.#options.supervisor.stop(id);
      released += 1;
    }
    return released;
  }

  /** Conditions that a schedule decides. */
  scheduled(ids: ReadonlySet<number>): void {
    const nowUnixMs = this.#options.clock.nowMs();
    for (const rule of this.#byId.values()) {
      if (rule.scheduleId !== undefined && ids.has(rule.scheduleId)) {
        this.table.ask(rule.at, nowUnixMs);
      }
    }
  }

  /** Conditions that name one of these variables. */
  changed(variables: ReadonlySet<string>): void {
    const nowUnixMs = this.#options.clock.nowMs();
    for (const rule of this.#byId.values()) {
      const named = rule.definition.variables;
      if (named === undefined) continue;
      for (const name of variables) {
        if (name in named) {
          this.table.ask(rule.at, nowUnixMs);
          break;
        }
      }
    }
  }

  /** A supervisor's word: an actor that was started again by somebody else knows nothing of what holds. */
  supervised(report: SupervisorReport): void {
    if (report.type !== 'child.started' || this.#booting) return;
    const rule = this.#byId.get(report.id);
    if (rule === undefined || report.restarts === 0) return;
    this.#late.take(rule);
    this.table.reset(rule.at);
  }

  /** Somebody looks at these: their waits are shown soon after they begin. Replaces the earlier ones. */
  watch(ids: ReadonlySet<string>): void {
    this.#watched = ids;
    for (const id of ids) {
      const rule = this.#byId.get(id);
      if (rule !== undefined) this.#late.hurry(rule);
    }
  }

  values(ids: Iterable<string>): RuleValues {
    const found: string[] = [];
    const value: (number | string | null)[] = [];
    const atUnixMs: number[] = [];
    for (const id of ids) {
      const rule = this.#byId.get(id);
      if (rule === undefined) continue;
      const shown = this.table.shown(rule.at);
      found.push(id);
      value.push(shown.value);
      atUnixMs.push(shown.atUnixMs);
    }
    return { id: found, value, atUnixMs };
  }

  stateOf(id: string): RuleState | undefined {
    const rule = this.#byId.get(id);
    if (rule === undefined) return undefined;
    const actor = this.#options.supervisor.peek(id) as RuleRef | undefined;
    if (actor === undefined) return rule.definition.enabled ? 'normal' : 'disabled';
    return stateOf(actor.getSnapshot().value);
  }

  /** What a rule goes on from, with what it counts, and the edges that nobody answered; undefined: nothing to keep. */
  persisted(id: string): string | undefined {
    const rule = this.#byId.get(id);
    return rule === undefined ? undefined : this.#memory(rule);
  }

  /** What changed since the last checkpoint. */
  checkpoint(): {
    readonly snapshots: readonly SnapshotRow[];
    readonly columns: RuleCheckpoint;
    readonly waits: RuleWaits | null;
  } {
    const rules = this.table
      .takeChanged()
      .map((at) => this.#byNumber[at])
      .filter((rule) => rule !== undefined);
    for (const rule of rules) if (rule.definition.inARow > 1) this.#moved.add(rule.id);
    const columns: RuleCheckpoint = {
      id: rules.map(({ id }) => id),
      ...this.table.stands(rules.map(({ at }) => at)),
    };
    let link = 0;
    for (const [i, rule] of rules.entries()) {
      if (this.#late.of(rule) !== undefined) {
        const { on, count, seen } = this.#stand(rule);
        columns.on[i] = on ? 1 : 0;
        columns.count[i] = count;
        columns.seenUnixMs.set(seen, link);
      }
      link += columns.channels[i] ?? 0;
    }
    const snapshots: SnapshotRow[] = [];
    for (const id of this.#moved) {
      const rule = this.#byId.get(id);
      if (rule !== undefined) snapshots.push({ id, kind: 'rule', snapshot: this.#memory(rule) });
    }
    this.#moved.clear();
    return { snapshots, columns, waits: this.#late.rows() };
  }

  /** Its edges are stored, with what it goes on from. */
  settled(id: string): void {
    this.#moved.delete(id);
  }

  /** A checkpoint did not arrive: the next one holds these too. */
  again(changed: readonly string[], moved: readonly string[]): void {
    for (const id of changed) {
      const rule = this.#byId.get(id);
      if (rule !== undefined) this.table.touch(rule.at);
    }
    for (const id of moved) this.#moved.add(id);
    this.#late.again();
  }

  close(): void {
    this.#late.close();
    for (const rule of this.#byId.values()) this.#disarm(rule);
  }

  /** @returns the rule when it begins afresh or from a snapshot, and is to look at what is known. */
  #adoptOne(
    definition: RuleDefinition,
    snapshot: string | undefined,
    stands: ReadonlyMap<string, Stand>,
  ): Rule | undefined {
    const { id } = definition;
    const before = this.#byId.get(id);
    const condition = JSON.stringify([definition.condition, definition.channels, definition.fault]);
    if (before !== undefined && before.condition === condition) {
      this.#tune(before, definition);
      return undefined;
    }
    const memory =
      before === undefined && snapshot !== undefined ? parseMemory(snapshot) : undefined;
    if (before !== undefined) this.#forget(before);
    const rule = this.#make(definition, condition, before?.edge ?? memory?.edge ?? 0);
    this.#byId.set(id, rule);
    this.#byNumber[rule.at] = rule;
    if (before !== undefined) this.#send(rule, { type: 'reset', monoMs: this.#monoMs() });
    else this.#start(rule, memory);
    const stand = stands.get(id);
    if (before === undefined && (memory !== undefined || stand !== undefined)) {
      this.table.restore(rule.at, newer(memory, stand));
    }
    this.#enforce(rule, memory);
    this.#retell(rule, memory);
    return rule;
  }

  #make(definition: RuleDefinition, condition: string, edge: number): Rule {
    let compiled: CompiledCondition;
    let fault = definition.fault ?? null;
    try {
      compiled = compileCondition(definition, this.#options.world, this.#texts);
    } catch (thrown) {
      fault ??= EngineError.from(thrown).message;
      compiled = NOTHING;
    }
    if (fault !== null || !definition.enabled) {
      compiled = { ...compiled, plain: { ...compiled.plain, code: CODE.off }, silentMs: 0 };
    }
    return {
      id: definition.id,
      at: this.table.add(definition, compiled, this.#monoMs()),
      condition: definition.enabled ? condition : '',
      definition,
      historyMs: fault === null && definition.enabled ? (compiled.evaluator?.historyMs ?? 0) : 0,
      scheduleId: compiled.scheduleId,
      edge,
      fault,
      timer: undefined,
      dueMonoMs: null,
    };
  }

  /** The same condition: it goes on, and one that was stopped as an error begins again. */
  #tune(rule: Rule, definition: RuleDefinition): void {
    rule.definition = definition;
    if (!definition.enabled) {
      this.#disable(rule);
      return;
    }
    this.table.tune(rule.at, definition);
    this.#tuneMachine(rule);
    // A wait that is not told yet may be shorter now.
    const late = this.#late.take(rule);
    if (late === undefined) return;
    const lateMs = this.#lateMsOf(rule, late.type);
    if (lateMs === 0) this.#tellLate(rule, late);
    else this.#late.put(rule, { ...late, dueMonoMs: late.monoMs + lateMs });
  }

  #tuneMachine(rule: Rule): void {
    const actor = this.#options.supervisor.peek(rule.id) as RuleRef | undefined;
    if (actor === undefined) return;
    const monoMs = this.#monoMs();
    if (actor.getSnapshot().context.stuck && rule.fault === null) {
      this.#late.take(rule);
      this.table.reset(rule.at);
      this.#send(rule, { type: 'reset', monoMs });
    }
    this.#send(rule, { type: 'tuned', timing: rule.definition, monoMs });
  }

  #start(rule: Rule, memory: RuleMemory | undefined): void {
    const { clock, supervisor } = this.#options;
    const now = { unixMs: clock.nowMs(), monoMs: clock.monoMs() };
    const snapshot = memory === undefined ? undefined : machineOf(memory, now);
    this.#booting = true;
    try {
      supervisor.start({
        id: rule.id,
        kind: 'rule',
        logic: ruleMachine,
        input: new Timing(rule),
        snapshot: snapshot as Snapshot<unknown> | undefined,
        idleState: rule.definition.enabled ? 'normal' : 'disabled',
        restart: 'permanent',
        intensity: INTENSITY,
        backoffMs: BACKOFF,
        shutdownMs: 1_000,
      });
    } finally {
      this.#booting = false;
    }
    const actor = supervisor.peek(rule.id) as RuleRef | undefined;
    if (actor === undefined) return;
    const { value, context } = actor.getSnapshot();
    if (value === 'no-data' || (value === 'error' && !context.stuck)) {
      this.table.quiet(rule.at, value);
    }
    this.#arm(rule, context.dueMonoMs);
    this.#repeat(rule, stateOf(value), context);
  }

  /** Its definition has the last word over what a snapshot remembers. */
  #enforce(rule: Rule, memory: RuleMemory | undefined): void {
    const { definition, fault } = rule;
    const monoMs = this.#monoMs();
    if (!definition.enabled) {
      if (this.#options.supervisor.peek(rule.id) !== undefined) {
        this.#send(rule, { type: 'disable', monoMs });
      }
      return;
    }
    if (fault !== null) {
      this.#send(rule, { type: 'failed', reason: fault, stuck: true, monoMs });
      return;
    }
    const actor = this.#options.supervisor.peek(rule.id) as RuleRef | undefined;
    if (actor === undefined) return;
    const { value } = actor.getSnapshot();
    if (value === 'disabled' || (memory !== undefined && memory.fault !== null)) {
      this.#send(rule, { type: 'reset', monoMs });
    }
    this.#send(rule, { type: 'tuned', timing: definition, monoMs });
  }

  /** Edges that the thread before had told and heard no answer of. */
  #retell(rule: Rule, memory: RuleMemory | undefined): void {
    if (memory === undefined || memory.edges.length === 0) return;
    const { id, ruleId, source } = rule.definition;
    for (const edge of memory.edges) {
      this.#options.outbox.push({ ...edge, id, ruleId, source });
    }
  }

  #disable(rule: Rule): void {
    const { definition } = rule;
    this.#forget(rule);
    const next = this.#make(definition, '', rule.edge);
    this.#byId.set(rule.id, next);
    this.#byNumber[next.at] = next;
    this.#send(next, { type: 'disable', monoMs: this.#monoMs() });
  }

  #forget(rule: Rule): void {
    this.#disarm(rule);
    this.#late.take(rule);
    this.table.remove(rule.at);
    this.#byNumber[rule.at] = undefined;
  }

  #turn(rule: Rule, turn: Turn, atUnixMs: number, value: number | string | null): void {
    const monoMs = this.#monoMs();
    const late = this.#late.take(rule);
    if (turn.type === 'held' || turn.type === 'ceased') {
      // It turned back before the machine heard of it.
      if (late !== undefined && late.type !== turn.type) return;
      const lateMs = this.#lateMsOf(rule, turn.type);
      if (lateMs > 0) {
        const fresh = { type: turn.type, atUnixMs, value, monoMs, dueMonoMs: monoMs + lateMs };
        this.#late.put(rule, late ?? fresh);
        return;
      }
    }
    switch (turn.type) {
      case 'failed':
        this.#send(rule, { ...turn, stuck: false, monoMs }, atUnixMs, value);
        return;
      case 'spoke':
      case 'mended':
        this.#send(rule, { ...turn, monoMs }, atUnixMs, value);
        return;
      case 'held':
      case 'ceased':
      case 'again':
      case 'silent':
        this.#send(rule, { type: turn.type, monoMs }, atUnixMs, value);
    }
  }

  /** 0: the turn begins no wait that the machine may hear of later. */
  #lateMsOf(rule: Rule, type: LateTurn['type']): number {
    const { id, definition } = rule;
    const waitMs = type === 'held' ? definition.holdMs : definition.keepMs;
    const lateMs = lateMsOf(waitMs, this.#watched.has(id));
    return lateMs > 0 && this.stateOf(id) === (type === 'held' ? 'normal' : 'firing') ? lateMs : 0;
  }

  #tellLate(rule: Rule, { type, monoMs, atUnixMs, value }: LateTurn): void {
    this.table.touch(rule.at);
    this.#moved.add(rule.id);
    this.#send(rule, { type, monoMs }, atUnixMs, value);
  }

  /** A wait that began before a loss goes on from its begin, unless the condition turns out to have turned back. */
  #waitAgain(rule: Rule, waits: RuleWaits, at: number): void {
    const { clock } = this.#options;
    if (rule.fault !== null || !rule.definition.enabled) return;
    const type = waits.held[at] === true ? 'held' : 'ceased';
    const lateMs = this.#lateMsOf(rule, type);
    if (lateMs === 0) return;
    const need = Math.max(1, Math.floor(rule.definition.inARow));
    const held = { on: true, count: need, seen: [] };
    this.table.restore(rule.at, type === 'held' ? held : { on: false, count: 0, seen: [] });
    const nowUnixMs = clock.nowMs();
    const passedMs = Math.max(0, nowUnixMs - (waits.sinceUnixMs[at] ?? nowUnixMs));
    const monoMs = clock.monoMs() - passedMs;
    this.#late.put(rule, {
      type,
      atUnixMs: waits.atUnixMs[at] ?? nowUnixMs,
      value: waits.value[at] ?? null,
      monoMs,
      dueMonoMs: monoMs + lateMs,
    });
  }

  /** As the machine knows it: a turn that it was not told yet has not happened, and is found again with the values that are known. */
  #stand(rule: Rule): ReturnType<RuleTable['stand']> {
    const stand = this.table.stand(rule.at);
    const late = this.#late.of(rule);
    if (late === undefined) return stand;
    const need = Math.max(1, Math.floor(rule.definition.inARow));
    const seen = stand.seen.map(() => Number.NEGATIVE_INFINITY);
    return late.type === 'held'
      ? { on: false, count: need - 1, seen }
      : { on: true, count: need, seen };
  }

  #send(
    rule: Rule,
    event: RuleEvent,
    atUnixMs: number = this.#options.clock.nowMs(),
    value: number | string | null = this.table.shown(rule.at).value,
  ): void {
    const actor = this.#actor(rule.id);
    // Parked, or between two tries: it goes on from its snapshot.
    if (actor === undefined) return;
    const before = actor.getSnapshot();
    actor.send(event);
    const after = actor.getSnapshot();
    if (after.status !== 'active') return;
    this.#arm(rule, after.context.dueMonoMs);
    this.#repeat(rule, stateOf(after.value), after.context);
    const [from, state] = [stateOf(before.value), stateOf(after.value)];
    const kind = kindOfEdge(from, before.context, state, after.context);
    if (kind === undefined) return;
    rule.edge += 1;
    this.#edges += 1;
    this.#moved.add(rule.id);
    const { id, ruleId, source } = rule.definition;
    this.#options.outbox.push({
      id,
      ruleId,
      source,
      edge: rule.edge,
      state,
      from,
      atUnixMs,
      kind,
      value,
      ...(after.context.reason === null ? {} : { error: after.context.reason }),
    });
  }

  #actor(id: string): RuleRef | undefined {
    this.#booting = true;
    try {
      return this.#options.supervisor.get(id) as RuleRef | undefined;
    } finally {
      this.#booting = false;
    }
  }

  #arm(rule: Rule, dueMonoMs: number | null): void {
    if (dueMonoMs === rule.dueMonoMs) return;
    this.#disarm(rule);
    rule.dueMonoMs = dueMonoMs;
    if (dueMonoMs === null) return;
    const { clock } = this.#options;
    const delayMs = Math.min(LONGEST_TIMER_MS, Math.max(0, dueMonoMs - clock.monoMs()));
    rule.timer = clock.setTimeout(() => {
      rule.timer = undefined;
      rule.dueMonoMs = null;
      const monoMs = clock.monoMs();
      // A timer may be early by less than its resolution; of a span longer than timers hold, this was a part.
      if (monoMs + 1 < dueMonoMs) this.#arm(rule, dueMonoMs);
      else this.#send(rule, { type: 'due', monoMs });
    }, delayMs);
  }

  #repeat(rule: Rule, state: RuleState, { told, toldMonoMs, cooldownMs }: RuleContext): void {
    const repeats = rule.definition.repeats === true && state === 'firing' && told;
    const again = repeats && toldMonoMs !== null ? toldMonoMs + cooldownMs : undefined;
    this.table.repeat(rule.at, again);
  }

  #disarm(rule: Rule): void {
    if (rule.timer !== undefined) this.#options.clock.clearTimeout(rule.timer);
    rule.timer = undefined;
    rule.dueMonoMs = null;
  }

  #memory(rule: Rule): string {
    const { clock, supervisor, outbox } = this.#options;
    const actor = supervisor.peek(rule.id) as RuleRef | undefined;
    const { on, count, seen } = this.#stand(rule);
    const memory: RuleMemory = {
      edge: rule.edge,
      machine: actor === undefined ? null : plainSnapshot(actor),
      taken: { unixMs: clock.nowMs(), monoMs: clock.monoMs() },
      on,
      count,
      seen: seen.map((at) => (Number.isFinite(at) ? at : null)),
      edges: outbox.of(rule.id).map(unsent),
      fault: rule.fault,
    };
    return JSON.stringify(memory);
  }

  #monoMs(): number {
    return this.#options.clock.monoMs();
  }
}

/** What a machine begins with: as its definition says by then, for a rule may have none for long. */
class Timing implements RuleTiming {
  readonly #rule: Pick<Rule, 'definition'>;

  constructor(rule: Pick<Rule, 'definition'>) {
    this.#rule = rule;
  }

  get holdMs(): number {
    return this.#rule.definition.holdMs;
  }

  get keepMs(): number {
    return this.#rule.definition.keepMs;
  }

  get cooldownMs(): number {
    return this.#rule.definition.cooldownMs;
  }

  get maxPerMinute(): number {
    return this.#rule.definition.maxPerMinute;
  }
}

interface Stand {
  readonly on: boolean;
  readonly count: number;
  readonly seen: readonly number[];
}

const NOTHING: CompiledCondition = {
  plain: { code: CODE.off, a: 0, b: 0, clearA: 0, clearB: 0 },
  evaluator: undefined,
  programs: undefined,
  fallback: undefined,
  channels: [],
  silentMs: 0,
  scheduleId: undefined,
};

/** As `getPersistedSnapshot` would say it of a machine without children and history, at a fraction of the time. */
function plainSnapshot(actor: RuleRef): unknown {
  const { status, value, context } = actor.getSnapshot();
  return { status, value, context, historyValue: {}, children: {} };
}

function unsent(edge: UntoldEdge): RuleMemory['edges'][number] {
  const { edge: number, state, from, atUnixMs, kind, value, error } = edge;
  return {
    edge: number,
    state,
    from,
    atUnixMs,
    kind,
    value,
    ...(error === undefined ? {} : { error }),
  };
}

function stateOf(value: RuleState | 'stopped'): RuleState {
  return value === 'stopped' ? 'disabled' : value;
}

function standsOf(checkpoint: RuleCheckpoint | null): ReadonlyMap<string, Stand> {
  const stands = new Map<string, Stand>();
  if (checkpoint === null) return stands;
  let row = 0;
  for (const [i, id] of checkpoint.id.entries()) {
    const channels = checkpoint.channels[i] ?? 0;
    const seen = [...checkpoint.seenUnixMs.subarray(row, row + channels)];
    row += channels;
    stands.set(id, { on: checkpoint.on[i] === 1, count: checkpoint.count[i] ?? 0, seen });
  }
  return stands;
}

/** The one of the two that decided on the newer sample. */
function newer(memory: RuleMemory | undefined, stand: Stand | undefined): Stand | RuleMemory {
  if (memory === undefined) return stand ?? { on: false, count: 0, seen: [] };
  if (stand === undefined) return memory;
  const newest = (seen: readonly (number | null)[]): number =>
    seen.reduce<number>(
      (max, at) => Math.max(max, at ?? Number.NEGATIVE_INFINITY),
      Number.NEGATIVE_INFINITY,
    );
  return newest(stand.seen) >= newest(memory.seen) ? stand : memory;
}
