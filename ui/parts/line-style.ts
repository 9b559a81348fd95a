/** As many colours as `--line-1` and so on in the token file. */
const COLOURS = 10;
const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

/** Token of the line's colour; the eleventh line has the first one's, and another dash. */
export const lineToken = (place: number): string => `--line-${(place % COLOURS) + 1}`;

/** Strokes and gaps of a line, CSS pixels; empty: drawn through. */
export function lineDash(place: number): number[] {
  return [...(DASHES[Math.floor(place / COLOURS) % DASHES.length] ?? [])];
}

/** Background of the line's mark in a key, of at least 16 pixels: its colour, with its gaps. */
export function lineMark(place: number): string {
  const colour = `var(${lineToken(place)})`;
  let at = 0;
  const stops = lineDash(place).map((px, part) => {
    const from = at;
    at += px;
    return `${part % 2 === 0 ? colour : 'transparent'} ${from}px ${at}px`;
  });
  return stops.length === 0 ? colour : `repeating-linear-gradient(90deg, ${stops.join(', ')})`;
}
