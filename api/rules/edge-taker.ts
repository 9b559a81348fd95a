import { sql } from 'kysely';
import type { AlarmRow, RuleRow, RuleStateRow } from '../../actors/automation/automation.types.js';
import type { SiteScope } from '../../actors/control/scope.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { RuleEdge } from '../../actors/rule/protocol.js';
import { bulkRows } from '../../engine/control/rows.js';
import type { AlarmPort, DeliveryPort, EdgeOfRule, NewDelivery } from '../automation/ports.js';
import { type Forgotten, forgetIn, type GoneSource } from './gone.js';
import { isWait } from './waits.js';

/** Edges of one transaction: others write in between. */
const AT_ONCE = 200;

export interface EdgeTakerOptions {
  readonly store: Pick<SiteStore, 'automation' | 'control'>;
  readonly alarms: AlarmPort;
  readonly deliveries: DeliveryPort;
  readonly rule: (id: number) => RuleRow | undefined;
  /** What templates and alarms say of the source; `value`: what the edge looked at. */
  readonly about: (
    rule: RuleRow,
    source: string,
    value?: number | string | null,
  ) => Omit<EdgeOfRule, 'rule' | 'edge'>;
  /** After the commit; in order, each edge once. */
  readonly taken: (edges: readonly RuleEdge[]) => void;
}

/**
 * Takes edges of rules: each in one transaction with its state, its alarm, and what is told or done. An edge whose
 * number is not above the stored one was taken before and is left out.
 */
export class EdgeTaker {
  readonly #options: EdgeTakerOptions;
  #deliveries: DeliveryPort;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: EdgeTakerOptions) {
    this.#options = options;
    this.#deliveries = options.deliveries;
  }

  tellBy(deliveries: DeliveryPort): void {
    this.#deliveries = deliveries;
  }

  /** Resolves when they are stored. @throws what the store says; nothing of a transaction is kept then. */
  take(edges: readonly RuleEdge[]): Promise<void> {
    // One after the other: the threads tell at the same time, and the later ones must see what is stored.
    const done = this.#turn.then(() => this.#takeAll(edges));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /**
   * After the edges that are being taken: ends what sources that are gone had begun. @returns snapshots by id.
   * @throws what the store says; what is done stays done, and may be given again.
   */
  forget(gone: readonly GoneSource[], atUnixMs: number): Promise<ReadonlyMap<string, string>> {
    const done = this.#turn.then(() => this.#forgetAll(gone, atUnixMs));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Resolves when nothing is being taken. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  async #takeAll(edges: readonly RuleEdge[]): Promise<void> {
    const { store, alarms, taken } = this.#options;
    for (let from = 0; from < edges.length; from += AT_ONCE) {
      const some = edges.slice(from, from + AT_ONCE);
      const done = await store.control.write((scope) => this.#takeIn(scope, some));
      if (done.alarms.length > 0) alarms.committed(done.alarms);
      if (done.told) this.#deliveries.wake();
      taken(done.edges);
    }
  }

  async #forgetAll(gone: readonly GoneSource[], atUnixMs: number): Promise<Map<string, string>> {
    const { store, alarms, rule, about } = this.#options;
    const snapshots = new Map<string, string>();
    for (let from = 0; from < gone.length; from += AT_ONCE) {
      const some = gone.slice(from, from + AT_ONCE);
      const deliveries = this.#deliveries;
      const done: Forgotten = await store.control.write((scope) =>
        forgetIn(scope, some, { store, alarms, deliveries, rule, about, atUnixMs }),
      );
      if (done.alarms.length > 0) alarms.committed(done.alarms);
      if (done.told) deliveries.wake();
      for (const [id, snapshot] of done.snapshots) snapshots.set(id, snapshot);
    }
    return snapshots;
  }

  async #takeIn(
    scope: SiteScope,
    edges: readonly RuleEdge[],
  ): Promise<{ edges: readonly RuleEdge[]; alarms: readonly AlarmRow[]; told: boolean }> {
    const { alarms, rule: ruleOf, about } = this.#options;
    const deliveries = this.#deliveries;
    const stored = await this.#statesIn(scope, edges);
    const fresh: RuleEdge[] = [];
    const states = new Map<string, RuleEdge>();
    const changed = new Map<number, AlarmRow>();
    const triggered = new Map<number, number>();
    const wholes: EdgeOfRule[] = [];
    for (const edge of edges) {
      const rule = ruleOf(edge.ruleId);
      const key = keyOf(edge);
      const last = states.get(key)?.edge ?? stored.get(key)?.edge ?? -1;
      // Of a rule that is gone there is nobody left to tell.
      if (rule === undefined || edge.edge <= last) continue;
      states.set(key, edge);
      fresh.push(edge);
      if (!isWait(edge)) wholes.push({ rule, edge, ...about(rule, edge.source, edge.value) });
    }
    const raised = await alarms.takeManyIn(scope, wholes);
    const actions: NewDelivery[] = [];
    for (const [at, whole] of wholes.entries()) {
      const alarm = raised[at];
      const { rule, edge } = whole;
      if (alarm !== undefined) changed.set(alarm.id, alarm);
      if (edge.kind === 'firing') triggered.set(rule.id, edge.atUnixMs);
      if (edge.kind !== 'firing' && edge.kind !== 'clear') continue;
      actions.push(...(await deliveries.actionsOf(whole, alarm)));
    }
    if (actions.length > 0) await deliveries.enqueueIn(scope, actions);
    await this.#keepIn(scope, stored, states);
    if (triggered.size > 0) await this.#triggeredIn(scope, triggered);
    return { edges: fresh, alarms: [...changed.values()], told: actions.length > 0 };
  }

  /** Not in the change feed: the rules are the same. */
  async #triggeredIn(scope: SiteScope, atById: ReadonlyMap<number, number>): Promise<void> {
    const { dialect } = this.#options.store.control;
    const rows = Array.from(atById, ([id, atUnixMs]) => ({ given_id: id, given_at: atUnixMs }));
    await sql`update automation_rules set last_triggered_at_unix_ms = r.given_at
      from ${bulkRows(dialect, { given_id: 'integer', given_at: 'double' }, rows)} as r
      where id = r.given_id`.execute(scope.db);
  }

  async #statesIn(
    scope: SiteScope,
    edges: readonly RuleEdge[],
  ): Promise<ReadonlyMap<string, RuleStateRow>> {
    const rules = [...new Set(edges.map(({ ruleId }) => ruleId))];
    const sources = [...new Set(edges.map(({ source }) => source))];
    const rows = await this.#options.store.automation.ruleStates.findIn(scope, {
      where: [
        { field: 'ruleId', op: 'in', value: rules },
        { field: 'source', op: 'in', value: sources },
      ],
    });
    return new Map(rows.map((row) => [keyOf(row), row]));
  }

  async #keepIn(
    scope: SiteScope,
    stored: ReadonlyMap<string, RuleStateRow>,
    states: ReadonlyMap<string, RuleEdge>,
  ): Promise<void> {
    const { ruleStates } = this.#options.store.automation;
    const fresh: Omit<RuleStateRow, 'id'>[] = [];
    const moved: { id: number; values: Omit<RuleStateRow, 'id' | 'ruleId' | 'source'> }[] = [];
    for (const [key, { ruleId, source, state, edge, snapshot, atUnixMs }] of states) {
      const known = stored.get(key);
      const values = { state, edge, snapshot, atUnixMs };
      if (known === undefined) fresh.push({ ruleId, source, ...values });
      else moved.push({ id: known.id, values });
    }
    await ruleStates.updateBulkIn(scope, moved);
    if (fresh.length > 0) await ruleStates.createManyIn(scope, fresh);
  }
}

const keyOf = ({ ruleId, source }: { readonly ruleId: number; readonly source: string }): string =>
  `${ruleId}:${source}`;
