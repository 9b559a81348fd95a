/** Where something is on the board, CSS pixels from its top left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A stretch of the board over its whole width, and which of the boxes lie in it. */
export interface Band {
  readonly top: number;
  readonly height: number;
  readonly places: readonly number[];
}

/** Boxes beside each other share a band; bands do not overlap. Everything in one order, whatever the order of the boxes was. */
export function bandsOf(boxes: readonly Box[]): readonly Band[] {
  const order = boxes.map((_, place) => place);
  order.sort(
    (a, b) => (boxes[a]?.y ?? 0) - (boxes[b]?.y ?? 0) || (boxes[a]?.x ?? 0) - (boxes[b]?.x ?? 0),
  );
  const bands: { top: number; height: number; places: number[] }[] = [];
  for (const place of order) {
    const box = boxes[place];
    if (box === undefined) continue;
    const last = bands.at(-1);
    const bottom = box.y + box.height;
    if (last === undefined || box.y >= last.top + last.height) {
      bands.push({ top: box.y, height: box.height, places: [place] });
    } else {
      last.height = Math.max(last.height, bottom - last.top);
      last.places.push(place);
    }
  }
  return bands;
}
