import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { EngineError } from '../../../engine/errors.js';
import type { FamilyId } from './families.js';

/** What an announced number stands for. */
export interface DeviceKind {
  /** As the vendor's map has it: `ULX-DQuad`. */
  readonly model: string;
  readonly band: string;
}

const MAX_FILE_BYTES = 4_194_304;

/** Numbers of receivers, in-ear transmitters and chargers, the bands beside the first of each left out where they are many. */
const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  'QLX-DSingle': [
    'CCE8D7E4-E139-11DF-86E4-0015C5F3F612 G50',
    'CCE90598-E139-11DF-9338-0015C5F3F612 G51',
    'CCE930CC-E139-11DF-81B8-0015C5F3F612 G52',
    'CCE98EE6-E139-11DF-968A-0015C5F3F612 H51',
    'CCEA3C10-E139-11DF-83A9-0015C5F3F612 J50',
    'CCEAC054-E139-11DF-84BA-0015C5F3F612 K51',
    'CCEC3722-E139-11DF-9804-0015C5F3F612 X51',
  ],
  'ULX-DSingle': [
    'CCDF5764-E139-11DF-80C6-0015C5F3F612 G52',
    'CCDF7E74-E139-11DF-9D28-0015C5F3F612 H52',
    'CCDFA50C-E139-11DF-9331-0015C5F3F612 R52',
    'CCF3A1E2-E139-11DF-8DD2-0015C5F3F612 H50',
    'CCF4D06C-E139-11DF-920D-0015C5F3F612 J51',
  ],
  'ULX-DDual': [
    'CCDFCAB4-E139-11DF-94CE-0015C5F3F612 G52',
    'CCDFF098-E139-11DF-98F5-0015C5F3F612 H52',
    'CCE016AE-E139-11DF-9866-0015C5F3F612 R52',
    'CCF3C7DA-E139-11DF-873D-0015C5F3F612 H50',
    'CCF4F754-E139-11DF-86A4-0015C5F3F612 J51',
  ],
  'ULX-DQuad': [
    'CCE03CA6-E139-11DF-9128-0015C5F3F612 G52',
    'CCE0626C-E139-11DF-9733-0015C5F3F612 H52',
    'CCE08788-E139-11DF-9A8A-0015C5F3F612 R52',
    'CCF3ED82-E139-11DF-8E29-0015C5F3F612 H50',
    'CCF51D1A-E139-11DF-8E02-0015C5F3F612 J51',
  ],
  AD4D: [
    'CD282D40-E139-11DF-8481-0015C5F3F612',
    'CD285B30-E139-11DF-8923-0015C5F3F612',
    'CD2886E6-E139-11DF-8A35-0015C5F3F612',
    'CD28B486-E139-11DF-8E0F-0015C5F3F612',
  ],
  AD4Q: [
    'CD28E12C-E139-11DF-8153-0015C5F3F612',
    'CD290B70-E139-11DF-8374-0015C5F3F612',
    'CD293640-E139-11DF-9DC0-0015C5F3F612',
    'CD296318-E139-11DF-8044-0015C5F3F612',
  ],
  PSM1KTx: [
    'CCE48608-E139-11DF-8B4E-0015C5F3F612 X7',
    'CD00A7F2-E139-11DF-82BC-0015C5F3F612 G10J',
    'CD00CE58-E139-11DF-9CC1-0015C5F3F612 J8J',
    'CD00F572-E139-11DF-8DE1-0015C5F3F612 L8J',
  ],
  SBRC: ['CD0C625E-E139-11DF-9AB3-0015C5F3F612'],
  SBC240: ['CD0CB29A-E139-11DF-8DC3-0015C5F3F612'],
  SBC840: ['CD0CD978-E139-11DF-895B-0015C5F3F612'],
  SBC840M: ['CD0C8A68-E139-11DF-9B00-0015C5F3F612'],
};

const fileSchema = z.record(
  z.string().max(64),
  z.object({ model: z.string().max(64), band: z.string().max(16).optional() }),
);

export function builtInKinds(): Map<string, DeviceKind> {
  const kinds = new Map<string, DeviceKind>();
  for (const [model, entries] of Object.entries(BUILT_IN)) {
    for (const entry of entries) kinds.set(entry.slice(0, 36), { model, band: entry.slice(37) });
  }
  return kinds;
}

/**
 * The operator's map over the built-in one: a JSON object, number → `{model, band}`, as Micboard's `dcid.json`, or the
 * `DCIDMap.xml` that the vendor's own programs bring along.
 * @throws EngineError `input.invalid` with the file and what is wrong with it
 */
export async function kindsFrom(file: string): Promise<Map<string, DeviceKind>> {
  const kinds = builtInKinds();
  if (file === '') return kinds;
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes, ${MAX_FILE_BYTES} are taken`);
    const text = await readFile(file, 'utf8');
    const found = text.trimStart().startsWith('<') ? entriesOfXml(text) : entriesOfJson(text);
    for (const [number, kind] of found) kinds.set(number.slice(0, 36).toUpperCase(), kind);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      'input.invalid',
      `dcidMap: ${file} cannot be used as a device map: ${why}`,
      { cause },
    );
  }
  return kinds;
}

function entriesOfJson(text: string): [string, DeviceKind][] {
  const read: unknown = JSON.parse(text);
  return Object.entries(fileSchema.parse(read)).map(([number, { model, band }]) => [
    number,
    { model, band: band ?? '' },
  ]);
}

/** `<MapEntry><Key>model</Key>…<DCID band="G50">number</DCID>…</MapEntry>` */
function entriesOfXml(text: string): [string, DeviceKind][] {
  const found: [string, DeviceKind][] = [];
  for (const entry of text.split('<MapEntry').slice(1)) {
    const model = /<Key>([^<]{1,64})<\/Key>/.exec(entry)?.[1];
    if (model === undefined) continue;
    for (const [, attributes, number] of entry.matchAll(
      /<DCID( [^>]{0,64})?>([0-9A-Fa-f-]{36})</g,
    )) {
      const band = /band="([^"]{0,16})"/.exec(attributes ?? '')?.[1] ?? '';
      if (number !== undefined) found.push([number, { model, band }]);
    }
  }
  if (found.length === 0) throw new Error('it names no device (MapEntry with Key and DCID)');
  return found;
}

const SIZES: Readonly<Record<string, number>> = { Single: 1, Dual: 2, Quad: 4 };

/** The series and channels of a model of the vendor's map; undefined: not a device that this plugin can attach. */
export function seriesOfKind(model: string): { family: FamilyId; parts: number } | undefined {
  const digital = /^(QLX|ULX)-D\w*?(Single|Dual|Quad)$/.exec(model);
  if (digital !== null) {
    return { family: digital[1] === 'QLX' ? 'qlxd' : 'ulxd', parts: SIZES[digital[2] ?? ''] ?? 1 };
  }
  return OTHERS[model];
}

const OTHERS: Readonly<Record<string, { family: FamilyId; parts: number }>> = {
  AD4D: { family: 'axtd', parts: 2 },
  AD4Q: { family: 'axtd', parts: 4 },
  UR4S: { family: 'uhfr', parts: 1 },
  UR4D: { family: 'uhfr', parts: 2 },
  PSM1KTx: { family: 'p10t', parts: 2 },
  'SLX-DRxS': { family: 'slxd', parts: 2 },
  SBRC: { family: 'charger', parts: 8 },
  SBC240: { family: 'charger', parts: 2 },
  SBC840: { family: 'charger', parts: 8 },
  SBC840M: { family: 'charger', parts: 8 },
};
