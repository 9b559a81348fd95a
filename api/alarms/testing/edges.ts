import type { AlarmRow, RuleRow } from '../../../actors/automation/automation.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { RuleEdge } from '../../../actors/rule/protocol.js';
import type { Clock } from '../../../engine/clock.js';
import { MemoryTable } from '../../live/table.js';
import { AlarmDesk } from '../desk.js';

/** A rule of a threshold, with what the test says of it. */
export const ruleValues = (given: Partial<RuleRow> = {}): Omit<RuleRow, 'id'> => ({
  publicId: crypto.randomUUID(),
  name: 'Too hot',
  description: '',
  enabled: true,
  condition: { type: 'threshold', channel: 'tank/heat', op: '>', value: 50 },
  each: null,
  holdMs: 0,
  keepMs: 0,
  cooldownMs: 0,
  inARow: 1,
  noData: 'no-data',
  noDataAfterMs: 0,
  onError: 'error',
  maxPerMinute: 0,
  scheduleId: null,
  severity: 'major',
  labels: {},
  text: '',
  actions: [],
  parentRuleId: null,
  escalation: [],
  origin: 'native',
  ownerId: null,
  lastTriggeredAtUnixMs: null,
  createdAtUnixMs: 0,
  updatedAtUnixMs: 0,
  ...given,
});

/** Edges of rules as the service of the rules tells them, with their numbers. */
export function edgesOf(store: SiteStore & { readonly clock: Clock }, desk: AlarmDesk) {
  const numbers = new Map<string, number>();
  const tell = async (
    rule: RuleRow,
    kind: RuleEdge['kind'],
    more: {
      readonly source?: string;
      readonly deviceId?: string | null;
      readonly value?: number;
      readonly edge?: number;
      readonly atUnixMs?: number;
      readonly state?: RuleEdge['state'];
    } = {},
  ): Promise<AlarmRow | undefined> => {
    const source = more.source ?? '';
    const id = `rule:${rule.id}:${source}`;
    const edge = more.edge ?? (numbers.get(id) ?? 0) + 1;
    numbers.set(id, edge);
    const firing = kind === 'firing' || kind === 'cooled';
    const alarm = await store.control.write((scope) =>
      desk.takeIn(scope, {
        rule,
        edge: {
          id,
          ruleId: rule.id,
          source,
          edge,
          state: more.state ?? (firing ? 'firing' : 'normal'),
          from: firing ? 'normal' : 'firing',
          atUnixMs: more.atUnixMs ?? store.clock.nowMs(),
          kind,
          value: more.value ?? null,
          snapshot: '{}',
        },
        deviceId: more.deviceId ?? null,
        deviceName: more.deviceId ?? null,
        facts: {},
      }),
    );
    if (alarm !== undefined) desk.committed([alarm]);
    return alarm;
  };
  return tell;
}

/** A desk on a store, with what it wrote to the history. */
export function deskOn(store: SiteStore & { readonly clock: Clock }) {
  const noted: { readonly row: AlarmRow; readonly detail: unknown }[] = [];
  const table = new MemoryTable('alarms');
  const desk = new AlarmDesk({
    store,
    table,
    deviceName: (id) => id,
    history: {
      note: (row, detail) => noted.push({ row, detail }),
      close: () => Promise.resolve(),
    },
    clock: store.clock,
  });
  return { desk, table, noted, tell: edgesOf(store, desk) };
}
