import { sql } from 'kysely';
import type { SiteStore } from '../../actors/control/site.js';
import { instanceId } from './definition.js';
import type { GoneSource } from './gone.js';

type Store = Pick<SiteStore, 'automation' | 'control'>;
type Stays = (ruleId: number, source: string) => boolean;

/** A source may be back: numbers of its edges go on, or its deliveries would have the keys of earlier ones. */
const MOST_AT_REST = 10_000;
const AT_ONCE = 500;

/** Sources that went while the engine was down, with something left to end: an active alarm, or a state that is not at rest. */
export async function goneAtStart(
  store: Store,
  stored: ReadonlyMap<string, Omit<GoneSource, 'id'> & { readonly state: string }>,
  stays: Stays,
): Promise<readonly GoneSource[]> {
  const gone = new Map<string, GoneSource>();
  for (const [id, { ruleId, source, state }] of stored) {
    if (state !== 'normal' && !stays(ruleId, source)) gone.set(id, { id, ruleId, source });
  }
  for await (const some of store.automation.alarms.each({
    where: [{ field: 'activeKey', op: 'isNull', value: false }],
  })) {
    for (const { activeKey } of some) {
      const [, rule, source] = /^(\d+):(.*)$/s.exec(activeKey ?? '') ?? [];
      if (rule === undefined || source === undefined || stays(Number(rule), source)) continue;
      const id = instanceId(Number(rule), source);
      gone.set(id, { id, ruleId: Number(rule), source });
    }
  }
  return [...gone.values()];
}

/**
 * Lets go of states of sources that are gone, all but the latest 10,000. @returns which of the snapshots have neither a source
 * nor a state any more.
 */
export async function pruneGone(
  store: Store,
  snapshots: Iterable<string>,
  stays: Stays,
): Promise<readonly string[]> {
  const rows: { readonly id: number; readonly name: string; readonly atUnixMs: number }[] = [];
  for await (const some of store.automation.ruleStates.each()) {
    for (const { id, ruleId, source, atUnixMs } of some) {
      if (!stays(ruleId, source)) rows.push({ id, name: instanceId(ruleId, source), atUnixMs });
    }
  }
  rows.sort((a, b) => b.atUnixMs - a.atUnixMs);
  const over = rows.splice(MOST_AT_REST).map(({ id }) => id);
  for (let from = 0; from < over.length; from += AT_ONCE) {
    await store.control.write(async ({ db }) => {
      await sql`delete from automation_rule_states
        where id in (${sql.join(over.slice(from, from + AT_ONCE))})`.execute(db);
    });
  }
  const resting = new Set(rows.map(({ name }) => name));
  return [...snapshots].filter((id) => {
    const [, rule, source] = /^rule:(\d+):(.*)$/s.exec(id) ?? [];
    return !resting.has(id) && !stays(Number(rule), source ?? '');
  });
}
