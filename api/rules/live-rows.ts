import type { RuleRow } from '../../actors/automation/automation.types.js';
import type { RuleValues } from '../../actors/rule/protocol.js';
import type { RuleState } from '../../actors/rule/rule.types.js';
import type {
  RuleRow as LiveRule,
  RuleSourceRow as LiveSource,
} from '../contract/automation-rows.js';
import type { LiveTable } from '../live/table.types.js';
import { deviceOf } from './names.js';

/** Where a rule stands for one source. */
export interface SourceStand {
  readonly ruleId: number;
  readonly source: string;
  readonly state: RuleState;
  readonly value: number | string | null;
  readonly sinceUnixMs: number;
  readonly error: string | null;
}

/** The worst first. */
const BY_WEIGHT: readonly RuleState[] = [
  'error',
  'firing',
  'recovering',
  'no-data',
  'pending',
  'normal',
  'disabled',
];

interface Counted {
  row: RuleRow;
  readonly states: Record<RuleState, number>;
  sources: number;
  /** Of a source that is in error. */
  error: string | null;
  watched: boolean;
}

/** Live rows `rules` and `rule-sources`. A source that is normal has a row only while somebody looks at its rule. */
export class RuleRows {
  readonly #rules: LiveTable;
  readonly #sources: LiveTable;
  readonly #devices: Pick<LiveTable, 'get'>;
  readonly #counted = new Map<number, Counted>();
  readonly #due = new Set<number>();

  constructor(tables: {
    readonly rules: LiveTable;
    readonly 'rule-sources': LiveTable;
    readonly devices: Pick<LiveTable, 'get'>;
  }) {
    this.#rules = tables.rules;
    this.#sources = tables['rule-sources'];
    this.#devices = tables.devices;
  }

  rule(row: RuleRow): void {
    const known = this.#counted.get(row.id);
    if (known === undefined) {
      this.#counted.set(row.id, {
        row,
        states: Object.fromEntries(BY_WEIGHT.map((state) => [state, 0])) as never,
        sources: 0,
        error: null,
        watched: false,
      });
    } else known.row = row;
    this.#due.add(row.id);
  }

  removed(ruleId: number): void {
    this.#counted.delete(ruleId);
    this.#due.delete(ruleId);
    this.#rules.remove(String(ruleId));
  }

  /** A source moved; `before` undefined: it is new; `after` undefined: it is gone. */
  moved(before: SourceStand | undefined, after: SourceStand | undefined): void {
    const { ruleId = 0, source = '' } = after ?? before ?? {};
    const counted = this.#counted.get(ruleId);
    if (counted !== undefined) {
      if (before !== undefined) {
        counted.states[before.state] -= 1;
        counted.sources -= 1;
      }
      if (after !== undefined) {
        counted.states[after.state] += 1;
        counted.sources += 1;
        if (after.error !== null) counted.error = after.error;
      }
      this.#due.add(ruleId);
    }
    const id = `${ruleId}:${source}`;
    if (after === undefined || (after.state === 'normal' && counted?.watched !== true)) {
      this.#sources.remove(id);
    } else this.#show(id, after, counted?.row);
  }

  /** Sources of a rule get rows, or lose those they need no more. */
  watch(ruleId: number, watched: boolean, stands: Iterable<SourceStand>): void {
    const counted = this.#counted.get(ruleId);
    if (counted === undefined || counted.watched === watched) return;
    counted.watched = watched;
    for (const stand of stands) {
      const id = `${ruleId}:${stand.source}`;
      if (stand.state === 'normal' && !watched) this.#sources.remove(id);
      else this.#show(id, stand, counted.row);
    }
  }

  values({ id, value, atUnixMs }: RuleValues): void {
    for (const [index, one] of id.entries()) {
      this.#sources.patch(one.slice('rule:'.length), {
        value: value[index] ?? null,
        valueAtUnixMs: atUnixMs[index] ?? null,
      });
    }
  }

  triggered(ruleId: number, atUnixMs: number): void {
    const counted = this.#counted.get(ruleId);
    if (counted === undefined) return;
    counted.row = { ...counted.row, lastTriggeredAtUnixMs: atUnixMs };
    this.#due.add(ruleId);
  }

  /** Writes rows of rules that changed since the last call: one row for many sources. */
  flush(): void {
    for (const id of this.#due) {
      const counted = this.#counted.get(id);
      if (counted !== undefined) this.#rules.put({ ...liveRule(counted) });
    }
    this.#due.clear();
  }

  #show(id: string, stand: SourceStand, rule: RuleRow | undefined): void {
    const { state, sinceUnixMs, source } = stand;
    const name = source === '' ? null : this.#devices.get(deviceOf(source))?.['name'];
    const spans = { pending: rule?.holdMs, recovering: rule?.keepMs } as Record<string, number>;
    const spanMs = spans[state];
    const row: LiveSource = {
      id,
      ruleId: stand.ruleId,
      source,
      deviceName: typeof name === 'string' ? name : null,
      state,
      value: stand.value,
      valueAtUnixMs: stand.value === null ? null : sinceUnixMs,
      sinceUnixMs,
      dueUnixMs: spanMs === undefined ? null : sinceUnixMs + spanMs,
      error: stand.error,
    };
    this.#sources.put({ ...row });
  }
}

function liveRule({ row, states, sources, error }: Counted): LiveRule {
  const worst = BY_WEIGHT.find((state) => states[state] > 0);
  return {
    id: String(row.id),
    name: row.name,
    enabled: row.enabled,
    state: row.enabled ? (worst ?? 'normal') : 'disabled',
    sources,
    firing: states.firing,
    pending: states.pending,
    noData: states['no-data'],
    errors: states.error,
    severity: row.severity,
    origin: row.origin,
    error: states.error > 0 ? error : null,
    lastTriggeredAtUnixMs: row.lastTriggeredAtUnixMs,
  };
}
