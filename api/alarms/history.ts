import type { AlarmRow } from '../../actors/automation/automation.types.js';
import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import { TableWriter } from '../../engine/series/table-writer.js';

/** Takes every change of every alarm into the history. */
export interface AlarmHistory {
  /** `alarm.<last change>` of the row as it is now; the same change noted again is one event. */
  note(row: AlarmRow, detail?: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

const COLUMNS = ['at', 'kind', 'subject', 'id', 'detail'] as const;

/** At most 100,000 events wait while the series store is away; beyond it the oldest are lost. */
export function openAlarmHistory(options: {
  readonly address: SeriesAddress;
  readonly clock: Clock;
  readonly onError: (error: EngineError) => void;
}): AlarmHistory {
  const writer = new TableWriter({ ...options, table: 'events', columns: COLUMNS, everyMs: 250 });
  return {
    note: (row, detail) => {
      const cells = [
        `alarm.${row.lastChange}`,
        String(row.id),
        `alarm-${row.id}-${row.changes}`,
        JSON.stringify({ ...standing(row), ...detail }),
      ];
      writer.push([(row.updatedAtUnixMs / 1_000).toFixed(3), ...cells.map(escaped)]);
    },
    close: () => writer.close(),
  };
}

const standing = (row: AlarmRow) => ({
  change: row.changes,
  rule: row.ruleName,
  source: row.source,
  severity: row.severity,
  text: row.text,
  value: row.value,
  active: row.clearedAtUnixMs === null,
  acknowledgedBy: row.acknowledgedBy,
  assignedTo: row.assignedTo,
  shelvedUntilUnixMs: row.shelvedUntilUnixMs,
  repeats: row.repeats,
  escalated: row.escalated,
});

/** A cell of a tab-separated row. */
const escaped = (cell: string): string =>
  cell
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\0', '');
