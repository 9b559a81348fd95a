import type { MediaFile } from '../../../actors/control/media-files.js';
import { ORIGINALS } from '../naming.js';
import type { AnyRow, ArchiveTable } from './shape.js';

const PREFIX = '/media/';
const PART = /^[A-Za-z0-9_][A-Za-z0-9._ -]*$/;
const MAX_PARTS = 4;

/** May a file of an archive have this path? */
export const isMediaPath = (path: string): boolean => {
  const parts = path.split('/');
  return parts.length <= MAX_PARTS && parts.every((part) => PART.test(part));
};

/** Path below the media folder of an address of ours; undefined for others. */
function pathOf(address: unknown): string | undefined {
  if (typeof address !== 'string' || !address.startsWith(PREFIX)) return undefined;
  try {
    const path = decodeURIComponent(address.slice(PREFIX.length));
    return isMediaPath(path) && !path.startsWith(`${ORIGINALS}/`) ? path : undefined;
  } catch {
    return undefined;
  }
}

const ADDRESSES: Partial<Record<ArchiveTable, readonly string[]>> = {
  projects: ['outOfRangeUrl'],
  speakers: ['uri', 'backupUri'],
};

/** Media files that a row names by address or by name. */
export function pathsIn(table: ArchiveTable, row: AnyRow): readonly string[] {
  const { plan, filename } = row as { plan?: { url?: unknown } | null; filename?: unknown };
  const said = (ADDRESSES[table] ?? []).map((field) => row[field]);
  if (table === 'projects') said.push(plan?.url);
  if (table === 'assets' && typeof filename === 'string') said.push(PREFIX + filename);
  return said.flatMap((address) => pathOf(address) ?? []);
}

/** The row with the names that its files have here. `moved`: path there → path here. */
export function readdressed(
  table: ArchiveTable,
  row: AnyRow,
  moved: ReadonlyMap<string, string>,
): AnyRow {
  const here = (address: unknown): unknown => {
    const path = moved.get(pathOf(address) ?? '');
    return path === undefined ? address : PREFIX + path;
  };
  const changed: Record<string, unknown> = {};
  for (const field of ADDRESSES[table] ?? []) changed[field] = here(row[field]);
  const { plan, filename } = row as { plan?: { url?: unknown } | null; filename?: unknown };
  if (table === 'projects' && plan) changed['plan'] = { ...plan, url: here(plan.url) };
  if (table === 'assets' && typeof filename === 'string') {
    changed['filename'] = moved.get(filename) ?? filename;
  }
  return { ...row, ...changed };
}

/** Of a file in the media folder that has no row; it gets one where it goes. */
export function plainFile(path: string, sizeBytes: number, atUnixMs: number): MediaFile {
  return {
    id: `file ${path}`.slice(0, 200),
    name: path,
    file: path,
    contentType: 'application/octet-stream',
    sizeBytes,
    durationMs: undefined,
    sha256: '',
    createdAtUnixMs: atUnixMs,
  };
}

export const mp3Of = (path: string): string => path.replace(/\.wav$/, '.mp3');
/** An MP3 is made beside a WAV when somebody asks: the WAV is what must be there. */
export const wavOf = (path: string): string => path.replace(/\.mp3$/, '.wav');
