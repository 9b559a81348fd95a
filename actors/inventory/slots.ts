/** Places on the boards. */
export const MAX_SLOT = 99_999;

export interface SlotWish {
  /** Place it has; kept. */
  readonly slot: number | null;
  /** Place it would like: of an imported file. */
  readonly given?: number | undefined;
}

/**
 * Places for channels, in their order: one that it has stays, else the given one when it is free, else the lowest that
 * is free. `taken` are places of others. Null when all places are taken, or for a kept place that two claim.
 */
export function assignSlots(
  taken: Iterable<number>,
  wishes: readonly SlotWish[],
): readonly (number | null)[] {
  const used = new Set(taken);
  const slots: (number | null)[] = wishes.map(() => null);
  const claim = (at: number, slot: number | null | undefined): void => {
    if (slots[at] !== null || slot === null || slot === undefined) return;
    if (!Number.isInteger(slot) || slot < 1 || slot > MAX_SLOT || used.has(slot)) return;
    used.add(slot);
    slots[at] = slot;
  };
  for (const [at, { slot }] of wishes.entries()) claim(at, slot);
  for (const [at, { given }] of wishes.entries()) claim(at, given);
  let lowest = 1;
  for (let at = 0; at < slots.length; at++) {
    if (slots[at] !== null) continue;
    while (used.has(lowest)) lowest++;
    claim(at, lowest);
  }
  return slots;
}
