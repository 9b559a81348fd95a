import type { AlarmRow, RuleRow } from '../../actors/automation/automation.types.js';
import type { SiteScope } from '../../actors/control/scope.js';
import type { SiteStore } from '../../actors/control/site.js';
import { memoryAtRest } from '../../actors/rule/memory.js';
import type { AlarmPort, DeliveryPort, EdgeOfRule } from '../automation/ports.js';

/** A source that its rule has no more, or whose rule is gone. */
export interface GoneSource {
  readonly id: string;
  readonly ruleId: number;
  readonly source: string;
}

export interface ForgetOptions {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly alarms: AlarmPort;
  readonly deliveries: DeliveryPort;
  /** Undefined: it is gone itself, so there is nobody left to tell. */
  readonly rule: (id: number) => RuleRow | undefined;
  readonly about: (rule: RuleRow, source: string) => Omit<EdgeOfRule, 'rule' | 'edge'>;
  readonly atUnixMs: number;
}

export interface Forgotten {
  /** What a source goes on from when it is back, by id; of the others nothing is left. */
  readonly snapshots: ReadonlyMap<string, string>;
  readonly alarms: readonly AlarmRow[];
  readonly told: boolean;
}

/**
 * Ends what sources that are gone had begun, in the caller's transaction: their alarms are cleared, and actions of `clear` run where
 * the rule is still there and had told that it fires. Of their states the number of the last edge is left.
 */
export async function forgetIn(
  scope: SiteScope,
  gone: readonly GoneSource[],
  options: ForgetOptions,
): Promise<Forgotten> {
  const { store, alarms, deliveries, rule: ruleOf, about, atUnixMs } = options;
  const { ruleStates } = store.automation;
  const cleared = await alarms.clearIn(
    scope,
    gone.map(({ ruleId, source }) => ({ ruleId, source })),
    atUnixMs,
  );
  const rows = await ruleStates.findIn(scope, {
    where: [
      { field: 'ruleId', op: 'in', value: [...new Set(gone.map(({ ruleId }) => ruleId))] },
      { field: 'source', op: 'in', value: [...new Set(gone.map(({ source }) => source))] },
    ],
  });
  const snapshots = new Map<string, string>();
  let told = false;
  for (const { id, ruleId, source } of gone) {
    const row = rows.find((one) => one.ruleId === ruleId && one.source === source);
    const rule = ruleOf(ruleId);
    if (row === undefined) continue;
    const alarm = cleared.find((one) => one.activeKeyBefore === `${ruleId}:${source}`)?.row;
    const fired = alarm !== undefined || row.state === 'firing' || row.state === 'recovering';
    const edge = fired ? row.edge + 1 : row.edge;
    const snapshot = memoryAtRest(edge, atUnixMs);
    snapshots.set(id, snapshot);
    await ruleStates.updateIn(scope, row.id, { state: 'normal', edge, snapshot, atUnixMs });
    if (!fired || rule === undefined) continue;
    const actions = await deliveries.actionsOf(
      {
        rule,
        edge: {
          ...{ id, ruleId, source, edge, snapshot, atUnixMs },
          ...({ state: 'normal', from: row.state, kind: 'clear', value: null } as const),
        },
        ...about(rule, source),
      },
      alarm,
    );
    if (actions.length === 0) continue;
    await deliveries.enqueueIn(scope, actions);
    told = true;
  }
  return { snapshots, alarms: cleared.map(({ row }) => row), told };
}
