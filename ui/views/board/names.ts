interface Named {
  readonly slot: number | null;
  readonly label: string;
}

export interface PastedNames<T extends Named> {
  readonly matched: readonly {
    readonly row: T;
    /** Undefined: the label stays. */
    readonly label: string | undefined;
    readonly name: string;
  }[];
  /** Lines that fit no channel. */
  readonly unknown: readonly string[];
}

const LABEL = /^([A-Za-z]+-?\d+)[\s,;:\t]+(.+)$/;
const SLOT = /^(\d{1,5})[\s,;:.\t]+(.+)$/;

/**
 * Reads names as crews paste them: a line a channel. A line that begins with a slot or a known label names that
 * channel; a label nobody has, and any other line, names the next channel in order.
 */
export function pastedNames<T extends Named>(text: string, rows: readonly T[]): PastedNames<T> {
  const bySlot = new Map(rows.map((row) => [row.slot, row]));
  const byLabel = new Map(rows.map((row) => [row.label.toLowerCase(), row]));
  const matched = new Map<T, { label: string | undefined; name: string }>();
  const unknown: string[] = [];
  let place = 0;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '') continue;
    const slot = SLOT.exec(line);
    const label = LABEL.exec(line);
    const labelled = label?.[1] === undefined ? undefined : byLabel.get(label[1].toLowerCase());
    if (slot?.[2] !== undefined) {
      const row = bySlot.get(Number(slot[1]));
      if (row) matched.set(row, { label: undefined, name: slot[2].trim() });
      else unknown.push(line);
    } else if (labelled && label?.[2] !== undefined) {
      matched.set(labelled, { label: undefined, name: label[2].trim() });
    } else {
      const row = rows[place];
      place += 1;
      if (!row) unknown.push(line);
      else if (label?.[2] !== undefined)
        matched.set(row, { label: label[1], name: label[2].trim() });
      else matched.set(row, { label: undefined, name: line });
    }
  }
  return { matched: [...matched].map(([row, found]) => ({ row, ...found })), unknown };
}
