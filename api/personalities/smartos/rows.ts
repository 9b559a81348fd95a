import type { Row } from '../../contract/live.js';
import type { LiveTable } from '../../live/table.types.js';
import type { Cell, FiltRow } from './filt.js';

/** Columns of a browser's row, in the order in which they are sent. */
export const COLUMNS = [
  'serial_number',
  'owner',
  'software_version',
  'country',
  'postcode',
  'manufacturing_date',
  'power_income',
  'power_inject',
  'power_consumption',
  'battery',
  'last_status_update',
  'solmate_version',
  'pv_connectors',
  'local_time',
  'statusdata_ptr',
] as const;

const FIXED: ReadonlySet<string> = new Set(COLUMNS);
/** Who owns a device that does not say. */
const OWNER = 'EET';

/** A device as its browsers know it. */
export function rowOf(device: Row): FiltRow {
  const row: Record<string, Cell> = {};
  for (const column of COLUMNS) row[column] = cellOf(device, column);
  return row;
}

/** Rows of all SMART-OS devices, with every parameter they have, for filters and sorts. */
export function rowsOf(devices: LiveTable): Row[] {
  const rows: Row[] = [];
  for (const device of devices.rows()) if (device['protocol'] === 'smartos') rows.push(device);
  return rows;
}

/** Reads columns of a device by their names here; any parameter is a column. */
export function readable(device: Row): FiltRow {
  return new Proxy<Record<string, Cell>>(
    {},
    { get: (_, field) => (typeof field === 'string' ? cellOf(device, field) : undefined) },
  );
}

export function isColumn(devices: LiveTable, field: string): boolean {
  if (FIXED.has(field)) return true;
  const name = `values.${field}`;
  for (const device of devices.rows()) {
    if (device['protocol'] === 'smartos' && Object.hasOwn(device, name)) return true;
  }
  return false;
}

function cellOf(device: Row, column: string): Cell {
  if (column === 'serial_number') return device.id;
  if (column === 'last_status_update') {
    const seen = device['lastSeenUnixMs'];
    return typeof seen === 'number' ? new Date(seen).toISOString() : null;
  }
  const value = device[`values.${column}`];
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  return column === 'owner' ? OWNER : null;
}
