import { z } from 'zod';
import { flagOf, type JsonPath, numberOf, textOf } from './payload.js';
import type { ChannelSpec } from './plugin.types.js';
import { CHANNEL_ROLES, type ChannelRole } from './roles.js';

const roles = Object.keys(CHANNEL_ROLES) as [ChannelRole, ...ChannelRole[]];
const value = z.union([z.number(), z.string().max(256), z.boolean()]);

/** Fields of a form: a parameter that is read from foreign JSON by a path. */
export const jsonColumn = {
  id: z.string().min(1).max(128).meta({ title: 'Id', description: 'In the history: 1.rf_a' }),
  name: z.string().min(1).max(128).meta({ title: 'Name' }),
  kind: z.enum(['number', 'text', 'boolean']).default('number').meta({ title: 'Kind' }),
  path: z.string().max(256).optional().meta({
    title: 'Path',
    description: 'Where the value is in the answer: battery.cells[0].volts. Without: only set.',
  }),
  unit: z.string().max(16).optional().meta({ title: 'Unit' }),
  min: z.number().optional().meta({ title: 'Least value' }),
  max: z.number().optional().meta({ title: 'Greatest value' }),
  decimals: z.int().min(0).max(9).optional().meta({ title: 'Decimals' }),
  factor: z.number().optional().meta({ title: 'Factor', description: 'value × factor + offset' }),
  offset: z.number().optional().meta({ title: 'Offset' }),
  words: z
    .record(z.string().max(64), value)
    .optional()
    .meta({ title: 'Words', description: 'What single values mean: {"0": "off", "1": "on"}' }),
  role: z.enum(roles).optional().meta({ title: 'Meaning' }),
  part: z.int().min(1).max(512).optional().meta({ title: 'RF channel or slot' }),
  meter: z.boolean().optional().meta({ title: 'Meter', description: 'Moves many times a second.' }),
  options: z
    .array(z.string().max(128))
    .max(64)
    .optional()
    .meta({ title: 'Options', description: 'The values it may be set to.' }),
  safeValue: value.optional().meta({ title: 'Safe value', description: 'Set in an emergency.' }),
};

const checked = z.strictObject(jsonColumn);
/** A parameter that is read from foreign JSON. */
export type JsonColumn = z.output<typeof checked>;

/** The column's value in the JSON; undefined when it is not there or of another kind. */
export function readingOf(
  column: Pick<JsonColumn, 'kind' | 'words'>,
  path: JsonPath | undefined,
  json: unknown,
): number | string | boolean | undefined {
  const raw = path?.read(json);
  if (raw === undefined || raw === null) return undefined;
  const word = column.words === undefined ? undefined : textOf(raw);
  const meant =
    word !== undefined && column.words !== undefined && Object.hasOwn(column.words, word)
      ? column.words[word]
      : raw;
  if (column.kind === 'text') return textOf(meant, 512);
  if (column.kind === 'boolean') return flagOf(meant);
  return typeof meant === 'boolean' ? Number(meant) : numberOf(meant);
}

/** The column as a declared parameter; `settable`: there is a command for it. */
export function specOf(
  channel: JsonColumn,
  settable: boolean,
  readable = channel.path !== undefined,
): ChannelSpec {
  const { factor, offset, unit, min, max, decimals, role, part, meter, options, safeValue } =
    channel;
  const linear = factor !== undefined || offset !== undefined;
  return {
    id: channel.id,
    name: channel.name,
    kind: channel.kind,
    direction: !settable ? 'input' : readable ? 'bidirectional' : 'output',
    ...(unit === undefined ? {} : { unit }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(decimals === undefined ? {} : { decimals }),
    ...(role === undefined ? {} : { role }),
    ...(part === undefined ? {} : { part }),
    ...(meter === undefined ? {} : { meter }),
    ...(options === undefined ? {} : { options }),
    ...(safeValue === undefined ? {} : { safeValue }),
    ...(linear ? conversionsOf(factor ?? 1, offset ?? 0) : {}),
  };
}

function conversionsOf(factor: number, offset: number): Pick<ChannelSpec, 'read' | 'write'> {
  const read = { kind: 'linear', factor, offset } as const;
  // A factor of zero makes every reading the same: there is no way back.
  if (factor === 0) return { read };
  return { read, write: { kind: 'linear', factor: 1 / factor, offset: -offset / factor } };
}
