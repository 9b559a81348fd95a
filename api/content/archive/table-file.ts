import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { EngineError } from '../../../engine/errors.js';
import type { Polygon } from '../../../media/ports.js';
import { polygons } from '../../contract/content.js';

/** One line of a table of recordings: which file, where, what. */
export interface TableRow {
  /** Line of the CSV, or number of the feature, from 1. */
  readonly row: number;
  readonly file: string;
  /** As text, under the names of upload fields. */
  readonly fields: ReadonlyMap<string, string>;
  readonly shape: readonly Polygon[] | undefined;
}

const MAX_ROWS = 50_000;

/** Names that tables in the wild use. */
const ALIASES: Readonly<Record<string, string>> = {
  file: 'file',
  filename: 'file',
  path: 'file',
  audio: 'file',
  latitude: 'latitude',
  lat: 'latitude',
  y: 'latitude',
  longitude: 'longitude',
  lon: 'longitude',
  lng: 'longitude',
  long: 'longitude',
  x: 'longitude',
  tags: 'tags',
  tag: 'tags',
  tagids: 'tags',
  description: 'description',
  title: 'description',
  name: 'description',
  submitted: 'submitted',
  volume: 'volume',
  weight: 'weight',
  language: 'language',
  mediatype: 'mediaType',
};

const nameOf = (header: string): string | undefined =>
  ALIASES[header.toLowerCase().replaceAll(/[^a-z]/g, '')];

/** @throws EngineError `input.invalid` for a table without a file column, or what is no table. */
export function readTable(name: string, text: string): readonly TableRow[] {
  const rows = /\.(geo)?json$/i.test(name) ? readGeoJson(name, text) : readCsv(name, text);
  if (rows.length > MAX_ROWS) {
    throw new EngineError('input.too-large', `${name} has more than ${MAX_ROWS} rows`);
  }
  return rows;
}

function readCsv(name: string, text: string): readonly TableRow[] {
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
      max_record_size: 100_000,
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('input.invalid', `${name}: ${why}`, { cause });
  }
  const [header = [], ...body] = lines;
  const columns = header.map(nameOf);
  if (!columns.includes('file')) {
    throw new EngineError(
      'input.invalid',
      `${name}: the first line must name the columns, one of them "file"; there are ${header.join(', ').slice(0, 200)}`,
    );
  }
  return body.map((cells, at) => {
    const fields = new Map<string, string>();
    columns.forEach((column, i) => {
      const value = cells[i] ?? '';
      if (column !== undefined && value !== '') fields.set(column, value);
    });
    return rowOf(at + 2, fields, undefined);
  });
}

const geoJson = z.object({
  type: z.literal('FeatureCollection'),
  features: z.array(
    z.object({
      geometry: z
        .discriminatedUnion('type', [
          z.object({ type: z.literal('Point'), coordinates: z.array(z.number()).min(2) }),
          z.object({ type: z.literal('Polygon'), coordinates: z.unknown() }),
          z.object({ type: z.literal('MultiPolygon'), coordinates: z.unknown() }),
        ])
        .nullable(),
      properties: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
});

function readGeoJson(name: string, text: string): readonly TableRow[] {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw new EngineError('input.invalid', `${name} is not JSON`, { cause });
  }
  const parsed = geoJson.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new EngineError(
      'input.invalid',
      `${name} must be a FeatureCollection of points or polygons: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
    );
  }
  return parsed.data.features.map(({ geometry, properties }, at) => {
    const fields = new Map<string, string>();
    for (const [key, raw] of Object.entries(properties ?? {})) {
      const column = nameOf(key);
      const simple = Array.isArray(raw) ? raw.map(String).join(';') : raw;
      if (column !== undefined && simple !== null && typeof simple !== 'object') {
        fields.set(column, String(simple));
      }
    }
    let shape: readonly Polygon[] | undefined;
    if (geometry?.type === 'Point') {
      const [longitude = 0, latitude = 0] = geometry.coordinates;
      fields.set('latitude', String(latitude));
      fields.set('longitude', String(longitude));
    } else if (geometry !== null) {
      const many = geometry.type === 'MultiPolygon' ? geometry.coordinates : [geometry.coordinates];
      const read = polygons.safeParse(many);
      if (!read.success) {
        throw new EngineError('input.invalid', `${name}: feature ${at + 1} is no polygon`);
      }
      shape = read.data as readonly Polygon[];
      const [longitude, latitude] = shape[0]?.[0]?.[0] ?? [];
      if (!fields.has('latitude') && latitude !== undefined && longitude !== undefined) {
        fields.set('latitude', String(latitude));
        fields.set('longitude', String(longitude));
      }
    }
    return rowOf(at + 1, fields, shape);
  });
}

function rowOf(
  row: number,
  fields: Map<string, string>,
  shape: readonly Polygon[] | undefined,
): TableRow {
  const file = fields.get('file') ?? '';
  fields.delete('file');
  return { row, file, fields, shape };
}
