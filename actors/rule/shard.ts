import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { SupervisorApi, SupervisorReport } from '../../engine/supervisor.types.js';
import type { ConditionWorld } from './conditions.js';
import { EdgeOutbox } from './edge-outbox.js';
import { FeedSink } from './feed-sink.js';
import type { RuleHistory } from './history.js';
import type { FromRuleShard, RuleEdge, RuleValues, ToRuleShard } from './protocol.js';
import type { RuleDefinition } from './rule.types.js';
import { testRule } from './rule-test.js';
import { Rules } from './rules.js';
import { WindowFiller } from './window-filler.js';

const SWEEP_EVERY_MS = 250;
const SECOND_MS = 1_000;
const CHECKPOINT_EVERY_MS = 900;
/** Adoption comes in many parts: sources are told of all new channels together. */
const WISH_AFTER_MS = 20;
/** What has to be known before the time that a test begins at, beside its windows. */
const TEST_LEAD_MS = 60_000;

type Params<M extends keyof ToRuleShard['requests']> = ToRuleShard['requests'][M]['params'];

export interface RuleShardPorts {
  edges(edges: readonly RuleEdge[]): Promise<unknown>;
  checkpoint(checkpoint: FromRuleShard['requests']['rules.checkpoint']['params']): Promise<unknown>;
  values(values: RuleValues): void;
}

export interface RuleShardSetup {
  readonly clock: Clock;
  readonly supervisor: SupervisorApi;
  readonly history: Pick<RuleHistory, 'samples'>;
  readonly ports: RuleShardPorts;
  readonly tickMs: number;
  /** A throw in one of its timers. */
  readonly onFault: (error: EngineError) => void;
}

/** Rules of one thread with their feeds, edges and checkpoints. Knows no thread. */
export class RuleShard {
  readonly rules: Rules;
  readonly feed: FeedSink;
  readonly outbox: EdgeOutbox;
  readonly #setup: RuleShardSetup;
  readonly #schedules = new Map<number, boolean>();
  readonly #variables = new Map<string, number | string | boolean>();
  readonly #world: ConditionWorld;
  readonly #timers = new Set<TimerHandle>();
  #watched: ReadonlySet<string> = new Set();
  #shown = new Map<string, number | string | null>();
  #sweptSecondMonoMs = 0;
  #checkpointing = false;
  #wishDue = false;
  #open = false;
  #closed = false;
  #trouble: string | undefined;
  #checkpoints = 0;

  constructor(setup: RuleShardSetup) {
    this.#setup = setup;
    const { clock, supervisor, ports, history } = setup;
    const onTrouble = (error: EngineError): void => {
      this.#trouble = error.message;
    };
    this.#world = {
      variable: (name) => this.#variables.get(name),
      scheduleOpen: (id) => this.#schedules.get(id),
    };
    this.outbox = new EdgeOutbox({
      clock,
      snapshotOf: (id) => this.rules.persisted(id) ?? '',
      onSettled: (id) => this.rules.settled(id),
      tell: (edges) => ports.edges(edges),
      onTrouble,
    });
    this.rules = new Rules({
      clock,
      supervisor,
      outbox: this.outbox,
      world: this.#world,
      fill: (rule) => filler.fill(rule),
    });
    const filler = new WindowFiller(this.rules.table, history, clock, onTrouble);
    this.feed = new FeedSink({
      take: (batch) => this.rules.table.take(batch, clock.monoMs()),
      onFault: setup.onFault,
    });
    this.#every(SWEEP_EVERY_MS, () => this.#sweep());
    this.#every(CHECKPOINT_EVERY_MS, () => void this.checkpoint());
    this.#every(setup.tickMs, () => this.#tellValues());
  }

  /** Why edges or checkpoints were not taken, or the past could not be read, last. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  get checkpoints(): number {
    return this.#checkpoints;
  }

  supervised(report: SupervisorReport): void {
    this.rules.supervised(report);
  }

  adopt(params: Params<'rules.adopt'>): number {
    for (const rule of params.rules) {
      for (const [name, value] of Object.entries(rule.variables ?? {})) {
        this.#variables.set(name, value);
      }
    }
    const adopted = this.rules.adopt(params);
    this.#wishSoon();
    return adopted;
  }

  async release(ids: readonly string[]): Promise<number> {
    const released = await this.rules.release(ids);
    this.#wishSoon();
    return released;
  }

  /** All rules are here: what sources kept may come. */
  open(): void {
    this.#open = true;
    this.feed.watch(this.rules.table.list.watched());
  }

  schedules(changed: ToRuleShard['posts']['schedules.changed']): void {
    for (const { id, open } of changed) this.#schedules.set(id, open);
    this.rules.scheduled(new Set(changed.map(({ id }) => id)));
  }

  variables(changed: ToRuleShard['posts']['variables.changed']): void {
    for (const { name, value } of changed) this.#variables.set(name, value);
    this.rules.changed(new Set(changed.map(({ name }) => name)));
  }

  watch(ids: readonly string[]): void {
    this.#watched = new Set(ids);
    this.#shown = new Map();
    this.rules.watch(this.#watched);
  }

  test({
    rule,
    fromUnixMs,
    toUnixMs,
  }: Params<'rules.test'>): Promise<ToRuleShard['requests']['rules.test']['result']> {
    if (!(toUnixMs > fromUnixMs)) {
      throw new EngineError('input.invalid', 'toUnixMs must be later than fromUnixMs');
    }
    const leadMs = TEST_LEAD_MS + leadOf(rule);
    const channels = [...new Set(Object.values(rule.channels).map(({ channel }) => channel))];
    const samples = this.#setup.history.samples(channels, fromUnixMs - leadMs, toUnixMs);
    return testRule(rule, fromUnixMs, toUnixMs, this.#world, samples, leadMs);
  }

  /** Hands what changed to the main thread, and then lets sources forget what led to it. Never rejects. */
  async checkpoint(): Promise<void> {
    if (this.#checkpointing || this.#closed || !this.#open) return;
    const mark = this.feed.mark();
    const { snapshots, columns, waits } = this.rules.checkpoint();
    if (snapshots.length === 0 && columns.id.length === 0 && waits === null) {
      // Samples that changed nothing need none.
      this.feed.settle(mark);
      return;
    }
    this.#checkpointing = true;
    try {
      await this.#setup.ports.checkpoint({ snapshots, columns, waits });
      this.feed.settle(mark);
      this.#checkpoints += 1;
    } catch (thrown) {
      this.#trouble = EngineError.from(thrown).message;
      // What it said is in none: the next one says it again.
      this.rules.again(
        columns.id,
        snapshots.map(({ id }) => id),
      );
    } finally {
      this.#checkpointing = false;
    }
  }

  async close(): Promise<void> {
    await this.checkpoint();
    this.#closed = true;
    for (const timer of this.#timers) this.#setup.clock.clearTimeout(timer);
    this.rules.close();
    this.outbox.close();
    this.feed.close();
  }

  #sweep(): void {
    const { clock } = this.#setup;
    const monoMs = clock.monoMs();
    const everySecond = monoMs - this.#sweptSecondMonoMs >= SECOND_MS;
    if (everySecond) this.#sweptSecondMonoMs = monoMs;
    this.rules.table.sweep(clock.nowMs(), monoMs, everySecond);
  }

  #tellValues(): void {
    if (this.#watched.size === 0) return;
    const { id, value, atUnixMs } = this.rules.values(this.#watched);
    const changed = [...id.keys()].filter((i) => this.#shown.get(id[i] ?? '') !== value[i]);
    if (changed.length === 0) return;
    for (const i of changed) this.#shown.set(id[i] ?? '', value[i] ?? null);
    this.#setup.ports.values({
      id: changed.map((i) => id[i] ?? ''),
      value: changed.map((i) => value[i] ?? null),
      atUnixMs: changed.map((i) => atUnixMs[i] ?? 0),
    });
  }

  #wishSoon(): void {
    if (!this.#open || this.#wishDue) return;
    this.#wishDue = true;
    const timer = this.#setup.clock.setTimeout(() => {
      this.#timers.delete(timer);
      this.#wishDue = false;
      if (!this.#closed) this.feed.watch(this.rules.table.list.watched());
    }, WISH_AFTER_MS);
    this.#timers.add(timer);
  }

  #every(everyMs: number, work: () => void): void {
    const { clock, onFault } = this.#setup;
    const timer = clock.setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#closed) return;
      try {
        work();
      } catch (thrown) {
        onFault(EngineError.from(thrown));
      }
      this.#every(everyMs, work);
    }, everyMs);
    this.#timers.add(timer);
  }
}

function leadOf({ condition, noDataAfterMs, holdMs, keepMs }: RuleDefinition): number {
  const own =
    condition.type === 'rate'
      ? condition.overMs
      : condition.type === 'aggregate'
        ? condition.windowMs
        : condition.type === 'no-data'
          ? condition.afterMs
          : 0;
  return own + noDataAfterMs + holdMs + keepMs;
}
