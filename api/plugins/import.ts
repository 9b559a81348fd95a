import { parse } from 'csv-parse/sync';
import { EngineError } from '../../engine/errors.js';
import { InvalidRequest } from '../http/problem.js';
import type { DeviceWish } from './new-devices.js';
import type { PluginService } from './service.js';

interface Problem {
  readonly row: number;
  readonly field: string;
  readonly message: string;
}

export interface Imported {
  readonly rows: number;
  readonly made: number;
  readonly skipped: number;
  readonly problems: readonly Problem[];
}

interface Line {
  readonly row: number;
  readonly wish: DeviceWish;
}

const MAX_ROWS = 20_000;
const MAKE_AT_ONCE = 500;
const MAX_PROBLEMS = 1_000;
const COLUMNS = ['instance', 'address', 'port', 'externalid', 'name'];
const ALIASES: Readonly<Record<string, string>> = {
  instanceid: 'instance',
  vendor: 'instance',
  plugin: 'instance',
  ip: 'address',
  host: 'address',
  id: 'externalid',
};

/**
 * Makes devices from CSV (comma, semicolon or tab; a header line). `instance` is the number or the name of a plugin
 * instance, or the code of a plugin that has just one; known devices are skipped.
 * @throws EngineError `input.invalid` for what is no such table, `input.too-large` for more than 20,000 lines
 */
export async function importDevices(
  plugins: PluginService,
  bytes: Uint8Array,
  dryRun: boolean,
): Promise<Imported> {
  const rows = readCsv(bytes);
  const problems: Problem[] = [];
  const lines: Line[] = [];
  let skipped = 0;
  const seen = new Set<string>();
  rows.forEach((fields, i) => {
    const row = i + 2;
    const read = wishOf(plugins, fields);
    if ('field' in read) {
      problems.push({ row, ...read });
      return;
    }
    const key = `${read.instanceId} ${read.externalId}`;
    const known = plugins.book.byExternalId(read.instanceId, read.externalId) !== undefined;
    if (known || seen.has(key)) skipped += 1;
    else lines.push({ row, wish: read });
    seen.add(key);
  });
  let made = 0;
  for (let at = 0; at < lines.length && !dryRun; at += MAKE_AT_ONCE) {
    const some = lines.slice(at, at + MAKE_AT_ONCE);
    const results = await plugins.addDevices(some.map(({ wish }) => wish));
    results.forEach((result, i) => {
      if (typeof result === 'string') made += 1;
      else problems.push(problemOf(some[i]?.row ?? 0, result));
    });
  }
  return {
    rows: rows.length,
    made: dryRun ? lines.length : made,
    skipped,
    problems: problems.slice(0, MAX_PROBLEMS),
  };
}

function wishOf(
  plugins: PluginService,
  fields: Readonly<Record<string, string>>,
): DeviceWish | { readonly field: string; readonly message: string } {
  const named = fields['instance'] ?? '';
  const { instances } = plugins;
  const byNumber = /^\d+$/.test(named) ? instances.get(Number(named)) : undefined;
  const byName = instances.all().filter(({ name }) => name === named);
  const byCode = instances.of(named);
  const found = byNumber === undefined ? (byName.length > 0 ? byName : byCode) : [byNumber];
  const [instance, ...more] = found;
  if (instance === undefined) return { field: 'instance', message: `there is no "${named}"` };
  if (more.length > 0) {
    return { field: 'instance', message: `"${named}" are several: give the number of one` };
  }
  const address = fields['address'] === '' ? undefined : fields['address'];
  const externalId = fields['externalid'] === '' ? undefined : fields['externalid'];
  const portText = fields['port'] ?? '';
  const port = portText === '' ? undefined : Number(portText);
  if (port !== undefined && (!Number.isInteger(port) || port < 1 || port > 65_535)) {
    return { field: 'port', message: `"${portText}" is no port, 1 to 65535` };
  }
  const id = externalId ?? address;
  if (id === undefined) return { field: 'address', message: 'give an address or an externalId' };
  const name = fields['name'] === '' ? undefined : fields['name'];
  return { instanceId: instance.id, externalId: id, address, port, name };
}

function readCsv(bytes: Uint8Array): readonly Readonly<Record<string, string>>[] {
  const text = Buffer.from(bytes).toString('utf8');
  const first = text.split('\n', 1)[0] ?? '';
  const delimiter = [',', ';', '\t'].reduce((best, sign) =>
    first.split(sign).length > first.split(best).length ? sign : best,
  );
  let lines: string[][];
  try {
    lines = parse(text, {
      bom: true,
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    });
  } catch (cause) {
    throw new InvalidRequest([
      { field: 'body', message: `this is no CSV: ${EngineError.from(cause).message}` },
    ]);
  }
  const [header, ...rows] = lines;
  const names = (header ?? []).map((name) => {
    const plain = name.toLowerCase().replaceAll(/[^a-z]/g, '');
    return ALIASES[plain] ?? plain;
  });
  if (!names.includes('instance') || !names.some((n) => n === 'address' || n === 'externalid')) {
    throw new InvalidRequest([
      { field: 'body', message: `the first line must name columns of ${COLUMNS.join(', ')}` },
    ]);
  }
  if (rows.length > MAX_ROWS) {
    throw new EngineError('input.too-large', `a file has ${MAX_ROWS} devices at most`);
  }
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? ''])));
}

function problemOf(row: number, error: EngineError): Problem {
  const [first] = error instanceof InvalidRequest ? error.fields : [];
  if (first !== undefined) {
    return { row, field: first.field.replace(/^body\./, ''), message: first.message };
  }
  return { row, field: '', message: error.message };
}
