import type { AlarmRow } from '../../actors/automation/automation.types.js';
import { isParent } from './intake.js';

/**
 * Alarms that the desk shows, as they were committed last: all active ones, and cleared ones for as long as they are
 * shown. Everything that asks "which alarms of this device, of this rule" asks here, not the store.
 */
export class AlarmBook {
  readonly #rows = new Map<number, AlarmRow>();
  /** Active ones only. */
  readonly #byDevice = new Map<string, Set<number>>();
  readonly #byRule = new Map<number, Set<number>>();

  get size(): number {
    return this.#rows.size;
  }

  get(id: number): AlarmRow | undefined {
    return this.#rows.get(id);
  }

  rows(): IterableIterator<AlarmRow> {
    return this.#rows.values();
  }

  put(row: AlarmRow): void {
    this.#unlist(row.id);
    this.#rows.set(row.id, row);
    if (row.clearedAtUnixMs !== null) return;
    if (row.deviceId !== null) list(this.#byDevice, row.deviceId, row.id);
    if (row.ruleId !== null) list(this.#byRule, row.ruleId, row.id);
  }

  remove(id: number): void {
    this.#unlist(id);
    this.#rows.delete(id);
  }

  activeOfRule(ruleId: number): AlarmRow[] {
    return this.#many(this.#byRule.get(ruleId));
  }

  activeOfDevice(deviceId: string): AlarmRow[] {
    return this.#many(this.#byDevice.get(deviceId));
  }

  /** The active alarm of the same device that explains it. */
  parentOf(row: AlarmRow): AlarmRow | undefined {
    if (row.deviceId === null) return undefined;
    for (const id of this.#byDevice.get(row.deviceId) ?? []) {
      const other = this.#rows.get(id);
      if (other !== undefined && id !== row.id && isParent(other, row)) return other;
    }
    return undefined;
  }

  #many(ids: ReadonlySet<number> | undefined): AlarmRow[] {
    return [...(ids ?? [])].flatMap((id) => this.#rows.get(id) ?? []);
  }

  #unlist(id: number): void {
    const before = this.#rows.get(id);
    if (before === undefined) return;
    if (before.deviceId !== null) unlist(this.#byDevice, before.deviceId, id);
    if (before.ruleId !== null) unlist(this.#byRule, before.ruleId, id);
  }
}

function list<K>(lists: Map<K, Set<number>>, key: K, id: number): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, new Set([id]));
  else known.add(id);
}

function unlist<K>(lists: Map<K, Set<number>>, key: K, id: number): void {
  const known = lists.get(key);
  if (known?.delete(id) === true && known.size === 0) lists.delete(key);
}
