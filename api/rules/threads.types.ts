import type { ToRuleShard } from '../../actors/rule/protocol.js';
import type { RuleDefinition } from '../../actors/rule/rule.types.js';

/** What the service asks of the threads that run rules; `RulePool` is it. */
export interface RuleThreads {
  /** New rules, changed ones, and those to be started again after an error. */
  place(ids: readonly string[], snapshots?: Readonly<Record<string, string>>): Promise<void>;
  release(ids: readonly string[]): Promise<number>;
  schedules(changed: ToRuleShard['posts']['schedules.changed']): void;
  variables(changed: ToRuleShard['posts']['variables.changed']): void;
  /** Rules whose values somebody looks at; replaces the earlier ones. */
  watch(ids: readonly string[]): void;
  test(
    rule: RuleDefinition,
    fromUnixMs: number,
    toUnixMs: number,
  ): Promise<ToRuleShard['requests']['rules.test']['result']>;
}
