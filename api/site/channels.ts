import type { LiveTable } from '../live/table.types.js';
import type { ResolvedChannel } from '../routes/series.js';

/** A channel by `<device>/<parameter>`, or by its number in the series store. */
export function resolveChannel(channels: LiveTable, text: string): ResolvedChannel | undefined {
  const row = channels.get(text) ?? byNumber(channels, Number(text));
  if (row === undefined) return undefined;
  const { id, channel, unit } = row as unknown as {
    readonly id: string;
    readonly channel: number;
    readonly unit: string | null;
  };
  return { channel, name: id, unit };
}

/** Numbers are for scripts; a walk over the rows is fast enough for them and keeps no second index. */
function byNumber(channels: LiveTable, number: number) {
  if (!Number.isInteger(number)) return undefined;
  for (const row of channels.written()) if (row['channel'] === number) return channels.get(row.id);
  return undefined;
}
