/** Height of a row of the grid with the gap below it, CSS pixels. */
export const CELL_PX = 72;
export const GAP_PX = 10;
