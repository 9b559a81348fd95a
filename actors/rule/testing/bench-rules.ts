import { TestClock } from '../../../engine/clock.js';
import { Supervisor } from '../../../engine/supervisor.js';
import type { UntoldEdge } from '../edge-outbox.js';
import type { Condition, RuleDefinition } from '../rule.types.js';
import { Rules } from '../rules.js';
import { NO_WAITS } from '../wait-book.js';

/** A definition with channels `a/b` = 1 and `a/c` = 2, and nothing but its condition. */
export function ruleOf(condition: Condition, more: Partial<RuleDefinition> = {}): RuleDefinition {
  return {
    id: 'rule:1:a/b',
    ruleId: 1,
    source: 'a/b',
    enabled: true,
    condition,
    channels: { 'a/b': { channel: 1, kind: 'number', unit: null } },
    holdMs: 0,
    keepMs: 0,
    cooldownMs: 0,
    inARow: 1,
    noData: 'no-data',
    noDataAfterMs: 0,
    onError: 'error',
    maxPerMinute: 0,
    ...more,
  };
}

export const above = (value: number, clear?: number): Condition => ({
  type: 'threshold',
  channel: 'a/b',
  op: '>',
  value,
  clear,
});

/** Rules by a clock that stands still, and the edges they told. */
export class RuleBench {
  readonly clock: TestClock;
  readonly edges: UntoldEdge[] = [];
  readonly rules: Rules;
  readonly supervisor: Supervisor;
  readonly variables = new Map<string, number | string | boolean>();
  readonly open = new Map<number, boolean>();

  constructor(clock: TestClock = new TestClock()) {
    this.clock = clock;
    this.supervisor = new Supervisor({ shard: 'rule-0', clock });
    this.rules = new Rules({
      clock,
      supervisor: this.supervisor,
      outbox: { push: (edge) => void this.edges.push(edge), of: () => [], forget: () => {} },
      world: {
        variable: (name) => this.variables.get(name),
        scheduleOpen: (id) => this.open.get(id),
      },
    });
  }

  adopt(rules: readonly RuleDefinition[], snapshots: Readonly<Record<string, string>> = {}): void {
    this.rules.adopt({
      rules,
      snapshots,
      latest: [],
      checkpoint: null,
      waits: NO_WAITS,
      graceMs: 0,
    });
  }

  /** A sample of channel 1 now. */
  say(value: number | string, channel = 1): void {
    this.clock.advance(1);
    this.rules.take(channel, this.clock.nowMs(), value);
  }

  /** Time passes, with the sweeps of the thread. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 250) {
      this.clock.advance(Math.min(250, left));
      this.rules.table.sweep(this.clock.nowMs(), this.clock.monoMs(), true);
    }
  }

  state(id = 'rule:1:a/b'): string | undefined {
    return this.rules.stateOf(id);
  }

  /** `kind:state` of the edges since the last call. */
  told(): string[] {
    return this.edges.splice(0).map(({ kind, state }) => `${kind}:${state}`);
  }
}
