import type { GroupRow } from '../../../api/contract/rows.js';

/** A place while a board is edited. The key tells blanks apart. */
export interface EditCell {
  readonly id: string;
  /** 0: a blank. */
  readonly slot: number;
}

/** A board while it is edited. */
export interface GroupDraft {
  readonly title: string;
  readonly hideCharts: boolean;
  readonly cells: readonly EditCell[];
}

let nextBlank = 1;

/** A new blank. */
export function blank(): EditCell {
  nextBlank += 1;
  return { id: `blank-${nextBlank}`, slot: 0 };
}

/** A channel is on a board once: of a slot given twice the first is kept. */
export function draftOf(
  group: Pick<GroupRow, 'title' | 'hideCharts' | 'slots'> | undefined,
): GroupDraft {
  const seen = new Set<number>();
  const cells = (group?.slots ?? []).flatMap((slot): EditCell[] => {
    if (slot === 0) return [blank()];
    if (seen.has(slot)) return [];
    seen.add(slot);
    return [{ id: `slot-${slot}`, slot }];
  });
  return { title: group?.title ?? '', hideCharts: group?.hideCharts ?? false, cells };
}

/** Slots as they are stored. */
export function slotsOf(draft: GroupDraft): number[] {
  return draft.cells.map((cell) => cell.slot);
}

/** Puts a channel at the end; one that is there already stays where it is. */
export function withSlot(draft: GroupDraft, slot: number): GroupDraft {
  if (draft.cells.some((cell) => cell.slot === slot)) return draft;
  return { ...draft, cells: [...draft.cells, { id: `slot-${slot}`, slot }] };
}

export function without(draft: GroupDraft, id: string): GroupDraft {
  const cells = draft.cells.filter((cell) => cell.id !== id);
  return cells.length === draft.cells.length ? draft : { ...draft, cells };
}

/** Moves a place by `step`; at the ends it stays. */
export function moved(draft: GroupDraft, id: string, step: number): GroupDraft {
  const from = draft.cells.findIndex((cell) => cell.id === id);
  const to = Math.max(0, Math.min(draft.cells.length - 1, from + step));
  const cell = draft.cells[from];
  if (cell === undefined || to === from) return draft;
  const rest = draft.cells.filter((one) => one.id !== id);
  return { ...draft, cells: [...rest.slice(0, to), cell, ...rest.slice(to)] };
}

/** What two editors say of the board, compared: nothing to save when it is the same. */
export function sameDraft(a: GroupDraft, b: GroupDraft): boolean {
  return (
    a.title === b.title &&
    a.hideCharts === b.hideCharts &&
    JSON.stringify(slotsOf(a)) === JSON.stringify(slotsOf(b))
  );
}
