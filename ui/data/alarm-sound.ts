import type { Severity } from '../../api/contract/automation-rows.js';

export interface Heard {
  readonly id: string;
  readonly severity: Severity;
  readonly severityRank: number;
  readonly raisedAtUnixMs: number;
}

/** Says which alarms are to be heard: those that were not there before, and none of the first look. */
export class AlarmEar {
  #known: ReadonlySet<string> | undefined;

  /** @returns the worst of those that are new, or undefined. */
  listen(rows: readonly Heard[]): Severity | undefined {
    const before = this.#known;
    // One that is raised anew is new to the ear.
    const key = ({ id, raisedAtUnixMs }: Heard): string => `${id} ${raisedAtUnixMs}`;
    this.#known = new Set(rows.map(key));
    if (before === undefined) return undefined;
    const fresh = rows.filter((row) => !before.has(key(row)));
    return fresh.toSorted((a, b) => a.severityRank - b.severityRank)[0]?.severity;
  }
}

export interface Beep {
  readonly frequencyHz: number;
  /** After the begin of the sound. */
  readonly atS: number;
  readonly forS: number;
}

const row = (
  count: number,
  frequenciesHz: readonly number[],
  stepS: number,
  forS: number,
): readonly Beep[] =>
  Array.from({ length: count }, (_, at) => ({
    frequencyHz: frequenciesHz[at % frequenciesHz.length] ?? 880,
    atS: at * stepS,
    forS,
  }));

/** The worse, the more beeps and the higher: told apart without looking. */
export const SOUNDS: Readonly<Record<Severity, readonly Beep[]>> = {
  critical: row(6, [988, 740], 0.16, 0.13),
  major: row(4, [880], 0.2, 0.14),
  minor: row(2, [660], 0.24, 0.16),
  warning: row(2, [523], 0.28, 0.18),
  info: row(1, [440], 0.3, 0.2),
};
