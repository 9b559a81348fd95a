import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import { TableWriter } from '../../engine/series/table-writer.js';

/** Takes events of the inventory into the history. */
export interface EventLog {
  note(kind: string, subject: string, detail: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

const COLUMNS = ['at', 'kind', 'subject', 'id', 'detail'] as const;

/** Events of the main thread, written to the series store; at most 100,000 wait while it is away. */
export function openEventLog(options: {
  readonly address: SeriesAddress;
  readonly clock: Clock;
  readonly onError: (error: EngineError) => void;
}): EventLog {
  const { clock } = options;
  const writer = new TableWriter({ ...options, table: 'events', columns: COLUMNS, everyMs: 500 });
  const startedUnixMs = clock.nowMs();
  let count = 0;
  return {
    note: (kind, subject, detail) => {
      count += 1;
      const cells = [kind, subject, `inventory-${startedUnixMs}-${count}`, JSON.stringify(detail)];
      writer.push([(clock.nowMs() / 1_000).toFixed(3), ...cells.map(escaped)]);
    },
    close: () => writer.close(),
  };
}

/** A cell of a tab-separated row. */
const escaped = (cell: string): string =>
  cell
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\0', '');
