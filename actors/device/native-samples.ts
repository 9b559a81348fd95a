import { EngineError } from '../../engine/errors.js';
import type { ChannelTable } from './channel-table.js';
import type { Device } from './device-book.js';
import type { ChannelKind, SampleColumns } from './protocol.js';
import type { Claim } from './registrar.js';
import { SampleBuilder } from './sample-builder.js';
import { convert } from './values.js';

const KINDS: readonly ChannelKind[] = ['number', 'text', 'boolean'];

/** What has to be registered before `columns` can be taken; undefined: nothing. */
export function claimOf(device: Device, columns: SampleColumns): Claim | undefined {
  const missing = new Map<string, ChannelKind>();
  for (let row = 0; row < columns.name.length; row++) {
    const name = columns.names[columns.name[row] ?? 0] ?? '';
    if (device.slots.has(name) || missing.has(name)) continue;
    missing.set(name, KINDS[columns.kind[row] ?? 0] ?? 'number');
  }
  if (missing.size === 0) return undefined;
  const channels = Array.from(missing, ([name, kind]) => ({ name, kind }));
  return { id: device.id, protocol: device.protocol, channels };
}

/**
 * Rows for the store, and the latest values noted. All or nothing: values are checked before any is noted.
 * @throws EngineError `input.invalid` naming the field.
 */
export function appendColumns(
  device: Device,
  table: ChannelTable,
  columns: SampleColumns,
  nowUnixMs: number,
): { readonly builder: SampleBuilder; readonly repeated: number } {
  const slotOfName = columns.names.map((name) => device.slots.get(name));
  const rows = columns.name.length;
  const converted: (number | string)[] = new Array<number | string>(rows);
  for (let row = 0; row < rows; row++) {
    const ordinal = columns.name[row] ?? 0;
    const slot = slotOfName[ordinal];
    const name = columns.names[ordinal] ?? '';
    if (slot === undefined) {
      throw new EngineError('store.refused', `parameter "${name}" could not be registered`);
    }
    const value = convert(table.kindAt(slot), sent(columns, row));
    if (value === undefined) {
      throw new EngineError(
        'input.invalid',
        `samples.${row}: "${name}" holds ${table.kindAt(slot)} values`,
      );
    }
    converted[row] = value;
  }
  const builder = new SampleBuilder(rows);
  let repeated = 0;
  for (let row = 0; row < rows; row++) {
    const slot = slotOfName[columns.name[row] ?? 0] ?? 0;
    const value = converted[row] ?? 0;
    const given = columns.atUnixMs[row] ?? Number.NaN;
    const atUnixMs = Number.isNaN(given) ? table.after(slot, nowUnixMs) : given;
    if (table.put(slot, atUnixMs, value) === 'repeat') repeated += 1;
    // A repeat is written all the same: its first copy may not be stored yet, and the store keeps one.
    builder.add(table.channelAt(slot), atUnixMs, value);
  }
  return { builder, repeated };
}

function sent(columns: SampleColumns, row: number): number | string | boolean {
  const value = columns.value[row] ?? 0;
  const kind = KINDS[columns.kind[row] ?? 0];
  if (kind === 'text') return columns.texts[value] ?? '';
  return kind === 'boolean' ? value === 1 : value;
}
