import type { RuleWaits } from './protocol.js';

export const NO_WAITS: RuleWaits = { id: [], held: [], sinceUnixMs: [], atUnixMs: [], value: [] };

/** Waits of all rule threads, as the main thread was told of them. At most one a rule. */
export class WaitBook {
  /** Of the engine before, until the threads of this one say their own. */
  readonly #before: RuleWaits;
  readonly #bySlot = new Map<number, RuleWaits>();

  constructor(before: RuleWaits) {
    this.#before = before;
  }

  /** A thread's waits are these from now on. @returns those of all */
  replace(slot: number, waits: RuleWaits): RuleWaits {
    this.#bySlot.set(slot, waits);
    return joined([...this.#bySlot.values()]);
  }

  of(ids: readonly string[]): RuleWaits {
    const wanted = new Set(ids);
    const found = [...this.#bySlot.values()].map((waits) => only(waits, wanted));
    for (const { id } of found) for (const one of id) wanted.delete(one);
    return joined([...found, only(this.#before, wanted)]);
  }
}

/** Of a text that was stored; none when it is something else. */
export function parseWaits(text: string | undefined): RuleWaits {
  if (text === undefined) return NO_WAITS;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A row that somebody else wrote.
    return NO_WAITS;
  }
  if (typeof value !== 'object' || value === null) return NO_WAITS;
  const { id, held, sinceUnixMs, atUnixMs, value: values } = value as Partial<RuleWaits>;
  const columns = [id, held, sinceUnixMs, atUnixMs, values];
  if (!columns.every((column) => Array.isArray(column) && column.length === id?.length)) {
    return NO_WAITS;
  }
  return value as RuleWaits;
}

function only(waits: RuleWaits, wanted: ReadonlySet<string>): RuleWaits {
  const rows = [...waits.id.keys()].filter((i) => wanted.has(waits.id[i] ?? ''));
  const pick = <T>(column: readonly T[]): T[] => rows.map((i) => column[i] as T);
  return {
    id: pick(waits.id),
    held: pick(waits.held),
    sinceUnixMs: pick(waits.sinceUnixMs),
    atUnixMs: pick(waits.atUnixMs),
    value: pick(waits.value),
  };
}

function joined(parts: readonly RuleWaits[]): RuleWaits {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return {
    id: parts.flatMap(({ id }) => id),
    held: parts.flatMap(({ held }) => held),
    sinceUnixMs: parts.flatMap(({ sinceUnixMs }) => sinceUnixMs),
    atUnixMs: parts.flatMap(({ atUnixMs }) => atUnixMs),
    value: parts.flatMap(({ value }) => value),
  };
}
